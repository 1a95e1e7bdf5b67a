"""Large data sets in files: the same bits, and in memory once."""

import subprocess
import sys
from dataclasses import dataclass, fields, replace
from typing import ClassVar, Literal

import numpy as np
import pytest

from harness import compose
from harness.data import loading, sharing
from harness.data.datasets import Common, Digits, Moons, Sine
from harness.data.loading import digest, load, open_shared, samples, share


@dataclass(frozen=True, kw_only=True)
class Columns(Common):
    """Samples that lie by column: sums over them go another way than by row."""

    features: ClassVar[int] = 5
    classes: ClassVar[int | None] = 2
    name: Literal["columns"] = "columns"
    size: ClassVar[int] = 1000

    def draw(self):
        draw = np.random.default_rng(0)
        x = np.asfortranarray(draw.standard_normal((self.size, self.features)))
        return x, draw.integers(2, size=self.size)


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    """Begin and end as a new process does."""
    forget()
    monkeypatch.setattr(loading, "_shared", {})
    yield
    forget()


def forget():
    for kept in (samples, digest, loading._load):
        kept.cache_clear()


def arrays(loaded):
    return {field.name: getattr(loaded, field.name) for field in fields(loaded)}


@pytest.mark.parametrize("scaling", ["standard", "range", "none"])
@pytest.mark.parametrize("split", ["holdout", "none"])
@pytest.mark.parametrize("dataset", [Digits(), Moons(), Sine(), Columns()], ids=lambda each: each.name)
def test_what_a_worker_loads_is_the_same_with_shared_files_and_without(dataset, split, scaling, tmp_path):
    run = replace(compose(["seed=3"]), dataset=replace(dataset, split=split, scaling=scaling))
    drawn, own = load(run), digest(run.dataset)
    assert share([run.dataset], tmp_path, larger=0) == 1
    forget()
    open_shared(tmp_path)
    assert not samples(run.dataset)[0].flags.owndata
    mapped = load(run)
    assert digest(run.dataset) == own
    for name, array in arrays(drawn).items():
        found = getattr(mapped, name)
        assert type(found) is np.ndarray
        assert (found.tobytes("A"), found.dtype, found.strides) == (
            array.tobytes("A"),
            array.dtype,
            array.strides,
        )
        with pytest.raises(ValueError, match="read-only"):
            found[0, 0] = 1


def test_only_large_sets_are_shared_and_each_once(tmp_path):
    small, large = Moons(), Moons(samples=1_500_000)
    assert share([small, large, replace(large)], tmp_path) == 1
    assert {path.name.split(".")[0] for path in tmp_path.iterdir()} == {sharing.choice(large)}
    assert share([small], tmp_path / "nothing") == 0
    assert not (tmp_path / "nothing").exists()


def test_a_set_that_was_not_written_to_its_end_is_not_there(tmp_path, monkeypatch):
    share([Moons()], tmp_path, larger=0)

    def full(file, **kwargs):
        file.write(b"half of it")
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(OSError, match="No space"):
        share([Moons()], tmp_path, larger=0)
    assert sharing.opened(tmp_path) == {}
    assert not list(tmp_path.glob("*.part"))


def test_who_has_a_set_open_keeps_it_when_it_is_written_anew(tmp_path):
    share([Digits()], tmp_path, larger=0)
    (before,) = sharing.opened(tmp_path).values()
    sharing.write(tmp_path, Digits(), np.zeros((1, 1)), np.zeros(1, np.int64), "other")
    assert np.array_equal(before.x, Digits().draw()[0])


WORKER = """
import sys
from pathlib import Path
from harness.data.datasets import Moons
from harness.data.loading import open_shared, samples, digest
Moons.draw = None
open_shared(Path(sys.argv[1]))
x, y = samples(Moons(samples=100_000))
print(digest(Moons(samples=100_000)), float(x.sum()), int(y.sum()))
"""


def test_another_process_draws_nothing(tmp_path):
    dataset = Moons(samples=100_000)
    share([dataset], tmp_path, larger=0)
    x, y = samples(dataset)
    done = subprocess.run(
        [sys.executable, "-c", WORKER, tmp_path],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [digest(dataset), str(float(x.sum())), str(int(y.sum()))]
