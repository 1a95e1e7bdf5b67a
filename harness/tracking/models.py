"""Models: the network of the best run of each arm, in MLflow, with all that it takes to answer."""

import hashlib
import logging
import re
import warnings
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

from harness.errors import why
from harness.locations import PACKAGE
from harness.record import metric_name
from harness.tracking.candidates import Candidates, Chosen
from harness.tracking.faults import one_line, passes
from harness.tracking.store import search
from harness.tracking.texts import NAME_LENGTH, TAG_LENGTH, storable
from harness.tracking.trained_network import (
    DIGEST,
    WEIGHTS,
    TrainedNetwork,
    UnusableNetworkError,
    unpacked,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel, Run
    from mlflow.models import ModelSignature

BROUGHT = (
    "archives.py",
    "data/scaling.py",
    *(f"engine/{name}.py" for name in (
        "activations", "arrays", "losses", "network", "outputs", "scores", "signals", "weighting",
    )),
    "tracking/trained_network.py",
)  # fmt: skip
"""What a model imports of the harness: a copy lies beside it, so that it answers where there is none."""

CODE = "tracking/served_network.py"
IMPORTS = re.compile(r"^(\s*)from harness\.(?:\w+\.)*(\w+) import", re.MULTILINE)
REQUIRED = ("mlflow", "numpy", "scipy", "annotated-types")
READY: Literal["READY"] = "READY"

log = logging.getLogger(__name__)


def log_models(client: "MlflowClient", uri: str, experiment: str, candidates: Candidates) -> None:
    """Log the network of each chosen run to that run; one that has its model already gets no second.

    A network that cannot be logged costs a warning. Candidates are removed once nothing is left to do.

    Parameters
    ----------
    client : MlflowClient
    uri : str
        Its store.
    experiment : str
        The experiment's id.

    Raises
    ------
    Exception
        Whatever the client raises while the store is away, or busy.
    """
    try:
        chosen = candidates.chosen()
    except (OSError, ValueError) as error:
        log.warning("no models: %s", why(error) if isinstance(error, OSError) else error)
        return
    left = False
    for each in chosen:
        try:
            _settle(client, experiment, candidates, each)
        except Exception as error:
            log.warning("no model of %s: %s; the next start tries again", each.arm, one_line(error, uri))
            if passes(error, uri):
                raise
            left = True
    if chosen and not left:
        candidates.clear()


def _settle(client: "MlflowClient", experiment: str, candidates: Candidates, chosen: Chosen) -> None:
    """Log the model of an arm, or say why there is none."""
    path = candidates.path(chosen.arm)
    trained = None
    try:
        content = path.read_bytes()
        trained = unpacked(content)
    except FileNotFoundError:
        pass
    except UnusableNetworkError as error:
        log.warning("%s: %s", path, error)
    if trained is None or trained.about.get("fingerprint") != chosen.fingerprint:
        if not _known(client, experiment, chosen.fingerprint):
            log.warning(
                "no model of %s: the weights of its best run, %s, were not kept as it ended; "
                "sweep.force=true trains it again",
                chosen.arm,
                chosen.run,
            )
        return
    run = _run_of(client, experiment, trained)
    if run is None:
        log.warning("no model of %s: the store holds no run with the weights of %s", chosen.arm, path)
        return
    found = client.search_logged_models([experiment], f"source_run_id = '{run.info.run_id}'")
    if not any(model.status == READY for model in found):
        # One that is not ready was begun by somebody who was killed, or whose answer was lost.
        _log(client, run, trained, content, found[0] if found else None)


def _known(client: "MlflowClient", experiment: str, fingerprint: str) -> bool:
    """Return whether some run of this fingerprint has its model."""
    found = client.search_logged_models([experiment], f"tags.`harness.fingerprint` = '{fingerprint}'")
    return any(model.status == READY for model in found)


def _run_of(client: "MlflowClient", experiment: str, trained: TrainedNetwork) -> "Run | None":
    """Return the latest finished run with these very weights."""
    query = (
        f"attributes.status = 'FINISHED' and tags.`harness.fingerprint` = '{trained.about['fingerprint']}' "
        f"and tags.`harness.weights` = '{trained.about['weights']}'"
    )
    found = search(client, experiment, query)
    return max(found, key=lambda run: int(run.info.start_time), default=None)


def _log(
    client: "MlflowClient", run: "Run", trained: TrainedNetwork, content: bytes, begun: "LoggedModel | None"
) -> None:
    """Log a run's model; it is READY once the store has all of it."""
    from mlflow.entities import LoggedModelOutput, Metric

    run_id, about = str(run.info.run_id), trained.about
    model = begun or client.create_logged_model(
        run.info.experiment_id,
        name=_name(about["arm"]),
        source_run_id=run_id,
        tags={
            f"harness.{key}": storable(about[key], TAG_LENGTH) for key in ("arm", "fingerprint", "weights")
        },
        params=run.data.params,
        model_type="classifier" if trained.classes else "regressor",
    )
    with TemporaryDirectory(prefix="harness-") as scratch:
        folder = save(Path(scratch), trained, content, run_id, model.model_id)
        client.log_model_artifacts(model.model_id, str(folder))
    scores = [
        Metric(name, value, run.info.start_time, about["update"], model_id=model.model_id, run_id=run_id)
        for column, value in about["scores"].items()
        if (name := metric_name(column)) is not None
    ]
    client.log_batch(run_id, metrics=scores)
    outputs = client.get_run(run_id).outputs
    if outputs is None or model.model_id not in {each.model_id for each in outputs.model_outputs}:
        client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=about["update"])])
    client.finalize_logged_model(model.model_id, READY)


