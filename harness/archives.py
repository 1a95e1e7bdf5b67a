"""Sealed archives: named arrays as bytes that are read whole or not at all, and never executed."""

import hashlib
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

SEAL = 64
"""Length of the checksum that ends an archive."""


class ArchiveError(ValueError):
    """One line: why bytes are no archive that can be read."""


def sealed(named: Mapping[str, NDArray[Any]]) -> bytes:
    """Return an npz archive of arrays; its comment is the SHA-256, in hex, of every byte before it.

    Nothing is parsed before that was compared: the readers of zip archives and of arrays are not
    made to meet damaged ones.
    """
    buffer = BytesIO()
    np.savez(buffer, allow_pickle=False, **named)
    with ZipFile(buffer, "a") as archive:
        archive.comment = b"0" * SEAL
    content = buffer.getvalue()[:-SEAL]
    return content + hashlib.sha256(content).hexdigest().encode()


def unsealed(content: bytes) -> dict[str, NDArray[Any]]:
    """Return the arrays of a sealed archive by name; an object in it is refused, never unpickled.

    Raises
    ------
    ArchiveError
        If it is damaged, or no archive of plain arrays.
    """
    if hashlib.sha256(content[:-SEAL]).hexdigest().encode() != content[-SEAL:]:
        raise ArchiveError("its checksum does not agree")
    try:
        with np.load(BytesIO(content), allow_pickle=False) as archive:
            return {name: np.asarray(archive[name]) for name in archive.files}
    except Exception as error:
        # Whoever computes a checksum may put anything before it, and archives can be wrong in more
        # ways than their readers have an exception for.
        raise ArchiveError("no archive of plain arrays") from error
