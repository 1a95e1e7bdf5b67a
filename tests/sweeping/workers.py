"""The worker processes of a sweep, seen from outside."""

import psutil


def workers_of(launcher: int) -> list[psutil.Process]:
    """Return the worker processes that a process with this id has started."""
    return [child for child in psutil.Process(launcher).children() if _is_worker(child)]


def _is_worker(process: psutil.Process) -> bool:
    try:
        return any("LokyProcess" in word for word in process.cmdline())
    except psutil.Error:
        # It ended between being listed and being asked.
        return False
