"""Who is timed beside whom."""

from dataclasses import dataclass

from benchmarks.cells import STACKS

ALL_CORES_STACK = 50

NAMES = {
    "harness": "harness",
    "sweep": "harness, a sweep's executor",
    "jax": "JAX",
    "torch": "PyTorch",
    "sklearn": "scikit-learn",
    "products": "bare products",
    "products_and_update": "bare products and update",
}


@dataclass(frozen=True)
class Contender:
    """Who takes part: `processes` of one family, each with `cores` and `stack` runs at once."""

    family: str
    stack: int
    processes: int = 1
    cores: int = 1

    @property
    def alone(self) -> bool:
        """Return whether it trains on one core."""
        return self.processes == self.cores == 1

    @property
    def label(self) -> str:
        """Return how tables call it."""
        runs = "1 run" if self.stack == 1 else f"stack of {self.stack}"
        if self.alone:
            how = ""
        elif self.cores == 1:
            how = f"{self.processes} processes, "
        elif self.family in ("sweep", "sklearn"):
            how = f"{self.cores} workers, "
        else:
            how = f"{self.cores} threads, "
        return f"{NAMES[self.family]}, {how}{runs}"


def one_core() -> list[Contender]:
    """Return who is timed on one core."""
    stacked = ("harness", "jax", "products", "products_and_update")
    singles = ("torch", "sklearn")
    return [
        *(Contender(family, stack) for family in stacked[:2] for stack in STACKS),
        *(Contender(family, 1) for family in singles),
        *(Contender(family, stack) for family in stacked[2:] for stack in STACKS),
    ]


def all_cores(cores: int) -> list[Contender]:
    """Return who is timed on all cores: each in the ways in which it can use them."""
    return [
        Contender("sweep", ALL_CORES_STACK, cores=cores),
        Contender("harness", ALL_CORES_STACK, processes=cores),
        Contender("jax", ALL_CORES_STACK, processes=cores),
        Contender("jax", ALL_CORES_STACK * cores, cores=cores),
        Contender("torch", 1, processes=cores),
        Contender("torch", 1, cores=cores),
        Contender("sklearn", 1, cores=cores),
    ]
