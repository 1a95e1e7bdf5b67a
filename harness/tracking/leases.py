"""The lease on a sweep: of all who launch one grid against a store, from wherever, one at a time writes."""

import json
import os
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from platform import node
from secrets import token_hex
from typing import TYPE_CHECKING

from harness.errors import ConfigurationError
from harness.tracking.store import answering, connect, exists

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow import MlflowClient
    from mlflow.entities import Run

LAUNCHER = "harness.launcher"
ALIVE = "harness.alive"

RENEW_SECONDS = 30.0
LASTS = 180_000
"""Milliseconds that a lease is respected after its launcher's last sign of life: a server may restart."""

_TAKEN_OVER = (
    "somebody else took it over while this launcher was not heard of, and has ended; allowed: start again, "
    "which trains what is missing"
)


class HeldError(ConfigurationError):
    """One line: somebody else writes this sweep, or did meanwhile."""


@dataclass(frozen=True)
class Launcher:
    """A process that launches a grid.

    Attributes
    ----------
    host : str
    folder : str
        Its spool, which one living process of a host has locked.
    pid : int
    since : int
        Milliseconds.
    token : str
        Random: it tells processes apart whose other attributes agree.
    """

    host: str
    folder: str
    pid: int
    since: int
    token: str


class Lease:
    """What this process holds, or will, of a sweep; the same one for each writer that it makes.

    Parameters
    ----------
    grid : str
        The hash of the grid.
    spool : Path
        Locked by this process before it writes.
    """

    def __init__(self, grid: str, spool: Path) -> None:
        self.grid = grid
        self.launcher = Launcher(node(), str(spool.resolve()), os.getpid(), _now(), token_hex(8))
        self._taken = False
        self._renewed = 0.0

    def respect(self, tags: "Mapping[str, str]") -> None:
        """Look whether the sweep may be taken, from the tags of its parent.

        Raises
        ------
        HeldError
            If somebody else holds it, or took it from us meanwhile.
        """
        found = _held(tags)
        if found is None:
            if self._taken:
                raise HeldError(f"grid = {self.grid}: {_TAKEN_OVER}")
            return
        holder, alive = found
        # Both times are of the launchers' own clocks, and no store tells its own. Between machines whose
        # clocks differ by d a lease lasts so much longer or shorter; one that is ahead is as good as new.
        over = _now() - alive > LASTS
        if holder.token == self.launcher.token or (not self._taken and (over or self._inherits(holder))):
            return
        raise HeldError(
            f"grid = {self.grid}: {_shown(holder.host)} has been at it since {_clock(holder.since)} (process "
            f"{holder.pid}, {_shown(holder.folder)}), last heard of {_clock(alive)}; allowed: wait for its "
            f"end, or, if it is dead, until {_clock(alive + LASTS)}"
        )

    def take(self, client: "MlflowClient", parent: "Run") -> None:
        """Take the lease on a sweep, or renew it.

        Raises
        ------
        HeldError
            As `respect` does.
        """
        # Imported here: it takes seconds, and who finds a sweep held needs none of it.
        from harness.tracking.entities import tags

        self.respect(parent.data.tags)
        client.log_batch(parent.info.run_id, tags=tags(self.tags()))

    def tags(self) -> dict[str, str]:
        """Return the tags that say who holds a sweep, as of now."""
        return {LAUNCHER: json.dumps(asdict(self.launcher)), ALIVE: str(_now())}

    def confirm(self, client: "MlflowClient", experiment: str, run: str) -> None:
        """Look whether the sweep is ours still: of several who took it at the same moment the last has it.

        Parameters
        ----------
        run : str
            The id of the parent that was taken.

        Raises
        ------
        HeldError
            If somebody else has it.
        """
        parent = parent_of(client, experiment, self.grid)
        if parent is not None:
            if parent.info.run_id != run:
                # Made at the same moment by somebody whom we did not see; ours is no parent then.
                client.set_terminated(run, status="KILLED")
            self.respect(parent.data.tags)
            if parent.info.run_id != run:
                raise HeldError(f"grid = {self.grid}: {_TAKEN_OVER}")
        self._taken, self._renewed = True, time.monotonic()

    def renew(self, client: "MlflowClient", experiment: str, run: str) -> None:
        """Renew the lease, half a minute after the last time at the earliest; else as `confirm`."""
        if time.monotonic() - self._renewed >= RENEW_SECONDS:
            self.confirm(client, experiment, run)
            client.set_tag(run, ALIVE, str(_now()))

    def release(self, client: "MlflowClient", run: str) -> None:
        """Leave the sweep to whoever comes next; one that somebody else has taken meanwhile stays theirs."""
        found = _held(client.get_run(run).data.tags)
        if found is not None and found[0].token == self.launcher.token:
            client.delete_tag(run, LAUNCHER)
            client.delete_tag(run, ALIVE)
        self._taken = False

    def _inherits(self, holder: Launcher) -> bool:
        """Return whether a launcher is dead for sure: we have locked what it had."""
        return (holder.host, holder.folder) == (self.launcher.host, self.launcher.folder)


def parent_of(client: "MlflowClient", experiment: str, grid: str) -> "Run | None":
    """Return the parent of a grid's sweep.

    Of two that were made at the same moment it is the first, for whoever asks.
    """
    query = f"tags.`harness.kind` = 'sweep' and tags.`harness.grid` = '{grid}'"
    found = client.search_runs([experiment], query, max_results=1, order_by=["attributes.start_time ASC"])
    return found[0] if found else None


def refuse_if_held(uri: str, experiment: str, grid: str, spool: Path) -> None:
    """Look, before anything is written, whether somebody else is at a sweep.

    Parameters
    ----------
    experiment : str
        Its name.
    spool : Path
        Where ours would be; its lock shows who else of this folder is alive.

    Raises
    ------
    HeldError
        If so.
    StoreError
        If the store cannot be asked.
    """
    if not exists(uri):
        return
    with answering(uri):
        client = connect(uri)
        found = client.get_experiment_by_name(experiment)
        parent = parent_of(client, found.experiment_id, grid) if found is not None else None
    if parent is not None:
        Lease(grid, spool).respect(parent.data.tags)


def _held(tags: "Mapping[str, str]") -> tuple[Launcher, int] | None:
    """Return who holds a sweep, and the last sign of life; tags that no launcher wrote hold nothing."""
    try:
        holder, alive = Launcher(**json.loads(tags[LAUNCHER])), int(tags[ALIVE])
        for moment in (holder.since, alive):
            _clock(moment + LASTS)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return None
    return holder, alive


def _now() -> int:
    return int(time.time() * 1000)


def _clock(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1000).astimezone().isoformat(" ", "seconds")


def _shown(text: object) -> str:
    """Return a text of the store as it may stand in a line of a terminal."""
    return str(text) if str(text).isprintable() else repr(text)
