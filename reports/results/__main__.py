"""`python -m reports.results`: write docs/results.md from what the store holds of each study of sweeps/."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

DOCS = Path("docs")
OUTPUT = Path("reports") / "output"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status: 0, or after one line on stderr 2, or 1 for a store."""
    parser = argparse.ArgumentParser(prog="python -m reports.results", description=__doc__)
    parser.add_argument(
        "--preset", help="the smaller form of each study, such as quick (default: the full one)"
    )
    parser.add_argument("--out", type=Path, help="folder of results.md and its pictures (default: docs)")
    parser.add_argument("--uri", help="MLflow store (default: MLFLOW_TRACKING_URI, else mlruns/ here)")
    asked = parser.parse_args(arguments)

    from harness.errors import ConfigurationError, StoreError
    from reports.results.answers import answers
    from reports.results.document import document
    from reports.results.writing import write

    # What is committed is of the full forms alone.
    folder = asked.out or (DOCS if asked.preset is None else OUTPUT / f"results-{asked.preset}")
    try:
        told = tqdm(answers(asked.preset, uri=asked.uri), "reading", unit="study", leave=False, disable=None)
        page = write(document(list(told), asked.preset), folder)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    except StoreError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"out = {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    print(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
