"""The doctor: real trainings driven into each illness, and good ones that it leaves alone."""

import re
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise, zip_longest

import numpy as np
import pytest
import yaml

from harness import RunConfig, compose, engine
from harness import train as train_runs
from harness.config import GROUPS
from harness.engine import doctor
from harness.engine.activations import ACTIVATIONS
from harness.engine.doctor.even_labels import evenness, odd_up_to_a_constant
from harness.engine.feeding import GD
from harness.engine.losses import SquaredError
from harness.engine.stopping import Stopping

DIGITS = ("dataset=digits", "dataset.samples=300")
SETTING = re.compile(r"[a-z_0-9.]+=(?:\[[^]]*\]|[^\s,]+)")

ILL = {
    "at once": ("exploding", "dataset=sine", "loss=mse", "activation=relu", "optimizer.learning_rate=3"),
    "after a while": (
        *("exploding", *DIGITS, "activation=tanh", "optimizer=gd"),
        *("optimizer.learning_rate=3", "stopping.epochs=50"),
    ),
    "from large weights": (
        *("exploding", "dataset=sine", "loss=mse", "activation=relu", "architecture.depth=3"),
        *("initializer=normal", "initializer.scale=10"),
    ),
    "corners without biases": (
        *("even labels", "dataset=xor", "activation=sigmoid", "architecture.bias=false"),
        *("optimizer=gd", "optimizer.learning_rate=3", "stopping.epochs=300"),
    ),
    "circles without biases": (
        *("even labels", "dataset=circles", "activation=tanh", "architecture.depth=2"),
        *("architecture.bias=false", "optimizer.learning_rate=1"),
    ),
    "circles and a line": (
        *("even labels", "dataset=circles", "architecture.hidden=[]", "optimizer.learning_rate=0.3"),
    ),
    "a layer killed": ("dead layer", *DIGITS, "activation=relu", "optimizer.learning_rate=10"),
    "three layers killed": (
        *("dead layer", *DIGITS, "activation=relu", "architecture.depth=3", "optimizer.learning_rate=3"),
    ),
    "born dead": (
        *("dead layer", *DIGITS, "activation=relu", "initializer=constant", "initializer.value=-0.5"),
    ),
    "saturated by steps": (
        *("saturated layer", "dataset=moons", "loss=mse", "activation=tanh", "architecture.depth=3"),
        *("optimizer.learning_rate=30",),
    ),
    "saturated by large weights": (
        *("saturated layer", "dataset=moons", "activation=tanh", "architecture.depth=3"),
        *("initializer=normal", "initializer.scale=30", "optimizer.learning_rate=0.01"),
    ),
    "a saturated output": (
        *("saturated layer", "dataset=moons", "loss=mse", "architecture.hidden=[]"),
        *("initializer=normal", "initializer.scale=100"),
    ),
    "deep sigmoids": (
        *("vanishing gradient", *DIGITS, "activation=sigmoid", "architecture.depth=4"),
        *("optimizer.learning_rate=0.3",),
    ),
    "small weights": (
        *("vanishing gradient", *DIGITS, "activation=tanh", "architecture.depth=3"),
        *("initializer=normal", "optimizer.learning_rate=0.3"),
    ),
    "a loss that rises again": (
        *("unsteady", "dataset=blobs", "architecture.hidden=[]", "optimizer=sgd"),
        *("optimizer.learning_rate=30", "stopping.epochs=5"),
    ),
    "one class after the other": (
        *("unsteady", "dataset=moons", "activation=tanh", "optimizer=sgd", "optimizer.order=by_class"),
        *("optimizer.learning_rate=0.3", "stopping.epochs=5"),
    ),
    "small steps over all samples": (
        *("rate too low", *DIGITS, "activation=relu", "optimizer=gd", "stopping.epochs=100"),
        *("optimizer.learning_rate=0.01",),
    ),
    "small steps sample by sample": (
        *("rate too low", "dataset=moons", "dataset.samples=100", "activation=sigmoid"),
        *("optimizer=sgd", "optimizer.learning_rate=0.003", "stopping.epochs=10"),
    ),
    "small steps in batches": (
        *("rate too low", *DIGITS, "activation=tanh", "optimizer.learning_rate=0.003"),
    ),
    # Two thirds of its activations saturate, and that is not what holds it up.
    "small steps from large weights": (
        *("rate too low", *DIGITS, "activation=tanh", "architecture.depth=3"),
        *("initializer=xavier", "initializer.gain=4", "optimizer.learning_rate=0.003"),
    ),
    "a constant for long": (
        *("plateau", "dataset=circles", "activation=sigmoid", "optimizer.learning_rate=0.3"),
    ),
    "wrong from the first step on": (
        *("never falling", *DIGITS, "architecture.hidden=[]", "loss=mse", "optimizer.learning_rate=100"),
    ),
}  # fmt: skip

