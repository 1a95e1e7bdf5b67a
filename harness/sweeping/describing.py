"""What tracking is told of a sweep and its runs before they train."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from harness.data.datasets import Dataset
from harness.data.loading import digest
from harness.data.splits import split_sizes
from harness.sweeping.cells import documented
from harness.sweeping.grid import Point
from harness.sweeping.published_arms import documented_figure
from harness.sweeping.settings import Settings
from harness.sweeping.study import Study, plain
from harness.tracking.batches import Header, Samples, Sweep
from harness.tracking.texts import markdown
from harness.tracking.views import ARMS, COMPLAINTS, DIVERGED, RUNS, linked, one_seed, report_link


def header(point: Point) -> Header:
    """Return what tracking says of a point before it trains."""
    return Header(
        name=point.name,
        arm=point.arm,
        labels=point.labels,
        role=point.role,
        fingerprint=point.fingerprint,
        feeding=point.run.feeding_label,
        parameters=point.run.flat,
        dataset=samples(point.run.dataset),
    )


@lru_cache(maxsize=4096)
def samples(dataset: Dataset) -> Samples:
    """Return what tracking says of a data set."""
    train, validation, test = split_sizes(dataset)
    return Samples(
        name=dataset.title,
        digest=digest(dataset),
        features=dataset.features,
        classes=dataset.classes,
        samples=dataset.size,
        train=train,
        validation=validation,
        test=test,
        columns=dataset.columns,
    )


def grid_hash(points: Sequence[Point]) -> str:
    """Return the hash of a grid: equal for equal sets of points."""
    marks = sorted(point.fingerprint for point in points)
    return hashlib.sha256("\n".join(marks).encode()).hexdigest()


def sweep_document(
    points: Sequence[Point], settings: Settings, arms: Sequence[str], tags: Mapping[str, str]
) -> Sweep:
    """Return what tracking says of a sweep before it trains."""
    found = {samples(point.run.dataset) for point in points}
    spec = study_document(settings, arms, points)
    return Sweep(
        experiment=settings.study.name,
        grid=grid_hash(points),
        note=description(settings.study, spec, points, tags.get("command", "")),
        tags={f"harness.{key}": value for key, value in tags.items()},
        documents={
            "study.json": spec,
            "grid.json": {"fingerprints": sorted(point.fingerprint for point in points)},
        },
        datasets=sorted(found, key=lambda each: (each.name, each.digest, each.train)),
        tuning=all(point.role == "tuning" for point in points),
    )


def study_document(settings: Settings, arms: Sequence[str], points: Sequence[Point]) -> Mapping[str, Any]:
    """Return the study as it was carried out, for whoever reads the store.

    Each claim has its `cells`: the comparisons that it makes in this grid (`cells.documented`); each
    published figure the `arms` beside whose runs it is put; `windows` are those of `diagnostics.window`, by
    arm, and `networks` the shapes of networks whose runs keep their parameters.
    """
    spec = plain(settings.study)
    reported = sorted({point.run.seed for point in points if point.role == "reported"})
    spec |= {"arms": list(arms), "seeds": reported}
    spec["claims"] = [
        entry | documented(claim, points, arms, settings.study.target)
        for claim, entry in zip(settings.study.claims, spec["claims"], strict=True)
    ]
    spec["published"] = [
        entry | documented_figure(figure, points, settings.study.target)
        for figure, entry in zip(settings.study.published, spec["published"], strict=True)
    ]
    spec["windows"] = {
        point.arm: window for point in points if (window := point.run.diagnostics.window) is not None
    }
    spec["networks"] = {
        point.arm: {
            "sizes": point.run.sizes,
            "bias": point.run.architecture.bias,
            "activations": [activation.name for activation in point.run.activations],
        }
        for point in points
        if "parameters" in point.run.diagnostics.measures
    }
    spec["exclude"] = [*settings.study.exclude, *settings.sweep.exclude]
    spec["sample"] = settings.study.sample if settings.sweep.sample is None else settings.sweep.sample
    spec["sample_seed"] = settings.sweep.sample_seed
    made: Mapping[str, Any] = json.loads(json.dumps(spec))
    return made


def description(study: Study, spec: Mapping[str, Any], points: Sequence[Point], command: str) -> str:
    """Return a sweep in Markdown: the question first, then where to look, why it matters, how it is answered.

    MLflow folds all but the first lines. Lists and code wrap, where tables and fenced blocks would push
    the run's other columns off the page.

    Parameters
    ----------
    spec : mapping
        As `study_document` returns it.
    command : str
        What started it.
    """
    question = " ".join(markdown(study.question or "").split())
    views = [ARMS, RUNS, DIVERGED, COMPLAINTS, one_seed(min(spec["seeds"], default=0))]
    parts = [
        f"**{question}**" if question else "A grid from the command line.",
        linked(views),
        markdown(study.why or ""),
        markdown(study.method or ""),
        "\n".join(f"- {name}: {_line(value)}" for name, value in _facts(study, spec, points)),
        f"The command: {_code(command)}" if command else "",
        "The grid:\n\n" + "\n".join(f"- {_code(' '.join(product))}" for product in study.grid)
        if study.grid
        else "",
    ]
    return "\n\n".join(part.strip() for part in parts if part.strip())


def _facts(study: Study, spec: Mapping[str, Any], points: Sequence[Point]) -> Iterator[tuple[str, str]]:
    arms = len({point.arm for point in points})
    yield "report", f"{report_link()}, once it is drawn"
    yield "runs", f"{len(points):,}, of {arms:,} {'arm' if arms == 1 else 'arms'}"
    if spec["arms"]:
        yield "arms differ in", ", ".join(spec["arms"])
    yield "seeds reported", _seeds(spec["seeds"]) or "none, all of these choose tuned values"
    if study.tune is not None:
        tuned = f"{study.tune.over}, by {study.tune.metric} on seeds {_seeds(study.tune.seeds)}"
        alone = "; the reported seeds at the chosen value of their arm alone"
        yield "tuned", tuned + (alone if study.tune.reported == "chosen" else "")
    if study.target is not None:
        yield "target", f"{study.target.metric} of {study.target.value:g}"
    for budget in study.budgets:
        yield "budget", markdown(budget)
    for claim in study.claims:
        yield "claim", markdown(claim.sentence)
    for source in study.sources:
        yield "source", markdown(source)


def _seeds(seeds: Sequence[int]) -> str:
    ordered = sorted(seeds)
    if len(ordered) > 2 and ordered == list(range(ordered[0], ordered[-1] + 1)):
        return f"{ordered[0]} to {ordered[-1]}"
    return ", ".join(map(str, ordered[:20])) + (", …" if len(ordered) > 20 else "")


def _line(text: str) -> str:
    return " ".join(text.split())


def _code(text: str) -> str:
    """Return a text as code in a line of Markdown, whatever stands in it."""
    fence = "`"
    while fence in text:
        fence += "`"
    return f"{fence} {_line(text)} {fence}" if "`" in text else f"{fence}{_line(text)}{fence}"
