"""Stacks: which runs can train together."""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence

from harness.config import RunConfig

REPLICATE = ("seed", "seeds.split", "seeds.weights", "seeds.order")
SEEDS = (*REPLICATE, "dataset.seed")


def stack_key(run: RunConfig) -> str:
    """Return what runs of one stack have equal: the configuration less seeds and numbers."""
    free = set(SEEDS)
    for group, choice in (
        ("optimizer", run.optimizer),
        ("update", run.update),
        ("initializer", run.initializer),
    ):
        # A number that is switched off (None) is another computation, not another number.
        free |= {f"{group}.{name}" for name in choice.per_run if getattr(choice, name) is not None}
    # Initializers act before the first update, so stacks may mix them freely.
    free.add("initializer")
    return key_without(run, free)


def regime_key(run: RunConfig) -> str:
    """Return what replicates have equal: the configuration less the seed."""
    return key_without(run, REPLICATE)


def key_without(run: RunConfig, free: Collection[str]) -> str:
    """Return what runs have equal that differ in the keys `free` alone."""
    fixed = {key: value for key, value in run.flat.items() if key not in free}
    return json.dumps(fixed, sort_keys=True, default=list)


def stacks(runs: Sequence[RunConfig]) -> list[list[int]]:
    """Return the indices of `runs` by stack, in the order in which stacks first appear."""
    groups: dict[str, list[int]] = defaultdict(list)
    for index, run in enumerate(runs):
        groups[stack_key(run)].append(index)
    return list(groups.values())
