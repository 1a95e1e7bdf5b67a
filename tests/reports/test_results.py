"""The document of all results: what it says of each study, and that the same store gives the same bytes."""

import io
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from harness.library import library
from harness.tracking.origins import Origin, origins_of
from reports.outline import Drawing
from reports.results.__main__ import main
from reports.results.answers import Answer, changes, found
from reports.results.document import document
from reports.results.origins import commits
from reports.results.pictures import MOST_BYTES, WIDTH, small
from reports.results.writing import write

HOSTILE = "<img src=x onerror=alert(1)> | *so*"
SIDES = {"weights": {"relu": 1.0, "sigmoid": -1.0}, "test_per_training": 0.3, "name": ""}
CLAIM = {
    "kind": "difference",
    "name": "relu_wins",
    "sentence": "Rectified units are more accurate.",
    "metric": "test_accuracy",
    "direction": "higher",
    "margin": 0.01,
    "better": {"activation": "relu"},
    "worse": {"activation": "sigmoid"},
}
DERIVED = {
    "where": {},
    "population": "seeds",
    "scope": "all",
    "at": "end",
    "values": "linear",
    "cells": [SIDES],
}
ASKED = {"question": "Is it so?", "claims": [CLAIM], "target": None}


def of_commit(*names):
    """Say by which commit each run was made."""
    return origins_of([Origin(platform=(("commit", name), ("NumPy", "2.4.6"))) for name in names])


@pytest.fixture(scope="module")
def record(synthetic):
    made = synthetic({"activation": ["relu", "sigmoid"]}, rates=(0.3,), rows=5)
    told = {"claims": [CLAIM | DERIVED], "why": "It decides what is tried first.", "figures": ["final"]}
    told |= {"doubts": "One data set.", "sources": ["Hanson 1990, " + HOSTILE]}
    return replace(made, spec=made.spec | told, origins=of_commit(*["0123abc"] * 10))


@pytest.fixture(scope="module")
def answer(record):
    return Answer("made_up", "Is it so?", found(ASKED, record))


def text(files):
    return files["results.md"].decode()


def test_every_claim_stands_at_the_top_with_its_verdict_and_a_way_to_its_study(answer):
    told = text(document([answer, Answer("other", "Is the other so?")]))
    [card] = answer.found.cards
    top = told[: told.index("## made_up")]
    assert f"| [made_up](#made_up) | {CLAIM['sentence']} | {card.sign}\N{NO-BREAK SPACE}{card.verdict}" in top
    assert "| [other](#other) | Is the other so? | not run |" in top
    counts = {verdict: int(card.verdict == verdict) for verdict in ("supported", "refuted", "inconclusive")}
    assert f"Of 1 claim in 1 study: {', '.join(f'{n} {verdict}' for verdict, n in counts.items())}." in top
    assert "Not run: [other](#other)." in top
    assert "`make sweep STUDY=other` trains it" in told


def test_a_study_tells_what_was_seen_what_a_sceptic_would_say_and_what_it_took(answer, record):
    told = text(document([answer]))
    section = told[told.index("## made_up") :]
    [card] = answer.found.cards
    effect = next(cell[0].text for name, cell in card.facts if name == "test accuracy higher by")
    effect = effect.replace("\N{NO-BREAK SPACE}", " ")
    assert re.search(
        rf"\| test accuracy higher by: {re.escape(effect)}; 95\s% t interval: .* \| 1.0\spoints \| 5 \|",
        section,
    )
    for words in ("It decides what is tried first.", "*What a sceptic would say.* One data set."):
        assert words in section
    assert "- Budgets: GD trains for 200 epochs; SGD trains for 10 epochs" in section
    assert "- Seeds: 0 to 4 reported" in section
    updates = int(record.runs["updates"].sum())
    assert f"- Cost: 10 runs, {updates:,} updates, " in section
    assert "- All runs were made by commit 0123abc" in section
    assert "![" in section
    assert "(images/results/made_up.svg)" in section


