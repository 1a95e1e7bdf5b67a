"""What a user is told when what they asked for cannot be done."""

from collections.abc import Iterable
from difflib import get_close_matches


class ConfigurationError(ValueError):
    """One line: what, which value, what is allowed, the nearest valid name. Exit status 2."""


class MissingDataError(ConfigurationError):
    """One line: which files a data set needs, and where. Exit status 2."""


class StoreError(RuntimeError):
    """One line: which store, and why it cannot be read or written. Exit status 1."""


def why(error: OSError) -> str:
    """Return a line that says which file could not be read or written, as far as that is known, and why."""
    return f"{error.filename}: {error.strerror}" if error.filename else str(error)


def nearest(name: str, allowed: Iterable[str]) -> str:
    """Return a clause that offers the nearest of `allowed`, or an empty string."""
    found = get_close_matches(name, list(allowed), n=1, cutoff=0.6)
    return f"; did you mean {found[0]!r}?" if found else ""


def unknown(what: str, name: str, allowed: Iterable[str]) -> ConfigurationError:
    """Return the error for a `name` that is none of `allowed`."""
    choices = sorted(allowed)
    return ConfigurationError(
        f"{what} = {name!r}: not known; allowed: {', '.join(choices)}{nearest(name, choices)}"
    )
