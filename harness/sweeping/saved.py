"""The folder of a grid's saved states: each file stays as long as a run may go on from it."""

import logging
import re
from collections.abc import Sequence
from pathlib import Path

from harness.files import PART, write
from harness.sweeping.estimates import seconds
from harness.sweeping.grid import Point
from harness.sweeping.isolating import Advanced, Standing
from harness.sweeping.pieces import Piece, new_stack
from harness.sweeping.preparing import prepare
from harness.sweeping.states import UnusableStateError, fingerprints_of

NAME = re.compile(r"[0-9a-f]{16}-(\d+)\.npz")

FORCED = "forced"
"""The file that says since when a grid is trained anew."""

log = logging.getLogger(__name__)


class Saved:
    """Keeps the states of stacks under way in `folder`, which is made when the first one is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._needed: dict[Path, set[str]] = {}

    def resume(self, points: Sequence[Point]) -> tuple[list[Piece], list[Point]]:
        """Return what can go on from a saved state, and the points that start from the beginning.

        Files that no point needs, and those from which nobody can go on, are removed.
        """
        fresh = {point.fingerprint: point for point in points}
        found: list[Piece] = []
        for leg, path in self._latest_first():
            try:
                held = fingerprints_of(path.read_bytes())
            except (OSError, UnusableStateError) as error:
                log.warning("%s: %s; the stack starts again", path, error)
                held = []
            wanted = [mark for mark in held if mark in fresh]
            if not wanted:
                path.unlink(missing_ok=True)
                continue
            chosen = tuple(fresh.pop(mark) for mark in wanted)
            self._needed[path] = set(wanted)
            left = seconds(prepare(chosen[0].run), len(chosen))
            # Under a new name: its next leg may have been written down before, with other runs in it.
            found.append(Piece(chosen, new_stack(), leg, path, left))
        return found, list(fresh.values())

    def keep(self, piece: Piece, advanced: Sequence[Advanced]) -> list[Piece]:
        """Save what goes on after a leg, let go of what that leg began from, and return what goes on.

        Raises
        ------
        OSError
            If a state cannot be written; the earlier one is kept then.
        """
        points = {point.fingerprint: point for point in piece.points}
        going_on = []
        for each in advanced:
            if each.saved is None:
                continue
            stack = piece.stack if len(advanced) == 1 else new_stack()
            path = self.folder / f"{stack}-{piece.leg + 1}.npz"
            self.folder.mkdir(parents=True, exist_ok=True)
            write(path, each.saved)
            told = zip(each.fingerprints, each.results, strict=True)
            marks = [mark for mark, result in told if isinstance(result, Standing)]
            self._needed[path] = set(marks)
            chosen = tuple(points[mark] for mark in marks)
            going_on.append(Piece(chosen, stack, piece.leg + 1, path, each.seconds_left))
        self._let_go(piece)
        return going_on

    def clear(self) -> None:
        """Remove every state, and the folder if nothing else is in it."""
        leftovers = [*self.folder.glob(f"*.npz{PART}"), self.folder / FORCED]
        for path in [path for _, path in self._latest_first()] + leftovers:
            path.unlink(missing_ok=True)
        if self.folder.is_dir() and not any(self.folder.iterdir()):
            self.folder.rmdir()

    def _let_go(self, piece: Piece) -> None:
        if piece.saved is None:
            return
        needed = self._needed[piece.saved]
        needed -= set(piece.fingerprints)
        if not needed:
            del self._needed[piece.saved]
            piece.saved.unlink(missing_ok=True)

    def _latest_first(self) -> list[tuple[int, Path]]:
        """Return leg and path of each state. Of two that hold a run, the later leg is right."""
        named = [(NAME.fullmatch(path.name), path) for path in self.folder.glob("*.npz")]
        found = [(int(match[1]), path) for match, path in named if match is not None]
        return sorted(found, key=lambda each: (-each[0], each[1]))
