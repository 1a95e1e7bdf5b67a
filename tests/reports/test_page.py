"""The page and the files beside it."""

import io
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pandas as pd
import pytest

from harness.tracking.origins import Origin, origins_of
from reports import rendering
from reports.asking import Wanted
from reports.comparison import compare
from reports.contents import contents
from reports.dating import today
from reports.page import build
from reports.rendering import escape_markdown
from reports.saving import csv, save

AXES = {"dataset": ["moons", "digits"], "activation": ["relu", "sigmoid"]}
HOSTILE = '<img src=x onerror="alert(1)">'


class Elements(HTMLParser):
    """Tags with their attributes, and the values shown in the cells of each table."""

    def __init__(self, page):
        super().__init__()
        self.tags = []
        self.values = {}
        self.table = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag == "table":
            self.table = attributes.get("id", "")
        if "data-value" in attributes:
            self.values.setdefault(self.table, []).append(attributes["data-value"])


DAY = date(2026, 1, 2)


def told(record):
    """Return the page of a study without its figures, which take most of the time, and its tables' CSVs."""
    report = contents(compare(record))
    bare = tuple(replace(section, drawings=()) for section in report.sections)
    page = rendering.page(replace(report, sections=bare), {}, set(), DAY).decode()
    return page, {each.name: pd.read_csv(io.BytesIO(csv(each.frame))) for each in report.tables}


def page_of(record):
    return told(record)[0]


@pytest.fixture(scope="module")
def files(synthetic):
    """Build a study in which something went wrong."""
    dead = [("digits · relu", 0.3, 2), ("moons · sigmoid", 3.0, 101)]
    return build(synthetic(AXES, layers=3, rows=8, diverged=dead, warnings="overflow in exp"))


def test_the_page_needs_no_network(files):
    elements = Elements(files["index.html"].decode())
    for tag, attributes in elements.tags:
        assert tag not in {"link", "iframe", "object"}
        for name in ("src", "href", "srcset", "poster"):
            target = attributes.get(name) or ""
            ours = target.startswith("data:image/png;base64,") if tag == "image" else target.startswith("#")
            assert ours or re.fullmatch(r"([a-z_]+\.(csv|svg|png))?", target)
    policy = next(each["content"] for _, each in elements.tags if "http-equiv" in each)
    assert policy.startswith("default-src 'none'; img-src data:;")
    style = re.search(r"<style>(.*?)</style>", files["index.html"].decode(), re.DOTALL)[1]
    assert "url(" not in style
    assert "@import" not in style


def test_every_figure_and_table_has_its_files(files):
    elements = Elements(files["index.html"].decode())
    linked = {
        attributes["href"]
        for tag, attributes in elements.tags
        if tag == "a" and "#" not in attributes["href"]
    }
    assert linked
    assert linked == {name for name in files if name.endswith((".csv", ".svg", ".png"))}
    markdown = files["report.md"].decode()
    shown = {name for name in linked if not name.endswith(".svg")}
    assert set(re.findall(r"\(([a-z_]+\.(?:png|csv))\)", markdown)) == shown


def test_every_number_of_every_table_is_in_its_csv(files):
    tables = Elements(files["index.html"].decode()).values
    assert {"summary", "tuning", "troubles_by_arm", "troubles_by_value", "rho_by_arm"} <= set(tables)
    for name, values in tables.items():
        frame = pd.read_csv(io.BytesIO(files[f"{name}.csv"]))
        known = set(pd.to_numeric(frame.select_dtypes("number").stack()))
        assert {float(value) for value in values} <= known, name


def test_the_summary_shows_what_the_csv_says(files):
    page = files["index.html"].decode()
    summary = pd.read_csv(io.BytesIO(files["summary.csv"]))
    for centre, low, high in summary[
        ["test_accuracy_centre", "test_accuracy_low", "test_accuracy_high"]
    ].to_numpy():
        assert f">{100 * centre:.1f}\N{NO-BREAK SPACE}%<" in page
        if low == low:
            assert f">{100 * low:.1f}\N{NO-BREAK SPACE}%<" in page
            assert f">{100 * high:.1f}\N{NO-BREAK SPACE}%<" in page
    dead = summary[summary["dead"] > 0]
    assert len(dead) == 1
    assert dead["test_accuracy_low"].isna().all()
    assert dead["died_share"].tolist() == [0.2]


