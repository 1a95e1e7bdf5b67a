"""Whatever a store says, a report shows it, and it does nothing."""

import io
import re
from collections.abc import Callable, Iterable
from csv import reader
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from xml.etree import ElementTree

import pandas as pd
import pytest

from harness.tracking.frames import StudyRecord
from reports import rendering
from reports.arms import natural
from reports.comparison import compare
from reports.contents import contents
from reports.drawing import pictures_of
from reports.outline import Drawing
from reports.plain_text import in_cell, isolated, plain
from reports.rendering import argument
from reports.reporting import OUTPUT, folder_for
from reports.saving import csv

DAY = date(2026, 1, 2)
ALEF = "\N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET}"
TURNED = "\N{RIGHT-TO-LEFT OVERRIDE}drowssap"
HOSTILE = {
    "script": "<script>alert(1)</script>",
    "quotes": '"\'`><b onclick="alert(1)" x=\'',
    "path": "../../etc/passwd",
    "template": "{{ 7 * 7 }}{% raw %}${7*7}$x^2$",
    "long": "long " + "x" * 10_000,
    "emoji": "\N{FIRE}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER}",
    "right to left": ALEF,
    "turned": TURNED,
    "controls": "a\x00b\x1b[31mc\x07\r\nd",
    "half": "\ud800",
    "formula": '=HYPERLINK("http://127.0.0.1","x")',
    "digits": "\N{SUPERSCRIPT TWO}\N{CIRCLED DIGIT ONE}\N{ARABIC-INDIC DIGIT THREE}",
    "markdown": "](javascript:alert(1)) ![x](//x) | a\n\n# b",
    "blank": "   ",
    "no xml": "a\ufffeb\uffff]]> --> c",
}
SHAPES = {"svg", "title", "desc", "defs", "g", "path", "use", "clipPath", "rect", "text", "image"}


class Page(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def hostile(synthetic: Callable[..., StudyRecord], *texts: str) -> StudyRecord:
    """Return a study with texts wherever a store may have one."""
    together = " ".join(texts)
    # No frame holds half a character.
    held = [text.encode(errors="backslashreplace").decode() for text in texts]
    record = synthetic(
        {"activation": [*held, "relu"]},
        rows=5,
        seeds=(0, 1),
        tuning_seeds=(2,),
        rates=(0.1, 1.0),
        name=together,
        question=together,
        warnings=" ".join(held),
        complaints=[("relu", 0.1, " ".join(held))],
    )
    runs = record.runs.assign(dataset=" ".join(held))
    arms = sorted(set(runs["arm"]))[:2]
    claims = [
        {
            "kind": "difference",
            "name": f"{number} {text}",
            "sentence": text,
            "metric": "test_accuracy",
            "direction": "higher",
            "margin": 0.01,
            "population": "seeds",
            "scope": "all",
            "cells": [{"name": text, "weights": {arms[0]: 1.0, arms[1]: -1.0}, "test_per_training": 0.3}],
        }
        for number, text in enumerate(texts)
    ]
    spec = {**record.spec, "method": together, "budgets": list(texts), "claims": claims}
    about = {text: text for text in texts} | {"command": together}
    return StudyRecord(spec, runs, record.history, about, None)


@pytest.fixture(scope="module")
def files(synthetic: Callable[..., StudyRecord]) -> dict[str, bytes]:
    report = contents(compare(hostile(synthetic, *HOSTILE.values())))
    report = replace(
        report, sections=tuple(replace(each, drawings=different(each.drawings)) for each in report.sections)
    )
    pictures = pictures_of(report.drawings, raster=False, processes=1)
    framed = (*report.drawings, *report.tables, *report.numbers)
    made = {f"{each.name}.csv": csv(each.frame) for each in framed}
    made |= {f"{name}.svg": picture.svg.encode() for name, picture in pictures.items()}
    beside = {*made, *(f"{name}.png" for name in pictures)}
    pages = {
        "index.html": rendering.page(report, pictures, beside, DAY),
        "report.md": rendering.markdown(report, beside, DAY),
    }
    return made | pages | dict.fromkeys(beside - set(made), b"")


def different(drawings: Iterable[Drawing]) -> tuple[Drawing, ...]:
    """Return drawings but those that differ from another in what is counted along x alone."""
    return tuple(each for each in drawings if not re.search("_by_(epoch|samples|multiply_adds)$", each.name))


def test_hostile_texts_do_nothing(files: dict[str, bytes]) -> None:
    assert all(re.fullmatch(r"[a-z_]+\.(html|md|csv|svg|png)", name) for name in files)
    page = Page(files["index.html"].decode())
    assert not {tag for tag, _ in page.tags} & {"b", "iframe", "object", "link"}
    assert [tag for tag, _ in page.tags].count("script") == 2  # ours
    assert not {name for _, attributes in page.tags for name in attributes if name.startswith("on")}
    links = {attributes.get("href") for tag, attributes in page.tags if tag == "a"}
    assert all(re.fullmatch(r"#[a-z_]+|[a-z_]+\.(csv|svg|png)", str(link)) for link in links)
    markdown = files["report.md"].decode()
    assert "<script" not in markdown
    assert set(re.findall(r"(?<!\\)\]\(([^)]*)\)", markdown)) <= set(files)
    for shown in (page.text, markdown):
        # No hidden turn of the direction of writing, and no command to a terminal.
        assert not re.search(r"[\x00-\x08\x0b-\x1f\u202a-\u202e]", shown)
        assert re.search(r"\{\{ 7 \\?\* 7 \}\}", shown)
    for name in files:
        if name.endswith(".svg"):
            drawn = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(files[name]).iter()}
            assert drawn <= SHAPES, name
        if name.endswith(".csv"):
            rows = list(reader(io.StringIO(files[name].decode())))
            texts = [cell for row in rows for cell in row if not re.fullmatch(r"-?(?:[\d.e+-]+|inf)", cell)]
            assert not [text for text in texts if text.lstrip()[:1] in tuple("=+-@")], name


