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


def test_labels_are_given_on_request(moons: Path) -> None:
    loaded, x = mlflow.pyfunc.load_model(str(moons)), raw(*MOONS)
    labels = loaded.predict(x, params={"labels": True})
    assert np.array_equal(labels, network_of(*MOONS).labels(x))
    assert set(labels) == {0, 1}


def test_its_signature_and_its_example_say_what_it_takes(moons: Path, sine: Path) -> None:
    loaded = mlflow.pyfunc.load_model(str(moons))
    inputs, outputs = loaded.metadata.signature.inputs, loaded.metadata.signature.outputs
    assert [(each.type, each.shape) for each in (*inputs, *outputs)] == [(np.dtype(float), (-1, 2))] * 2
    assert [each.name for each in loaded.metadata.signature.params] == ["labels"]
    example = network_of(*MOONS).example
    assert np.array_equal(loaded.input_example, example)
    assert len(example) == 5
    regression = mlflow.pyfunc.load_model(str(sine)).metadata.signature
    assert [each.shape for each in (*regression.inputs, *regression.outputs)] == [(-1, 1)] * 2
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