def test_what_went_wrong_is_counted_over_all_runs(files):
    page = files["index.html"].decode()
    # 4 arms x 3 rates x 8 seeds; two diverged; every seed 0 warned
    assert "Of 96 runs: 2 diverged" in page
    assert "12 with warnings" in page
    by_arm = pd.read_csv(io.BytesIO(files["troubles_by_arm.csv"]))
    assert by_arm["runs"].tolist() == [24] * 4
    assert by_arm["diverged"].sum() == 2
    by_value = pd.read_csv(io.BytesIO(files["troubles_by_value.csv"]))
    assert len(by_value) == 12
    assert by_value["runs"].sum() == 96


def test_complaints_are_counted_by_arm_over_all_its_runs(synthetic):
    said = [
        *(("relu", 3.0, "dead layer"), ("relu", 3.0, "vanishing gradient")),
        *(("relu", 0.3, "dead layer"), ("sigmoid", 0.03, "rate too low")),
    ]
    axes = {"activation": ["relu", "sigmoid"]}
    record = synthetic(axes, rows=8, warnings="overflow; in exp", complaints=said)
    page, frames = told(record)
    frame = frames["complaints"]
    # 2 arms x 3 rates x 8 seeds
    assert frame[["complaint", "arm", "complained", "runs"]].to_numpy().tolist() == [
        ["dead layer", "relu", 16, 24],
        ["rate too low", "sigmoid", 8, 24],
        ["vanishing gradient", "relu", 8, 24],
    ]
    assert frame["share"].tolist() == pytest.approx([2 / 3, 1 / 3, 1 / 3])
    for _, row in frame.iterrows():
        assert row["example"].startswith(f"{row['complaint']} at rate")
    table = re.search(r'<table id="complaints">.*?</table>', page, re.DOTALL)[0]
    assert ">66.7\N{NO-BREAK SPACE}%<" in table
    assert frame["example"][0] in table
    # What the doctor did not say keeps a table of its own, without the doctor's sentences.
    assert frames["warnings"].to_numpy().tolist() == [["overflow; in exp", 6]]


def test_the_page_shows_the_most_frequent_complaints_and_says_that_there_are_more(synthetic):
    axes = {"activation": [f"kind {number}" for number in range(25)]}
    said = [("kind", 0.1, "plateau")]
    record = synthetic(axes, rates=(0.1,), seeds=(0, 1), rows=6, complaints=said)
    page, frames = told(record)
    assert len(frames["complaints"]) == 25
    table = re.search(r'<table id="complaints">.*?</table>', page, re.DOTALL)[0]
    assert table.count("<tr>") == 1 + 20
    assert "The 20 most frequent of 25" in table


def test_without_complaints_there_is_no_table_of_them(synthetic):
    assert "complaints" not in told(synthetic({"activation": ["relu"]}, rows=6))[1]


def test_the_same_data_gives_the_same_bytes_whatever_the_order_of_rows(synthetic):
    axes = {"activation": ["relu", "sigmoid"]}
    record = synthetic(axes, rates=(0.1, 1.0), tuning_seeds=(100,), seeds=(0, 1), rows=5)
    shuffled = replace(
        record,
        runs=record.runs.sample(frac=1, random_state=3),
        history=record.history.sample(frac=1, random_state=4),
    )
    wanted = Wanted(figures=False)
    assert build(record, wanted, drawn=DAY) == build(shuffled, wanted, drawn=DAY)


