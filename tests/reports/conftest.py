"""Studies made of numbers drawn here, in the shape that the store returns them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from harness.tracking.read import StudyRecord
from reports import rendering
from reports.comparison import compare
from reports.contents import contents
from reports.figures.style import SETTINGS
from reports.saving import csv

DAY = date(2026, 1, 2)

CLASSES = {"digits": 10, "moons": 2, "spirals": 3}
FEEDINGS = {"gd": ("GD (all 1,077)", 1077), "sgd": ("SGD (1)", 1), "batch": ("mini-batch (32)", 32)}
RATE = "optimizer.learning_rate"
SPLITS = ("train", "validation", "test")
SCORES = ("loss", "accuracy", "log_loss", "squared_error")
LAYERED = ("gradient_norm", "delta_rms", "weight_norm", "update_ratio", "saturation", "dead_units")


def synthetic(
    axes: Mapping[str, Sequence[str]],
    *,
    rates: Sequence[float] = (0.03, 0.3, 3.0),
    tuning_seeds: Sequence[int] = (100, 101, 102),
    seeds: Sequence[int] = (0, 1, 2, 3, 4),
    layers: int = 2,
    rows: int = 20,
    diverged: Sequence[tuple[str, float, int]] | str = (),
    regression: bool = False,
    name: str = "made_up",
    question: str = "Which of the made-up arms is best?",
    warnings: str = "",
    complaints: Sequence[tuple[str, float, str]] = (),
) -> StudyRecord:
    """Make a study.

    Parameters
    ----------
    axes : mapping of str to sequence of str
        The keys compared and their values; `optimizer` takes `gd`, `sgd`, `batch`; a key `layers` overrides
        `layers` for its arms.
    rates : sequence of float
        More than one: a tuned axis. One: no tuning.
    diverged : sequence of (arm text fragment, rate, seed), or "all"
        The runs that diverge half-way.
    regression : bool
        Leaves accuracy and log_loss empty.
    warnings : str
        Of every run with seed 0.
    complaints : sequence of (arm text fragment, rate, name)
        What the doctor says of those runs, each with a sentence of its own.
    """
    draw = np.random.default_rng(7)
    tuned = len(rates) > 1
    runs: list[dict[str, object]] = []
    histories: list[pd.DataFrame] = []
    combinations = list(product(*axes.values()))
    roles = [("tuning", seed) for seed in tuning_seeds if tuned] + [("reported", seed) for seed in seeds]
    for number, combination in enumerate(combinations):
        values = dict(zip(axes, combination, strict=True))
        dataset = values.get("dataset", "digits")
        feeding, batch = FEEDINGS[values.get("optimizer", "batch")]
        if "optimizer" in values:
            values["optimizer"] = feeding if dataset == "digits" else feeding.replace("1,077", "300")
        arm = " · ".join(values.values())
        depth = int(values.get("layers", layers))
        speed = 0.4 + 0.6 * (number * 7 % len(combinations)) / max(1, len(combinations) - 1)
        for (role, seed), rate in product(roles, rates):
            dead = diverged == "all" or any(
                fragment in arm and rate == at and seed == who
                for fragment, at, who in (diverged if not isinstance(diverged, str) else ())
            )
            run_id = f"{number:03d}-{seed:03d}-{rate:g}"
            fit = speed * np.exp(-(np.log10(rate / 0.4) ** 2)) * (1 + 0.05 * draw.standard_normal())
            history = _history(draw, run_id, fit, dataset, batch, depth, rows, regression)
            if dead:
                history = history.iloc[: rows // 2].copy()
                history.loc[history.index[-1], [f"{split}_log_loss" for split in SPLITS]] = np.nan
            last = history.iloc[-1]
            told = [name for fragment, at, name in complaints if fragment in arm and rate == at]
            sentences = [warnings] * (seed == 0 and warnings != "")
            sentences += [f"{name} at rate {rate:g} with seed {seed}" for name in told]
            majority = np.nan if regression else 1.02 / CLASSES[dataset]
            runs.append(
                {
                    "run_id": run_id,
                    "fingerprint": f"{number:03d}{seed:03d}{rate:g}",
                    "arm": arm,
                    "seed": seed,
                    "role": role,
                    "status": "FINISHED",
                    "outcome": "diverged" if dead else ("stalled" if fit < 0.1 else "exhausted"),
                    "stopped_by": "divergence" if dead else "epochs",
                    "warnings": "; ".join(sentences),
                    "complaints": ", ".join(told),
                    "dataset": dataset,
                    "feeding": feeding,
                    **values,
                    RATE: rate,
                    "majority_accuracy": majority,
                    **{key: last[key] for key in ("epoch", "update", "samples", "multiply_adds")},
                    "epochs": last["epoch"],
                    "updates": last["update"],
                    **{f"{split}_{score}": last[f"{split}_{score}"] for split in SPLITS for score in SCORES},
                    "best_validation_loss": history["validation_loss"].min(),
                    "rho": history["rho"].iloc[0],
                }
            )
            histories.append(history)
    arms = [key for key in axes if key != "layers"] or ["dataset"]
    spec = {
        "name": name,
        "question": question,
        "method": None,
        "arms": list(axes) if len(axes) else arms,
        "seeds": list(seeds),
        "tune": {
            "over": RATE,
            "metric": "validation_loss" if regression else "validation_log_loss",
            "seeds": list(tuning_seeds),
        }
        if tuned
        else None,
        "target": None,
        "claims": [],
        "budgets": ["GD trains for 200 epochs.", "SGD trains for 10 epochs."],
    }
    provenance = {"command": f"make sweep STUDY={name}", "numpy": "2.4.6", "commit": "0123abc"}
    frame = pd.DataFrame(runs).drop(columns=["epoch", "update"])
    return StudyRecord(spec, frame, pd.concat(histories, ignore_index=True), provenance, None)


@pytest.fixture(name="synthetic", scope="session")
def synthetic_fixture() -> Callable[..., StudyRecord]:
    """Hand `synthetic` to tests, which do not import one another."""
    return synthetic


@pytest.fixture(scope="session")
def without_figures() -> Callable[[StudyRecord], dict[str, bytes]]:
    """Make the files of a report but its figures, which take most of the time."""
    return _without_figures


def _without_figures(record: StudyRecord) -> dict[str, bytes]:
    report = contents(compare(record))
    bare = replace(report, sections=tuple(replace(section, drawings=()) for section in report.sections))
    pages = {
        "index.html": rendering.page(bare, {}, set(), DAY),
        "report.md": rendering.markdown(bare, set(), DAY),
    }
    framed = (*report.drawings, *report.tables, *report.numbers)
    return pages | {f"{each.name}.csv": csv(each.frame) for each in framed}


def _history(
    draw: np.random.Generator,
    run_id: str,
    fit: float,
    dataset: str,
    batch: int,
    layers: int,
    rows: int,
    regression: bool,
) -> pd.DataFrame:
    """Curves that fall from the constant predictor's loss at a speed of `fit`."""
    classes = CLASSES[dataset]
    updates = np.unique(np.concatenate([[0], np.round(np.geomspace(1, 2000, rows - 1))])).astype(float)
    done = 1 - np.exp(-fit * updates / 300)
    noise = 0.02 * draw.standard_normal(len(updates)) * np.sqrt(done)
    loss = np.log(classes) * (1 - 0.95 * done) * np.exp(noise)
    accuracy = np.clip(1 / classes + (0.97 - 1 / classes) * done * fit + noise / 4, 0, 1)
    table: dict[str, object] = {
        "run_id": run_id,
        "epoch": updates * batch / 1077,
        "update": updates,
        "samples": updates * batch,
        "multiply_adds": updates * batch * 2400.0,
    }
    for shift, split in enumerate(SPLITS):
        table[f"{split}_loss"] = loss * (0.5 if fit > 0.5 else 1.0)
        table[f"{split}_log_loss"] = np.nan * loss if regression else loss * (1 + 0.03 * shift)
        table[f"{split}_accuracy"] = np.nan * loss if regression else accuracy - 0.005 * shift
        table[f"{split}_squared_error"] = loss / 3
    for layer in range(1, layers + 1):
        decay = (0.3 + 0.6 * fit) ** (layers - layer) * np.exp(0.05 * draw.standard_normal(len(updates)))
        for kind in LAYERED:
            table[f"{kind}_{layer}"] = decay * (0.2 + (1 - done))
    hidden = layers - 1
    ratio = np.asarray(table["delta_rms_1"]) / np.asarray(table[f"delta_rms_{max(hidden, 1)}"])
    table["rho"] = ratio ** (1 / (hidden - 1)) if hidden > 1 else np.nan * loss
    return pd.DataFrame(table)