def save(scratch: Path, trained: TrainedNetwork, content: bytes, run_id: str, model_id: str) -> Path:
    """Write a model in MLflow's format into a folder of `scratch`, and return that.

    Parameters
    ----------
    scratch : Path
        An empty folder.
    content : bytes
        What `trained` was unpacked from.
    """
    # MLflow's remark on types of its own, as it is imported.
    warnings.filterwarnings("ignore", ".*Any type hint is inferred as AnyType")
    from mlflow import pyfunc
    from mlflow.models import Model

    logging.getLogger("mlflow.pyfunc").setLevel(logging.WARNING)
    code, weights = scratch / "model.py", scratch / "weights.npz"
    package, sources = brought()
    code.write_text(_rewritten((PACKAGE / CODE).read_text(encoding="utf-8"), package), encoding="utf-8")
    weights.write_bytes(content)
    (scratch / package).mkdir()
    for name, text in sources.items():
        (scratch / package / name).write_text(text, encoding="utf-8")
    pyfunc.save_model(
        scratch / "model",
        python_model=code,
        code_paths=[str(scratch / package)],
        artifacts={WEIGHTS: str(weights)},
        model_config={DIGEST: hashlib.sha256(content).hexdigest()},
        signature=signature(trained),
        input_example=trained.example,
        metadata={"inputs": f"numbers of shape (samples, {trained.example.shape[1]})"},
        # Pinned here: MLflow would find them out by loading the model in another process.
        pip_requirements=[f"{name}=={version(name)}" for name in REQUIRED],
        mlflow_model=Model(run_id=run_id, model_uuid=model_id, model_id=model_id),
    )
    return scratch / "model"


def signature(trained: TrainedNetwork) -> "ModelSignature":
    """Return what a network answers, and how it is asked for labels.

    Inputs are left out, and checked by the network itself: for a tensor MLflow takes no list and no other
    type, and columns of doubles refuse whole numbers and cut off what is too wide without a word.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import DataType, ParamSchema, ParamSpec, Schema, TensorSpec

    answers = trained.answers(trained.example)
    asked = [] if trained.classes is None else [ParamSpec("labels", DataType.boolean, False)]
    return ModelSignature(
        outputs=Schema([TensorSpec(answers.dtype, (-1, answers.shape[1]))]),
        params=ParamSchema(asked) if asked else None,  # type: ignore[arg-type]
    )


@cache
def brought() -> tuple[str, Mapping[str, str]]:
    """Return the name of the package that is brought along, and its files by name.

    The name tells its content, so that it hides no installed harness, and models logged by different
    versions of the harness answer side by side in one process.
    """
    sources = {Path(name).name: (PACKAGE / name).read_text(encoding="utf-8") for name in BROUGHT}
    package = f"regime_network_{hashlib.sha256(''.join(sources.values()).encode()).hexdigest()[:12]}"
    first = '"""What a network of regime-harness takes to answer: copies of its own files."""\n'
    return package, {"__init__.py": first} | {
        name: _rewritten(text, package) for name, text in sources.items()
    }


def _rewritten(text: str, package: str) -> str:
    """Return a file of the harness that imports from the package that is brought along."""
    return IMPORTS.sub(rf"\1from {package}.\2 import", text)


def _name(arm: str) -> str:
    """Return an arm's name without what MLflow allows in no model's."""
    return storable(re.sub(r"""[/:.%"'\s]+""", " ", arm).strip(), NAME_LENGTH) or "network"
