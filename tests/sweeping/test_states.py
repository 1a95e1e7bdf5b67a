"""A saved state goes on as if nothing had happened, or is refused in one line."""

import hashlib
import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness import compose, engine
from harness.archives import SEAL, sealed
from harness.config import fingerprint
from harness.data.loading import digest
from harness.engine.run import Run
from harness.sweeping import states
from harness.sweeping.legs import Paused, begin, part, train_leg
from harness.sweeping.preparing import prepare
from harness.sweeping.states import HEADER, ROWS, STATE, UnusableStateError
from tests.tracking.planted import Touches

SHORT = ["dataset=moons", "dataset.samples=60", "architecture.width=5", "stopping.epochs=4"]
SHUFFLED = ["optimizer=batch", "optimizer.batch_size=8", "update=adam"]
AGAIN = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass(frozen=True)
class Stack:
    runs: list[Run]
    fingerprints: list[str]


def stack_of(*overrides: str, seeds: tuple[int, ...] = (0, 1)) -> Stack:
    configs = [compose([*SHORT, *overrides, f"seed={seed}"]) for seed in seeds]
    prints = [fingerprint(config, digest(config.dataset)) for config in configs]
    return Stack([prepare(config) for config in configs], prints)


@pytest.fixture(scope="module")
def stack() -> Stack:
    return stack_of(*SHUFFLED)


def further(stack: Paused, updates: int) -> Paused:
    state, rows = engine.advance(stack.state, updates)
    return Paused(state, engine.training.joined([stack.rows, rows]), stack.maps, stack.seconds)


@pytest.fixture(scope="module")
def state(stack: Stack) -> Paused:
    """Seven updates in, within the second epoch."""
    return further(begin(stack.runs), 7)


def save(path: Path, stack: Paused, fingerprints: list[str]) -> None:
    path.write_bytes(states.packed(stack, fingerprints))


def load(path: Path, of: Stack) -> Paused:
    return states.unpacked(path.read_bytes(), of.runs, of.fingerprints)


@pytest.fixture
def saved(stack: Stack, state: Paused, tmp_path: Path) -> Path:
    path = tmp_path / "stack-1.npz"
    save(path, state, stack.fingerprints)
    return path


@pytest.fixture
def refusal(stack: Stack) -> Callable[..., str]:
    """Return what `load` says of a file that it refuses."""

    def said(path: Path, of: Stack = stack) -> str:
        with pytest.raises(UnusableStateError) as raised:
            load(path, of)
        assert "\n" not in str(raised.value)
        return str(raised.value)

    return said


def same(found: Paused, expected: Paused) -> bool:
    mine = found.state.arrays.plain() | found.rows
    other = expected.state.arrays.plain() | expected.rows
    return mine.keys() == other.keys() and all(
        mine[name].dtype == other[name].dtype and np.array_equal(mine[name], other[name], equal_nan=True)
        for name in mine
    )


def contents(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as archive:
        return dict(archive)


def headed(path: Path, **changes: Any) -> bytes:
    """Return a saved state with other values in its header and a checksum that agrees."""
    named = contents(path)
    header = json.loads(named[HEADER].tobytes()) | changes
    named[HEADER] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    return sealed(named)


def resealed(content: bytes) -> bytes:
    return content[:-SEAL] + hashlib.sha256(content[:-SEAL]).hexdigest().encode()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    "overrides",
    [
        ["optimizer=gd", "update=nesterov", "stopping.tolerance=1e-9"],
        ["optimizer=sgd", "optimizer.order=as_given"],
        ["optimizer=sgd", "update=rmsprop", "optimizer.order=by_class"],
        SHUFFLED,
        ["optimizer=batch", "stopping=early_stopping", "schedule=plateau", "schedule.patience=1"],
    ],
    ids=" ".join,
)
def test_a_training_goes_on_from_a_file_to_the_same_bits_and_rows(
    tmp_path: Path, overrides: list[str], dtype: str
) -> None:
    stack, path = stack_of(*overrides, f"dtype={dtype}"), tmp_path / "state.npz"
    middle = further(begin(stack.runs), 3)
    save(path, middle, stack.fingerprints)
    expected = train_leg(begin(stack.runs), None)
    found = train_leg(load(path, stack), None)
    assert found.state.finished
    assert same(found, expected)
    assert not same(found, middle)


