"""From records to MLflow and back: the only room that imports mlflow."""
