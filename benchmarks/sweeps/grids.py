"""The grid that is composed: several groups, plain keys and seeds."""

from typing import Any

ACTIVATIONS = ("relu", "tanh")
LOSSES = ("mse", "cross_entropy")
INITIALIZERS = ("auto", "xavier", "he", "lecun", "normal")
CHOICES = len(ACTIVATIONS) * len(LOSSES) * len(INITIALIZERS)

SIZES = {20: (1, 1), 100: (1, 5), 200: (2, 5), 1_000: (5, 10), 10_000: (10, 50)}
"""Rates and seeds by the number of runs: each choice of the groups has them all."""


def composed(runs: int) -> list[str]:
    """Return the overrides of a grid of `runs` runs, one of `SIZES`."""
    rates, seeds = SIZES[runs]
    return [
        "dataset=moons",
        "architecture.hidden=[16,8]",
        f"activation={','.join(ACTIVATIONS)}",
        f"loss={','.join(LOSSES)}",
        f"initializer={','.join(INITIALIZERS)}",
        f"optimizer.learning_rate={','.join(f'{(step + 1) / 100}' for step in range(rates))}",
        f"seed=range(0,{seeds})",
    ]


def job(config: Any) -> tuple[str, str, str, float, int]:
    """Return that by which the runs of the grid differ, of a validated run or of Hydra's own container."""
    return (
        config.activation.name,
        config.loss.name,
        config.initializer.name,
        float(config.optimizer.learning_rate),
        config.seed,
    )
