"""A study that cannot be read is told of with its line or key, and costs only who asks for it."""

from pathlib import Path

import pytest
from hydra._internal.utils import create_config_search_path

from harness import library, locations
from harness.errors import ConfigurationError
from harness.locations import CONF
from harness.sweeping.composing import Composer, default_composer


@pytest.fixture(autouse=True)
def sweeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "a.yaml").write_text("name: a")
    monkeypatch.setattr(locations, "SWEEPS", tmp_path)
    return tmp_path


def composer() -> Composer:
    """A composer that has seen no study yet."""
    return default_composer.__wrapped__()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"name: b\ngrid: [[a=1\n", r"b\.yaml, line 3: expected"),
        (b"name: b\nwhy: a: b\n", r"b\.yaml, line 2: mapping values are not allowed here"),
        (b"", r"b\.yaml: is empty; needed: a mapping"),
        (b"- name: b\n", r"b\.yaml: is a list; needed: a mapping"),
        (b"name: \xff", r"b\.yaml: cannot be read: .*utf-8"),
        (b"name: \x07", r"b\.yaml: special characters are not allowed"),
        (b"name: b\nseeds: 2020-13-45\n", r"b\.yaml: cannot be read: month"),
        (b"name: b\nseeds: [0, 2020-01-01]\n", r"b\.yaml: seeds\.1 = 2020-01-01: a date; allowed"),
        (b"name: b\nseeds: &s [*s]\n", r"b\.yaml: Circular reference"),
        (b"name: !!python/name:os.system\n", r"b\.yaml, line 1: could not determine a constructor"),
    ],
)
def test_a_file_that_is_no_study_is_one_line(sweeps: Path, content: bytes, said: str) -> None:
    (sweeps / "b.yaml").write_bytes(content)
    with pytest.raises(ConfigurationError, match=said) as refused:
        list(library.library())
    assert "\n" not in str(refused.value)
    assert library.read("a") == {"name": "a"}
    with pytest.raises(ConfigurationError, match=said):
        composer().session(["study=b"])


def test_a_study_that_is_not_there_is_told_with_those_that_are(sweeps: Path) -> None:
    (sweeps / "sanity.yaml").write_text("name: sanity")
    with pytest.raises(ConfigurationError, match=r"study = 'sanitty': not known; .*did you mean 'sanity'"):
        composer().session(["study=sanitty"])


def test_a_study_is_read_as_it_is_in_its_file_when_it_is_asked_for(sweeps: Path) -> None:
    (sweeps / "sanity.yaml").write_text("name: sanity\nquestion: Another?\n")
    assert composer().session(["study=sanity"])["study"]["question"] == "Another?"


def test_other_applications_of_hydra_do_not_see_the_studies(tmp_path: Path) -> None:
    paths = {str(folder): create_config_search_path(str(folder)).get_path() for folder in (CONF, tmp_path)}
    found = {folder: any(entry.path == "sweeps://" for entry in path) for folder, path in paths.items()}
    assert found == {str(CONF): True, str(tmp_path): False}