def test_texts_of_studies_and_stores_do_nothing(answer, record, synthetic):
    told = text(document([Answer("x", HOSTILE), answer]))
    assert "<img src=x" not in told
    assert "\\*so\\*" in told
    assert "Source: Hanson 1990, &lt;img" in told


def test_the_same_store_gives_the_same_bytes_in_whatever_order_it_answers(answer, record):
    shuffled = replace(
        record,
        runs=record.runs.sample(frac=1, random_state=3),
        history=record.history.sample(frac=1, random_state=4),
    )
    again = Answer("made_up", "Is it so?", found(ASKED, shuffled))
    assert document([answer]) == document([again])


def test_a_study_that_says_otherwise_by_now_is_told(record, answer):
    assert answer.found.changed == ()
    moved = ASKED | {"claims": [CLAIM | {"margin": 0.02}], "seeds": [0, 1, 2, 3, 4]}
    later = found(moved, record)
    assert later.changed == ("claims",)
    told = text(document([Answer("made_up", "Is it so?", later)]))
    assert "`sweeps/made_up.yaml` now says otherwise of claims." in told


@pytest.mark.parametrize("seeds", [[4, 2, 0, 1, 3], [0, 0, 1, 2, 3, 4], None])
def test_the_same_seeds_in_whatever_order_are_no_other_version(record, seeds):
    assert list(changes(ASKED | {"seeds": seeds}, record.spec)) == []
    assert list(changes(ASKED | {"seeds": [0, 1]}, record.spec)) == ["seeds"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["aa"] * 3, "All runs were made by commit aa."),
        (["aa", "aa", "bb"], "The runs were made by several commits: aa (2 runs), bb (1 run)."),
        (["aa-dirty"] * 3, "made by commit aa-dirty (-dirty: its tree had changes that were not committed)."),
        (["aa", "aa", "unknown"], "aa (2 runs), one that is not known (1 run)"),
        (["unknown"] * 3, "By which commit the runs were made is not known."),
    ],
)
def test_the_commit_is_told_and_what_is_doubtful_of_it(names, said):
    assert said in commits(of_commit(*names).platform, 3)


def test_small_figures_are_svg_and_large_ones_png_of_a_readable_width():
    def drawing(points):
        def draw():
            figure = Figure(figsize=(8, 4), label="walk")
            figure.subplots().plot(np.random.default_rng(0).standard_normal(points), rasterized=False)
            return figure

        return Drawing("walk", "A walk.", pd.DataFrame(), draw)

    few, many = small(drawing(100)), small(drawing(20_000))
    assert (few.ending, many.ending) == ("svg", "png")
    assert len(few.content) <= MOST_BYTES
    assert len(many.content) <= 3 * MOST_BYTES
    assert Image.open(io.BytesIO(many.content)).width == WIDTH


def test_pictures_that_are_shown_no_more_are_removed_and_nothing_else(tmp_path):
    shown = b"![old](images/results/old.svg) ![up](images/results/../up.svg)"
    page = write({"results.md": shown, "images/results/old.svg": b"1"}, tmp_path)
    (tmp_path / "images" / "up.svg").write_bytes(b"2")
    (tmp_path / "images" / "results" / "mine.svg").write_bytes(b"3")
    write({"results.md": b"", "images/results/new.png": b"4"}, tmp_path)
    assert page.read_bytes() == b""
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")}
    assert left == {"results.md", "images/up.svg", "images/results/mine.svg", "images/results/new.png"}


def test_a_preset_that_no_study_has_is_one_line_and_nothing_written(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["--preset", "smok"]) == 2
    said = capsys.readouterr().err.strip()
    assert len(said.splitlines()) == 1
    assert "did you mean 'smoke'" in said
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_does_not_exist_gives_a_document_of_studies_not_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["--uri", f"sqlite:///{tmp_path}/none.db"]) == 0
    assert capsys.readouterr().out.strip() == "docs/results.md"
    told = (tmp_path / "docs" / "results.md").read_text()
    assert told.count("| not run |") == len(dict(library()))
    assert [path.name for path in tmp_path.iterdir()] == ["docs"]