@pytest.fixture(scope="session")
def faults() -> Callable[[Figure], list[str]]:
    """Tell which texts of a figure leave the paper or lie on each other."""
    return _faults


def _faults(figure: Figure) -> list[str]:
    texts = _texts(figure)
    width, height = figure.bbox.width, figure.bbox.height
    found = [
        f"{text!r} leaves the paper"
        for text, box in texts
        if box.x0 < -0.5 or box.y0 < -0.5 or box.x1 > width + 0.5 or box.y1 > height + 0.5
    ]
    for (one, box), (other, beside) in combinations(texts, 2):
        across = min(box.x1, beside.x1) - max(box.x0, beside.x0)
        along = min(box.y1, beside.y1) - max(box.y0, beside.y0)
        if across > 0.5 and along > 0.5:
            found.append(f"{one!r} and {other!r} overlap")
    return found


def _texts(figure: Figure) -> list[tuple[str, Bbox]]:
    """Return every text of a figure that is visible, with its extent in pixels."""
    canvas = FigureCanvasAgg(figure)
    with rc_context(SETTINGS):
        canvas.draw()
        texts = [*figure.texts, *(text for legend in figure.legends for text in legend.get_texts())]
        for axes in figure.axes:
            if not axes.get_visible():
                continue
            texts += [axes.title, axes.xaxis.label, axes.yaxis.label, *axes.texts]
            for axis in (axes.xaxis, axes.yaxis):
                low, high = sorted(axis.get_view_interval())
                texts += [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
                texts += [tick.label2 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
        shown = [text for text in texts if text.get_visible() and text.get_text().strip()]
        # A box of a reference line's name is paper, not letters.
        return [(text.get_text(), Text.get_window_extent(text, canvas.get_renderer())) for text in shown]
