"""The day on which a report was drawn."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime

VARIABLE = "SOURCE_DATE_EPOCH"
"""Of the environment: the seconds since 1970 that stand for now, by reproducible-builds.org."""


def today() -> date:
    """Return the day of `SOURCE_DATE_EPOCH`, otherwise today, in UTC.

    Raises
    ------
    harness.errors.ConfigurationError
        If the variable is no number of seconds.
    """
    told = os.environ.get(VARIABLE)
    if told is None:
        return datetime.now(UTC).date()
    try:
        return datetime.fromtimestamp(int(told), UTC).date()
    except (ValueError, OverflowError, OSError):
        from harness.errors import ConfigurationError

        raise ConfigurationError(f"{VARIABLE} = {told!r}: must be seconds since 1970") from None
