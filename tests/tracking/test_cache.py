"""What was fetched is kept on this machine, bounded, whole, and harmless to whoever shares it."""

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from harness.tracking.cache import Cache


def contents(cache: Cache) -> list[bytes]:
    return sorted(path.read_bytes() for path in cache.folder.iterdir())


def test_what_is_kept_is_found_by_its_key_alone(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    assert cache.get("a") is None
    assert not cache.folder.exists()
    cache.put("a", b"one")
    cache.put("b", b"one")
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (b"one", b"one", None)


@pytest.mark.parametrize(
    "key", ["../../a", "/etc/passwd", "*", "a\x00b", "x" * 10_000, "\N{HEBREW LETTER ALEF}"]
)
def test_no_key_leads_out_of_the_folder(tmp_path: Path, key: str) -> None:
    cache = Cache(tmp_path / "cache")
    cache.put("other", b"other")
    cache.put(key, b"kept")
    assert cache.get(key) == b"kept"
    assert contents(cache) == [b"kept", b"other"]
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]


@pytest.mark.parametrize("damage", [b"", b"on", b"one more", b"\x80\x04."])
def test_a_damaged_file_is_not_found_and_makes_way(tmp_path: Path, damage: bytes) -> None:
    cache = Cache(tmp_path)
    cache.put("a", b"one")
    (path,) = tmp_path.iterdir()
    path.write_bytes(damage)
    assert cache.get("a") is None
    assert list(tmp_path.iterdir()) == []
    cache.put("a", b"one")
    assert cache.get("a") == b"one"


def test_another_content_takes_the_place_of_the_first(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put("a", b"one")
    cache.put("a", b"two")
    assert cache.get("a") == b"two"
    assert contents(cache) == [b"two"]


def test_what_was_unused_for_longest_leaves_first(tmp_path: Path) -> None:
    cache = Cache(tmp_path, limit=30)
    for age, key in enumerate("abc"):
        cache.put(key, key.encode() * 10)
        (path,) = (each for each in tmp_path.iterdir() if each.read_bytes() == key.encode() * 10)
        os.utime(path, (1000 + age, 1000 + age))
    assert cache.get("a")
    cache.put("d", b"d" * 10)
    assert contents(cache) == [b"a" * 10, b"c" * 10, b"d" * 10]
    cache.put("e", b"e" * 31)
    assert cache.get("e") is None
    assert contents(cache) == [b"a" * 10, b"c" * 10, b"d" * 10]


def test_a_file_of_a_killed_process_leaves_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "tmpabcdef").write_bytes(b"half" * 10)
    os.utime(tmp_path / "tmpabcdef", (1000, 1000))
    cache = Cache(tmp_path, limit=30)
    cache.put("a", b"one")
    assert contents(cache) == [b"one"]


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"in the way")
    for folder in (tmp_path / "file", Path("/proc/nowhere/cache")):
        cache = Cache(folder)
        cache.put("a", b"one")
        assert cache.get("a") is None


def test_a_full_disk_keeps_nothing_and_leaves_no_half(disk: Callable[[int], Path]) -> None:
    cache = Cache(disk(64))
    cache.put("a", b"a" * 20_000)
    cache.put("b", b"b" * 200_000)
    assert cache.get("b") is None
    assert contents(cache) == [b"a" * 20_000]


def use(folder: Path) -> int:
    cache, found = Cache(folder, limit=2000), 0
    for place in range(300):
        # Four keys fit and are asked for again and again; now and then one more makes others leave.
        key = str(place % 7 if place % 10 == 0 else place % 4)
        content = key.encode() * 400
        kept = cache.get(key)
        assert kept in {None, content}
        found += kept is not None
        cache.put(key, content)
    return found


def test_two_processes_at_once_harm_each_other_in_nothing(tmp_path: Path) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(use, [tmp_path] * 2))
    assert sum(found) > 0
    assert not list(tmp_path.glob("tmp*"))
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 2 * 2000
