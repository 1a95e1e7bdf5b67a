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
from tests.tracking.planted import KINDS, planted

RUN = ("dataset=moons", "dataset.samples=60", "stopping.epochs=2", "architecture.width=4")
SWEEP = (*RUN, "seed=0,1", "executor=serial", "-m")

each_kind = pytest.mark.parametrize("kind", KINDS)


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


@each_kind
@pytest.mark.parametrize("folder", ["histories", "maps"])
def test_in_place_of_a_history_or_of_maps(
    app: Callable[..., Any], store: str, tmp_path: Path, folder: str, kind: str
) -> None:
    assert app(*SWEEP).status == 0
    trace = tmp_path / "executed"
    files = [*tmp_path.glob(f"mlruns/artifacts/**/{folder}/*.parquet")]
    assert files
    for path in files:
        path.write_bytes(planted(kind, trace, {"run_id": np.zeros(3)}))
    with pytest.raises(Exception, match=r"(?i)parquet"):
        maps_too(store)
    assert not trace.exists()


@each_kind
def test_in_place_of_a_saved_state(app: Callable[..., Any], store: str, tmp_path: Path, kind: str) -> None:
    points = expand(default_composer(), Study("adhoc"), [*RUN, "seed=0,1"]).points
    path = states_folder(store, grid_hash(points)) / f"{'0' * 16}-1.npz"
    path.parent.mkdir(parents=True)
    trace = tmp_path / "executed"
    path.write_bytes(planted(kind, trace, {"header": np.zeros(3)}))
    said = app(*SWEEP)
    assert (said.status, trace.exists(), path.exists()) == (0, False, False)
    assert f"{path}: damaged, cut short, or no saved state" in said.err
    assert "2 runs trained" in said.out
