"""Small files in MNIST's format, for tests that cannot ask a user for the large ones."""

import gzip
import struct
from pathlib import Path

import numpy as np


def idx(content: np.ndarray) -> bytes:
    """Return an array of bytes as an idx file has it."""
    header = struct.pack(">BBBB", 0, 0, 8, content.ndim) + struct.pack(f">{content.ndim}I", *content.shape)
    return header + content.astype(np.uint8).tobytes()


def images(count: int, seed: int) -> np.ndarray:
    """Return random images of 4 by 5 pixels."""
    return np.random.default_rng(seed).integers(0, 256, (count, 4, 5))


def write(folder: Path, *, train: int = 60, test: int = 20, classes: int = 3) -> None:
    """Write a set whose labels go round; images are compressed, labels are not."""
    folder.mkdir()
    for part, count, seed in (("train", train, 0), ("t10k", test, 1)):
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images(count, seed))))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx(np.arange(count) % classes))
