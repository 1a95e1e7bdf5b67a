"""A model answers wherever it is loaded, and refuses weights that are not its own."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
import yaml

from harness.archives import unsealed
from harness.tracking.models import brought, save
from harness.tracking.trained_network import packed
from tests.tracking.networks_to_log import BLOBS, MOONS, SINE, network_of, raw
from tests.tracking.planted import KINDS, planted


def saved(folder: Path, *overrides: str) -> Path:
    """Write a run's model to a folder, and return where it lies."""
    found = network_of(*overrides)
    return save(folder, found, packed(found), "0" * 32, "m-0")


@pytest.fixture(scope="module")
def moons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(tmp_path_factory.mktemp("moons"), *MOONS)


@pytest.fixture(scope="module")
def sine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(tmp_path_factory.mktemp("sine"), *SINE)


@pytest.mark.parametrize("overrides", [MOONS, BLOBS, SINE], ids=" ".join)
def test_a_loaded_model_answers_with_the_bits_of_the_network(
    overrides: tuple[str, ...], tmp_path: Path
) -> None:
    loaded, x = mlflow.pyfunc.load_model(str(saved(tmp_path, *overrides))), raw(*overrides)
    expected = network_of(*overrides).answers(x)
    found = loaded.predict(x)
    assert found.dtype == expected.dtype
    assert np.array_equal(found, expected)
    # A frame of columns of any name is as good.
    assert np.array_equal(loaded.predict(pd.DataFrame(x)), expected)


WHOLE = np.array([[0, 1], [2, 3], [1, 250]])
BINARY = np.array([[0, 1], [1, 1]])
NUMBERS = {
    "int64": WHOLE,
    "uint8": WHOLE.astype(np.uint8),
    "float32": WHOLE.astype(np.float32),
    "bool": BINARY.astype(bool),
    "lists": WHOLE.tolist(),
    "frame": pd.DataFrame(WHOLE, columns=["x", "y"]),
    "frame of integers that may be missing": pd.DataFrame(WHOLE).astype("Int64"),
    "frame of integers and truth values": pd.DataFrame({"x": [0, 1], "y": [True, True]}),
    "no samples": np.empty((0, 2)),
}


@pytest.mark.parametrize("kind", NUMBERS)
def test_a_loaded_model_answers_numbers_of_any_kind(moons: Path, kind: str) -> None:
    given = NUMBERS[kind]
    answers = mlflow.pyfunc.load_model(str(moons)).predict(given)
    expected = network_of(*MOONS).answers(np.array(given, np.float64))
    assert answers.shape == (len(given), 2)
    assert np.array_equal(answers, expected)


REFUSED = {
    "text": ([["a", "b"]], "inputs of type str32: must be numbers of shape (samples, 2)"),
    "text that reads as numbers": (np.array([["1", "2"]]), "type str32: must be numbers"),
    "a frame with text": (pd.DataFrame({"x": [1], "y": ["2"]}), "type object: must be numbers"),
    "nothing": ([[1, None]], "type object: must be numbers"),
    "times": (np.zeros((1, 2), "datetime64[s]"), "type datetime64[s]: must be numbers"),
    "complex numbers": (np.ones((1, 2), complex), "type complex128: must be numbers"),
    "names": ({"x": [1], "y": [2]}, "type dict: must be numbers"),
    "too wide": (np.ones((4, 3), int), "inputs of shape (4, 3): must be (samples, 2)"),
    "too narrow": (pd.DataFrame({"x": [1, 2]}), "inputs of shape (2, 1): must be (samples, 2)"),
    "one sample without its brackets": ([0.5, -0.25], "inputs of shape (2,): must be (samples, 2)"),
    "ragged": ([[1, 2], [3]], "rows of unequal length; must be numbers of shape (samples, 2)"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_it_cannot_answer_is_refused_in_one_line(moons: Path, kind: str) -> None:
    given, told = REFUSED[kind]
    with pytest.raises(mlflow.MlflowException) as refused:
        mlflow.pyfunc.load_model(str(moons)).predict(given)
    assert told in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_labels_are_given_on_request(moons: Path) -> None:
    loaded, x = mlflow.pyfunc.load_model(str(moons)), raw(*MOONS)
    labels = loaded.predict(x, params={"labels": True})
    assert np.array_equal(labels, network_of(*MOONS).labels(x))
    assert set(labels) == {0, 1}


def test_its_signature_and_its_example_say_what_it_takes(moons: Path, sine: Path) -> None:
    loaded = mlflow.pyfunc.load_model(str(moons))
    assert loaded.metadata.metadata == {"inputs": "numbers of shape (samples, 2)"}
    outputs = loaded.metadata.signature.outputs
    assert [(each.type, each.shape) for each in outputs] == [(np.dtype(float), (-1, 2))]
    assert [each.name for each in loaded.metadata.signature.params] == ["labels"]
    example = network_of(*MOONS).example
    assert np.array_equal(loaded.input_example, example)
    assert len(example) == 5
    regression = mlflow.pyfunc.load_model(str(sine)).metadata.signature
    assert [each.shape for each in regression.outputs] == [(-1, 1)]
    assert not regression.params


def test_its_requirements_are_the_versions_installed_here(moons: Path) -> None:
    asked = (moons / "requirements.txt").read_text().splitlines()
    assert f"numpy=={np.__version__}" in asked
    assert f"mlflow=={mlflow.__version__}" in asked
    assert all("==" in each for each in asked)


ELSEWHERE = """
import json, sys
# Importing it fails from now on, wherever it may be installed.
sys.modules["harness"] = None
import mlflow, numpy as np
model = mlflow.pyfunc.load_model(sys.argv[1])
json.dump(model.predict(np.array(json.loads(sys.argv[2]))).tolist(), sys.stdout)
"""


def test_a_model_answers_where_there_is_no_harness(moons: Path, tmp_path: Path) -> None:
    x = raw(*MOONS)
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(moons), json.dumps(x.tolist())],
        cwd=tmp_path,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        stdout=subprocess.PIPE,
        check=True,
    )
    assert json.loads(done.stdout) == network_of(*MOONS).answers(x).tolist()


def test_what_is_brought_along_hides_no_harness_and_imports_none() -> None:
    package, sources = brought()
    assert package.startswith("regime_network_")
    assert "from harness" not in "".join(sources.values())
    assert "import harness" not in "".join(sources.values())


@pytest.mark.parametrize("named", [False, True], ids=["", "the model names its digest"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_planted_as_a_models_weights_is_not_executed(tmp_path: Path, kind: str, named: bool) -> None:
    trace, model = tmp_path / "executed", saved(tmp_path, *MOONS)
    weights = model / "artifacts" / "weights.npz"
    content = planted(kind, trace, unsealed(weights.read_bytes()))
    weights.write_bytes(content)
    if named:
        about = yaml.safe_load((model / "MLmodel").read_text())
        about["flavors"]["python_function"]["config"]["sha256"] = hashlib.sha256(content).hexdigest()
        (model / "MLmodel").write_text(yaml.safe_dump(about))
    told = "no trained network" if named else "other weights than the model was logged with"
    with pytest.raises(ValueError, match=told) as refused:
        mlflow.pyfunc.load_model(str(model))
    assert not trace.exists()
    assert str(refused.value).startswith(str(weights))
    assert len(str(refused.value).splitlines()) == 1
