"""One update from a random state equals PyTorch's, in runs in which every pair of choices meets."""

from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest

from harness import engine
from harness.engine.diagnostics import Diagnostics
from harness.engine.feeding import GD, SGD, Batch
from harness.engine.initializers import Auto, Constant, He, LeCun, Normal, Uniform, Xavier, Zeros
from harness.engine.losses import CrossEntropy, Huber, SquaredError
from harness.engine.outputs import OUTPUTS
from harness.engine.run import Data, Split
from harness.engine.schedules import SCHEDULES
from harness.engine.stopping import Stopping
from harness.engine.update_rules import UPDATE_RULES
from tests.engine.pytorch_twin import ACTIVATIONS, RULES, Twin, torch

SAMPLES, EPOCHS, RATE = 7, 40, 0.03
FACTORS = {
    "activation": [None, *ACTIVATIONS],
    "depth": [0, 1, 2, 3],
    "output": list(OUTPUTS),
    "columns": [1, 3],
    "loss": [
        *(SquaredError(scale=scale) for scale in ("half", "sum", "mean")),
        *(Huber(threshold=0.7, scale=scale) for scale in ("sum", "mean")),
        CrossEntropy(),
    ],
    "reduction": ["mean", "sum"],
    "bias": [None, 0.0, 0.3],
    "initializer": [
        Auto(),
        Normal(scale=0.6),
        Uniform(limit=0.8),
        *(kind(distribution=form) for kind in (Xavier, He, LeCun) for form in ("normal", "uniform")),
        Constant(value=-0.2),
        Zeros(),
    ],
    "rule": list(UPDATE_RULES),
    "penalty": [{}, {"l2": 0.1}, {"l1": 0.2}, {"l2": 0.2, "l1": 0.1}],
    "clipping": [
        {},
        {"clip_value": 0.02},
        {"clip_norm": 0.1},
        {"clip_norm": 1e3},
        {"clip_value": 0.05, "clip_norm": 0.1},
    ],
    "feeding": [
        GD(),
        SGD(),
        *(Batch(batch_size=size) for size in (2, 3, 4, SAMPLES)),
        Batch(batch_size=3, leftover="drop"),
    ],
    "weights": [None, "drawn"],
    "order": ["as_given", "shuffled", "by_class"],
    "schedule": list(SCHEDULES),
    # The first, one within an epoch, the batch left over, and the first of a later epoch.
    "update": [0, 1, 11, 24],
}
# What a plateau has reduced the rate by.
REDUCED = 0.3
# As schedules are configured, and what the rate is multiplied by after a number of epochs.
DECAYS = {
    "constant": ({}, lambda epoch: 1.0),
    "step": ({"epochs": 2, "drop": 0.8}, lambda epoch: 0.8 ** (epoch // 2)),
    "exponential": ({"decay": 0.9}, lambda epoch: 0.9**epoch),
    "inverse_time": ({"decay": 0.3}, lambda epoch: 1 / (1 + 0.3 * epoch)),
    "plateau": ({}, lambda epoch: REDUCED),
    "cosine": ({"final": 0.1}, lambda epoch: 0.1 + 0.45 * (1 + np.cos(np.pi * epoch / EPOCHS))),
}
# Squares are drawn so that dividing by their root magnifies no rounding.
MEMORY = {
    "velocity": lambda draw, shape: draw.normal(size=shape),
    "mean": lambda draw, shape: draw.normal(size=shape),
    "squares": lambda draw, shape: draw.uniform(0.5, 1.5, shape),
}
PYTORCHS = {
    "momentum": {"velocity": "momentum_buffer"},
    "nesterov": {"velocity": "momentum_buffer"},
    "adagrad": {"squares": "sum"},
    "rmsprop": {"squares": "square_avg"},
    "adam": {"mean": "exp_avg", "squares": "exp_avg_sq"},
    "adamw": {"mean": "exp_avg", "squares": "exp_avg_sq"},
}
PLACES = {factor: number for number, factor in enumerate(FACTORS)}
# With equal weights a row tests little of its other choices: it counts for its own pairs alone.
EQUAL = {
    ("initializer", index)
    for index, kind in enumerate(FACTORS["initializer"])
    if isinstance(kind, Constant | Zeros)
}


def possible(*pair):
    """Return whether two choices, each a factor and the index of its value, go together."""
    choice = {factor: FACTORS[factor][index] for factor, index in pair}
    match sorted(choice):
        case ["loss", "output"]:
            return choice["output"] in choice["loss"].outputs
        case ["columns", "output"]:
            return choice["output"] != "softmax" or choice["columns"] > 1
        case ["activation", "depth"]:
            return (choice["activation"] is None) == (choice["depth"] == 0)
        case ["feeding", "order"]:
            return not isinstance(choice["feeding"], GD) or choice["order"] == "as_given"
    return True


def pairs_of(row):
    """Return the pairs of a row, or of all choices there are, each in the order of the factors."""
    ordered = sorted(row, key=lambda choice: (PLACES[choice[0]], choice[1]))
    return [pair for pair in combinations(ordered, 2) if pair[0][0] != pair[1][0] and possible(*pair)]


EVERY = pairs_of([(factor, index) for factor, values in FACTORS.items() for index in range(len(values))])


def covering(wanted, excluded=frozenset()):
    """Return rows in which every wanted pair occurs, greedily few and always the same.

    A row begins with the first pair that is missing; each further factor, those of many values
    first, takes the value that brings most missing pairs.
    """
    missing, rows = dict.fromkeys(wanted), []
    while missing:
        row = list(next(iter(missing)))
        begun = {factor for factor, _ in row}
        for factor in sorted(FACTORS.keys() - begun, key=lambda name: (-len(FACTORS[name]), PLACES[name])):
            fitting = [
                choice
                for choice in product([factor], range(len(FACTORS[factor])))
                if choice not in excluded and all(possible(choice, other) for other in row)
            ]
            row.append(max(fitting, key=lambda new: sum(pair in missing for pair in pairs_of([*row, new]))))
        for pair in pairs_of(row):
            missing.pop(pair, None)
        rows.append(row)
    return rows


ROWS = [
    *covering([pair for pair in EVERY if not EQUAL & set(pair)], EQUAL),
    *covering([pair for pair in EVERY if EQUAL & set(pair)]),
]


def test_every_choice_of_the_engine_is_among_the_factors():
    assert set(FACTORS["activation"]) - {None} == set(engine.activations.ACTIVATIONS)
    assert {loss.name for loss in FACTORS["loss"]} == set(engine.losses.LOSSES)
    assert {kind.name for kind in FACTORS["initializer"]} == set(engine.initializers.INITIALIZERS)


def test_every_possible_pair_of_choices_meets_in_at_most_150_runs():
    met = {pair for row in ROWS for pair in pairs_of(row) if EQUAL & set(pair) or not EQUAL & set(row)}
    assert met == set(EVERY)
    assert len(ROWS) <= 150
    # What cannot go together is little.
    assert len(EVERY) > 2000


def run_of(choice, make_run, make_data, seed):
    ordered = {} if isinstance(choice["feeding"], GD) else {"order": choice["order"]}
    data = make_data(SAMPLES, 3, choice["columns"], choice["output"] != "identity", seed=seed, one_split=True)
    if choice["weights"] is not None:
        weight = np.random.default_rng(seed).uniform(0, 3, SAMPLES)
        split = Split(data.train.x, data.train.y, weight)
        data = Data(split, split, split, data.classifies)
    return make_run(
        (5, 4, 4)[: choice["depth"]],
        choice["activation"] or "tanh",
        choice["output"],
        choice["bias"] is not None,
        data,
        seed=seed,
        loss=replace(choice["loss"], reduction=choice["reduction"]),
        feeding=replace(choice["feeding"], learning_rate=RATE, **ordered),
        update_rule=replace(RULES[choice["rule"]][0], **choice["penalty"], **choice["clipping"]),
        schedule=SCHEDULES[choice["schedule"]](**DECAYS[choice["schedule"]][0]),
        initializer=replace(choice["initializer"], bias_scale=choice["bias"] or 0.0),
        stopping=Stopping(epochs=EPOCHS),
        diagnostics=Diagnostics(measures=()),
    )


def drawn_state(run, updates, draw):
    """Return a state `updates` updates into the training, with a memory and an order that were drawn."""
    state = engine.start([run])
    if run.in_blocks:
        # Within a block the state is what the block's start and its samples have led to.
        return engine.advance(state, updates)[0]
    arrays = state.arrays
    memory = {name: MEMORY[name](draw, zeros.shape) for name, zeros in arrays.rule.items()}
    drawn = replace(
        arrays,
        rule=memory if updates else arrays.rule,
        order=np.argsort(draw.random(arrays.order.shape)),
        rate_factor=np.array([REDUCED if run.schedule.watch else 1.0]),
        update=np.array([updates]),
        settled=np.array([updates]),
    )
    return replace(state, arrays=drawn)


def memories(twin, arrays):
    """Yield the memory of the rule by parameter array, with PyTorch's dictionary and its key for it."""
    for name, values in arrays.rule.items():
        for leaf, array in zip(twin.leaves, twin.arrays(values[0]), strict=True):
            yield array, twin.optimizer.state[leaf], PYTORCHS[twin.run.update_rule.name][name]


def update(twin, x, y, weight):
    """Penalties by differentiation, then clipping, which is left to PyTorch's users, then its optimizer."""
    rule, weights = twin.run.update_rule, twin.weights
    penalty = sum(
        (rule.l2 or 0) / 2 * (each**2).sum() + (rule.l1 or 0) * each.abs().sum() for each in weights
    )
    (twin.loss(x, y, weight) + penalty).backward()
    gradients = [leaf.grad for leaf in twin.leaves]
    if rule.clip_value is not None:
        torch.nn.utils.clip_grad_value_(twin.leaves, rule.clip_value)
    if rule.clip_norm is not None:
        # Its own clip_grad_norm_ adds 1e-6 to the norm.
        norm = torch.sqrt(sum((each**2).sum() for each in gradients))
        for gradient in gradients:
            gradient.mul_(min(1.0, rule.clip_norm / norm))
    twin.optimizer.step()


def named(number):
    values = (
        FACTORS[factor][index] for factor, index in sorted(ROWS[number], key=lambda one: PLACES[one[0]])
    )
    return "-".join(str(getattr(value, "name", value)).replace(" ", "") for value in values)


@pytest.mark.parametrize("number", range(len(ROWS)), ids=named)
def test_one_update_from_a_random_state_equals_pytorchs(make_run, make_data, number):
    choice = {factor: FACTORS[factor][index] for factor, index in ROWS[number]}
    run, updates = run_of(choice, make_run, make_data, number), choice["update"]
    state = drawn_state(run, updates, np.random.default_rng(number))
    before = state.arrays.parameters[0].copy()
    twin = Twin(run, before, RULES[choice["rule"]][1])
    if updates:
        for array, known, key in memories(twin, state.arrays):
            known.update({"step": torch.tensor(float(updates)), key: torch.tensor(array)})
    for group in twin.optimizer.param_groups:
        group["lr"] = RATE * DECAYS[choice["schedule"]][1](updates / run.per_epoch)

    state, _ = engine.advance(state, 1)
    assert int(state.arrays.update[0]) == updates + 1
    order = state.arrays.order[0] if choice["order"] != "as_given" else np.arange(SAMPLES)
    first = updates % run.per_epoch * run.batch
    batch = order[first : first + run.batch]
    split = run.data.train
    weight = np.ones(SAMPLES) if split.weight is None else SAMPLES * split.weight / split.weight.sum()
    update(twin, *(torch.tensor(each[batch]) for each in (split.x, split.y, weight)))

    np.testing.assert_allclose(state.arrays.parameters[0], twin.parameters, rtol=1e-12, atol=1e-12)
    for array, known, key in memories(twin, state.arrays):
        np.testing.assert_allclose(array, known[key].numpy(), rtol=1e-12, atol=1e-12)
    # Equal weights may pass no gradient on; others always do.
    if not EQUAL & set(ROWS[number]):
        assert np.abs(state.arrays.parameters[0] - before).max() > 1e-5
