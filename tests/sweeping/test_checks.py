"""`checks.gradients=true`: backpropagation against finite differences before anything trains."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness import compose, train
from harness.engine.activations import Tanh
from harness.errors import ConfigurationError
from harness.sweeping.checks import Agreement, compare_gradients

SHORT = ["dataset=moons", "dataset.samples=60", "stopping.updates=1"]
ASKED = "checks.gradients=true"


@pytest.fixture
def wrong_slope(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give tanh the derivative 1 - a, whose square was forgotten."""

    def slope(self: Tanh, z: np.ndarray, a: np.ndarray, out: np.ndarray) -> None:
        np.subtract(1, a, out=out)

    monkeypatch.setattr(Tanh, "slope", slope)


def agreement(*products: list[str]) -> Agreement:
    runs = [compose([*SHORT, *overrides]) for overrides in products]
    return compare_gradients(runs, [" ".join(overrides) for overrides in products])


def test_runs_that_differ_in_seed_rate_rule_and_initial_weights_are_one_kind() -> None:
    found = agreement(
        ["seed=0"], ["seed=1", "optimizer.learning_rate=1"], ["update=adam"], ["initializer=normal"]
    )
    # 2-32-1: two weights and a bias a hidden unit, an outgoing weight each, and the last bias.
    assert (found.kinds, found.checked) == (1, 64 + 32 + 32 + 1)
    assert 0 < found.worst < 1e-6


@pytest.mark.parametrize(
    "other",
    [
        "activation=relu",
        "loss=mse",
        "loss.reduction=sum",
        "loss.class_weight=balanced",
        "architecture.bias=false",
        "architecture.hidden=[3]",
        "architecture.output=softmax",
        "optimizer=sgd",
    ],
)
def test_what_backpropagation_can_tell_apart_is_another_kind(other: str) -> None:
    assert agreement([], [other]).kinds == 2


def test_feeding_all_samples_or_many_is_the_same_kind() -> None:
    assert agreement(["optimizer=gd"], ["optimizer=batch"], ["optimizer.batch_size=8"]).kinds == 1


def test_entries_left_out_at_kinks_are_counted() -> None:
    found = agreement(["activation=relu", "initializer=zeros"])
    # All hidden units sit at 0: weights and biases that feed them move them over it.
    assert (found.checked, found.skipped) == (33, 96)
    assert "33 entries compared, 96 skipped at kinks" in str(found)


def test_an_error_that_differences_do_not_resolve_is_said_to_be_one() -> None:
    vanished = ["activation=sigmoid", "architecture.hidden=[8,8,8,8,8,8,8,8,8,8]"]
    assert "(differences resolve no better there)" in str(agreement(vanished))
    assert "resolve" not in str(agreement(["activation=sigmoid"]))


def test_the_run_of_a_wrong_gradient_is_named_with_array_error_and_limit(wrong_slope: None) -> None:
    line = r"activation=tanh: the gradient of weights_1 is wrong: .* \d\.\de[-+]\d+ .* below 1e-06"
    with pytest.raises(ConfigurationError, match=line):
        agreement(["activation=relu"], ["activation=tanh"])


@pytest.mark.parametrize("asked", [["activation=tanh"], ["activation=relu,tanh", "seed=range(0,3)", "-m"]])
def test_a_wrong_gradient_refuses_to_train(
    app: Callable[..., object], tmp_path: Path, wrong_slope: None, asked: list[str]
) -> None:
    said = app(*SHORT, *asked, ASKED)
    assert (said.status, said.out) == (2, "")
    [line] = said.err.splitlines()
    assert line.startswith("harness: ")
    assert "tanh" in line
    assert "seed 0: the gradient of weights_1 is wrong" in line
    assert list(tmp_path.iterdir()) == []


def test_a_study_is_checked_too(app: Callable[..., object], tmp_path: Path, wrong_slope: None) -> None:
    said = app("study=vanishing_gradient", "activation=tanh", "sweep.preset=smoke", ASKED, "-m")
    assert said.status == 2
    assert "the gradient of weights_1 is wrong" in said.err
    assert list(tmp_path.iterdir()) == []


def test_python_refuses_too_and_only_where_asked(wrong_slope: None) -> None:
    runs = [compose([*SHORT, f"activation={name}"]) for name in ("relu", "tanh")]
    with pytest.raises(ConfigurationError, match=r"runs\[1\]: the gradient of weights_1 is wrong"):
        train(runs, check_gradients=True)
    assert len(train(runs)) == 2


def test_a_right_gradient_is_said_in_one_line_and_trains(app: Callable[..., object]) -> None:
    grid = ["activation=relu,tanh", "loss=mse,cross_entropy", "seed=0,1", "tracking=off", "executor=serial"]
    done = app(*SHORT, *grid, ASKED, "-m")
    assert done.status == 0
    first, *rest = done.out.splitlines()
    assert first.startswith("gradients of 4 kinds of runs agree with finite differences: worst error ")
    assert rest[-1] == "8 runs trained, 0 were done already"


def test_checked_runs_have_the_bits_and_the_identity_of_unchecked_ones() -> None:
    run = compose([*SHORT, "activation=relu"])
    checked, plain = train([run], check_gradients=True)[0], train([run])[0]
    assert checked.weights_digest == plain.weights_digest
    assert compose([*SHORT, "activation=relu", ASKED]) == run
