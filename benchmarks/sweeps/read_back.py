"""``harness.tracking.read.study`` twice in a fresh process, and what each time took."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter, process_time

from benchmarks.sweeps.processes import memory, tell


@contextmanager
def counted(told: dict[str, Mapping[str, float]], name: str) -> Iterator[None]:
    """Add the seconds that a block takes, of the clock and of this process's processor."""
    clock, processor = perf_counter(), process_time()
    yield
    told[name] = {"clock": perf_counter() - clock, "processor": process_time() - processor}


def main() -> None:
    """Read a study: the arguments are the file to tell in, its name and the store's address."""
    file, name, uri = sys.argv[1:]
    spent: dict[str, Mapping[str, float]] = {}
    with counted(spent, "imports"):
        from harness.tracking import read
        from harness.tracking.store import connect

        connect(uri).search_experiments(max_results=1)
    with counted(spent, "first"):
        found = read.study(name, uri=uri)
    with counted(spent, "again"):
        read.study(name, uri=uri)
    tell(
        file,
        {
            "processor": process_time(),
            "spent": spent,
            "runs": found.history["run_id"].nunique(),
            "rows": len(found.history),
            "peak": memory("VmHWM"),
        },
    )


if __name__ == "__main__":
    main()
