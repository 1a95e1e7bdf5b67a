"""`python -m tests.reports.gallery`: take the pictures of docs/gallery.md anew, by its own lines."""

import ast
import io
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from matplotlib.figure import Figure
from PIL import Image

from harness.locations import PACKAGE
from reports import compare, figures, load
from reports.comparison import Comparison
from tests.conftest import called

PAGE = PACKAGE.parent / "docs" / "gallery.md"
STUDY = "gallery"
DOTS_PER_INCH = 100
SMALL = ("dataset=moons", "dataset.samples=60", "architecture.depth=2,3,4", "stopping.epochs=3",
         "optimizer.learning_rate=0.1,1")  # fmt: skip
WHOLE = ("dataset=moons,circles", "dataset.samples=200", "architecture.depth=2,4,6", "stopping.epochs=40",
         "optimizer.learning_rate=0.03,0.3,3")  # fmt: skip


def study(grid: tuple[str, ...] = WHOLE, seeds: int = 5, tuning: int = 3) -> tuple[str, ...]:
    """Return the arguments that train the gallery's study: it has all that any figure draws."""
    lines = (
        *grid,
        "activation=sigmoid,relu",
        "architecture.width=8",
        "diagnostics.rows=30",
        "diagnostics.measures=[gradient_norm,delta_rms,saturation,dead_units,decision_map]",
    )
    better = (
        "{kind:difference,name:relu_wins,metric:test_accuracy,direction:higher,margin:0.02,"
        "sentence:'At every depth rectified units classify better than sigmoid ones.',"
        "better:{activation:relu},worse:{activation:sigmoid}}"
    )
    deeper = (
        "{kind:trend,name:depth_hurts,metric:test_accuracy,direction:lower,margin:0.02,"
        "sentence:'Sigmoid units lose accuracy with every doubling of the depth.',"
        "over:architecture.depth,scale:log2,where:{activation:sigmoid}}"
    )
    return (
        f"study.name={STUDY}",
        "study.question='Do deep networks learn a curved boundary, and with which activation?'",
        f"study.grid=[[{','.join(repr(line) for line in lines)}]]",
        "study.arms=[dataset,activation,architecture.depth]",
        f"study.seeds={[*range(seeds)]}",
        f"study.tune={{over:optimizer.learning_rate,metric:validation_log_loss,"
        f"seeds:{[*range(100, 100 + tuning)]}}}",
        "study.target={metric:validation_accuracy,value:0.9}",
        f"study.claims=[{better},{deeper}]",
        "executor=serial",
        "-m",
    )


@dataclass(frozen=True)
class Entry:
    """What the page has of a picture: the heading above it, its lines of Python, and its file."""

    heading: str
    code: str
    picture: Path


def entries(page: Path = PAGE) -> Iterator[Entry]:
    """Read the page: below a heading, lines of Python with the picture that they draw."""
    for section in page.read_text(encoding="utf-8").split("\n### ")[1:]:
        heading = section.partition("\n")[0].strip("` ")
        drawn = re.findall(r"```python\n(.*?)```\s+!\[[^\]]+\]\(([^)]+)\)", section, re.DOTALL)
        for code, picture in drawn:
            yield Entry(heading, code, page.parent / picture)


def run(code: str, names: dict[str, Any]) -> Any:
    """Run lines as a notebook's cell, and return what its last expression is."""
    cell = ast.parse(code)
    last = cell.body[-1]
    if not isinstance(last, ast.Expr):
        exec(compile(cell, PAGE.name, "exec"), names)
        return None
    exec(compile(ast.Module(cell.body[:-1], []), PAGE.name, "exec"), names)
    return eval(compile(ast.Expression(last.value), PAGE.name, "eval"), names)


def draw(entry: Entry, comparison: Comparison) -> Figure:
    """Draw the figure of an entry."""
    return run(entry.code, {"comparison": comparison, "figures": figures})


def take(figure: Figure, path: Path) -> None:
    """Keep a figure as a picture with a palette, a third of the size of one without."""
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=DOTS_PER_INCH)
    picture = Image.open(drawn).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    path.parent.mkdir(exist_ok=True)
    picture.save(path, optimize=True)


def main() -> None:
    """Train the study in a folder that does not stay, and draw every entry."""
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        patched.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlruns/mlflow.db")
        os.mkdir("mlruns")
        if status := called(patched, study()):
            sys.exit(status)
        comparison = compare(load(STUDY))
        for entry in entries():
            take(draw(entry, comparison), entry.picture)
            print(entry.picture.relative_to(PAGE.parent))


if __name__ == "__main__":
    main()
