"""At which levels the cells of a claim support it and refute it."""

from dataclasses import dataclass

from harness.intervals import confidence_of


@dataclass(frozen=True)
class Levels:
    """The levels of the intervals that decide a claim.

    What every cell has to show is shown by the claim's own level in each (an intersection-union test,
    Berger 1982, "Multiparameter hypothesis testing and acceptance sampling", Technometrics 24). What one
    of c cells shows alone would be shown by chance in up to c times as many studies: its error is
    divided by the cells (Bonferroni).

    Attributes
    ----------
    one : float
        Of each interval, 1 - 0.05/k.
    several : float
        Of a cell that decides alone, 1 - 0.05/k/c.
    scope : str
        ``all``: one cell alone refutes; ``any``: one cell alone supports.
    """

    one: float
    several: float
    scope: str

    @classmethod
    def of(cls, claims: int, cells: int, scope: str) -> "Levels":
        """Return the levels of a claim of `cells`, one of `claims` that an interval decides."""
        return cls(confidence_of(claims), confidence_of(claims, max(1, cells)), scope)

    @property
    def support(self) -> float:
        """At which a cell is supported."""
        return self.several if self.scope == "any" else self.one

    @property
    def refutation(self) -> float:
        """At which a cell is refuted."""
        return self.one if self.scope == "any" else self.several

    def alone(self, low: float, high: float, margin: float) -> bool:
        """Tell whether an interval at `one` would let a cell decide alone, so that the wider one has to."""
        return low > margin if self.scope == "any" else high < margin