HEALTHY = [
    ("dataset=xor", "activation=sigmoid", "optimizer=gd", "optimizer.learning_rate=3", "stopping.epochs=500"),
    ("dataset=xor", "activation=tanh", "optimizer=gd", "optimizer.learning_rate=0.3", "stopping.epochs=300"),
    # ReLU learns even labels without biases: |u| = g(u) + g(-u).
    ("dataset=xor", "activation=relu", "architecture.bias=false", "optimizer=gd", "stopping.epochs=500"),
    # So do two layers of sigmoids: the second has the constant 1/2 for a bias.
    (
        *("dataset=xor", "activation=sigmoid", "architecture.depth=2", "architecture.bias=false"),
        *("optimizer=gd", "optimizer.learning_rate=3", "stopping.epochs=1000"),
    ),
    ("dataset=moons", "activation=tanh", "architecture.bias=false", "optimizer.learning_rate=1"),
    ("dataset=circles", "activation=tanh", "optimizer.learning_rate=1"),
    (*DIGITS, "activation=relu", "initializer=xavier", "optimizer.learning_rate=0.3"),
    (*DIGITS, "activation=tanh", "architecture.depth=6", "optimizer.learning_rate=0.1"),
    ("dataset=moons", "activation=relu", "optimizer.learning_rate=1"),
    ("dataset=moons", "activation=tanh", "optimizer=sgd", "stopping.epochs=10"),
    ("dataset=moons", "activation=relu", "update=adam", "optimizer.learning_rate=0.01"),
    ("dataset=sine", "loss=mse", "activation=tanh"),
    ("dataset=blobs", "architecture.hidden=[]"),
    # At rest above half of a constant output's loss: all that a hardly bent boundary can do.
    (
        *("dataset=three_inputs", "activation=sigmoid", "optimizer=gd", "optimizer.learning_rate=0.3"),
        *("stopping.epochs=300",),
    ),
    # Nine in ten activations saturate here, and the loss is a tenth of a constant output's.
    ("dataset=moons", "activation=sigmoid", "update=adagrad", "optimizer.learning_rate=10"),
]


@cache
def plain() -> RunConfig:
    return compose(["dataset=digits"])


def run_of(*overrides: str) -> RunConfig:
    """Return a run with some choices and values set: what composing does, in a thousandth of its time."""
    run = plain()
    for override in overrides:
        key, _, text = override.partition("=")
        group, _, name = key.partition(".")
        if not name:
            run = replace(run, **{group: GROUPS[group][text]()})
        else:
            value = yaml.safe_load(text)
            value = tuple(value) if isinstance(value, list) else value
            run = replace(run, **{group: replace(getattr(run, group), **{name: value})})
    return run


def record_of(*overrides: str):
    return train_runs([run_of(*overrides)])[0]


def names(record) -> list[str]:
    return [complaint.name for complaint in record.complaints]


def remedy(sentence: str) -> list[str]:
    """Return the settings of the first alternative that a sentence advises."""
    return SETTING.findall(sentence.rsplit(" try ", 1)[1].split(", or ")[0])


@pytest.fixture(scope="module")
def ill():
    """Return what trains an illness, once."""
    known = {}

    def find(case: str):
        if case not in known:
            known[case] = record_of(*ILL[case][1:])
        return known[case]

    return find


@pytest.mark.parametrize("case", ILL)
def test_an_illness_is_named(case, ill):
    assert names(ill(case)) == [ILL[case][0]]


def follow(overrides: list[str], advised: list[str]) -> list[str]:
    """Return the overrides with what was advised in place of what it replaces."""
    replaced = {setting.partition("=")[0] for setting in advised}
    kept = [each for each in overrides if each.partition("=")[0] not in replaced]
    if "initializer" in replaced:
        # Another initializer has other parameters.
        kept = [each for each in kept if not each.startswith("initializer.")]
    return kept + advised


