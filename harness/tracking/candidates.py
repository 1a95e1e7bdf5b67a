"""The candidates of a grid: the weights of the best run of each arm so far, until MLflow has them."""

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from harness.files import write

CHOICE = "best.json"
FOLDER = "models"
"""Where `harness.tracking.settings.models_folder` puts the candidates of all grids."""


@dataclass(frozen=True)
class Chosen:
    """The best run of an arm once all its runs have ended."""

    arm: str
    run: str
    fingerprint: str


class Candidates:
    """Keeps one file for each arm in `folder`, which is made with the first one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def grid(self) -> str:
        """Return the hash of the grid, which the folder is called by."""
        return self.folder.name

    def path(self, arm: str) -> Path:
        """Return where the candidate of an arm lies: an arm's name may be no file's."""
        return self.folder / f"{hashlib.sha256(arm.encode()).hexdigest()[:32]}.npz"

    def put(self, arm: str, content: bytes) -> None:
        """Keep an arm's candidate in place of the one before.

        Raises
        ------
        OSError
            If it cannot be written; the one before is kept then.
        """
        self._write(self.path(arm), content)

    def choose(self, chosen: Sequence[Chosen]) -> None:
        """Keep which runs are the best of a grid that is trained as a whole.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        self._write(self.folder / CHOICE, json.dumps([asdict(each) for each in chosen]).encode())

    def chosen(self) -> list[Chosen] | None:
        """Return what `choose` kept, None before that.

        Raises
        ------
        ValueError
            One line, if it cannot be read.
        """
        path = self.folder / CHOICE
        try:
            return [Chosen(**each) for each in json.loads(path.read_bytes())]
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, RecursionError) as error:
            raise ValueError(f"{path}: damaged ({type(error).__name__})") from error

    def clear(self) -> None:
        """Remove every candidate and the choice, and the folders if nothing else is in them."""
        if not self.folder.is_dir():
            return
        for pattern in ("*.npz", "*.part", CHOICE):
            for path in self.folder.glob(pattern):
                path.unlink(missing_ok=True)
        if any(self.folder.iterdir()):
            return
        self.folder.rmdir()
        if self.folder.parent.name == FOLDER:
            with suppress(OSError):
                self.folder.parent.rmdir()

    def _write(self, path: Path, content: bytes) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except FileNotFoundError:
            # Another grid was cleared just now, and removed the folder of all.
            self.folder.mkdir(parents=True, exist_ok=True)
        write(path, content)
