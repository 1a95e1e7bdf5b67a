"""From a configuration to what the engine is asked for."""

from collections.abc import Sequence

from harness.config import RunConfig
from harness.data.loading import Array, Identity, Loaded, identity, load
from harness.engine.network import Network
from harness.engine.outputs import OUTPUTS
from harness.engine.run import Data, Run, Split
from harness.engine.weighting import ClassWeight, class_weights, labels

Known = dict[tuple[Identity, ClassWeight | None], Data]


def prepared(runs: Sequence[RunConfig]) -> list[Run]:
    """Return what the engine is asked for, for the runs of a stack."""
    data: Known = {}
    return [prepare(run, data) for run in runs]


def prepare(run: RunConfig, shared: Known | None = None) -> Run:
    """Return what the engine is asked for; runs of one split share its arrays through `shared`."""
    known = {} if shared is None else shared
    key = (identity(run), run.loss.class_weight)
    if key not in known:
        known[key] = _data(load(run), run.dataset.classes is not None, run.loss.class_weight)
    return Run(
        network=network(run),
        loss=run.loss,
        feeding=run.optimizer,
        update_rule=run.update,
        schedule=run.schedule,
        stopping=run.stopping,
        diagnostics=run.diagnostics,
        initializer=run.initializer,
        dtype=run.dtype,
        weights_seed=run.weights_seed,
        order_seed=run.order_seed,
        data=known[key],
    )


def network(run: RunConfig) -> Network:
    """Return the network that `run` trains, less its parameters."""
    return Network(
        sizes=run.sizes,
        bias=run.architecture.bias,
        activations=run.activations,
        output=OUTPUTS[run.output](),
    )


def _data(loaded: Loaded, classifies: bool, weighting: ClassWeight | None) -> Data:
    def split(x: Array, y: Array) -> Split:
        if weighting is None:
            return Split(x, y)
        return Split(x, y, class_weights(weighting, loaded.train_y)[labels(y)])

    train = split(loaded.train_x, loaded.train_y)
    if loaded.test_x is loaded.train_x:
        return Data(train, train, train, classifies)
    validation = split(loaded.validation_x, loaded.validation_y)
    return Data(train, validation, split(loaded.test_x, loaded.test_y), classifies)
