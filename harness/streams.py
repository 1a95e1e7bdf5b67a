"""Named random streams: one seed, many independent generators, no global state."""

from zlib import crc32

import numpy as np
from numpy.typing import NDArray

STATE_WORDS = 13


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the generator of the stream called `name` under `seed`.

    The name enters the seed sequence as a spawn key, so a stream that is added later moves no
    other one, and a deeper network keeps the draws of its earlier layers.

    Parameters
    ----------
    seed : int
        Not negative.
    name : str
        For example ``"split"``, ``"initial/layer_1"``, ``"order"``.
    """
    sequence = np.random.SeedSequence(seed, spawn_key=(crc32(name.encode()),))
    return np.random.Generator(np.random.Philox(sequence))


def pack(generator: np.random.Generator) -> NDArray[np.uint64]:
    """Return the whole state of a Philox generator as 13 plain integers."""
    state = generator.bit_generator.state
    inner = state["state"]
    tail = [state["buffer_pos"], state["has_uint32"], state["uinteger"]]
    return np.array([*inner["counter"], *inner["key"], *state["buffer"], *tail], dtype=np.uint64)


def unpack(words: NDArray[np.uint64]) -> np.random.Generator:
    """Return the generator whose state `pack` wrote.

    Parameters
    ----------
    words : ndarray of uint64, shape (13,)
    """
    bits = np.random.Philox(0)
    bits.state = {
        "bit_generator": "Philox",
        "state": {"counter": words[0:4].copy(), "key": words[4:6].copy()},
        "buffer": words[6:10].copy(),
        "buffer_pos": int(words[10]),
        "has_uint32": int(words[11]),
        "uinteger": int(words[12]),
    }
    return np.random.Generator(bits)
