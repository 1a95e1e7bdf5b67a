"""A study that cannot be read is told of with its line or key, and costs only who asks for it."""

from pathlib import Path

import pytest

from harness import library, locations
from harness.errors import ConfigurationError
from harness.sweeping.composing import default_composer


@pytest.fixture(autouse=True)
def sweeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # What it registers, it registers once a process: those that are there.
    default_composer()
    (tmp_path / "a.yaml").write_text("name: a")
    monkeypatch.setattr(locations, "SWEEPS", tmp_path)
    return tmp_path


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
    assert dict(library.readable()) == {"a": {"name": "a"}}
    with pytest.raises(ConfigurationError, match=said):
        default_composer().session(["study=b"])


def test_a_study_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(ConfigurationError, match=r"study = 'sanitty': not known; .*did you mean 'sanity'"):
        default_composer().session(["study=sanitty"])
