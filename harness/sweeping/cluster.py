"""A Dask cluster: workers of any number of machines, joined by the address of their scheduler."""

from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from typing import Any

from harness.errors import ConfigurationError

CONNECT_SECONDS = 10
ALLOWED = "what `dask scheduler` prints, such as tcp://127.0.0.1:8786"
MEMORY_SHARE = 0.5
"""Of what a worker may take: the rest is for samples and libraries."""


@contextmanager
def connected(address: str | None) -> Iterator[Any]:
    """Yield a client of the scheduler at `address`.

    Raises
    ------
    ConfigurationError
        If there is no address, `distributed` is not installed, or nobody answers.
    """
    if address is None:
        raise ConfigurationError(f"executor.address = null: not an address; allowed: {ALLOWED}")
    try:
        from distributed import Client
    except ImportError:
        raise ConfigurationError(
            "executor = 'dask': the package distributed is not installed; allowed: pip install "
            "'regime-harness[cluster]', or executor=processes"
        ) from None
    try:
        client: Any = Client(  # type: ignore[no-untyped-call]
            address, timeout=CONNECT_SECONDS, set_as_default=False
        )
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"executor.address = {address!r}: no Dask scheduler answers there ({error}); allowed: {ALLOWED}"
        ) from None
    with client:
        yield client


def slots(client: Any, address: str | None) -> tuple[int, float]:
    """Return how many stacks train side by side on a cluster, and the bytes they may take together.

    Raises
    ------
    ConfigurationError
        If the scheduler has no workers, or some of several threads.
    """
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    if any(worker["nthreads"] > 1 for worker in workers):
        raise ConfigurationError(
            f"executor.address = {address!r}: a worker has several threads, among which the BLAS cannot "
            f"be held to one; allowed: `dask worker {address} --nthreads 1 --nworkers N`"
        )
    if not workers:
        raise ConfigurationError(
            f"executor.address = {address!r}: the scheduler has no workers; start some with `dask worker "
            f"{address} --nthreads 1`"
        )
    # A limit of 0 is none.
    share = min(worker["memory_limit"] or inf for worker in workers)
    return len(workers), MEMORY_SHARE * share * len(workers)
