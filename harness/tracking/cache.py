"""Artifacts of a server, kept on this machine under the digest of their content."""

import hashlib
import logging
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

LIMIT = 1_000_000_000
"""Bytes of a cache, beyond which what was unused for longest leaves."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cache:
    """Contents by key, in the files of a folder that several processes may use at once.

    A file is named by the digest of its key and that of its content, which is compared before use.
    Where the folder cannot be written nothing is kept; where it cannot be read nothing is found.

    Attributes
    ----------
    folder : Path
        Made when something is kept first.
    limit : int
        Bytes.
    """

    folder: Path
    limit: int = LIMIT

    def get(self, key: str) -> bytes | None:
        """Return what was put under a key, None if there is nothing; a damaged file is removed."""
        with suppress(OSError):
            for path in self.folder.glob(f"{_digest(key.encode())}-*"):
                content = path.read_bytes()
                if path.name == _name(key, content):
                    # The moment of its last use, by which files leave.
                    os.utime(path)
                    return content
                log.info("%s is damaged, and is fetched again", path)
                path.unlink(missing_ok=True)
        return None

    def put(self, key: str, content: bytes) -> None:
        """Keep a content under a key, in place of what was kept there, if there is room."""
        if len(content) > self.limit:
            return
        path = self.folder / _name(key, content)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for other in self.folder.glob(f"{_digest(key.encode())}-*"):
                other.unlink(missing_ok=True)
            self._make_room(len(content))
            _write(path, content)
        except OSError as error:
            log.info("%s is not kept: %s", path, error)

    def _make_room(self, more: int) -> None:
        """Remove what was unused for longest, until `more` bytes fit."""
        found = [(path, stat) for path in self.folder.iterdir() if (stat := _stat(path)) is not None]
        size = more + sum(stat.st_size for _, stat in found)
        for path, stat in sorted(found, key=lambda each: each[1].st_mtime):
            if size <= self.limit:
                return
            path.unlink(missing_ok=True)
            size -= stat.st_size


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, under a name of this process's own until it is."""
    with NamedTemporaryFile(dir=path.parent, delete=False) as file:
        part = Path(file.name)
        try:
            file.write(content)
            file.flush()
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)
            raise


def _name(key: str, content: bytes) -> str:
    return f"{_digest(key.encode())}-{_digest(content)}"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _stat(path: Path) -> os.stat_result | None:
    """Return what is known of a file, None if another process has removed it."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None
