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
from harness.tracking.leases import parent_of
from harness.tracking.store import answering, connect, search
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

BEST, SUPERSEDED_BY, GRID, MODELS = "harness.best", "harness.superseded_by", "harness.grid", "harness.models"
"""Tags: whether a model is its arm's, else which is; of which grid; on a sweep, how many arms have one."""

log = logging.getLogger(__name__)


def log_models(client: "MlflowClient", uri: str, experiment: str, candidates: Candidates) -> int:
    """Log the network of each chosen run to that run; one that has its model already gets no second.

    An older model of the same grid and arm is marked as superseded. A network that cannot be logged costs
    a warning. Candidates are removed once nothing is left to do.

    Parameters
    ----------
    client : MlflowClient
    uri : str
        Its store.
    experiment : str
        The experiment's id.

    Returns
    -------
    int
        How many of the grid's arms have a model of their best run, READY; `logged` tells it again.

    Raises
    ------
    Exception
        Whatever the client raises while the store is away, or busy.
    """
    try:
        chosen = candidates.chosen()
    except (OSError, ValueError) as error:
        log.warning("no models: %s", why(error) if isinstance(error, OSError) else error)
        return 0
    if chosen is None:
        return 0
    standing: dict[str, LoggedModel] = {}
    left = False
    for each in chosen:
        try:
            model = _settle(client, experiment, candidates, each)
        except Exception as error:
            log.warning("no model of %s: %s; the next start tries again", each.arm, one_line(error, uri))
            if passes(error, uri):
                raise
            left = True
        else:
            if model is not None:
                standing[storable(each.arm, TAG_LENGTH)] = model
    try:
        _mark(client, experiment, candidates.grid, standing)
    except Exception as error:
        log.warning("models are not marked: %s; the next start tries again", one_line(error, uri))
        if passes(error, uri):
            raise
        left = True
    if not left:
        candidates.clear()
    return len(standing)


def logged(uri: str, study: str, grid: str) -> int:
    """Return how many arms of a grid have their model in the store, as the sweep that closed last left it.

    Parameters
    ----------
    uri : str
        The store.
    study : str
        The name of the experiment.
    grid : str
        The hash of the grid.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """
    with answering(uri):
        client = connect(uri)
        experiment = client.get_experiment_by_name(study)
        found = None if experiment is None else parent_of(client, experiment.experiment_id, grid)
        return 0 if found is None else int(found.data.tags.get(MODELS, 0))


def _mark(client: "MlflowClient", experiment: str, grid: str, standing: "Mapping[str, LoggedModel]") -> None:
    """Tag which models of a grid are those of their arms, and the sweep with their number.

    Superseded ones stay: somebody may serve them, or have registered them.
    """
    for model in _of_grid(client, experiment, grid) if standing else ():
        counts = standing.get(model.tags.get("harness.arm", ""))
        if counts is None:
            continue
        if model.model_id != counts.model_id:
            told = {BEST: "false", SUPERSEDED_BY: counts.model_id}
            if told.items() - model.tags.items():
                client.set_logged_model_tags(model.model_id, told)
        elif SUPERSEDED_BY in model.tags:
            client.set_logged_model_tags(model.model_id, {BEST: "true"})
            client.delete_logged_model_tag(model.model_id, SUPERSEDED_BY)
    if sweep := parent_of(client, experiment, grid):
        client.set_tag(sweep.info.run_id, MODELS, str(len(standing)))


def _of_grid(client: "MlflowClient", experiment: str, grid: str) -> "list[LoggedModel]":
    """Return all models that are READY and were logged by sweeps of this grid."""
    found, token = [], None
    while True:
        page = client.search_logged_models([experiment], f"tags.`{GRID}` = '{grid}'", page_token=token)
        found += [model for model in page if model.status == READY]
        token = page.token
        if not token:
            return found


def _settle(
    client: "MlflowClient", experiment: str, candidates: Candidates, chosen: Chosen
) -> "LoggedModel | None":
    """Return the model of an arm, logged if need be, or say why there is none."""
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
        known = _known(client, experiment, candidates.grid, chosen.fingerprint)
        if known is None:
            log.warning(
                "no model of %s: the weights of its best run, %s, were not kept as it ended; "
                "sweep.force=true trains it again",
                chosen.arm,
                chosen.run,
            )
        return known
    run = _run_of(client, experiment, trained)
    if run is None:
        log.warning("no model of %s: the store holds no run with the weights of %s", chosen.arm, path)
        return None
    found = client.search_logged_models([experiment], f"source_run_id = '{run.info.run_id}'")
    for model in found:
        if model.status == READY:
            return model
    # One that is not ready was begun by somebody who was killed, or whose answer was lost.
    return _log(client, candidates.grid, run, trained, content, found[0] if found else None)


def _known(client: "MlflowClient", experiment: str, grid: str, fingerprint: str) -> "LoggedModel | None":
    """Return the model of some run of this fingerprint: of this grid, if there is one, and the latest."""
    found = client.search_logged_models([experiment], f"tags.`harness.fingerprint` = '{fingerprint}'")
    ready = [model for model in found if model.status == READY]
    return max(ready, key=lambda each: (each.tags.get(GRID) == grid, each.creation_timestamp), default=None)


def _run_of(client: "MlflowClient", experiment: str, trained: TrainedNetwork) -> "Run | None":
    """Return the latest finished run with these very weights."""
    query = (
        f"attributes.status = 'FINISHED' and tags.`harness.fingerprint` = '{trained.about['fingerprint']}' "
        f"and tags.`harness.weights` = '{trained.about['weights']}'"
    )
    found = search(client, experiment, query)
    return max(found, key=lambda run: int(run.info.start_time), default=None)


def _log(
    client: "MlflowClient",
    grid: str,
    run: "Run",
    trained: TrainedNetwork,
    content: bytes,
    begun: "LoggedModel | None",
) -> "LoggedModel":
    """Log a run's model, and return it; it is READY once the store has all of it."""
    from mlflow.entities import LoggedModelOutput, Metric

    run_id, about = str(run.info.run_id), trained.about
    model = begun or client.create_logged_model(
        run.info.experiment_id,
        name=_name(about["arm"]),
        source_run_id=run_id,
        tags={GRID: grid, BEST: "true"}
        | {f"harness.{key}": storable(about[key], TAG_LENGTH) for key in ("arm", "fingerprint", "weights")},
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
    return client.finalize_logged_model(model.model_id, READY)


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
