"""Bad input gets one line that names the key, the value and what is allowed; status 2; no trace."""

from collections.abc import Callable
from pathlib import Path

import pytest

CASES = {
    "unknown key": (["nonsense=1"], ["nonsense: unknown key"]),
    "unknown key, added": (["+nonsense=1"], ["nonsense: unknown key", "activation, architecture"]),
    "misspelt group": (["activatoin=relu"], ["activatoin", "did you mean 'activation'"]),
    "misspelt key": (["optimizer.learning_rat=1"], ["learning_rat", "did you mean 'learning_rate'"]),
    "key added to a choice": (["+optimizer.speed=1"], ["optimizer.speed: unknown key"]),
    "unknown choice": (["activation=sigmod"], ["'sigmod'", "relu", "did you mean 'sigmoid'"]),
    "misspelt data set": (["dataset=digitz"], ["'digitz'", "moons", "did you mean 'digits'"]),
    "a rule given as a feeding": (["optimizer=momentum"], ["did you mean update=momentum"]),
    "a key of another choice": (
        ["optimizer=gd", "optimizer.batch_size=8"],
        ["optimizer=gd has no such key", "the choices that have it: batch"],
    ),
    "text for a number": (["optimizer.learning_rate=fast"], ["optimizer.learning_rate", "'fast'"]),
    "a fraction for a whole number": (["seed=1.5"], ["seed = 1.5", "integer"]),
    "a number for a truth value": (["architecture.bias=1"], ["architecture.bias = 1", "boolean"]),
    "not a number": (["optimizer.learning_rate=nan"], ["learning_rate = nan", "finite"]),
    "infinite": (["optimizer.learning_rate=inf"], ["learning_rate = inf", "finite"]),
    "negative rate": (["optimizer.learning_rate=-1"], ["learning_rate = -1", "greater than 0"]),
    "negative seed": (["seed=-1"], ["seed = -1", "greater than or equal to 0"]),
    "zero epochs": (["stopping.epochs=0"], ["stopping.epochs = 0", "stopping.updates=0"]),
    "softmax on a single column": (
        ["dataset=sine", "loss=mse", "architecture.output=softmax"],
        ["architecture.output = 'softmax'", "single output column", "identity"],
    ),
    "cross-entropy over identity": (
        ["architecture.output=identity"],
        ["cross_entropy", "identity output", "architecture.output=sigmoid|softmax"],
    ),
    "cross-entropy of a regression": (
        ["dataset=sine", "architecture.output=sigmoid"],
        ["sine is a regression", "loss=mse"],
    ),
    "a list for a group": (
        ["activation=[relu,sigmoid]"],
        ["a group takes one choice", "architecture.activations=[relu,sigmoid]"],
    ),
    "nothing for a group": (["optimizer=null"], ["optimizer = null: not a choice", "gd"]),
    "too few activations": (["architecture.activations=[relu,relu]"], ["2 names for 1 hidden"]),
    "unknown activation in a list": (["architecture.activations=[rely]"], ["did you mean 'relu'"]),
    "an unknown diagnostic": (
        ["diagnostics.measures=[delta_rms,gradient_nrom]"],
        ["diagnostics.measures = 'gradient_nrom'", "saturation", "did you mean 'gradient_norm'"],
    ),
    "a diagnostic named twice": (
        ["diagnostics.measures=[distance,weight_norm,distance]"],
        ["distance twice", "each name once"],
    ),
    "a batch larger than the training set": (
        ["optimizer.batch_size=5000"],
        ["optimizer.batch_size = 5000", "1,077 training samples", "1 to 1077", "optimizer=gd"],
    ),
    "weights for other classes": (
        ["loss.class_weight=[1,2]"],
        ["loss.class_weight = [1.0, 2.0]", "digits has 10 classes", "balanced"],
    ),
    "weights that are all 0": (["dataset=moons", "loss.class_weight=[0,0]"], ["not all of them 0"]),
    "a misspelt class weight": (["loss.class_weight=balance"], ["loss.class_weight = 'balance'"]),
    "class weights of a regression": (
        ["dataset=sine", "loss=mse", "loss.class_weight=balanced"],
        ["sine is a regression", "null"],
    ),
    "a budget below one update": (
        ["stopping.multiply_adds=10"],
        ["stopping.multiply_adds = 10", "less than one update", "at least 161,792"],
    ),
    "a truth table that cannot be split": (
        ["dataset=xor", "dataset.split=holdout", "optimizer=gd"],
        ["4 samples of xor", "dataset.split=none"],
    ),
    "a Hessian of a large network": (
        ["diagnostics.measures=[hessian_smallest]"],
        ["'hessian_smallest'", "2,410 parameters", "at most 300"],
    ),
    "a Hessian of units with kinks": (
        ["dataset=moons", "activation=relu", "diagnostics.measures=[hessian_largest]"],
        ["'hessian_largest'", "relu has kinks", "tanh"],
    ),
    "a column for each of many parameters": (
        ["dataset=moons", "diagnostics.measures=[parameters]"],
        ["'parameters'", "129 parameters", "at most 100"],
    ),
    "samples of unequal length": (
        ["dataset=points", "dataset.inputs=[[1,2],[3]]", "loss=mse"],
        ["dataset.inputs[1] = [3]", "not shaped as dataset.inputs[0] = [1,2]"],
    ),
    "a sample that is no number": (
        ["dataset=points", "dataset.inputs=[[1],[nan]]", "loss=mse"],
        ["dataset.inputs.1.0 = nan", "finite"],
    ),
    "a target that is no number": (
        ["dataset=points", "dataset.targets=[0,inf]", "loss=mse"],
        ["dataset.targets.1 = inf", "finite"],
    ),
    "fewer targets than samples": (
        ["dataset=points", "dataset.targets=[0]", "loss=mse"],
        ["dataset.targets: 1 for 2 of dataset.inputs", "each sample"],
    ),
    "targets of unequal length": (
        ["dataset=points", "dataset.targets=[[0,1],1]", "loss=mse"],
        ["dataset.targets[1] = 1", "[0,1]"],
    ),
    "a data set's title that leaves its folder": (
        ["dataset=points", "dataset.title=../up", "loss=mse"],
        ["dataset.title = '../up'", "letters"],
    ),
    "no samples": (
        ["dataset=points", "dataset.inputs=[]", "dataset.targets=[]", "loss=mse"],
        ["dataset.inputs = []: empty", "a list of features for each sample"],
    ),
    "a label that is none": (
        ["dataset=points", "dataset.targets=[0,2]", "dataset.classes=2"],
        ["dataset.targets[1] = 2", "dataset.classes=2", "0 to 1", "dataset.classes=null"],
    ),
    "points that cannot be split": (
        ["dataset=points", "dataset.classes=2", "dataset.split=holdout"],
        ["a class has 1 of the samples", "dataset.split=none"],
    ),
    "an override that cannot be read": (["seed=[1"], ["seed=[1"]),
    "a grid without -m": (["study=convergence"], ["convergence", "-m"]),
    "a sweep without -m": (["activation=relu,tanh"], ["activation=relu,tanh", "multirun"]),
    "an empty grid": (["seed=range(3,3)", "-m"], ["the grid is empty", "seed=range(3,3)"]),
    "an interval": (["optimizer.learning_rate=interval(0,1)", "-m"], ["interval", "range(start"]),
    "one bad point of a grid": (["stopping.epochs=1,0", "-m"], ["stopping.epochs = 0"]),
    "a bad choice in a grid": (["activation=relu,sigmod", "-m"], ["'sigmod'", "'sigmoid'"]),
    "unknown study": (["study=convergance", "-m"], ["'convergance'", "did you mean 'convergence'"]),
    "unknown preset": (
        ["study=convergence", "sweep.preset=smok", "-m"],
        ["'smok'", "did you mean 'smoke'"],
    ),
    "a study's name that leaves its folder": (["study.name=../up", "-m"], ["study.name = '../up'"]),
    "a check that is neither true nor false": (["checks.gradients=1"], ["checks.gradients = 1", "boolean"]),
    "a sweep over checks": (["checks.gradients=true,false", "-m"], ["allowed: one value"]),
    "unknown check": (["checks.gradient=true"], ["did you mean 'checks.gradients'"]),
    "a sweep over executors": (["executor=serial,processes", "-m"], ["allowed: one value"]),
    "pairs of unequal length": (
        ["activation=relu,tanh", "seed=0,1,2", "sweep.zip=[[activation,seed]]", "-m"],
        ["sweep.zip = [[activation,seed]]", "activation has 2, seed has 3"],
    ),
    "a pair with a key that is not swept": (
        ["activation=relu,tanh", "seed=0,1", "sweep.zip=[[activaton,seed]]", "-m"],
        ["no values of 'activaton'", "did you mean 'activation'"],
    ),
    "a pair of one": (["seed=0,1", "sweep.zip=[[seed]]", "-m"], ["[[seed]]", "two keys or more"]),
    "a key in two pairs": (
        ["activation=relu,tanh", "seed=0,1", "sweep.zip=[[activation,seed],[seed,activation]]", "-m"],
        ["'activation' stands there twice"],
    ),
    "an exclusion by an unknown key": (
        ["activation=relu,tanh", 'sweep.exclude=["activatoin=relu"]', "-m"],
        ["'activatoin'", "did you mean 'activation'"],
    ),
    "an exclusion of an unknown choice": (
        ["activation=relu,tanh", 'sweep.exclude=["activation=rely"]', "-m"],
        ["'rely'", "did you mean 'relu'"],
    ),
    "an exclusion of a value that the grid never has": (
        ["optimizer.learning_rate=0.1,0.25", 'sweep.exclude=["optimizer.learning_rate=0.2"]', "-m"],
        ["no run of the grid has optimizer.learning_rate=0.2", "0.1, 0.25", "did you mean '0.25'"],
    ),
    "an exclusion that is no condition": (
        ["activation=relu,tanh", "sweep.exclude=[relu]", "-m"],
        ["not a condition: 'relu'", "key=value"],
    ),
    "an exclusion of everything": (
        ["activation=relu,tanh", 'sweep.exclude=["activation=relu,tanh"]', "-m"],
        ["the grid is empty", "leaves none of 2 points"],
    ),
    "a sample of nothing": (["seed=0,1", "sweep.sample=0", "-m"], ["sweep.sample = 0", "greater than 0"]),
    "another launcher": (["hydra/launcher=joblib", "-m"], ["executor=processes"]),
    "a target that nothing measures": (
        ["study.target={metric: train_los, value: 0.1}", "-m"],
        ["study.target.metric = 'train_los'", "did you mean 'train_loss'"],
    ),
    "a criterion that nothing measures": (
        ["study=convergence", "study.tune.metric=validation_los", "-m"],
        ["study.tune.metric = 'validation_los'", "did you mean 'validation_loss'"],
    ),
    "a time without a unit": (["sweep.limit=600", "-m"], ["sweep.limit = 600", "such as 90s, 10min"]),
    "a time beyond all bounds": (
        ["sweep.limit=99999999h", "-m"],
        ["sweep.limit = '99999999h'", "not a time"],
    ),
    "a cluster without an address": (["executor=dask", "-m"], ["executor.address = null", "dask scheduler"]),
    "tuning seeds that are reported": (
        ["study=convergence", "study.seeds=[100]", "-m"],
        ["share [100]", "must not be reported"],
    ),
}


@pytest.mark.parametrize(("arguments", "parts"), CASES.values(), ids=CASES.keys())
def test_bad_input_is_one_line_and_leaves_nothing(
    app: Callable[..., object], tmp_path: Path, arguments: list[str], parts: list[str]
) -> None:
    said = app(*arguments)
    assert said.status == 2
    assert said.out == ""
    lines = said.err.splitlines()
    assert len(lines) == 1, said.err
    assert lines[0].startswith("harness: ")
    for part in parts:
        assert part in lines[0]
    assert list(tmp_path.iterdir()) == []


def test_seed_0_is_a_seed_like_any_other(app: Callable[..., object]) -> None:
    said = app("seed=0", "--cfg", "job")
    assert said.status == 0
    assert "\nseed: 0\n" in said.out
    from harness import compose, train

    short = ["dataset=moons", "stopping.updates=1"]
    zero, default, one = train([compose([*short, "seed=0"]), compose(short), compose([*short, "seed=1"])])
    assert zero.weights_digest == default.weights_digest
    assert zero.weights_digest != one.weights_digest