@pytest.mark.parametrize("case", ILL)
def test_what_is_advised_cures_at_the_third_visit_at_the_latest(case, ill):
    name, *overrides = ILL[case]
    record = ill(case)
    for _ in range(3):
        advised = remedy(record.complaints[names(record).index(name)].sentence)
        assert advised
        overrides = follow(overrides, advised)
        record = record_of(*overrides)
        if name not in names(record):
            break
    assert name not in names(record)
    before, after = ill(case).summary["train_loss"], record.summary["train_loss"]
    assert after < (before if np.isfinite(before) else np.inf)


@pytest.mark.parametrize("overrides", HEALTHY, ids=" ".join)
def test_a_healthy_run_gets_no_complaint(overrides):
    assert record_of(*overrides).complaints == ()


@pytest.mark.parametrize("case", ILL)
def test_a_sentence_is_one_line_that_can_be_joined_with_others(case, ill):
    for complaint in ill(case).complaints:
        assert not re.search(r"[\n;]", complaint.sentence)
        assert "nan" not in complaint.sentence
        assert "," not in complaint.name


def test_the_numbers_of_an_explosion_are_those_of_the_history(ill):
    record = ill("after a while")
    found = re.search(r"at update (\d+) \(from (\S+) to (\S+)\)", record.complaints[0].sentence)
    update, start, reached = int(found[1]), float(found[2]), float(found[3])
    loss = record.history.set_index("update")["train_loss"]
    assert start == pytest.approx(loss[0], rel=5e-3)
    assert reached == pytest.approx(loss[update], rel=5e-3)
    limit = 10 * max(loss[0], record.summary["constant_loss"])
    assert loss[update] > limit
    assert (loss[loss.index < update] <= limit).all()


def test_the_dead_and_the_saturated_layers_are_named(ill):
    assert "layers 1, 2 and 3 are dead" in ill("three layers killed").complaints[0].sentence
    assert "layers 1, 2 and 3 are saturated" in ill("saturated by large weights").complaints[0].sentence


def test_an_explosion_hides_all_else():
    # Circles without biases at a rate that also saturates every unit.
    record = record_of(
        *("dataset=circles", "activation=tanh", "architecture.bias=false", "optimizer.learning_rate=30")
    )
    assert names(record) == ["exploding"]


def test_clipping_is_advised_where_it_can_help():
    explodes = ("dataset=sine", "loss=mse", "activation=relu", "architecture.depth=3", "optimizer=sgd")
    advised = record_of(*explodes, "optimizer.learning_rate=1").complaints[0].sentence
    assert advised.endswith("update.clip_norm=1")
    # An update of a clipped gradient would be ten long; an adaptive rule sets the length by itself.
    for other in ("optimizer.learning_rate=10",), ("optimizer.learning_rate=1", "update=rmsprop"):
        sentence = record_of(*explodes, *other).complaints[0].sentence
        assert sentence.startswith("the loss exploded")
        assert "clip" not in sentence


def test_a_small_rho_is_no_trouble_where_the_loss_falls():
    record = record_of(
        *("dataset=moons", "activation=sigmoid", "architecture.depth=3", "optimizer=gd"),
        *("optimizer.learning_rate=0.5", "stopping.epochs=200"),
    )
    assert record.history["rho"].median() < 0.5
    assert record.complaints == ()


@pytest.mark.parametrize("measures", ["gradient_norm, delta_rms", ""], ids=["economy", "off"])
@pytest.mark.parametrize(
    ("case", "without"),
    [
        ("after a while", "exploding"),
        ("corners without biases", "even labels"),
        ("small steps in batches", "rate too low"),
        # Neither dead units nor rho: what remains is the symptom.
        ("a layer killed", "never falling"),
    ],
)
def test_without_diagnostics_the_loss_alone_is_read(case, without, measures):
    assert names(record_of(*ILL[case][1:], f"diagnostics.measures=[{measures}]")) == [without]


@pytest.mark.parametrize("feeding", ["gd", "sgd", "batch"])
def test_a_few_updates_tell_nothing(feeding):
    size = ("optimizer.batch_size=4",) * (feeding == "batch")
    short = ("dataset=moons", "dataset.samples=30", "stopping.epochs=1", f"optimizer={feeding}", *size)
    records = train_runs([run_of(*short, f"optimizer.learning_rate={rate}") for rate in (0.001, 0.1, 1)])
    for record in records:
        assert record.summary["updates"] < 20
        assert record.complaints == ()