def test_the_page_says_on_which_day_it_was_drawn(synthetic, monkeypatch):
    record = synthetic({"activation": ["relu"]}, rows=6)
    alone = Wanted(pages=("md",), figures=False, tables=False)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(10**9))
    assert "Drawn on 2001-09-09." in build(record, alone)["report.md"].decode()
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    before, told, after = today(), build(record, alone)["report.md"].decode(), today()
    assert f"Drawn on {before}." in told or f"Drawn on {after}." in told


def test_the_page_says_what_made_its_runs(synthetic):
    record = synthetic({"activation": ["relu", "sigmoid"]}, rows=6)
    each = [
        Origin(
            (("activation", name), ("dtype", "float32"), ("seed", str(seed))),
            (("NumPy", "2.4.6"),),
            ("moons", "0edc", "300", "100", "100"),
        )
        for name in ("relu", "sigmoid")
        for seed in range(5)
    ]
    links = {"all runs": "http://127.0.0.1:5000/#/experiments/1/runs"}
    record = replace(record, origins=origins_of(each, links))
    files = build(record, Wanted(("md",), figures=False))
    told = files["report.md"].decode()
    assert "Trained by: make sweep STUDY=made_up" in told
    assert "Drawn by: python -m reports made_up" in told
    assert "- [In MLflow: all runs](<http://127.0.0.1:5000/#/experiments/1/runs>)" in told
    assert "| activation | relu (5); sigmoid (5) |" in told
    assert "| dtype | float32 |" in told
    assert "| NumPy | 2.4.6 | 10 |" in told
    assert "| moons | 300 | 100 | 100 | 0edc | 10 |" in told
    assert "| tuning | 3 | 100 to 102 | 18 |" in told
    runs = pd.read_csv(io.BytesIO(files["runs.csv"]))
    assert sorted(runs["run_id"]) == sorted(record.runs["run_id"])


def test_text_of_the_store_does_nothing(synthetic):
    axes = {"activation": [HOSTILE, "relu"]}
    record = synthetic(axes, rows=8, name=HOSTILE, question=HOSTILE, warnings=HOSTILE)
    record.spec["budgets"].append(HOSTILE)
    record = replace(record, provenance={HOSTILE: HOSTILE})
    page = page_of(record)
    assert page.count("&lt;img src=x") >= 8
    assert all("onerror" not in attributes for _, attributes in Elements(page).tags)
    assert "<img src=x" not in build(record, Wanted(("md",), figures=False))["report.md"].decode()


def test_markdown_is_escaped():
    assert escape_markdown("a | b\n[link](x) <i> `c`") == "a \\| b \\[link\\](x) &lt;i&gt; \\`c\\`"


def test_numbers_and_words_of_a_cell_stay_apart_in_markdown(files):
    assert re.search(r"\d % \([\d.]+ % to [\d.]+ %\) \|", files["report.md"].decode())


def test_arms_at_one_rate_are_no_comparison_except_at_the_start(synthetic):
    record = synthetic({"activation": ["relu", "sigmoid"]}, rates=(0.1,), layers=4, rows=8)
    report = contents(compare(record))
    notice = "At one rate for all: not a comparison of methods."
    unnoticed = {drawing.name for drawing in report.drawings if notice not in drawing.caption}
    assert unnoticed == {"gradients_at_start"}
    assert notice in report.answer


def test_tuned_arms_carry_such_a_notice_where_they_are_shown_at_one_rate_alone(synthetic):
    report = contents(compare(synthetic({"activation": ["relu", "sigmoid"]}, rows=8)))
    assert "not a comparison" not in report.answer
    noticed = {each.name for each in report.drawings if "not a comparison" in each.caption}
    assert noticed == {"at_one_rate"}


def test_an_only_arm_is_compared_with_nothing(synthetic):
    page = page_of(synthetic({"activation": ["relu"]}, rates=(0.1,), rows=8))
    assert "not a comparison" not in page
    assert "highest" not in re.search(r'<p class="answer">(.*?)</p>', page)[1]


