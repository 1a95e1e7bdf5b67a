"""scikit-learn's MLPClassifier: plain SGD without penalty; it computes its loss at every update."""

import numpy as np
from joblib import Parallel, delayed
from joblib.externals.loky import get_reusable_executor
from sklearn.neural_network import MLPClassifier

from benchmarks.contenders import Trainer, flat
from benchmarks.runs import RATE, runs
from benchmarks.tasks import Task
from harness.engine.arrays import Floats

ACTIVATIONS = {"sigmoid": "logistic", "relu": "relu"}


class Fits(Trainer):
    """Fits one classifier a run, again from where the last fit ended; a process a core of them."""

    def __init__(self, task: Task) -> None:
        cell, of = task.cell, task.work
        self.runs = task.stack
        self.updates = of.updates
        self.tasks = []
        for run in runs(cell, task.stack):
            x, labels = run.data.train.x[: of.rows], run.data.train.y[: of.rows].argmax(axis=1)
            model = MLPClassifier(
                cell.sizes[1:-1],
                activation=ACTIVATIONS[cell.activation],
                solver="sgd",
                alpha=0.0,
                momentum=0.0,
                learning_rate_init=RATE,
                batch_size=of.batch,
                max_iter=1,
                shuffle=cell.batch is not None,
                tol=0.0,
                n_iter_no_change=np.inf,
                warm_start=True,
                random_state=run.order_seed,
            )
            model.partial_fit(x, labels, classes=np.arange(cell.sizes[-1]))
            model.set_params(max_iter=of.epochs)
            for number, layer in enumerate(run.network.layers(run.initial_parameters()[None])):
                model.coefs_[number] = layer.weights[0].copy()
                model.intercepts_[number] = layer.bias[0, 0].copy()
            self.tasks.append((model, x, labels))
        self.parallel = Parallel(n_jobs=task.cores)

    def train(self) -> None:
        """Fit every run."""
        models = self.parallel(delayed(fit)(*task) for task in self.tasks)
        self.tasks = [(model, *task[1:]) for model, task in zip(models, self.tasks, strict=True)]

    def close(self) -> None:
        """End joblib's workers."""
        if self.parallel.n_jobs > 1:
            get_reusable_executor().shutdown(wait=True)

    def parameters(self) -> Floats:
        """Return the parameters (S, P)."""
        models = [task[0] for task in self.tasks]
        layers = range(len(models[0].coefs_))
        return flat(
            [np.stack([model.coefs_[layer] for model in models]) for layer in layers],
            [np.stack([model.intercepts_[layer] for model in models]) for layer in layers],
        )


def fit(model: MLPClassifier, x: np.ndarray, labels: np.ndarray) -> MLPClassifier:
    """Fit for the epochs asked for; that it has not converged by then is meant."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted: MLPClassifier = model.fit(x, labels)
    return fitted


def trainer(task: Task) -> Fits:
    """Return scikit-learn's trainer: runs one after the other, or in as many processes as cores."""
    return Fits(task)
