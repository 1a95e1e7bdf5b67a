"""From a spool to the store: what waits is delivered in order, and the sweep closed as it was last asked."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from traceback import format_exception
from typing import TYPE_CHECKING

from harness.errors import ConfigurationError, StoreError
from harness.tracking.batch_files import DamagedError
from harness.tracking.leases import HeldError, Lease
from harness.tracking.settings import SQLITE, concealed, local_folder, masked, models_folder
from harness.tracking.spool import Closing, Spool, is_spool

if TYPE_CHECKING:
    from harness.tracking.writer import Writer

log = logging.getLogger(__name__)

UNASKED = "KILLED"
"""How a sweep ended that never said so: nobody is left to go on with it."""


@dataclass(frozen=True)
class Delivered:
    """What was delivered of a sweep: its study, how many runs, and a line for each damaged batch."""

    experiment: str
    runs: int
    damaged: list[str]


class DeliveryError(StoreError):
    """One line: which store, what is wrong with it, and what is to become of what waits; nothing is lost.

    Attributes
    ----------
    why : str
        What is wrong alone.
    """

    def __init__(self, why: str, fate: str) -> None:
        super().__init__(f"{why}; {fate}")
        self.why = why


class GoneError(DeliveryError):
    """The store is away, or busy; it may come back by itself."""


def empty(spool: Spool, writer: "Writer", written: Callable[[int], None]) -> list[str]:
    """Deliver what waits, in order; whatever a writer raises ends it.

    Parameters
    ----------
    written : callable
        Called with the number of runs that ended or failed, once each batch is in the store.

    Returns
    -------
    list of str
        A line for each batch that was damaged, and is set aside.
    """
    damaged = []
    writer.renew()
    for path in spool.waiting():
        try:
            batch = spool.read(path)
        except DamagedError as error:
            damaged.append(str(error))
            continue
        writer.deliver(batch)
        spool.remove(path)
        written(batch.over)
    return damaged


def deliver(spool: Spool, uri: str, *, anywhere: bool = False) -> Delivered | None:
    """Deliver what a spool holds of a sweep that has ended or was killed, and close the sweep.

    Parameters
    ----------
    spool : Spool
        Locked while this lasts.
    uri : str
        The store.
    anywhere : bool
        It may be another one than the sweep's.

    Returns
    -------
    Delivered or None
        None if nothing waits.

    Raises
    ------
    LockedError
        If the spool is another process's at the moment.
    ConfigurationError
        If the store is not the sweep's.
    HeldError
        If a launcher elsewhere is at the sweep; nothing is written then.
    DamagedError
        If nobody knows whose runs wait.
    GoneError
        If the store is away, or busy.
    DeliveryError
        If it refuses, or has no room.
    """
    # Before the lock too: a sweep that is alive and well has nothing to be refused for.
    if not spool.holds():
        return None
    with spool.lock():
        if not spool.holds():
            return None
        closing = spool.asked()
        found = spool.described()
        if not anywhere and _place(found.address) != _place(masked(uri)):
            raise ConfigurationError(
                f"tracking.uri = {masked(uri)}: what waits in {spool.folder} is of another store; "
                f"allowed: --uri {found.address}"
            )
        # Imported here: MLflow takes seconds, and most often nothing waits.
        from harness.tracking.writer import Writer

        runs: list[int] = []
        try:
            writer = Writer(uri, found.sweep, found.points, Lease(found.sweep.grid, spool.folder))
            damaged = empty(spool, writer, runs.append)
            closing = closing or Closing(UNASKED, {}, int(time.time() * 1000))
            writer.close(closing.status, closing.totals, closing.moment, models_folder(spool.folder))
        except HeldError:
            raise
        except Exception as error:
            raise explained(error, spool, uri) from error
        spool.forget()
    return Delivered(found.sweep.experiment, sum(runs), damaged)


def deliver_all(uri: str) -> list[Delivered]:
    """Deliver what waits on this machine for a store, of every grid that nobody works on at the moment.

    Whoever is about to ask the store what is done calls this first, before a grid is locked: what
    waits is done too, and would be trained again.

    Raises
    ------
    GoneError
        If the store is away, or busy.
    DeliveryError
        If it refuses, or has no room.
    """
    found = []
    for path in sorted(local_folder(uri).glob("spool/*")):
        if not is_spool(path):
            continue
        try:
            delivered = deliver(Spool(path), uri)
        except (ConfigurationError, DamagedError) as error:
            # Of another store, locked, or damaged: `python -m harness.tracking deliver` says so.
            log.info("%s", error)
            continue
        except GoneError:
            raise
        except DeliveryError as error:
            # Another grid's trouble is no reason to train nothing.
            log.warning("%s", error)
            continue
        if delivered is not None:
            found.append(delivered)
    return found


def explained(error: Exception, spool: Spool, uri: str | None = None) -> DeliveryError:
    """Return what a user is told of an error that ended a delivery, to the sweep's store by default."""
    from harness.tracking.faults import one_line, passes

    try:
        address = uri or spool.described().address
    except DamagedError:
        address = "unknown"
    kind = GoneError if passes(error, address) else DeliveryError
    later = "by the next start, or by python -m harness.tracking deliver"
    if waiting := spool.runs_waiting():
        fate = f"{waiting:,} runs wait in {spool.folder}, and are delivered {later}"
    else:
        fate = f"no run waits; the sweep is closed {later}"
    return kind(one_line(error, address), fate)


def traced(error: Exception) -> str:
    """Return an error's traceback without passwords: MLflow's errors tell the whole address."""
    return concealed("".join(format_exception(error))).rstrip()


def _place(address: str) -> str:
    if address.startswith(SQLITE):
        return str(Path(address.removeprefix(SQLITE)).resolve())
    return address.rstrip("/")