def test_the_answer_names_the_best_arm_with_its_interval(synthetic):
    record = synthetic({"activation": ["relu", "sigmoid", "tanh"]}, rows=8)
    page, frames = told(record)
    summary = frames["summary"].set_index("arm")
    best = summary["test_accuracy_centre"].idxmax()
    answer = re.search(r'<p class="answer">(.*?)</p>', page)[1].replace("\N{NO-BREAK SPACE}", " ")
    assert answer.startswith("Exploratory, no claim is tested.")
    row = summary.loc[best]
    assert f"{best} has the highest test accuracy, {100 * row['test_accuracy_centre']:.1f} %" in answer
    assert (
        f"{100 * row['test_accuracy_low']:.1f} % to {100 * row['test_accuracy_high']:.1f} %, 5 seeds"
        in answer
    )


def test_all_runs_diverged_still_gives_a_page_that_says_so(synthetic):
    record = synthetic({"activation": ["relu", "sigmoid"]}, rows=8, diverged="all")
    page = page_of(record)
    assert "no arm has a reported run at a chosen value" in page
    assert page.count("a tuning seed diverged or failed at every value") >= 2
    names = {drawing.name for drawing in contents(compare(record)).drawings}
    assert "convergence_log_loss_by_update" not in names


def test_a_store_without_histories_still_gives_the_scores(synthetic):
    record = synthetic({"activation": ["relu", "sigmoid"]}, rows=8)
    empty = pd.DataFrame({"run_id": [], "update": []})
    record = replace(record, history=empty)
    assert "ranking" in {drawing.name for drawing in contents(compare(record)).drawings}
    assert "no history" in page_of(record)


def test_scores_that_a_record_made_by_hand_lacks_were_not_measured(synthetic):
    whole = synthetic({"activation": ["relu"]}, rates=(0.1,), rows=8)
    scores = [name for name in whole.runs if name.startswith("test_")]
    bare = replace(whole, runs=whole.runs.drop(columns=[*scores, "majority_accuracy"]))
    _, tables = told(bare)
    assert tables["summary"].filter(like="test_").isna().all(axis=None)


def test_regression_is_reported_by_squared_error(synthetic):
    record = synthetic({"activation": ["relu", "sigmoid"]}, rows=8, regression=True)
    assert "lowest test squared error" in page_of(record)
    names = {drawing.name for drawing in contents(compare(record)).drawings}
    assert "convergence_squared_error_by_update" in names
    assert not any("accuracy" in name for name in names)


def test_one_seed_has_no_interval_and_says_so(synthetic):
    page = page_of(synthetic({"activation": ["relu", "sigmoid"]}, rows=8, seeds=(0,)))
    assert page.count("one seed: no interval") == 2
    assert "1 seed, no interval" in page


def test_a_choice_at_the_edge_is_flagged_in_the_summary(synthetic):
    page = page_of(synthetic({"activation": ["relu", "sigmoid"]}, rows=8, rates=(0.3, 3.0)))
    assert page.count("(lowest tried)") == 2


def test_saving_replaces_an_earlier_report_and_nothing_else(tmp_path):
    save({"index.html": b"old", "gone.csv": b"1", "kept.csv": b"1"}, tmp_path)
    (tmp_path / "mine.csv").write_bytes(b"mine")
    (tmp_path / "files.txt").write_text("gone.csv\nkept.csv\n../outside.csv\nindex.html\n")
    (tmp_path.parent / "outside.csv").write_bytes(b"outside")
    save({"index.html": b"new", "kept.csv": b"2"}, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.suffix != ".txt"} == {
        "index.html": b"new",
        "kept.csv": b"2",
        "mine.csv": b"mine",
    }
    assert (tmp_path.parent / "outside.csv").exists()


@pytest.mark.slow
def test_a_page_of_24_arms_stays_under_five_megabytes(synthetic):
    axes = AXES | {"loss": ["mse", "cross_entropy"], "optimizer": ["gd", "sgd", "batch"]}
    assert len(build(synthetic(axes, rows=60))["index.html"]) < 5_000_000
