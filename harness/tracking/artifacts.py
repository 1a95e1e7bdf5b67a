"""Artifacts of a store's runs: read where they lie, or fetched side by side and kept on this machine."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pandas as pd

from harness.errors import ConfigurationError
from harness.tracking.batches import HISTORY
from harness.tracking.cache import Cache
from harness.tracking.settings import local_folder, masked

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

Place = tuple[str, str]
"""The run that has an artifact, and the artifact's path."""
Wanted = Mapping[Place, Sequence[str]]

SIDE_BY_SIDE = 8
MOST_SHOWN = 80


@dataclass(frozen=True)
class Artifacts:
    """The artifacts of a store's runs.

    What lies on this machine is read from there. What a server has is fetched, and kept under the
    store's local folder if it never changes.
    """

    client: "MlflowClient"
    uri: str
    _roots: dict[str, str] = field(default_factory=dict)

    def read(self, run_id: str, path: str) -> bytes:
        """Return an artifact as it is now.

        Raises
        ------
        ConfigurationError
            If it is a link that leads out of the run's artifacts.
        """
        root = self._root(run_id)
        if (folder := _here(root)) is not None:
            return _inside(folder, path).read_bytes()
        with TemporaryDirectory() as scratch:
            return Path(self.client.download_artifacts(run_id, path, scratch)).read_bytes()

    def frames(
        self, wanted: Wanted, parse: Callable[[BinaryIO, Sequence[str]], pd.DataFrame]
    ) -> list[pd.DataFrame]:
        """Return what `parse` makes of artifacts that never change, in their order.

        Parameters
        ----------
        wanted : mapping of (run id, path) to sequence of str
            The ids of the runs whose rows are wanted of each: the second argument of `parse`.
        """
        # Asked for here: threads that all start without it would all ask.
        for run_id in {run_id for run_id, _ in wanted}:
            self._root(run_id)
        found = []
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            places = iter(wanted)
            # No more are fetched ahead than that: whole files are in memory until they are parsed.
            ahead = deque(pool.submit(self._opened, place) for place in islice(places, SIDE_BY_SIDE))
            for run_ids in wanted.values():
                with ahead.popleft().result() as file:
                    ahead.extend(pool.submit(self._opened, place) for place in islice(places, 1))
                    found.append(parse(file, run_ids))
        return found

    def _opened(self, place: Place) -> BinaryIO:
        """Return an artifact that never changes, ready to be read."""
        run_id, path = place
        if (folder := _here(self._root(run_id))) is not None:
            return _inside(folder, path).open("rb")
        return BytesIO(self._kept(run_id, path))

    def _kept(self, run_id: str, path: str) -> bytes:
        cache = Cache(local_folder(self.uri) / "cache")
        key = "\n".join((masked(self.uri), run_id, path))
        content = cache.get(key)
        if content is None:
            content = self.read(run_id, path)
            cache.put(key, content)
        return content

    def _root(self, run_id: str) -> str:
        if run_id not in self._roots:
            self._roots[run_id] = str(self.client.get_run(run_id).info.artifact_uri)
        return self._roots[run_id]


def by_history(runs: Iterable[tuple[str, Place | None]]) -> dict[Place, list[str]]:
    """Return the ids of runs by where their rows lie, as `history_of` tells it of each."""
    wanted: dict[Place, list[str]] = {}
    for run_id, place in runs:
        if place is not None:
            wanted.setdefault(place, []).append(run_id)
    return wanted


def history_of(run: "Run") -> Place | None:
    """Return the parent and the artifact that hold a run's rows, None if it left none.

    Raises
    ------
    ConfigurationError
        If it names an artifact that no sweep writes: its path may lead anywhere.
    """
    history = run.data.tags.get("harness.history", "")
    # A run that failed names the leg that it failed in, but left no rows there.
    if not history or run.info.status != "FINISHED":
        return None
    if not HISTORY.fullmatch(history):
        raise ConfigurationError(
            f"harness.history = {history[:MOST_SHOWN]!r}: must be histories/NAME.parquet (any other "
            "path may leave the run's artifacts)"
        )
    return run.data.tags["mlflow.parentRunId"], history


def _here(root: str) -> Path | None:
    """Return the folder of this machine that an artifact root is, None if it lies elsewhere."""
    found = urlsplit(root)
    return Path(url2pathname(found.path)) if found.scheme in {"", "file"} else None


def _inside(folder: Path, path: str) -> Path:
    found = (folder / path).resolve()
    if not found.is_relative_to(folder.resolve()):
        raise ConfigurationError(f"artifact = {path[:MOST_SHOWN]!r}: leaves the run's artifacts")
    return found
