"""The array types of the engine, and how NumPy computes with them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


def stacked(arrays: Sequence[Floats]) -> Floats:
    """Return arrays of equal shape as one, the stack axis first; of a single one a view."""
    return arrays[0][None] if len(arrays) == 1 else np.stack(arrays)


BUFFER = 512
"""Elements that NumPy copies at a time where an operation cannot run on its operands in place.

By default 8,192: more than most rows here have, and then whole arrays are copied.
"""


@contextmanager
def arithmetic() -> Iterator[None]:
    """Compute as the engine does: numbers that overflow or are none are results, not warnings."""
    with np.errstate(all="ignore"):
        np.setbufsize(BUFFER)
        yield
