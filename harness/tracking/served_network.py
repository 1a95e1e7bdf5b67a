"""The model as MLflow loads it: a copy of this file is each model's code, beside copies of what it imports.

Run by MLflow alone, which asks for a model to be set.
"""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext


class ServedNetwork(PythonModel):
    """Answers raw features (N, D) with class probabilities (N, K), of a regression with values."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the weights: plain arrays, of the digest that the model names; nothing in them is executed.

        Raises
        ------
        ValueError
            One line, if they are others, or not as they were written.
        """
        # Not above: MLflow runs this file once when it saves a model, before its copies can be found.
        from harness.tracking.trained_network import DIGEST, WEIGHTS, UnusableNetworkError, unpacked

        path = Path(context.artifacts[WEIGHTS])
        content = path.read_bytes()
        try:
            if hashlib.sha256(content).hexdigest() != (context.model_config or {}).get(DIGEST):
                raise UnusableNetworkError("other weights than the model was logged with")
            self.trained = unpacked(content)
        except UnusableNetworkError as error:
            raise ValueError(f"{path}: {error}") from error

    def predict(
        self, context: PythonModelContext, model_input: np.ndarray, params: dict[str, Any] | None = None
    ) -> np.ndarray:
        """Return probabilities or values; with ``params={"labels": True}`` the likeliest class (N,).

        Takes lists and data frames too; the hint is one that MLflow derives no check of its own from.

        Raises
        ------
        MlflowException
            One line, if the input is no array of numbers (N, D).
        """
        try:
            if (params or {}).get("labels"):
                return self.trained.labels(model_input)
            return self.trained.answers(model_input)
        except ValueError as error:
            # Whoever asks over HTTP is told of no other exception.
            raise MlflowException.invalid_parameter_value(str(error)) from error


set_model(ServedNetwork())
