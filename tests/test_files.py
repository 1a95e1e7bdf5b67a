"""A file that is replaced is the old one or the new one, whatever happens meanwhile."""

import mmap
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from harness.files import replacing, write

WHOLE = 8 * 2**20


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    return path


def only(file: Path) -> bytes:
    assert list(file.parent.iterdir()) == [file]
    return file.read_bytes()


def test_the_new_one_takes_the_place_of_the_old_one(file: Path) -> None:
    write(file, b"newer")
    assert only(file) == b"newer"


@pytest.mark.parametrize("synced", [True, False])
def test_the_old_one_stays_until_the_new_one_is_whole(file: Path, synced: bool) -> None:
    with replacing(file, synced=synced) as new:
        new.write(b"new")
        new.flush()
        assert file.read_bytes() == b"old"
    assert only(file) == b"new"


def test_who_has_the_old_one_mapped_keeps_it(file: Path) -> None:
    with file.open("rb") as old, mmap.mmap(old.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        write(file, b"new")
        assert mapped[:] == b"old"


def test_where_the_new_one_does_not_fit_the_old_one_stays(file: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            write(file, bytes(2000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert only(file) == b"old"


def test_an_error_while_the_new_one_is_made_leaves_the_old_one(file: Path) -> None:
    def half(path: Path) -> None:
        with replacing(path) as new:
            new.write(b"ne")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half(file)
    assert only(file) == b"old"


WRITES_FOR_EVER = """
import sys
from itertools import count
from pathlib import Path
from harness.files import write

for number in count():
    write(Path(sys.argv[1]), bytes([number % 256]) * int(sys.argv[2]))
    if number == 0:
        print("wrote one", flush=True)
"""


def half_written(folder: Path) -> bool:
    try:
        return any(path.stat().st_size < WHOLE for path in folder.iterdir())
    except FileNotFoundError:
        return False


def test_who_is_killed_while_writing_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    command = [sys.executable, "-c", WRITES_FOR_EVER, str(path), str(WHOLE)]
    for _ in range(5):
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"wrote one\n"
            while not half_written(tmp_path):
                assert writer.poll() is None
            writer.kill()
        found = path.read_bytes()
        assert found == found[:1] * WHOLE
        # It may have written the rest before the signal came.
        if half_written(tmp_path):
            break
    else:
        pytest.fail("never killed in time")
