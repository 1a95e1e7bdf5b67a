"""idx: images and labels in MNIST's format, read from files that the tests write."""

from pathlib import Path

import numpy as np
import pytest

from harness import compose, train
from harness.data import digest, load
from harness.data.idx import Idx
from harness.data.splits import split_rows, split_sizes
from harness.errors import ConfigurationError, MissingDataError
from tests.idx_files import idx, images, write

TRAIN, TEST = 60, 20
SMALL = ("dataset=idx", "dataset.classes=3", "optimizer=gd", "stopping.updates=2", "architecture.width=4")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a small set: labels go round, some files are compressed."""
    here = tmp_path / "small"
    write(here, train=TRAIN, test=TEST)
    return here


def test_pixels_and_labels_are_those_of_the_files(folder):
    dataset = Idx(folder=str(folder), classes=3)
    x, y = dataset.draw()
    assert (dataset.size, dataset.features, dataset.given_test) == (80, 20, 20)
    assert np.array_equal(x[:TRAIN], images(TRAIN, 0).reshape(TRAIN, 20))
    assert np.array_equal(x[TRAIN:], images(TEST, 1).reshape(TEST, 20))
    assert np.array_equal(y, [*(np.arange(TRAIN) % 3), *(np.arange(TEST) % 3)])


def test_the_second_pair_of_files_tests_whatever_the_seed(folder):
    dataset = Idx(folder=str(folder), classes=3)
    assert split_sizes(dataset) == (50, 10, 20)
    _, y = dataset.draw()
    first, other = (split_rows(dataset, y, seed) for seed in (0, 1))
    assert np.array_equal(first[2], np.arange(60, 80))
    assert np.array_equal(other[2], first[2])
    assert not np.array_equal(first[1], other[1])
    assert sorted([*first[0], *first[1]]) == list(range(60))


def test_without_a_split_the_files_that_test_are_left_alone(folder):
    dataset = Idx(folder=str(folder), classes=3, split="none", samples=40)
    assert (dataset.size, len(dataset.draw()[0])) == (40, 40)
    assert split_sizes(dataset) == (40, 40, 40)


def test_what_trains_is_scaled_to_one_range_in_the_dtype_of_the_run(folder):
    loaded = load(compose([*SMALL, f"dataset.folder={folder}", "dtype=float32", "dataset.samples=30"]))
    assert loaded.train_x.shape == (25, 20)
    assert loaded.train_x.dtype == np.float32
    assert (loaded.train_x.min(), loaded.train_x.max()) == (0, 1)
    assert loaded.test_y.shape == (TEST, 3)


def test_a_run_trains_on_the_files_and_other_files_are_other_data(folder):
    run = compose([*SMALL, f"dataset.folder={folder}"])
    record = train([run])[0]
    assert np.isfinite(record.summary["test_loss"])
    assert digest(run.dataset) != digest(Idx(folder=str(folder), classes=3, samples=30))


def overwrite(folder: Path, name: str, content: bytes) -> None:
    for path in folder.glob(f"{name}*"):
        path.unlink()
    (folder / name).write_bytes(content)


WRONG = {
    "a file that is missing": ("train-labels-idx1-ubyte", None, ["train-labels-idx1-ubyte", "downloaded"]),
    "an empty file": ("train-labels-idx1-ubyte", b"", ["begins with nothing", "00000801"]),
    "another kind of file": (
        "train-images-idx3-ubyte",
        idx(np.arange(60)),
        ["begins with 00000801, not with 00000803", "images"],
    ),
    "a header that is cut off": ("t10k-images-idx3-ubyte", idx(images(3, 0))[:9], ["9 bytes", "16"]),
    "counts that differ": ("t10k-labels-idx1-ubyte", idx(np.zeros(19)), ["19 labels for 20 images"]),
    "images of another size": (
        "t10k-images-idx3-ubyte",
        idx(np.zeros((20, 5, 5))),
        ["5 x 5 pixels", "4 x 5"],
    ),
    "pixels that are cut off": ("train-images-idx3-ubyte", idx(images(60, 0))[:-1], ["1,215 bytes", "1,216"]),
    "a label too many": ("t10k-labels-idx1-ubyte", idx(np.full(20, 9)), ["the label 9", "at least 10"]),
}


@pytest.mark.parametrize(("name", "content", "said"), WRONG.values(), ids=WRONG.keys())
def test_files_that_do_not_fit_are_refused_in_a_line(folder, name, content, said):
    if content is None:
        (folder / name).unlink()
    else:
        overwrite(folder, name, content)
    with pytest.raises(ConfigurationError) as refused:
        load(compose([*SMALL, f"dataset.folder={folder}"]))
    assert "\n" not in str(refused.value)
    for part in said:
        assert part in str(refused.value)


def test_a_compressed_file_that_is_cut_off_is_named(folder):
    path = folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ConfigurationError, match=r"train-images-idx3-ubyte\.gz: no whole gzip file"):
        load(compose([*SMALL, f"dataset.folder={folder}"]))


def test_a_folder_that_is_not_there_is_named_before_anything_trains(app, tmp_path):
    said = app("dataset=idx", "dataset.folder=nowhere")
    assert said.status == 2
    assert len(said.err.splitlines()) == 1
    assert f"is not in {tmp_path / 'nowhere'}" in said.err
    with pytest.raises(MissingDataError):
        Idx(folder=str(tmp_path / "nowhere")).check()
