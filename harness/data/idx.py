"""idx: images and labels in MNIST's file format, from a folder of the user's; nothing is downloaded."""

import gzip
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal, cast

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from harness.data.datasets import Common, Inputs, Positive, Scaling, Share, Targets
from harness.errors import ConfigurationError, MissingDataError, why

Bytes = NDArray[np.uint8]
IMAGES, LABELS = "images-idx3-ubyte", "labels-idx1-ubyte"
MAGIC = {IMAGES: 0x00000803, LABELS: 0x00000801}
"""What a file of unsigned bytes in 3 dimensions, or in 1, begins with (LeCun, Cortes and Burges 1998)."""


@dataclass(frozen=True, kw_only=True)
class Idx(Common):
    """Images and labels as MNIST has them: four files, compressed by gzip or not.

    ``train-images-idx3-ubyte`` and ``train-labels-idx1-ubyte`` train and validate,
    ``t10k-images-idx3-ubyte`` and ``t10k-labels-idx1-ubyte`` always test.

    Attributes
    ----------
    folder : str
        Where the files lie, from the working directory.
    samples : int or None
        Of the training file the first ones; None keeps all.
    classes : int
        Labels are 0 to classes - 1.
    validation_share : float
        Of the training file; `test_share` has no say.
    """

    name: Literal["idx"] = "idx"
    folder: str = "mnist"
    samples: Positive | None = None
    classes: Annotated[int, Ge(2)] = 10
    scaling: Scaling = "range"
    validation_share: Share = 1 / 6

    @property
    def features(self) -> int:
        """Return the pixels of an image."""
        return prod(self._shape("train", IMAGES)[1:])

    @property
    def given_test(self) -> int:
        """Return the number of images in the files that test, 0 where all samples are to train."""
        return self._shape("t10k", IMAGES)[0] if self.split == "holdout" else 0

    @property
    def size(self) -> int:
        """Return the number of images kept."""
        there = self._shape("train", IMAGES)[0]
        return min(self.samples or there, there) + self.given_test

    def check(self) -> None:
        """Refuse files that are not there, or do not fit together.

        Raises
        ------
        ConfigurationError
            One line naming the file, what is wrong with it, and what is needed.
        """
        for part in ("train", "t10k"):
            images, labels = self._shape(part, IMAGES), self._shape(part, LABELS)
            if images[0] != labels[0]:
                raise ConfigurationError(
                    f"{_found(self.folder, part, LABELS)}: {labels[0]:,} labels for {images[0]:,} images; "
                    "needed: the two files of one set"
                )
        train, test = self._shape("train", IMAGES)[1:], self._shape("t10k", IMAGES)[1:]
        if train != test:
            raise ConfigurationError(
                f"{_found(self.folder, 't10k', IMAGES)}: images of {test[0]} x {test[1]} pixels, those to "
                f"train on have {train[0]} x {train[1]}; needed: the files of one set"
            )

    def draw(self) -> tuple[Inputs, Targets]:
        """Return pixels, 0 to 255, and labels: those to train on, then those that test."""
        kept = self.size - self.given_test
        x, y = (self._part("train", kind)[:kept] for kind in (IMAGES, LABELS))
        if self.given_test:
            x = np.concatenate([x, self._part("t10k", IMAGES)])
            y = np.concatenate([y, self._part("t10k", LABELS)])
        if y.max() >= self.classes:
            raise ConfigurationError(
                f"dataset.classes = {self.classes}: {self.folder} has the label {y.max()}; allowed here: at "
                f"least {y.max() + 1}"
            )
        # As bytes they take an eighth of the memory; scaling and loading make numbers of them.
        return cast(Inputs, x.reshape(len(x), -1)), y.astype(np.int64)

    def _shape(self, part: str, kind: str) -> tuple[int, ...]:
        return _shape(_found(self.folder, part, kind), kind)

    def _part(self, part: str, kind: str) -> Bytes:
        return _read(_found(self.folder, part, kind), kind)


def _found(folder: str, part: str, kind: str) -> Path:
    """Return the path of a file, compressed or not."""
    plain = (Path(folder) / f"{part}-{kind}").absolute()
    for path in (plain, plain.with_name(f"{plain.name}.gz")):
        if path.is_file():
            return path
    raise MissingDataError(
        f"dataset.folder = {folder!r}: {plain.name} (or {plain.name}.gz) is not in {plain.parent}; needed "
        "there: train- and t10k-images-idx3-ubyte and their labels-idx1-ubyte; nothing is downloaded"
    )


@lru_cache(maxsize=64)
def _shape(path: Path, kind: str) -> tuple[int, ...]:
    """Return the sizes that a file's header promises."""
    dimensions = MAGIC[kind] & 0xFF
    header = _opened(path, lambda file: file.read(4 * (1 + dimensions)))
    numbers = np.frombuffer(header[: len(header) // 4 * 4], ">u4")
    if len(numbers) == 0 or numbers[0] != MAGIC[kind]:
        raise ConfigurationError(
            f"{path}: begins with {header[:4].hex() or 'nothing'}, not with {MAGIC[kind]:08x}; needed: an "
            f"idx file of {'images' if kind == IMAGES else 'labels'}, bytes"
        )
    if len(numbers) <= dimensions:
        raise _cut(path, len(header), 4 * (1 + dimensions))
    return tuple(int(size) for size in numbers[1:])


def _read(path: Path, kind: str) -> Bytes:
    """Return what a file holds, shaped as its header says."""
    shape = _shape(path, kind)
    content = _opened(path, lambda file: file.read())
    start = 4 * (1 + len(shape))
    if len(content) != start + prod(shape):
        raise _cut(path, len(content), start + prod(shape))
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _opened(path: Path, read: Callable[[BinaryIO], bytes]) -> bytes:
    try:
        file: Any = gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # noqa: SIM115
        with file:
            return read(file)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ConfigurationError(f"{path}: no whole gzip file: {error}; needed: the file anew") from None
    except OSError as error:
        raise ConfigurationError(why(error)) from None


def _cut(path: Path, there: int, promised: int) -> ConfigurationError:
    return ConfigurationError(
        f"{path}: {there:,} bytes, its header promises {promised:,}; needed: the whole file"
    )
