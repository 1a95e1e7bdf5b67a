"""``python -m harness`` as it is, and what its process took: told once it has ended."""

import os
import re
import runpy
import sys
from threading import Thread
from time import process_time, thread_time

from benchmarks.sweeps.processes import memory, tell

MAIN = "main thread"
NUMBER = re.compile(r"[-_]\d+\b")


def count_threads(spent: dict[str, float]) -> None:
    """Have each thread that is started from now on add its seconds of the processor under its name."""
    start = Thread.start

    def counted(thread: Thread) -> None:
        work = thread.run

        def run() -> None:
            try:
                work()
            finally:
                name = NUMBER.sub("", thread.name)
                spent[name] = spent.get(name, 0.0) + thread_time()

        thread.run = run  # type: ignore[method-assign]
        start(thread)

    Thread.start = counted  # type: ignore[method-assign, assignment]


def main() -> None:
    """Run the harness with the command line's arguments but the first, the file to tell in."""
    file, *arguments = sys.argv[1:]
    threads: dict[str, float] = {}
    count_threads(threads)
    sys.argv[1:] = arguments
    try:
        runpy.run_module("harness", run_name="__main__", alter_sys=True)
    finally:
        threads[MAIN] = thread_time()
        times = os.times()
        tell(
            file,
            {
                "processor": process_time(),
                "threads": threads,
                "workers": times.children_user + times.children_system,
                "peak": memory("VmHWM"),
            },
        )


if __name__ == "__main__":
    main()
