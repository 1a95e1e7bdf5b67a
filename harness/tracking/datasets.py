"""Data sets as MLflow shows them: `mlflow.data`, with a digest, a schema and the sizes of the splits."""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.data.dataset import Dataset
from mlflow.data.schema import TensorDatasetSchema
from mlflow.entities import Dataset as DatasetEntity
from mlflow.entities import DatasetInput, InputTag
from mlflow.exceptions import MlflowException
from mlflow.types.schema import Schema, TensorSpec
from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT

from harness.tracking.batches import Samples
from harness.tracking.store import TAKEN
from harness.tracking.texts import NAME_LENGTH, storable

if TYPE_CHECKING:
    from mlflow import MlflowClient

DIGEST_LENGTH = 36
"""The most that MLflow keeps: the first half of a SHA-256, and some more."""
SPLITS = ("train", "validation", "test")


class Tracked(Dataset):
    """A data set of the harness: MLflow is told what it is, and gets none of its samples."""

    def __init__(self, samples: Samples) -> None:
        self.samples = samples
        source = CodeDatasetSource({"mlflow.source.name": f"harness.data: dataset={samples.name}"})
        super().__init__(
            source, name=storable(samples.name, NAME_LENGTH), digest=samples.digest[:DIGEST_LENGTH]
        )

    def _compute_digest(self) -> str:
        return self.samples.digest[:DIGEST_LENGTH]

    @property
    def profile(self) -> dict[str, int]:
        """Return the numbers of samples, features and classes, and how many samples do what."""
        told = vars(self.samples)
        names = ("samples", "features", "classes", *SPLITS)
        return {name: told[name] for name in names if told[name] is not None}

    @property
    def schema(self) -> TensorDatasetSchema:
        """Return the shapes of inputs and targets."""
        labels = self.samples.classes is not None
        shape = (-1,) if labels else (-1, self.samples.columns)
        answers = TensorSpec(np.dtype("int64" if labels else "float64"), shape, "target")
        inputs = TensorSpec(np.dtype("float64"), (-1, self.samples.features), "inputs")
        return TensorDatasetSchema(Schema([inputs]), Schema([answers]))

    def to_dict(self) -> dict[str, str]:
        """Return what MLflow stores."""
        return super().to_dict() | {
            "schema": json.dumps(self.schema.to_dict()),
            "profile": json.dumps(self.profile),
        }


@lru_cache(maxsize=4096)
def dataset_input(samples: Samples) -> DatasetInput:
    """Return a data set as what a run trained on.

    MLflow keeps one profile for each name and digest; how a run splits them stands in its own tags.
    """
    sizes = [InputTag(f"harness.{split}", str(getattr(samples, split))) for split in SPLITS]
    entity = DatasetEntity(**Tracked(samples).to_dict())
    return DatasetInput(entity, tags=[InputTag(MLFLOW_DATASET_CONTEXT, "training"), *sizes])


def log_datasets(client: "MlflowClient", run_id: str, datasets: Sequence[Samples]) -> None:
    """Say what a run trained on; a data set that it names already stays as it is.

    MLflow looks whether an experiment has a data set before it makes one, and refuses the whole request
    where another launcher made it meanwhile. It is there then, and is found when asked once more.

    Raises
    ------
    MlflowException
        Whatever else the store says.
    """
    inputs = [dataset_input(each) for each in datasets]
    # Each refusal tells of at least one more that is there.
    for _ in inputs:
        try:
            client.log_inputs(run_id, datasets=inputs)
        except MlflowException as error:
            if not TAKEN.search(error.message):
                raise
        else:
            return
    client.log_inputs(run_id, datasets=inputs)
