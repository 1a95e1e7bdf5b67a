"""The candidates of a grid: the weights of the best run of each arm so far, until MLflow has them."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from harness.files import write

CHOICE = "best.json"


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

    def chosen(self) -> list[Chosen]:
        """Return what `choose` kept, nothing before that.

        Raises
        ------
        ValueError
            One line, if it cannot be read.
        """
        path = self.folder / CHOICE
        try:
            return [Chosen(**each) for each in json.loads(path.read_bytes())]
        except FileNotFoundError:
            return []
        except (ValueError, TypeError, RecursionError) as error:
            raise ValueError(f"{path}: damaged ({type(error).__name__})") from error

    def clear(self) -> None:
        """Remove every candidate and the choice, and the folder if nothing else is in it."""
        if not self.folder.is_dir():
            return
        for pattern in ("*.npz", "*.part", CHOICE):
            for path in self.folder.glob(pattern):
                path.unlink(missing_ok=True)
        if not any(self.folder.iterdir()):
            self.folder.rmdir()

    def _write(self, path: Path, content: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        write(path, content)
