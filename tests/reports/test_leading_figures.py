"""The figures that a study asks its page to lead with, and what the page says around its runs."""

import re
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from harness.sweeping.figures import FIGURES, SEVERAL
from reports import rendering
from reports.comparison import compare
from reports.contents import ORDER, contents
from reports.outline import Contents
from reports.sections.background import doubts, sources
from reports.sections.convergence import convergence
from reports.sections.final import final
from reports.sections.gradients import gradients
from reports.sections.leading import brought_forward, leading

DAY = date(2026, 1, 2)
ARMS = {"activation": ["relu", "sigmoid"]}


def names(section):
    return [drawing.name for drawing in section.drawings]


@pytest.fixture(scope="module")
def study(synthetic):
    """Derive the frames of a study, and its sections as they are where no figures are named."""
    arms = ARMS | {"dataset": ["moons", "digits"]}
    comparison = compare(
        synthetic(arms, rates=(0.1, 1.0), tuning_seeds=(100,), seeds=(0, 1), rows=5, layers=3)
    )
    return comparison, contents(comparison).sections


@pytest.fixture
def asked(study):
    """Name figures, and return the sections that come of it."""
    comparison, sections = study
    return lambda *figures: brought_forward(
        replace(comparison, spec=comparison.spec | {"figures": list(figures)}), sections
    )


def test_named_figures_lead_in_their_order_and_stand_nowhere_else(asked):
    sections = asked("rho_through_training", "convergence_log_loss_by_epoch", "ranking")
    assert sections[0].key == "leading"
    assert names(sections[0]) == ["rho_through_training", "convergence_log_loss_by_epoch", "ranking"]
    every = [name for section in sections for name in names(section)]
    assert len(every) == len(set(every))
    moved = {section.key: section.moved for section in sections if section.moved}
    assert moved == {
        "gradients": ("rho_through_training",),
        "convergence": ("convergence_log_loss_by_epoch",),
        "final": ("ranking",),
    }


def test_the_figure_that_would_have_led_stands_in_its_own_section(study, asked):
    _, plain = study
    sections = asked("units_at_end")
    assert names(plain[0]) == ["ranking"]
    assert names(sections[0]) == ["units_at_end"]
    [final] = [section for section in sections if section.key == "final"]
    assert names(final)[0] == "ranking"
    assert {each for section in sections for each in names(section)} == {
        each for section in plain for each in names(section)
    }


def test_a_figure_that_the_runs_have_nothing_for_is_told_in_one_line(asked):
    [first, *_] = asked("rho_by_depth", "final")
    assert names(first) == ["final"]
    assert [line for line in first.paragraphs if "rho by depth" in line]
    [alone, *_] = asked("rho_by_depth")
    assert names(alone) == ["ranking"]
    assert [line for line in alone.paragraphs if "rho by depth" in line]


def test_a_name_of_several_figures_brings_them_all(asked):
    assert names(asked("pairwise")[0]) == ["pairwise_a", "pairwise_b"]
    assert names(asked("pairwise_b")[0]) == ["pairwise_b"]


def test_the_page_says_why_it_matters_what_a_sceptic_would_say_and_who_said_it(study):
    comparison, _ = study
    hostile = "<img src=x onerror=alert(1)> | *why*"
    told = {"why": hostile, "doubts": f"One data set. {hostile}", "sources": ["Hanson 1990", hostile]}
    told = replace(comparison, spec=comparison.spec | told)
    sections = (doubts(told), sources(told))
    report = Contents("made_up", "Is it so?", "It is.", sections, why=hostile)
    page = rendering.page(report, {}, set(), DAY).decode()
    header = page[: page.index("</header>")]
    assert header.index("<h1>") < header.index('class="why"') < header.index('class="answer"')
    assert "<li>Hanson 1990</li>" in page
    assert re.search(r'<section id="doubts">\s*<h2>What a sceptic would say</h2>', page)
    assert "<img src=x" not in page
    markdown = rendering.markdown(report, set(), DAY).decode()
    assert "- Hanson 1990" in markdown
    assert "<img src=x" not in markdown
    assert "\\*why\\*" in markdown


def drawn(comparison, *sections):
    """Name what some sections draw, of figures of which there are several without their letter."""
    several = {f"{name}_{letter}": name for name, letters in SEVERAL.items() for letter in letters}
    found = (section(comparison) for section in sections or ORDER)
    return {several.get(each.name, each.name) for section in found if section for each in section.drawings}


def four_costs(record):
    """Make none of the four costs a multiple of another."""
    own = record.history["run_id"].factorize()[0] + 1.0
    costs = {cost: record.history[cost] * own**at for at, cost in enumerate(("epoch", "samples"), start=1)}
    costs["multiply_adds"] = record.history["multiply_adds"] * own**3
    return replace(record, history=record.history.assign(**costs))


def test_a_study_may_name_what_reports_draw_and_nothing_else(synthetic):
    few = {"seeds": (0, 1), "rows": 5}
    target, asked = {"metric": "train_loss", "value": 0.5}, ["reached", "ranking"]
    sides = {"weights": {"relu": 1.0, "sigmoid": -1.0}, "test_per_training": 0.3, "name": ""}
    claim = {"kind": "difference", "name": "c", "sentence": "It is.", "metric": "test_accuracy", "where": {}}
    claim |= {"direction": "higher", "margin": 0, "population": "seeds", "scope": "all", "cells": [sides]}
    plane = {"arm": "relu", "seed": 0, "update": 0, "bounds": np.zeros((2, 2)), "dataset": "digits"}
    maps = pd.DataFrame([plane | {"values": np.zeros((2, 2)), "classes": np.zeros((2, 2))}])

    record = synthetic(ARMS, rates=(0.1, 1.0), tuning_seeds=(100,), **few, diverged=[("relu", 0.1, 0)])
    spec = record.spec | {"target": target, "figures": asked, "claims": [claim]}
    comparison = compare(replace(four_costs(record), spec=spec))
    vars(comparison)["maps"] = maps
    regression = compare(four_costs(synthetic(ARMS, **few, regression=True)))
    deep = compare(synthetic({"layers": ["3", "4"]}, rates=(0.1,), **few))
    line = synthetic({"layers": ["2", "3", "4"]}, **few)
    arms = list(line.runs["arm"].unique())
    slope = sides | {"weights": dict(zip(arms, (-0.5, 0.0, 0.5), strict=True))}
    trend = claim | {"kind": "trend", "over": "layers", "scale": "linear", "cells": [slope]}
    spec = line.spec | {"claims": [trend], "windows": {arm: [0, 2000] for arm in arms}}
    along = compare(replace(line, spec=spec))
    found = drawn(comparison) | drawn(regression, convergence) | drawn(deep, gradients, leading)
    assert found | drawn(along, final) | drawn(along, convergence) == set(FIGURES)


def test_a_study_that_says_none_of_it_has_no_empty_sections(study):
    _, sections = study
    assert {"doubts", "sources"}.isdisjoint(section.key for section in sections)
