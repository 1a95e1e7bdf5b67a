"""The random numbers of a report: fixed by its study's name, so that the same data give the same bytes."""

from zlib import crc32

import numpy as np

from harness.streams import stream


def generator(study: str, purpose: str) -> np.random.Generator:
    """Return the Philox generator of one use of random numbers in the report of a study.

    Parameters
    ----------
    study : str
        Its name.
    purpose : str
        For example ``"differences"``. A use that is added later moves no other.
    """
    return stream(crc32(study.encode()), purpose)
