"""Candidates lie in a folder of their own while they are needed, and leave nothing behind."""

from pathlib import Path

import pytest

from harness.tracking.candidates import Candidates, Chosen


@pytest.fixture
def candidates(tmp_path: Path) -> Candidates:
    found = Candidates(tmp_path / "mlruns" / "models" / "a1b2")
    found.put("an arm", b"weights")
    found.choose([Chosen("an arm", "a run", "0" * 64)])
    return found


def test_the_folder_of_all_grids_goes_with_the_last_of_them(candidates: Candidates) -> None:
    other = Candidates(candidates.folder.parent / "c3d4")
    other.put("an arm", b"weights")
    candidates.clear()
    assert not candidates.folder.exists()
    assert other.path("an arm").read_bytes() == b"weights"
    other.clear()
    assert not other.folder.parent.exists()
    assert other.folder.parent.parent.exists()


def test_what_others_keep_there_stays(candidates: Candidates) -> None:
    (candidates.folder.parent / "mine.txt").touch()
    candidates.clear()
    assert [path.name for path in candidates.folder.parent.iterdir()] == ["mine.txt"]


def test_a_folder_of_another_name_is_somebody_elses(tmp_path: Path) -> None:
    found = Candidates(tmp_path / "elsewhere" / "a1b2")
    found.put("an arm", b"weights")
    found.clear()
    assert found.folder.parent.exists()


def test_who_comes_after_a_clearing_finds_room(candidates: Candidates) -> None:
    candidates.clear()
    candidates.clear()
    candidates.put("an arm", b"weights")
    assert candidates.path("an arm").read_bytes() == b"weights"
    assert candidates.chosen() is None
