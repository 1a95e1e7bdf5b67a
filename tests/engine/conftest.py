"""Small runs on drawn data, built piece by piece, and the two ways of training them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from harness import engine
from harness.engine.activations import ACTIVATIONS
from harness.engine.arrays import arithmetic
from harness.engine.diagnostics import Diagnostics
from harness.engine.feeding import GD
from harness.engine.initializers import Xavier
from harness.engine.losses import CrossEntropy, Huber, Loss, SquaredError
from harness.engine.network import Network, backward, forward
from harness.engine.outputs import OUTPUTS
from harness.engine.run import Data, Run, Split
from harness.engine.schedules import Constant
from harness.engine.signals import Signals
from harness.engine.stopping import Stopping
from harness.engine.update_rules import Plain


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    with threadpool_limits(1):
        yield


@dataclass(frozen=True)
class Pairing:
    """An output, its columns, and a loss that is defined over it."""

    output: str
    columns: int
    loss: Loss

    def __str__(self) -> str:
        scale = getattr(self.loss, "scale", "logits")
        return f"{self.loss.name}-{scale}-over-{self.columns}-{self.output}"


PAIRINGS = [
    *(
        Pairing(output, columns, SquaredError(scale=scale))
        for output, columns in (
            ("identity", 1),
            ("identity", 3),
            ("sigmoid", 1),
            ("sigmoid", 3),
            ("softmax", 3),
        )
        for scale in ("half", "sum", "mean")
    ),
    Pairing("identity", 1, Huber(threshold=1.3)),
    Pairing("identity", 3, Huber(threshold=1.3, scale="mean")),
    Pairing("sigmoid", 1, CrossEntropy()),
    Pairing("sigmoid", 3, CrossEntropy()),
    Pairing("softmax", 3, CrossEntropy()),
]


@pytest.fixture(params=PAIRINGS, ids=str)
def pairing(request: pytest.FixtureRequest) -> Pairing:
    """Every legal pairing of loss and output, squared error with each scale."""
    return request.param


@pytest.fixture(params=sorted(ACTIVATIONS))
def activation(request: pytest.FixtureRequest) -> str:
    return request.param


def _targets(draw: np.random.Generator, samples: int, columns: int, classifies: bool) -> np.ndarray:
    if not classifies:
        return draw.standard_normal((samples, columns))
    labels = draw.permutation(np.arange(samples) % max(2, columns))
    return labels[:, None].astype(float) if columns == 1 else np.eye(columns)[labels]


@pytest.fixture(scope="session")
def make_data() -> Callable[..., Data]:
    """Return a builder of normal inputs with balanced random classes, or with normal targets."""

    def make(
        samples: int = 12,
        features: int = 3,
        columns: int = 2,
        classifies: bool = True,
        seed: int = 0,
        dtype: str = "float64",
        one_split: bool = False,
        weighted: bool = False,
    ) -> Data:
        draw = np.random.default_rng(seed)

        def split(count: int) -> Split:
            x = draw.standard_normal((count, features)).astype(dtype)
            y = _targets(draw, count, columns, classifies).astype(dtype)
            return Split(x, y, draw.uniform(0.1, 3, count) if weighted else None)

        train = split(samples)
        if one_split:
            return Data(train, train, train, classifies)
        return Data(train, split(max(2, samples // 2)), split(max(2, samples // 3)), classifies)

    return make


@pytest.fixture(scope="session")
def make_run(make_data: Callable[..., Data]) -> Callable[..., Run]:
    """Return a builder of runs: data and choices by name, the rest small defaults."""

    def make(
        hidden: Sequence[int] = (4,),
        activation: str | Sequence[str] = "tanh",
        output: str = "sigmoid",
        bias: bool = True,
        data: Data | None = None,
        seed: int = 0,
        **choices: Any,
    ) -> Run:
        dtype = choices.setdefault("dtype", "float64")
        if data is None:
            columns = 3 if output == "softmax" else 1
            data = make_data(columns=columns, classifies=output != "identity", seed=seed, dtype=dtype)
        names = [activation] * len(hidden) if isinstance(activation, str) else activation
        network = Network(
            sizes=(data.train.x.shape[1], *hidden, data.train.y.shape[1]),
            bias=bias,
            activations=tuple(ACTIVATIONS[name]() for name in names),
            output=OUTPUTS[output](),
        )
        defaults: dict[str, Any] = {
            "loss": SquaredError(),
            "feeding": GD(),
            "update_rule": Plain(),
            "schedule": Constant(),
            "stopping": Stopping(epochs=3),
            "diagnostics": Diagnostics(),
            "initializer": Xavier(bias_scale=0.1),
            "weights_seed": seed,
            "order_seed": seed,
        }
        return Run(network=network, data=data, **(defaults | choices))

    return make


@pytest.fixture(scope="session")
def train() -> Callable[..., tuple[engine.training.State, engine.training.Rows]]:
    """Return what trains a stack from its start to its end, in one leg."""

    def to_the_end(*runs: Run) -> tuple[engine.training.State, engine.training.Rows]:
        return engine.advance(engine.start(runs))

    return to_the_end


@pytest.fixture(scope="session")
def start_at() -> Callable[[Run, np.ndarray], engine.training.State]:
    """Return what starts a run from given parameters (P,) instead of drawn ones."""

    def start(run: Run, parameters: np.ndarray) -> engine.training.State:
        state = engine.start([run])
        here = np.asarray(parameters, run.dtype)[None]
        return replace(state, arrays=replace(state.arrays, parameters=here.copy(), initial=here.copy()))

    return start


@pytest.fixture(scope="session")
def rows_of() -> Callable[[engine.training.Rows, int], engine.training.Rows]:
    """Return what selects one member's rows of a table."""

    def select(rows: engine.training.Rows, member: int) -> engine.training.Rows:
        which = rows["member"] == member
        return {name: values[which] for name, values in rows.items() if name != "member"}

    return select


