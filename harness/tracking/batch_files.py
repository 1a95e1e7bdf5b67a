"""A batch as files of a folder: its runs as JSON, their rows and maps as Parquet, each with its digest."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from harness.engine.doctor import Complaint
from harness.files import sync
from harness.record import Array
from harness.tracking.batches import Batch, Ended, Failed, Header, Kept, Samples, Underway
from harness.tracking.maps import maps_of, read_maps, write_maps

FORMAT = 2
"""Raised whenever a batch is written in another way."""

RUNS = "runs.json"
ROWS = "rows.parquet"
MAPS = "maps.parquet"

Columns = Mapping[str, Array]


class DamagedError(ValueError):
    """One line: what of a spool cannot be read, and what is wrong with it."""


def write_batch(folder: Path, batch: Batch) -> str:
    """Write a batch into an empty folder, down to the disk; return the digest that `read_batch` asks for.

    No parameters are written: what is kept of a record is a `Kept`.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    rows = [columns for run in batch.runs if (columns := _rows(run)) is not None]
    maps = {
        str(place): run.record.maps
        for place, run in enumerate(batch.runs)
        if isinstance(run, Ended) and run.record.maps
    }
    if rows:
        # Read once, soon and here: to compress it would cost more than it saves.
        table = pa.concat_tables([pa.table(dict(columns)) for columns in rows])
        pq.write_table(table, folder / ROWS, compression="none", use_dictionary=False)
    if maps:
        write_maps(folder / MAPS, maps)
    files = {path.name: _digest(path.read_bytes()) for path in sorted(folder.iterdir())}
    runs = [_described(run) for run in batch.runs]
    content = json.dumps(
        {"format": FORMAT, "history": batch.history, "files": files, "runs": runs}, default=_plain
    ).encode()
    (folder / RUNS).write_bytes(content)
    for path in [*folder.iterdir(), folder]:
        sync(path)
    return _digest(content)


def read_batch(folder: Path, digest: str) -> Batch:
    """Return the batch that `write_batch` wrote.

    Raises
    ------
    DamagedError
        If a file is missing, or not as it was written.
    OSError
        If the disk cannot be read.
    """
    try:
        content = json.loads(_checked(folder / RUNS, digest))
        if content["format"] != FORMAT:
            raise DamagedError(f"written as format {content['format']}, not {FORMAT}")
        kept = content["files"]
        files = {name: _checked(folder / name, kept[name]) for name in (ROWS, MAPS) if name in kept}
        table = pq.ParquetFile(BytesIO(files[ROWS])).read() if ROWS in files else None
        maps = maps_of(read_maps(BytesIO(files[MAPS]))) if MAPS in files else {}
        return Batch(history=content["history"], runs=list(_runs(content["runs"], table, maps)))
    except (ValueError, TypeError, KeyError, pa.ArrowException) as error:
        if isinstance(error, DamagedError):
            raise
        raise DamagedError(f"cannot be understood ({type(error).__name__}: {error})") from error


def _rows(run: Underway | Ended | Failed) -> Columns | None:
    """Return the rows of a run that are kept: all of one that ended, else those that are new."""
    if isinstance(run, Ended):
        return run.record.columns
    if isinstance(run, Underway):
        return {name: values[run.since - run.first :] for name, values in run.columns.items()}
    return None


def _described(run: Underway | Ended | Failed) -> dict[str, Any]:
    header = asdict(run.header)
    # As the store will have them: a tuple would come back as a list.
    header["parameters"] = {key: str(value) for key, value in run.header.parameters.items()}
    told: dict[str, Any] = {"kind": type(run).__name__, "header": header}
    if isinstance(run, Failed):
        return told | {"reason": run.reason, "traceback": run.traceback}
    rows = _rows(run)
    assert rows is not None
    told |= {"since": run.since, "planned": run.planned, "rows": len(rows["update"])}
    if isinstance(run, Underway):
        return told
    return told | {
        "summary": dict(run.record.summary),
        "weights": run.record.weights_digest,
        "platform": dict(run.record.platform),
        "warnings": list(run.record.warnings),
        "complaints": [asdict(complaint) for complaint in run.record.complaints],
    }


def _runs(
    described: Sequence[Mapping[str, Any]], table: pa.Table | None, maps: Mapping[str, Columns]
) -> Iterator[Underway | Ended | Failed]:
    columns = {} if table is None else {name: table[name].to_numpy() for name in table.column_names}
    low = 0
    for place, told in enumerate(described):
        header = Header(**told["header"] | {"dataset": Samples(**told["header"]["dataset"])})
        if told["kind"] == Failed.__name__:
            yield Failed(header=header, reason=told["reason"], traceback=told["traceback"])
            continue
        high = low + told["rows"]
        rows = {name: values[low:high] for name, values in columns.items()}
        low = high
        since, planned = told["since"], told["planned"]
        if told["kind"] == Underway.__name__:
            yield Underway(header=header, columns=rows, since=since, planned=planned, first=since)
            continue
        record = Kept(
            columns=rows,
            summary=told["summary"],
            weights_digest=told["weights"],
            warnings=tuple(told["warnings"]),
            complaints=tuple(Complaint(**complaint) for complaint in told["complaints"]),
            maps=maps.get(str(place), {}),
            platform=told["platform"],
        )
        yield Ended(header=header, record=record, since=since, planned=planned)


def _checked(path: Path, digest: str) -> bytes:
    """Return a file's bytes, which are as they were written; nothing is parsed before that is sure."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise DamagedError(f"{path.name} is missing") from None
    if _digest(content) != digest:
        raise DamagedError(f"{path.name} is damaged or cut short: its checksum does not agree")
    return content


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _plain(value: Any) -> Any:
    """Return a NumPy number as Python's."""
    return value.item()