def test_a_long_text_leaves_the_page_readable(
    synthetic: Callable[..., StudyRecord], without_figures: Callable[[StudyRecord], dict[str, bytes]]
) -> None:
    long, short = hostile(synthetic, HOSTILE["long"]), hostile(synthetic, "sigmoid")
    sizes = [
        {each.name: each.draw().get_size_inches() for each in different(contents(compare(record)).drawings)}
        for record in (long, short)
    ]
    assert set(sizes[0]) == set(sizes[1])
    for name, (width, height) in sizes[0].items():
        assert width == sizes[1][name][0], name
        assert height <= 1.3 * sizes[1][name][1], name
    files = without_figures(long)
    told = files["index.html"].decode().partition('<section id="provenance">')[0]
    cells = re.findall(r"<(td|h1)[^>]*>(.*?)</", told, re.DOTALL)
    assert max(len(text) for _, text in cells) < 1000
    whole = pd.read_csv(io.BytesIO(files["summary.csv"]))
    assert whole["arm"].str.len().max() > 10_000


def test_two_arms_that_differ_in_what_is_hidden_stay_two(synthetic: Callable[..., StudyRecord]) -> None:
    arms = compare(synthetic({"activation": ["relu", "relu\u202e"]}, rows=6)).layout.arms
    assert [arm.label for arm in arms] == ["relu", "relu\\u202e"]


def test_text_from_right_to_left_is_kept_to_itself(synthetic: Callable[..., StudyRecord]) -> None:
    answer = contents(compare(synthetic({"activation": [ALEF]}, rows=6))).answer
    assert f"\N{FIRST STRONG ISOLATE}{ALEF}\N{POP DIRECTIONAL ISOLATE} has a test accuracy of" in answer
    assert isolated("relu") == "relu"


@pytest.mark.parametrize(
    ("text", "written"),
    [("a\tb\r\nc", "a b  c"), ("\x1b[2J", "\\u001b[2J"), (TURNED, "\\u202edrowssap"), ("\ud800", "\\ud800"),
     ("é \N{FIRE} 中", "é \N{FIRE} 中"), (ALEF, ALEF), ("\N{POP DIRECTIONAL ISOLATE}", "\\u2069")],
)  # fmt: skip
def test_what_cannot_be_seen_is_written_out(text: str, written: str) -> None:
    assert plain(text) == written


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "  =1", "＝1+1", "-x", "+"]
)
def test_a_spreadsheet_takes_no_text_for_a_formula(text: str) -> None:
    assert in_cell(text) == f"'{text}"
    frame = pd.read_csv(io.BytesIO(csv(pd.DataFrame({text: [text, "relu"], "number": [-1.5, 2.0]}))))
    assert frame.columns.tolist() == [f"'{text}", "number"]
    assert frame[f"'{text}"].tolist() == [f"'{text}", "relu"]
    assert frame["number"].tolist() == [-1.5, 2.0]


@pytest.mark.parametrize("value", ["-1", "+0.5", "-1e-3", "relu", "a=b", "", "–", -3, None, 2.5])
def test_what_is_no_formula_stays_as_it_is(value: object) -> None:
    assert in_cell(value) == value


@pytest.mark.parametrize(
    "name", [*HOSTILE.values(), "..", "/etc/passwd", "a/../../b", ".", "-", "", "CON", "a\\b"]
)
def test_the_folder_of_a_report_stays_in_its_place(name: str) -> None:
    folder = folder_for(name)
    assert folder.parent == OUTPUT
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,100}", folder.name)


def test_names_that_differ_have_folders_that_differ() -> None:
    names = ["a/b", "a-b", "a b", "a\\b", "\N{FIRE}", ALEF, "", "x" * 100, "x" * 101]
    assert len({folder_for(name) for name in names}) == len(names)


@pytest.mark.parametrize(
    ("name", "written"),
    [("plain", "plain"), ("a b; rm -rf ~", "'a b; rm -rf ~'"), ("-h", "-- -h"), ("$(x)", "'$(x)'")],
)
def test_the_command_that_a_page_shows_takes_the_name_as_one_argument(name: str, written: str) -> None:
    assert argument(name) == written


def test_digits_of_any_script_sort() -> None:
    assert sorted(["layer 10", "layer 2", HOSTILE["digits"]], key=natural)[1] == "layer 10"
