"""Splits: how many samples are set apart, and which."""

from math import ceil

import numpy as np
from numpy.typing import NDArray

from harness.data.datasets import Dataset
from harness.errors import ConfigurationError
from harness.streams import stream

Rows = NDArray[np.int64]


def split_sizes(dataset: Dataset) -> tuple[int, int, int]:
    """Return how many samples train, validate and test.

    Raises
    ------
    ConfigurationError
        If a part would be empty, or smaller than the classes it is to be stratified by.
    """
    size = dataset.size
    if dataset.split == "none":
        return size, size, size
    test = dataset.given_test or ceil(dataset.test_share * size)
    validation = ceil(dataset.validation_share * (size - dataset.given_test))
    train = size - test - validation
    if min(train, validation, test) < max(1, dataset.classes or 1):
        raise ConfigurationError(
            f"dataset.split = 'holdout': {size:,} samples of {dataset.title} leave {train:,} to "
            f"train, {validation:,} to validate and {test:,} to test, but each needs one of every "
            "class; allowed here: dataset.split=none, or more dataset.samples"
        )
    return train, validation, test


def split_rows(dataset: Dataset, labels: Rows | None, seed: int) -> tuple[Rows, Rows, Rows]:
    """Return the rows that train, validate and test, drawn from the stream ``split``.

    Parameters
    ----------
    labels : ndarray of int64, shape (samples,), or None
        The classes to stratify by; None for a regression.
    """
    everything = np.arange(dataset.size)
    if dataset.split == "none":
        return everything, everything, everything
    _, validation, test = split_sizes(dataset)
    # RandomState is what scikit-learn takes; underneath it draws from our Philox stream.
    draw = np.random.RandomState(stream(seed, "split").bit_generator)
    if dataset.given_test:
        rest, tested = np.split(everything, [-dataset.given_test])
    else:
        rest, tested = _set_apart(everything, labels, test, draw)
    trained, validated = _set_apart(rest, labels, validation, draw)
    return trained, validated, tested


def _set_apart(rows: Rows, labels: Rows | None, count: int, draw: np.random.RandomState) -> tuple[Rows, Rows]:
    """Return the other rows and `count` of them: scikit-learn's train_test_split.

    Without its checks of arguments, which take as long as the splitting of a small set.
    """
    from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit

    kind = ShuffleSplit if labels is None else StratifiedShuffleSplit
    splitter = kind(1, test_size=count, train_size=len(rows) - count, random_state=draw)
    left, taken = next(splitter.split(rows, None if labels is None else labels[rows]))
    return rows[left], rows[taken]
