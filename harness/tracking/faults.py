"""What went wrong with a store: whether it may come back by itself, and a line that says it."""

import sqlite3
from collections.abc import Iterator

from mlflow.exceptions import MlflowException
from requests import ConnectionError as NoConnectionError
from requests import HTTPError, Timeout
from sqlalchemy.exc import OperationalError

from harness.errors import StoreError
from harness.tracking.leases import HeldError
from harness.tracking.settings import masked

LATER = {408, 429}
UNAUTHORIZED = 401
LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
FULL = "53100"
"""PostgreSQL's code. A tracking server keeps it to itself: its answer is 503, as if it were away."""

LENGTH = 300


def passes(error: BaseException, uri: str) -> bool:
    """Return whether an error may pass without anybody's help.

    A server that is away, or busy, or fails (HTTP 5xx) comes back; so does a SQLite file that
    another process has locked. A full disk or a refused request does not.
    """
    found = list(_causes(error))
    if uri.startswith("sqlite") or any(isinstance(each, sqlite3.Error) for each in found):
        return any(_code(each) in LOCKED for each in found)
    if any(_state(each) == FULL for each in found):
        return False
    return any(
        isinstance(each, NoConnectionError | Timeout | OperationalError) or _later(each) for each in found
    )


def one_line(error: BaseException, uri: str) -> str:
    """Return a line that names the store, without its password, and what is wrong with it."""
    if isinstance(error, StoreError | HeldError):
        return str(error)
    found = list(_causes(error))
    deepest = next((each for each in found if isinstance(each, sqlite3.Error)), None)
    if deepest is not None:
        told = str(deepest)
    elif isinstance(error, MlflowException):
        told = error.message
    else:
        told = f"{type(error).__name__}: {error}"
    if any(isinstance(each, NoConnectionError | Timeout) for each in found):
        told = "no answer"
    elif any(_status(each) == UNAUTHORIZED for each in found):
        told = (
            "user name or password is missing or wrong; allowed: MLFLOW_TRACKING_USERNAME and "
            "MLFLOW_TRACKING_PASSWORD as the server knows them"
        )
    return f"tracking.uri = {masked(uri)}: {masked(' '.join(told.split()))[:LENGTH]}"


def _later(error: BaseException) -> bool:
    status = _status(error)
    return status >= 500 or status in LATER


def _status(error: BaseException) -> int:
    """Return the status of an HTTP answer, 0 for other errors."""
    if isinstance(error, MlflowException):
        status: int = error.get_http_status_code()  # type: ignore[no-untyped-call]
        return status
    if isinstance(error, HTTPError) and error.response is not None:
        return error.response.status_code
    return 0


def _code(error: BaseException) -> int:
    """Return SQLite's primary result code, 0 for other errors."""
    # A connection that Python refuses before SQLite is asked has none.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF if isinstance(error, sqlite3.Error) else 0


def _state(error: BaseException) -> str | None:
    """Return PostgreSQL's code of what went wrong, None for other errors."""
    return getattr(error.orig, "sqlstate", None) if isinstance(error, OperationalError) else None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and those it came from: MLflow names what it wraps in its text only."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__