def test_some_of_the_runs_go_on_without_the_others(tmp_path: Path) -> None:
    stack, path = stack_of(*SHUFFLED, seeds=(0, 1, 2)), tmp_path / "state.npz"
    save(path, further(begin(stack.runs), 3), stack.fingerprints)
    whole = train_leg(begin(stack.runs), None)
    for members in ([1], [2, 0]):
        chosen = Stack(
            [stack.runs[member] for member in members], [stack.fingerprints[member] for member in members]
        )
        assert same(train_leg(load(path, chosen), None), part(whole, members))


def test_maps_taken_so_far_are_kept(tmp_path: Path) -> None:
    stack, path = stack_of("optimizer=gd", "diagnostics.measures=[decision_map]"), tmp_path / "state.npz"
    whole = train_leg(begin(stack.runs), None)
    first = train_leg(begin(stack.runs), 0.0)
    assert first.running
    save(path, first, stack.fingerprints)
    found = train_leg(load(path, stack), None)
    for mine, other in zip(found.maps, whole.maps, strict=True):
        assert mine.keys() == other.keys()
        assert all(np.array_equal(mine[name], other[name]) for name in other)


def test_a_saved_state_is_an_archive_that_numpy_reads(saved: Path, state: Paused) -> None:
    named = contents(saved)
    arrays = {name.removeprefix(STATE) for name in named if name.startswith(STATE)}
    assert arrays == state.state.arrays.plain().keys()
    assert {name.removeprefix(ROWS) for name in named if name.startswith(ROWS)} == state.rows.keys()
    header = json.loads(named[HEADER].tobytes())
    assert header["numpy"] == np.__version__
    assert header["numerics"] == engine.NUMERICS
    assert header.keys() >= {"format", "machine", "libc", "blas", "cpu_features", "fingerprints"}


def test_a_truncated_state_is_refused_at_every_length(saved: Path, refusal: Callable[..., str]) -> None:
    content = saved.read_bytes()
    ends = {*range(300), *range(300, len(content) - 300, 41), *range(len(content) - 300, len(content))}
    for length in sorted(ends):
        saved.write_bytes(content[:length])
        assert "cut short" in refusal(saved)


@AGAIN
@given(data=st.data(), change=st.integers(1, 255))
def test_a_byte_that_flipped_is_noticed(
    saved: Path, refusal: Callable[..., str], data: st.DataObject, change: int
) -> None:
    content = bytearray(saved.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    damaged = content.copy()
    damaged[place] ^= change
    saved.write_bytes(damaged)
    assert "damaged" in refusal(saved)
    saved.write_bytes(content)


@settings(AGAIN, max_examples=200)
@given(data=st.data(), change=st.integers(1, 255))
def test_damage_under_a_right_checksum_raises_nothing_else(
    saved: Path, stack: Stack, state: Paused, data: st.DataObject, change: int
) -> None:
    """Archives have checksums of their own; what they do not cover changes no array."""
    content = saved.read_bytes()
    damaged = bytearray(content)
    damaged[data.draw(st.integers(0, len(content) - SEAL - 1))] ^= change
    saved.write_bytes(resealed(bytes(damaged)))
    try:
        found = load(saved, stack)
    except UnusableStateError:
        found = state
    saved.write_bytes(content)
    assert same(found, state)


@pytest.mark.parametrize("name", ["parameters", HEADER, "unheard_of"])
def test_an_object_in_a_state_is_refused_and_not_executed(
    saved: Path, refusal: Callable[..., str], name: str
) -> None:
    trace = saved.parent / "executed"
    with np.load(saved) as archive:
        named = {**archive, name: np.array([Touches(trace)], dtype=object)}
    unsealed = BytesIO()
    np.savez(unsealed, allow_pickle=True, **named)
    saved.write_bytes(resealed(unsealed.getvalue() + b"0" * SEAL))
    assert "no archive of plain arrays" in refusal(saved)
    assert not trace.exists()
    # It would have been, by whoever unpickles.
    np.load(BytesIO(unsealed.getvalue()), allow_pickle=True)[name]
    assert trace.exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"no archive", pickle.dumps("x"), np.arange(3).tobytes()],
    ids=["empty", "text", "pickle", "numbers"],
)
def test_another_file_is_refused(tmp_path: Path, refusal: Callable[..., str], content: bytes) -> None:
    path = tmp_path / "state.npz"
    path.write_bytes(content)
    assert "no saved state" in refusal(path)
    path.write_bytes(resealed(content + b"0" * SEAL))
    assert "no archive" in refusal(path)


