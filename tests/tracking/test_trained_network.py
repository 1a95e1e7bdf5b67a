"""A trained network answers from one file as the run that trained it, and nothing in the file is executed."""

import json
from pathlib import Path

import numpy as np
import pytest

from harness.archives import sealed, unsealed
from harness.data.loading import samples
from harness.data.splits import split_rows
from harness.engine.network import forward
from harness.sweeping.preparing import prepare
from harness.tracking.trained_network import ABOUT, UnusableNetworkError, packed, unpacked
from tests.tracking.networks_to_log import network_of, trained
from tests.tracking.planted import KINDS, planted

SIGMOID = ("dataset=moons", "dataset.samples=90")
KINDS_OF_RUNS = [
    SIGMOID,
    (*SIGMOID, "architecture.output=softmax"),
    (*SIGMOID, "architecture.output=identity", "loss=mse", "activation=elu"),
    (*SIGMOID, "architecture.bias=false", "activation=tanh", "dtype=float32"),
    (*SIGMOID, "architecture.activations=[leaky_relu,softplus]", "dataset.scaling=none"),
    ("dataset=blobs", "dataset.samples=90"),
    ("dataset=blobs", "dataset.samples=90", "architecture.output=identity", "loss=mse"),
    ("dataset=blobs", "dataset.samples=90", "architecture.output=sigmoid", "stopping=early_stopping"),
    ("dataset=digits", "dataset.samples=300", "architecture.hidden=[]"),
    ("dataset=sine", "loss=mse"),
    ("dataset=xor", "optimizer=gd"),
]

each_kind = pytest.mark.parametrize("overrides", KINDS_OF_RUNS, ids=" ".join)


def unseen(*overrides: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the test samples of a run, as they were drawn, and their targets."""
    run = trained(*overrides)[0].run
    x, y = samples(run.dataset)
    rows = split_rows(run.dataset, y if run.dataset.classes else None, run.split_seed)[2]
    return x[rows], y[rows]


@each_kind
def test_it_answers_raw_samples_with_the_bits_of_the_run(overrides: tuple[str, ...]) -> None:
    point, record = trained(*overrides)
    prepared = prepare(point.run)
    split, net = prepared.data.test, prepared.network
    flat = np.empty((1, net.parameters), point.run.dtype)
    for layer, (weights, bias) in zip(net.layers(flat), record.weights, strict=True):
        layer.weights[0] = weights
        if bias is not None:
            layer.bias[0, 0] = bias
    signals = net.workspace(1, len(split.x), flat.dtype).signals(1, len(split.x))
    forward(net, net.layers(flat), split.features(net.bias)[None], signals)
    a = signals.a[-1][0].T
    answers = unpacked(packed(network_of(*overrides))).answers(unseen(*overrides)[0])
    assert answers.dtype == point.run.dtype
    if point.run.dataset.classes is None:
        assert np.array_equal(answers, a)
    elif a.shape[1] == 1:
        assert np.array_equal(answers[:, 1], a[:, 0].clip(0, 1))
    else:
        positive = a.clip(0)
        assert np.array_equal(answers, positive / positive.sum(axis=1, keepdims=True))


@each_kind
def test_its_answers_score_what_the_record_says(overrides: tuple[str, ...]) -> None:
    point, record = trained(*overrides)
    x, y = unseen(*overrides)
    found = unpacked(packed(network_of(*overrides)))
    answers = found.answers(x)
    near = pytest.approx if point.run.dtype == "float64" else (lambda value: pytest.approx(value, rel=1e-5))
    if point.run.dataset.classes is None:
        assert 0.5 * np.mean((answers - y) ** 2) == near(record.summary["test_squared_error"])
        with pytest.raises(ValueError, match="regression"):
            found.labels(x)
        return
    assert answers.shape == (len(x), point.run.dataset.classes)
    np.testing.assert_allclose(answers.sum(axis=1), 1, rtol=1e-6)
    assert (answers >= 0).all()
    assert np.mean(found.labels(x) == y) == record.summary["test_accuracy"]
    of_true = np.maximum(answers[np.arange(len(y)), y], 1e-7)
    assert -np.log(of_true).mean() == near(record.summary["test_log_loss"])


def test_however_many_samples_are_asked_at_once() -> None:
    found, x = network_of(*SIGMOID), unseen(*SIGMOID)[0]
    many = np.tile(x, (500, 1))
    assert len(many) > 2 * 4096
    np.testing.assert_allclose(found.answers(many), np.tile(found.answers(x), (500, 1)), rtol=1e-13)
    assert found.answers(x[:0]).shape == (0, 2)
    assert found.labels(x[:0]).shape == (0,)


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 2, 2)])
def test_inputs_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"must be \(samples, 2\)"):
        network_of(*SIGMOID).answers(np.zeros(shape))


def test_a_file_that_was_packed_says_where_it_comes_from() -> None:
    point, record = trained(*SIGMOID)
    found = unpacked(packed(network_of(*SIGMOID)))
    assert found.about["fingerprint"] == point.fingerprint
    assert found.about["weights"] == record.weights_digest
    assert found.about["scores"]["validation_loss"] == record.summary["validation_loss"]
    assert np.array_equal(found.example, samples(point.run.dataset)[0][:5])


def changed(**changes: object) -> bytes:
    """Return a packed network with other words of itself, under a checksum that agrees."""
    named = unsealed(packed(network_of(*SIGMOID)))
    text = json.loads(named[ABOUT].tobytes())
    text["network"] |= changes
    return sealed(named | {ABOUT: np.frombuffer(json.dumps(text).encode(), np.uint8)})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"sizes": [2, 6, 5, 2]}, "weights_3 is float64"),
        ({"sizes": [2, 6, 5]}, "do not agree"),
        ({"sizes": []}, "do not agree"),
        ({"sizes": [2, -6, 5, 1]}, "do not agree"),
        ({"sizes": [2, float("inf"), 5, 1]}, "unreadable"),
        ({"bias": False}, "bias_1, bias_2, bias_3"),
        ({"dtype": "float32"}, "must be float32"),
        ({"dtype": "object"}, "unreadable"),
        ({"output": "eval"}, "unreadable"),
        ({"activations": [{"name": "relu"}, {"name": "os.system"}]}, "unreadable"),
        ({"activations": [{"name": "relu"}, {"name": "relu", "alpha": 1}]}, "unreadable"),
        ({"activations": [{"name": "elu", "alpha": "1; 2"}, {"name": "relu"}]}, "unreadable"),
        ({"classes": 7}, "1 outputs for 7 classes"),
    ],
    ids=str,
)
def test_a_file_that_contradicts_itself_is_refused_in_a_line(changes: dict[str, object], told: str) -> None:
    with pytest.raises(UnusableNetworkError) as refused:
        unpacked(changed(**changes))
    assert told in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_an_object_in_it_is_refused_and_not_executed(kind: str, tmp_path: Path) -> None:
    trace = tmp_path / "executed"
    content = planted(kind, trace, unsealed(packed(network_of(*SIGMOID))))
    with pytest.raises(UnusableNetworkError, match="no trained network"):
        unpacked(content)
    assert not trace.exists()


def test_what_is_damaged_anywhere_is_refused() -> None:
    content = packed(network_of(*SIGMOID))
    for place in range(0, len(content), 53):
        damaged = bytearray(content)
        damaged[place] ^= 1
        with pytest.raises(UnusableNetworkError, match="damaged"):
            unpacked(bytes(damaged))