@pytest.fixture(scope="session")
def pass_forward() -> Callable[..., Signals]:
    """Return what passes inputs x (N, D) through a network with parameters (S, P)."""

    def through(network: Network, parameters: np.ndarray, x: np.ndarray) -> Signals:
        runs, fed = len(parameters), Split(x, x[:, :0]).inputs(network.bias)
        signals = network.workspace(runs, len(x), x.dtype).signals(runs, len(x))
        below = np.broadcast_to(fed.T, (runs, *fed.T.shape))
        with arithmetic():
            forward(network, network.layers(parameters), below, signals)
        return signals

    return through


@pytest.fixture(scope="session")
def gradient_of(pass_forward: Callable[..., Signals]) -> Callable[..., np.ndarray]:
    """Return what computes the gradient (P,) of a run's loss, its mean over some training samples."""

    def gradient(run: Run, parameters: np.ndarray, rows: Sequence[int]) -> np.ndarray:
        split, network = run.data.train, run.network
        x, y = split.x[rows], split.y[rows].T[None]
        signals = pass_forward(network, parameters[None], x)
        scale = 1 / len(rows) if split.weight is None else split.weight[rows] / len(rows)
        found = np.empty((1, network.parameters))
        fed = Split(x, x[:, :0]).inputs(network.bias).T[None]
        layers = network.layers(parameters[None])
        with arithmetic():
            backward(network, run.loss, layers, fed, y, signals, network.layers(found), scale)
        return found[0]

    return gradient


@pytest.fixture(scope="session")
def snapshots() -> Callable[[Run], np.ndarray]:
    """Return what trains a run in legs of one update and keeps its parameters, (updates + 1, P)."""

    def collect(run: Run) -> np.ndarray:
        state = engine.start([run])
        kept = [state.arrays.parameters[0].copy()]
        for _ in range(run.budget):
            state, _ = engine.advance(state, 1)
            kept.append(state.arrays.parameters[0].copy())
        return np.array(kept)

    return collect