def test_an_archive_of_other_origin_is_refused(
    saved: Path, state: Paused, refusal: Callable[..., str]
) -> None:
    np.savez(saved, **state.state.arrays.plain())
    assert "no saved state" in refusal(saved)
    saved.write_bytes(sealed(state.state.arrays.plain()))
    assert "header" in refusal(saved)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"format": 1}, "format was 1, is 2"),
        ({"format": None}, "format was None"),
        ({"numerics": engine.NUMERICS + 1}, f"numerics was {engine.NUMERICS + 1}"),
        ({"numpy": "2.3.0"}, f"numpy was '2.3.0', is '{np.__version__}'"),
        ({"blas": "openblas 0.3.1 Haswell"}, "blas was 'openblas 0.3.1 Haswell'"),
        ({"cpu_features": "X86_V3"}, "cpu_features was 'X86_V3'"),
        ({"libc": "glibc 2.17"}, "libc was 'glibc 2.17'"),
        ({"machine": "Linux aarch64"}, "machine was 'Linux aarch64'"),
    ],
)
def test_a_state_from_elsewhere_is_refused(
    saved: Path, refusal: Callable[..., str], changes: dict[str, Any], why: str
) -> None:
    saved.write_bytes(headed(saved, **changes))
    assert why in refusal(saved)


@pytest.mark.parametrize("header", [b"[1]", b"{", b"\xff", b"[" * 100_000])
def test_a_header_that_says_nothing_is_refused(
    saved: Path, refusal: Callable[..., str], header: bytes
) -> None:
    saved.write_bytes(sealed(contents(saved) | {HEADER: np.frombuffer(header, np.uint8)}))
    assert "header" in refusal(saved)


def test_a_state_of_other_runs_is_refused(saved: Path, refusal: Callable[..., str]) -> None:
    for other in (
        stack_of(*SHUFFLED, "optimizer.learning_rate=0.2"),
        stack_of(*SHUFFLED, seeds=(0, 2)),
    ):
        assert "its runs are others" in refusal(saved, other)


def test_arrays_that_these_runs_do_not_have_are_refused(saved: Path, refusal: Callable[..., str]) -> None:
    named = contents(saved)
    parameters = named[f"{STATE}parameters"]
    runs, count = parameters.shape
    for changes, why in (
        ({"parameters": parameters[:, :-1]}, f"parameters is float64 ({runs}, {count - 1})"),
        ({"parameters": parameters[:1]}, f"parameters is float64 (1, {count})"),
        ({"parameters": parameters.astype(np.float32)}, f"parameters is float32 ({runs}, {count})"),
        ({"order": named[f"{STATE}order"].astype(float)}, "order is float64"),
        ({"unheard_of": parameters}, "unknown: unheard_of"),
    ):
        changed = {f"{STATE}{name}": array for name, array in changes.items()}
        saved.write_bytes(sealed(named | changed))
        assert why in refusal(saved)
    needed = {name for name in named if name.startswith(STATE)} | {f"{ROWS}member", f"{ROWS}update"}
    for name in needed:
        rest = {other: array for other, array in named.items() if other != name}
        saved.write_bytes(sealed(rest))
        assert name.partition("/")[2] in refusal(saved) or name.startswith(ROWS)
    uneven = named | {f"{ROWS}update": named[f"{ROWS}update"][:-1]}
    saved.write_bytes(sealed(uneven))
    assert "rows" in refusal(saved)
