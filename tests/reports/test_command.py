"""`python -m reports STUDY` as a person meets it."""

import pandas as pd
import pytest

from harness.errors import ConfigurationError
from harness.tracking import read
from reports.__main__ import main
from reports.reporting import folder_for


@pytest.fixture
def store(monkeypatch, synthetic):
    """A store with one finished study, `made_up`, and one that only failed, `broken`; notes attachments."""
    record = synthetic({"activation": ["relu", "sigmoid"]}, rows=8)
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
        if name not in held:
            raise ConfigurationError(
                f"study = {name!r}: no sweep of that name in the store; known: {', '.join(held)}"
            )
        return held[name]

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


def test_a_report_is_written_where_it_belongs_and_attached_to_its_sweep(store, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["made_up", "--uri", "sqlite:///somewhere.db"]) == 0
    page = tmp_path / "reports" / "output" / "made_up" / "index.html"
    assert capsys.readouterr().out.strip().splitlines()[-1] == str(page.relative_to(tmp_path))
    assert page.is_file()
    [(run, names, artifact, uri)] = store
    assert (run, artifact, uri) == ("parent-run", "report", "sqlite:///somewhere.db")
    assert names == {path.name for path in page.parent.iterdir()}


def test_only_the_report_is_attached_from_a_folder_that_holds_more(store, tmp_path):
    (tmp_path / "private.txt").write_text("not for the store")
    assert main(["made_up", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "index.html").is_file()
    assert "private.txt" not in store[0][1]


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
    assert main(["made_up", "--out", str(tmp_path / "file")]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


@pytest.mark.parametrize("name", ["../../etc", "/etc/passwd", "..", "a/b", "", ".hidden", "a\\b"])
def test_the_default_folder_stays_in_its_place(tmp_path, name):
    inside = (tmp_path / folder_for(name)).resolve()
    assert inside.parent == tmp_path / "reports" / "output"


def test_without_a_study_the_usage_is_shown(capsys):
    with pytest.raises(SystemExit) as stop:
        main([])
    assert stop.value.code == 2
    assert "STUDY" in capsys.readouterr().err
