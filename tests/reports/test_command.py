"""`python -m reports STUDY` as a person meets it."""

import os
import re
import subprocess
import sys

import pandas as pd
import pytest

from harness.errors import ConfigurationError
from harness.tracking import read
from reports.__main__ import main
from reports.reporting import folder_for


@pytest.fixture
def store(monkeypatch, synthetic):
    """A store with one finished study, `made_up`, and one that only failed, `broken`; notes attachments."""
    record = synthetic({"activation": ["relu", "sigmoid"]}, rates=(0.1,), seeds=(0, 1), rows=6)
    finished = type(record)(record.spec, record.runs, record.history, record.provenance, "parent-run")
    failed = type(record)(
        record.spec,
        record.runs.assign(status="FAILED", outcome="failed"),
        record.history,
        record.provenance,
        None,
    )
    none = type(record)(record.spec, pd.DataFrame(), record.history, record.provenance, None)
    held = {"made_up": finished, "broken": failed, "planned": none}
    attached = []

    def study(name, *, experiment=None, uri=None):
        named = experiment or name
        if named not in held:
            raise ConfigurationError(
                f"study = {named!r}: no sweep of that name in the store; known: {', '.join(held)}"
            )
        return held[named]

    monkeypatch.setattr(read, "study", study)
    monkeypatch.setattr(read, "studies", lambda uri=None: list(held))
    monkeypatch.setattr(
        read,
        "attach",
        lambda run, folder, name, *, uri=None: attached.append(
            (run, {p.name for p in folder.iterdir()}, name, uri)
        ),
    )
    return attached


def test_a_report_is_written_where_it_belongs_and_it_alone_attached_to_its_sweep(
    store, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    page = tmp_path / "reports" / "output" / "made_up" / "index.html"
    page.parent.mkdir(parents=True)
    (page.parent / "private.txt").write_text("not for the store")
    assert main(["made_up", "--uri", "sqlite:///somewhere.db"]) == 0
    assert capsys.readouterr().out.strip().splitlines()[-1] == str(page.relative_to(tmp_path))
    assert page.is_file()
    [(run, names, artifact, uri)] = store
    assert (run, artifact, uri) == ("parent-run", "report", "sqlite:///somewhere.db")
    assert names == {path.name for path in page.parent.iterdir()} - {"private.txt"}


@pytest.mark.parametrize("name", ["unknown", "broken", "planned"])
def test_nothing_to_report_is_one_line_and_nothing_written(store, tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    assert main([name]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.strip().splitlines()) == 1
    assert name in printed.err
    assert "made_up" in printed.err
    assert list(tmp_path.iterdir()) == []
    assert store == []


def test_a_store_that_does_not_exist_is_not_made(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["convergence", "--uri", f"sqlite:///{tmp_path}/none.db"]) == 2
    assert "convergence" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_is_away_is_one_line_without_its_password(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    # The port that is never listened to.
    assert main(["convergence", "--uri", "http://somebody:secret@127.0.0.1:1"]) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith("tracking.uri = http://somebody:***@127.0.0.1:1: no answer")
    assert len(printed.err.strip().splitlines()) == 1
    assert printed.out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_one_line(store, tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    assert main(["made_up", "--only", "tables", "--out", str(tmp_path / "file")]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


@pytest.mark.parametrize("name", ["../../etc", "/etc/passwd", "..", "a/b", "", ".hidden", "a\\b"])
def test_the_default_folder_stays_in_its_place(tmp_path, name):
    inside = (tmp_path / folder_for(name)).resolve()
    assert inside.parent == tmp_path / "reports" / "output"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--format", "html,pdf"], "format = 'pdf': not known; allowed: html, md"),
        (["--format", "htm"], "did you mean 'html'?"),
        (["--format", ""], "format = '': not known"),
        (["--only", "figure"], "only = 'figure': not known; allowed: figures, page, tables; did you mean"),
        (["--only", "tables", "--format", "md"], "format = 'md': is of the page"),
    ],
)
def test_what_is_not_known_is_one_line_and_nothing_written(store, tmp_path, monkeypatch, capsys, asked, said):
    monkeypatch.chdir(tmp_path)
    assert main(["made_up", *asked]) == 2
    printed = capsys.readouterr()
    assert said in printed.err
    assert len(printed.err.strip().splitlines()) == 1
    assert printed.out == ""
    assert list(tmp_path.iterdir()) == []
    assert store == []


@pytest.mark.parametrize("day", ["yesterday", ""])
def test_a_day_that_is_none_is_one_line_and_nothing_written(tmp_path, day):
    # As a command of its own: numpy reads the variable too when it is imported.
    environment = os.environ | {"SOURCE_DATE_EPOCH": day, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "reports", "made_up", "--only", "tables"]
    told = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert told.stderr == f"SOURCE_DATE_EPOCH = {day!r}: must be seconds since 1970\n"
    assert told.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_a_part_is_written_alone_beside_what_is_there_and_not_attached(store, tmp_path, capsys):
    (tmp_path / "files.txt").write_text("kept.csv\n")
    (tmp_path / "kept.csv").write_text("1")
    assert main(["made_up", "--only", "tables", "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert {"kept.csv", "summary.csv", "runs.csv", "columns.csv"} <= names
    assert {name.rpartition(".")[2] for name in names} == {"csv", "txt"}
    assert store == []


def test_a_page_alone_names_no_file_that_is_not_there(store, tmp_path, capsys):
    asked = ["--only", "page", "--format", "md,html", "--out", str(tmp_path)]
    assert main(["made_up", *asked]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "report.md")
    assert {path.name for path in tmp_path.iterdir()} == {"report.md", "index.html", "files.txt"}
    assert not re.search(r"\]\(\w+\.\w+\)", (tmp_path / "report.md").read_text(encoding="utf-8"))
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert set(re.findall(r'<a href="([^"]*)"', page)) == {
        f"#{key}" for key in re.findall(r'<section id="(\w+)"', page)
    }


def test_what_a_study_is_called_is_not_what_its_experiment_is(store, tmp_path, capsys):
    asked = ["--experiment", "made_up", "--only", "page", "--format", "md", "--out", str(tmp_path)]
    assert main(["renamed", *asked]) == 0
    assert main(["renamed", *asked[:1], "elsewhere", *asked[2:]]) == 2
    assert "elsewhere" in capsys.readouterr().err


def test_without_a_study_the_usage_is_shown(capsys):
    with pytest.raises(SystemExit) as stop:
        main([])
    assert stop.value.code == 2
    assert "STUDY" in capsys.readouterr().err
