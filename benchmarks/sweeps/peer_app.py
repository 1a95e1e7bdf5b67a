"""The peer: one training a job, by Hydra, scikit-learn and MLflow as their documentation shows them.

Of the moons it trains on the same share, in the same batches, and logs after each epoch.
"""

import sys
from time import process_time

import hydra
import mlflow
import numpy as np
from omegaconf import DictConfig
from sklearn.datasets import make_moons
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from benchmarks.sweeps.processes import tell

CLASSES = np.arange(2)


@hydra.main(version_base="1.3", config_path="peer_conf", config_name="config")
def job(config: DictConfig) -> None:
    """Train one classifier, and log losses and accuracies every epoch."""
    mlflow.set_tracking_uri(f"sqlite:///{config.store}")
    mlflow.set_experiment("peer")
    x, y = make_moons(config.samples, noise=config.noise, random_state=0)
    x, x_test, y, y_test = train_test_split(x, y, test_size=0.2, stratify=y, random_state=config.seed)
    x, x_validation, y, y_validation = train_test_split(
        x, y, test_size=0.25, stratify=y, random_state=config.seed
    )
    scaler = StandardScaler().fit(x)
    splits = {"train": (scaler.transform(x), y), "validation": (scaler.transform(x_validation), y_validation)}
    model = MLPClassifier(
        tuple(config.hidden),
        activation=config.activation,
        solver="sgd",
        alpha=0.0,
        momentum=0.0,
        batch_size=config.batch_size,
        learning_rate_init=config.learning_rate,
        random_state=config.seed,
    )
    with mlflow.start_run():
        mlflow.log_params(dict(config))
        for epoch in range(1, config.epochs + 1):
            model.partial_fit(*splits["train"], classes=CLASSES)
            for split, (inputs, labels) in splits.items():
                answers = model.predict_proba(inputs)
                mlflow.log_metric(f"{split}_loss", log_loss(labels, answers, labels=CLASSES), step=epoch)
                accuracy = accuracy_score(labels, answers.argmax(axis=1))
                mlflow.log_metric(f"{split}_accuracy", accuracy, step=epoch)
        mlflow.log_metric("test_accuracy", model.score(scaler.transform(x_test), y_test))


def main() -> None:
    """Run the jobs that the command line asks for."""
    file = sys.argv.pop(1)
    job()
    tell(file, {"processor": process_time()})


if __name__ == "__main__":
    main()
