"""Files that run something once they are unpickled."""

import hashlib
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np

from harness.archives import SEAL

KINDS = ("pickle", "sealed pickle", "object", "further object")


@dataclass(frozen=True)
class Touches:
    """Unpickled, it makes a file."""

    path: Path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def planted(kind: str, trace: Path, named: Mapping[str, np.ndarray]) -> bytes:
    """Return what somebody may put in place of a sealed archive of these arrays."""
    if "pickle" in kind:
        content = pickle.dumps(Touches(trace))
        return sealed_again(content) if kind.startswith("sealed") else content
    name = next(iter(named)) if kind == "object" else "unheard_of"
    buffer = BytesIO()
    np.savez(buffer, allow_pickle=True, **{**named, name: np.array([Touches(trace)], dtype=object)})
    with ZipFile(buffer, "a") as archive:
        archive.comment = b"0" * SEAL
    return sealed_again(buffer.getvalue()[:-SEAL])


def sealed_again(content: bytes) -> bytes:
    return content + hashlib.sha256(content).hexdigest().encode()
