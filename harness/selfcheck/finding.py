"""A published figure beside the one that comes out here."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One comparison.

    Attributes
    ----------
    source : str
        Who published it, and when.
    what : str
        The quantity, and the setting that it holds for.
    theirs : str
        As it is printed there, or what follows from a formula there.
    ours : float
    low, high : float
        What `ours` may be: the tolerance was fixed before anything ran.
    """

    source: str
    what: str
    theirs: str
    ours: float
    low: float
    high: float

    @property
    def agrees(self) -> bool:
        """Return whether ours is within the tolerance."""
        return self.low <= self.ours <= self.high


def printed(source: str, what: str, theirs: str, ours: float) -> Finding:
    """Return a finding whose tolerance is half a unit of the last digit printed there."""
    value, digits = float(theirs), len(theirs.partition(".")[2])
    half = 0.5 * 10.0**-digits
    return Finding(source, what, theirs, ours, value - half, value + half)


def within(source: str, what: str, theirs: float, ours: float, factor: float) -> Finding:
    """Return a finding that may be off by a factor, as figures from other data or other draws are."""
    return Finding(source, what, f"{theirs:.3g}", ours, theirs / factor, theirs * factor)
