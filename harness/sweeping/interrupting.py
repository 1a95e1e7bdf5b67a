"""Why a sweep stops before its end: a signal, or the end of the time that it was given."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, time
from types import FrameType, TracebackType
from typing import Any, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """Notes the first signal, so that what is finished can be written; the second one ends all at once.

    Parameters
    ----------
    seconds : float or None
        The time allowed, counted from now; None: any.

    Attributes
    ----------
    signal : int or None
        The signal that came.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self.signal: int | None = None
        self._end = None if seconds is None else monotonic() + seconds
        self._signals = 0
        self._may_raise = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        # Python delivers signals to the main thread alone; elsewhere they are the caller's.
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @property
    def interrupted(self) -> bool:
        """Return whether a signal came."""
        return self.signal is not None

    @property
    def out_of_time(self) -> bool:
        """Return whether the time allowed is over."""
        return self._end is not None and monotonic() >= self._end

    @property
    def asked(self) -> bool:
        """Return whether nothing more is to be begun."""
        return self.interrupted or self.out_of_time

    @property
    def reason(self) -> str | None:
        """Return why, in words."""
        if self.interrupted:
            return "interrupted"
        return "the time that it was given is over" if self.out_of_time else None

    @property
    def until(self) -> float | None:
        """Return when the time allowed is over, in seconds since 1970; None: never."""
        return None if self._end is None else time() + self._end - monotonic()

    @property
    def insisted(self) -> bool:
        """Return whether a second signal came."""
        return self._signals > 1

    @contextmanager
    def raising(self) -> Iterator[None]:
        """Let the first signal raise KeyboardInterrupt: for what can be dropped in the middle."""
        self._may_raise = True
        try:
            yield
        finally:
            self._may_raise = False

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1
        self.signal = self.signal or number
        if self.insisted or self._may_raise:
            raise KeyboardInterrupt
