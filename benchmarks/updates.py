"""What one update of one run costs, by batch size and size of the stack, on digits, 64-32-10.

All contenders take turns within each repetition, on one thread, so that a noisy machine disturbs
them alike; the median over repetitions is kept. Read the ratios, not the microseconds.
"""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from time import perf_counter

import numpy as np
from threadpoolctl import threadpool_limits

from harness import compose, engine
from harness.data import load
from harness.sweeping.trainer import prepare

REPETITIONS = 5
UPDATES = {1: 1500, 32: 300, 1077: 30}
WARM_UP = 250
STACKS = (1, 10, 50)
DTYPES = ("float32", "float64")


@dataclass(frozen=True)
class Timing:
    """Microseconds an update of one run, the median over repetitions."""

    batch: int
    contender: str
    microseconds: float


def measure() -> list[Timing]:
    """Return a timing for each batch size and contender."""
    found = []
    with threadpool_limits(1):
        for batch, updates in UPDATES.items():
            contenders = list(_contenders(batch, updates))
            seconds: dict[str, list[float]] = {name: [] for name, _, _ in contenders}
            for _ in range(REPETITIONS + 1):
                for name, _, work in contenders:
                    began = perf_counter()
                    work()
                    seconds[name].append(perf_counter() - began)
            for name, made, _ in contenders:
                # The first repetition warms caches and imports.
                each = median(seconds[name][1:]) / made * 1e6
                found.append(Timing(batch, name, each))
    return found


def _contenders(batch: int, updates: int) -> Iterator[tuple[str, int, Callable[[], object]]]:
    """Yield name, number of updates made, and the work."""
    for dtype in DTYPES:
        for size in STACKS:
            yield f"harness {dtype}, stack of {size}", updates * size, _stack(batch, updates, size, dtype)
    yield "scikit-learn MLPClassifier (float32)", *_sklearn(batch, updates)
    try:
        yield "PyTorch (float32)", updates, _torch(batch, updates)
    except ImportError:
        return


def _stack(batch: int, updates: int, size: int, dtype: str) -> Callable[[], object]:
    feeding = {1: ["optimizer=sgd"], 1077: ["optimizer=gd"]}.get(
        batch, ["optimizer=batch", f"optimizer.batch_size={batch}"]
    )
    common = [*feeding, f"dtype={dtype}", "stopping.updates=100000000", "stopping.every=100000000"]
    runs = [
        prepare(compose([*common, "diagnostics=off", "diagnostics.rows=2", f"seed={seed}"]))
        for seed in range(size)
    ]
    # Rows crowd at the first updates; from here on training is nearly all there is.
    state, _ = engine.advance(engine.start(runs), WARM_UP)
    return lambda: engine.advance(state, updates)


def _sklearn(batch: int, updates: int) -> tuple[int, Callable[[], object]]:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    data = load(compose(["dtype=float32"]))
    per_epoch = -(-len(data.train_x) // batch)
    epochs = max(1, updates // per_epoch)
    model = MLPClassifier(
        (32,),
        activation="logistic",
        solver="sgd",
        alpha=0.0,
        momentum=0.0,
        batch_size=batch,
        max_iter=epochs,
        tol=0.0,
        n_iter_no_change=epochs + 1,
        random_state=0,
    )
    labels = data.train_y.argmax(axis=1)

    def work() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(data.train_x, labels)

    return epochs * per_epoch, work


def _torch(batch: int, updates: int) -> Callable[[], object]:
    import torch

    torch.set_num_threads(1)
    data = load(compose(["dtype=float32"]))
    x, labels = torch.tensor(data.train_x), torch.tensor(data.train_y.argmax(axis=1))
    model = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.Sigmoid(), torch.nn.Linear(32, 10))
    rule, loss = torch.optim.SGD(model.parameters(), lr=0.1), torch.nn.CrossEntropyLoss()
    order = np.random.default_rng(0)

    def work() -> None:
        made = 0
        while made < updates:
            permutation = torch.tensor(order.permutation(len(x)))
            for chosen in permutation.split(batch)[: updates - made]:
                rule.zero_grad()
                loss(model(x[chosen]), labels[chosen]).backward()
                rule.step()
                made += 1

    return work


def table(timings: list[Timing]) -> str:
    """Return Markdown: a row a contender, a column a batch size, µs an update of one run."""
    batches = list(UPDATES)
    names = list(dict.fromkeys(timing.contender for timing in timings))
    found = {(timing.contender, timing.batch): timing.microseconds for timing in timings}
    head = "| µs an update of one run | " + " | ".join(f"batch {batch:,}" for batch in batches) + " |"
    lines = [head, "|---" * (len(batches) + 1) + "|"]
    for name in names:
        cells = [f"{found[name, batch]:,.1f}" for batch in batches]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)