def test_a_start_is_no_plateau():
    slow = (*DIGITS, "activation=sigmoid", "optimizer=gd")
    assert record_of(*slow, "stopping.epochs=15").complaints == ()
    assert names(record_of(*slow, "stopping.epochs=25")) == ["rate too low"]


def test_a_run_that_met_its_target_has_no_complaint():
    slow = ILL["small steps in batches"][1:]
    reached = record_of(*slow, "stopping.target=2.2")
    assert reached.summary["stopped_by"] == "target"
    assert reached.complaints == ()


@dataclass(frozen=True)
class ReversedSquaredError(SquaredError):
    """A squared error whose derivative has the wrong sign."""

    def delta(self, output, z, a, y, out):
        super().delta(output, z, a, y, out)
        out *= -1


def test_a_wrong_derivative_is_suspected(make_run, make_data, train):
    run = make_run(
        data=make_data(samples=20, columns=1),
        loss=ReversedSquaredError(),
        feeding=GD(learning_rate=0.3),
        stopping=Stopping(epochs=60),
    )
    state, rows = train(run)
    trained = engine.records(state)[0]
    found = doctor.complaints(
        rows,
        run,
        outcome=trained.outcome,
        stopped_by=trained.stopped_by,
        constant_loss=trained.constant_loss,
    )
    assert [complaint.name for complaint in found] == ["never falling"]
    assert "derivatives" in found[0].sentence


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    "hidden",
    [
        *((), ("identity",), ("tanh",), ("sigmoid",), ("relu",), ("leaky_relu",), ("elu",), ("softplus",)),
        *(("tanh", "tanh"), ("tanh", "sigmoid"), ("sigmoid", "tanh"), ("sigmoid", "sigmoid")),
        *(("identity", "sigmoid"), ("sigmoid", "identity"), ("tanh", "relu"), ("identity", "identity")),
    ],
)
def test_whose_logits_are_odd_up_to_a_constant(hidden, bias):
    activations = tuple(ACTIVATIONS[name]() for name in hidden)
    draw = np.random.default_rng(1)
    sizes = (3, *(4 for _ in hidden), 1)
    layers = [
        (draw.standard_normal(shape), bias * draw.standard_normal(shape[1])) for shape in pairwise(sizes)
    ]
    x = draw.standard_normal((20, 3))

    def logits(a):
        for (weights, shift), activation in zip_longest(layers, activations):
            z = a @ weights + shift
            if activation is not None:
                a = np.empty_like(z)
                activation.apply(z, a)
        return z

    constant = np.ptp(logits(x) + logits(-x)) < 1e-12
    assert odd_up_to_a_constant(activations, bias) == constant


def test_labels_are_even_where_those_at_minus_x_agree_beyond_chance():
    draw = np.random.default_rng(2)
    x = draw.uniform(-1, 1, (1000, 2))
    even = ((x[:, :1] * x[:, 1:]) > 0).astype(float)
    odd = (x[:, :1] + x[:, 1:] > 0).astype(float)
    rare = (draw.uniform(size=(1000, 1)) < 0.1).astype(float)
    assert evenness(x, even) > 0.8
    assert evenness(x, np.eye(2)[even[:, 0].astype(int)]) == pytest.approx(evenness(x, even))
    assert evenness(x, odd) < -0.8
    # Four in five pairs of these agree, as they would wherever the inputs were.
    assert abs(evenness(x, rare)) < 0.2
    # All inputs positive: no sample is near -x, and nothing is known of its label.
    assert np.isnan(evenness(x + 3, even))


@pytest.mark.parametrize(
    ("dataset", "even"),
    [("xor", True), ("circles", True), ("moons", False), ("blobs", False), ("spirals", False),
     ("digits", False)],
)  # fmt: skip
def test_which_data_sets_have_even_labels(dataset, even):
    record = record_of(
        *(f"dataset={dataset}", "activation=tanh", "architecture.bias=false"),
        *("optimizer.batch_size=4", "stopping.epochs=1"),
    )
    assert ("even labels" in names(record)) == even
