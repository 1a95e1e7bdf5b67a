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
COLUMNS = ("run_id", "update", "rows", "columns", *LISTS)


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
        tables.append(pa.table(single | {name: _lists(arrays[name], count) for name in LISTS}))
    # Classes are few; values are as good as all different, but their bytes are not.
    pq.write_table(
        pa.concat_tables(tables),
        path,
        compression="zstd",
        use_dictionary=["run_id", "classes.list.element"],
        use_byte_stream_split=["values.list.element"],
    )


def read_maps(file: Path | BinaryIO, run_ids: Sequence[str] | None = None) -> pd.DataFrame:
    """Return the maps of some runs, or all: grids of shape (rows, columns), bounds of shape (2, 2)."""
    chosen = None if run_ids is None else [("run_id", "in", list(run_ids))]
    frame = pd.read_parquet(file, filters=chosen)
    shapes = list(zip(frame["rows"], frame["columns"], strict=True))
    frame["bounds"] = [each.reshape(2, 2) for each in frame["bounds"]]
    for name in ("values", "classes"):
        frame[name] = [each.reshape(shape) for each, shape in zip(frame[name], shapes, strict=True)]
    return frame


def maps_of(frame: pd.DataFrame) -> dict[str, dict[str, Array]]:
    """Return what `read_maps` read as `write_maps` was given it."""
    return {
        str(run_id): {
            "update": found["update"].to_numpy(),
            "bounds": found["bounds"].iloc[0],
            "values": np.stack(list(found["values"])),
            "classes": np.stack(list(found["classes"])),
        }
        for run_id, found in frame.groupby("run_id", sort=False)
    }


def _lists(flat: Array, count: int) -> pa.ListArray:
    """Return an array cut into `count` lists of equal length."""
    edges = np.arange(count + 1) * (len(flat) // count)
    return pa.ListArray.from_arrays(edges.astype(np.int32), flat)
