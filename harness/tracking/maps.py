"""The Parquet form of decision maps: one row a map, its grid as lists."""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from harness.record import Array

FOLDER = "maps"
LISTS = ("bounds", "values", "classes")
ONCE = ("samples", "answers")
"""Of a run rather than of a map; older files lack them."""
COLUMNS = ("run_id", "update", "rows", "columns", *LISTS, *ONCE)


def maps_beside(history: str) -> str:
    """Return where the maps of the runs lie whose rows are in the artifact `history`."""
    return f"{FOLDER}/{PurePosixPath(history).name}"


def write_maps(path: Path, maps: Mapping[str, Mapping[str, Array]]) -> None:
    """Write the maps of some runs, by run id, as `harness.record.Record` holds them."""
    tables = []
    for run_id, found in maps.items():
        count, rows, columns = found["values"].shape
        single = {
            "run_id": [run_id] * count,
            "update": found["update"],
            "rows": np.full(count, rows),
            "columns": np.full(count, columns),
        }
        arrays = {"bounds": np.tile(found["bounds"].ravel(), count)} | {
            name: found[name].ravel() for name in ("values", "classes")
        }
        lists = {name: _lists(arrays[name], count) for name in LISTS}
        lists |= {name: _first(found.get(name, np.empty(0, np.float32)), count) for name in ONCE}
        tables.append(pa.table(single | lists))
    # Classes are few; values are as good as all different, but their bytes are not.
    pq.write_table(
        pa.concat_tables(tables),
        path,
        compression="zstd",
        use_dictionary=["run_id", "classes.list.element"],
        use_byte_stream_split=["values.list.element"],
    )


def read_maps(file: Path | BinaryIO, run_ids: Sequence[str] | None = None) -> pd.DataFrame:
    """Return the maps of some runs, or all.

    Grids have the shape (rows, columns), bounds (2, 2), samples (n, 2) and answers (n,), the same with
    each map of a run; no samples where the file has none.
    """
    chosen = None if run_ids is None else [("run_id", "in", list(run_ids))]
    frame = pd.read_parquet(file, filters=chosen)
    shapes = list(zip(frame["rows"], frame["columns"], strict=True))
    frame["bounds"] = [each.reshape(2, 2) for each in frame["bounds"]]
    for name in ("values", "classes"):
        frame[name] = [each.reshape(shape) for each, shape in zip(frame[name], shapes, strict=True)]
    for name, shape in zip(ONCE, ((-1, 2), (-1,)), strict=True):
        held: dict[str, Array] = {}
        if name in frame.columns:
            held = {run: each for run, each in zip(frame["run_id"], frame[name], strict=True) if len(each)}
        none = np.empty(0, np.float32)
        once = [held.get(run, none).reshape(shape) for run in frame["run_id"]]
        frame[name] = pd.Series(once, dtype=object)
    return frame[list(COLUMNS)]


def maps_of(frame: pd.DataFrame) -> dict[str, dict[str, Array]]:
    """Return what `read_maps` read as `write_maps` was given it."""
    return {
        str(run_id): {
            "update": found["update"].to_numpy(),
            "bounds": found["bounds"].iloc[0],
            "values": np.stack(list(found["values"])),
            "classes": np.stack(list(found["classes"])),
        }
        | {name: found[name].iloc[0] for name in ONCE if len(found[name].iloc[0])}
        for run_id, found in frame.groupby("run_id", sort=False)
    }


def _first(array: Array, count: int) -> pa.ListArray:
    """Return `count` lists of which the first has all: it is the same with every map."""
    edges = np.concatenate([[0], np.full(count, array.size)])
    return pa.ListArray.from_arrays(edges.astype(np.int32), array.astype(np.float32).ravel())


def _lists(flat: Array, count: int) -> pa.ListArray:
    """Return an array cut into `count` lists of equal length."""
    edges = np.arange(count + 1) * (len(flat) // count)
    return pa.ListArray.from_arrays(edges.astype(np.int32), flat)
