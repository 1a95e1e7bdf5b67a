"""The notebook in docs/ runs as it is written, from its first cell to its last."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[2] / "docs" / "notebook.ipynb"


def test_every_cell_runs_and_what_should_be_drawn_is(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    monkeypatch.setenv("PYTHONPATH", str(NOTEBOOK.parents[1]))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    drawn = [any("image/png" in out.get("data", {}) for out in cell.outputs) for cell in cells]
    assert sum(drawn) == 4
    said = "".join(out.get("text", "") for cell in cells for out in cell.outputs)
    assert "Traceback" not in said
    assert "96 runs trained" in said
    assert "rho at the start" in said


def test_it_is_kept_without_what_it_printed() -> None:
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in cells)
