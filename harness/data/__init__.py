"""Data sets, splits and scaling. `load` gives the very arrays that a run trains on."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.data.loading import Loaded as Loaded
    from harness.data.loading import digest as digest
    from harness.data.loading import load as load

__all__ = ["Loaded", "digest", "load"]


def __getattr__(name: str) -> Any:
    # Resolved on first use: the configuration imports this package for its choices, and loading
    # imports the configuration.
    if name in __all__:
        from harness.data import loading

        return getattr(loading, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
