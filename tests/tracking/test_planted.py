"""Nothing that somebody puts on the disk or into the store is ever unpickled."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.sweeping.composing import default_composer
from harness.sweeping.describing import grid_hash
from harness.sweeping.grid import expand
from harness.sweeping.study import Study
from harness.tracking import read
from harness.tracking.settings import states_folder
from tests.conftest import Once
from tests.tracking.planted import KINDS, planted

RUN = ("dataset=moons", "dataset.samples=60", "stopping.epochs=2", "architecture.width=4")
SWEEP = (*RUN, "seed=0,1", "executor=serial", "-m")


def maps_too(uri: str) -> None:
    """Read everything that a store holds of the study."""
    read.maps([*read.study("adhoc", uri=uri).runs["run_id"]], uri=uri)


def test_what_is_planted_would_run_if_it_were_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "planted"
    for kind, name in (("object", "a"), ("further object", "unheard_of")):
        trace = tmp_path / kind
        path.write_bytes(planted(kind, trace, {"a": np.zeros(2)}))
        np.load(path, allow_pickle=True)[name]
        assert trace.exists()
    path.write_bytes(planted("pickle", tmp_path / "pickle", {}))
    np.load(path, allow_pickle=True)
    assert (tmp_path / "pickle").exists()


@pytest.fixture(scope="module")
def shared(swept_once: Once) -> str:
    """A store that was swept; whoever changes a file beside it puts it back."""
    return swept_once(*SWEEP)[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("folder", ["histories", "maps"])
def test_in_place_of_a_history_or_of_maps(shared: str, tmp_path: Path, folder: str, kind: str) -> None:
    trace = tmp_path / "executed"
    beside = Path(shared.removeprefix("sqlite:///")).parent
    files = {path: path.read_bytes() for path in beside.glob(f"artifacts/**/{folder}/*.parquet")}
    assert files
    try:
        for path in files:
            path.write_bytes(planted(kind, trace, {"run_id": np.zeros(3)}))
        with pytest.raises(Exception, match=r"(?i)parquet"):
            maps_too(shared)
    finally:
        for path, content in files.items():
            path.write_bytes(content)
    maps_too(shared)
    assert not trace.exists()


def test_in_place_of_a_saved_state(app: Callable[..., Any], store: str, tmp_path: Path) -> None:
    points = expand(default_composer(), Study("adhoc"), [*RUN, "seed=0,1"]).points
    folder = states_folder(store, grid_hash(points))
    folder.mkdir(parents=True)
    trace = tmp_path / "executed"
    paths = [folder / f"{number:016x}-1.npz" for number in range(len(KINDS))]
    for kind, path in zip(KINDS, paths, strict=True):
        path.write_bytes(planted(kind, trace, {"header": np.zeros(3)}))
    said = app(*SWEEP)
    assert (said.status, trace.exists()) == (0, False)
    for path in paths:
        assert not path.exists()
        assert f"{path}: damaged, cut short, or no saved state" in said.err
    assert "2 runs trained" in said.out
