"""The very arrays that a run trains on, and the digest of what they came from."""

from dataclasses import dataclass, fields, replace
from typing import ClassVar, Literal

import numpy as np
import pytest

from harness import compose
from harness.data import digest, load
from harness.data.datasets import Blobs, Common, Digits, Moons, ThreeInputs
from harness.data.loading import KEPT_BYTES, encode, samples
from harness.data.scaling import scaler
from harness.data.splits import split_rows
from harness.sweeping.preparing import prepare

DATASETS = ["moons", "circles", "blobs", "spirals", "three_inputs", "digits"]


def arrays(loaded):
    return {field.name: getattr(loaded, field.name) for field in fields(loaded)}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("split", ["holdout", "none"])
@pytest.mark.parametrize("dataset", DATASETS)
def test_arrays_are_read_only_by_row_and_of_the_dtype_of_the_run(dataset, split, dtype):
    run = compose([f"dataset={dataset}", f"dataset.split={split}", f"dtype={dtype}"])
    for name, array in arrays(load(run)).items():
        assert array.dtype == dtype, name
        # What trains reads rows: a stack and a single run find the same memory layout.
        assert array.flags.c_contiguous, name
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 1


@pytest.mark.parametrize("dataset", ["moons", "digits"])
def test_arrays_are_the_split_and_scaled_samples(dataset):
    run = compose([f"dataset={dataset}", "seed=5"])
    x, y = run.dataset.draw()
    rows = split_rows(run.dataset, y, 5)
    scale = scaler(run.dataset.scaling, x[rows[0]])
    expected = [scale(x[part]) for part in rows]
    found = load(run)
    for part, inputs, chosen in zip(("train", "validation", "test"), expected, rows, strict=True):
        assert np.array_equal(getattr(found, f"{part}_x"), inputs)
        assert np.array_equal(
            getattr(found, f"{part}_y"), encode(y, run.dataset.classes, run.outputs)[chosen]
        )


def test_two_classes_are_one_column_unless_softmax_is_asked_for():
    one = load(compose(["dataset=moons"]))
    two = load(compose(["dataset=moons", "architecture.output=softmax"]))
    assert one.train_y.shape == (300, 1)
    assert set(np.unique(one.train_y)) == {0, 1}
    assert two.train_y.shape == (300, 2)
    assert np.array_equal(two.train_y.argmax(axis=1), one.train_y[:, 0])
    assert np.array_equal(two.train_y.sum(axis=1), np.ones(300))


def test_more_classes_are_one_column_each():
    labels = np.array([2, 0, 1])
    assert encode(labels, 3, 3).tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    assert encode(np.array([[0.5], [1.5]]), None, 1).tolist() == [[0.5], [1.5]]


def test_without_a_split_the_three_parts_are_one_and_the_same():
    loaded = load(compose(["dataset=xor", "optimizer=gd"]))
    assert loaded.train_x is loaded.validation_x is loaded.test_x
    assert loaded.train_y is loaded.validation_y is loaded.test_y
    # Standardised, the corners of the unit square are those of [-1, 1]^2.
    assert loaded.train_x.tolist() == [[-1, -1], [-1, 1], [1, -1], [1, 1]]
    assert loaded.train_y.tolist() == [[0], [1], [1], [0]]


def test_a_run_trains_on_what_load_returns():
    run = compose(["dataset=moons", "dtype=float32", "seed=2"])
    loaded, data = load(run), prepare(run).data
    for name, split in data.splits.items():
        assert np.array_equal(split.x, getattr(loaded, f"{name}_x"))
        assert np.array_equal(split.y, getattr(loaded, f"{name}_y"))
        assert split.x.dtype == np.float32


def test_a_digest_is_the_same_whenever_it_is_taken():
    first = digest(Moons())
    digest.cache_clear()
    samples.cache_clear()
    assert digest(Moons()) == first
    assert len(first) == 64


def test_a_digest_changes_with_the_samples():
    sets = [
        Moons(),
        Moons(seed=1),
        Moons(noise=0.25),
        Moons(samples=400),
        Blobs(),
        Blobs(centers=4),
        Digits(),
        Digits(samples=900),
        # Noise that moves labels and no inputs.
        ThreeInputs(),
        ThreeInputs(noise=0.5),
    ]
    assert len({digest(dataset) for dataset in sets}) == len(sets)


def test_a_digest_is_of_content_not_of_how_it_is_split_or_scaled():
    assert digest(replace(Moons(), scaling="none", split="none")) == digest(Moons())


def test_thousands_of_small_splits_are_loaded_once():
    base = compose(["dataset=moons", "dataset.samples=100"])
    runs = [replace(base, seed=seed) for seed in range(2000)]
    first = [load(run) for run in runs]
    assert all(load(run) is loaded for run, loaded in zip(runs, first, strict=True))


@dataclass(frozen=True, kw_only=True)
class Zeros(Common):
    """Samples that take no memory before they are read, and say how often they were drawn."""

    features: ClassVar[int] = 1
    classes: ClassVar[int | None] = None
    name: Literal["zeros"] = "zeros"
    size: int
    drawn: ClassVar[list[int]] = []

    def draw(self):
        self.drawn.append(self.size)
        return np.zeros((self.size, 1)), np.zeros((1, 1))


def test_samples_fill_no_memory_and_the_largest_are_drawn_once_while_they_are_used():
    half, huge = Zeros(size=KEPT_BYTES // 16), Zeros(size=KEPT_BYTES)
    for dataset in (half, half, huge, huge, half, replace(half, split="none"), half):
        samples(dataset)
    # The huge set took the place of the half one, and two halves and their targets exceed the bound.
    assert Zeros.drawn == [half.size, huge.size, half.size, half.size, half.size]


def test_each_run_of_a_stack_has_its_own_split_however_many_there_are():
    base = compose(["dataset=moons", "dataset.samples=100", "optimizer.learning_rate=1"])
    seeds = [replace(base, seed=seed) for seed in range(1000)]
    faster = [replace(run, optimizer=replace(run.optimizer, learning_rate=2.0)) for run in seeds]
    shared = {}
    for run in [*seeds, *faster]:
        prepared = prepare(run, shared)
        assert np.array_equal(prepared.data.train.x, load(run).train_x)
    # Arrays of one split are there once, whatever the rate.
    assert len(shared) == 1000
