"""What went wrong with a store: whether it may come back by itself, and a line that says it."""

import sqlite3
from collections.abc import Iterator

from mlflow.exceptions import MlflowException
from requests import ConnectionError as NoConnectionError
from requests import HTTPError, Timeout
from sqlalchemy.exc import OperationalError

from harness.errors import StoreError
from harness.tracking.settings import masked

LATER = {408, 429}
LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
LENGTH = 300


def passes(error: BaseException, uri: str) -> bool:
    """Return whether an error may pass without anybody's help.

    A server that is away, or busy, or fails (HTTP 5xx) comes back; so does a SQLite file that
    another process has locked. A full disk or a refused request does not.
    """
    found = list(_causes(error))
    if uri.startswith("sqlite") or any(isinstance(each, sqlite3.Error) for each in found):
        return any(_code(each) in LOCKED for each in found)
    return any(
        isinstance(each, NoConnectionError | Timeout | OperationalError) or _later(each) for each in found
    )


def one_line(error: BaseException, uri: str) -> str:
    """Return a line that names the store, without its password, and what is wrong with it."""
    if isinstance(error, StoreError):
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
    return f"tracking.uri = {masked(uri)}: {masked(' '.join(told.split()))[:LENGTH]}"


def _later(error: BaseException) -> bool:
    if isinstance(error, MlflowException):
        status: int = error.get_http_status_code()  # type: ignore[no-untyped-call]
    elif isinstance(error, HTTPError) and error.response is not None:
        status = error.response.status_code
    else:
        return False
    return status >= 500 or status in LATER


def _code(error: BaseException) -> int:
    """Return SQLite's primary result code, 0 for other errors."""
    # A connection that Python refuses before SQLite is asked has none.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF if isinstance(error, sqlite3.Error) else 0


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and those it came from: MLflow names what it wraps in its text only."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__
