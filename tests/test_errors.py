"""What a user is told is one line, and says no more than is known."""

from pathlib import Path

import pytest

from harness.errors import why


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        (tmp_path / "missing").read_bytes()
    assert why(caught.value) == f"{tmp_path / 'missing'}: No such file or directory"


def test_a_file_that_is_not_known_is_not_named() -> None:
    # As a write to a full disk raises it.
    assert why(OSError(28, "No space left on device")) == "[Errno 28] No space left on device"
