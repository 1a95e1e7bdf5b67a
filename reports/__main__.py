"""`python -m reports STUDY`: write the report of a study that MLflow holds."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status: 0, or after one line on stderr 2, or 1 for a store."""
    parser = argparse.ArgumentParser(prog="python -m reports", description="Report what a study's runs show.")
    parser.add_argument("study", metavar="STUDY", help="name of a study that the store holds")
    parser.add_argument(
        "--experiment", help="MLflow experiment that holds it, by name or id (default: that named STUDY)"
    )
    parser.add_argument("--out", type=Path, help="folder to write (default: reports/output/STUDY)")
    parser.add_argument("--format", help="what the page is written as: html, md (default: html,md)")
    parser.add_argument("--only", help="make figures, tables or the page alone (default: all)")
    parser.add_argument("--uri", help="MLflow store (default: MLFLOW_TRACKING_URI, else mlruns/ here)")
    asked = parser.parse_args(arguments)

    from harness.errors import ConfigurationError, StoreError
    from reports.asking import asked_for
    from reports.dating import today

    try:
        # Before the imports below: numpy reads the same variable there, and fails where it is no number.
        today()
        wanted = asked_for(asked.format, asked.only)
        from reports.reporting import report

        page = report(asked.study, asked.out, asked.uri, experiment=asked.experiment, wanted=wanted)
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
