"""`python -m harness.tracking deliver`: bring to MLflow what could not be brought when it was trained."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.errors import ConfigurationError
from harness.tracking.batch_files import DamagedError
from harness.tracking.delivering import DeliveryError, GoneError, deliver
from harness.tracking.settings import local_folder, tracking_uri
from harness.tracking.spool import LockedError, Spool, is_spool

UNDELIVERED = 1
REFUSED = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status: 0, 1 if something waits still, 2 if refused."""
    parser = argparse.ArgumentParser(
        prog="python -m harness.tracking", description="What a sweep leaves for MLflow."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    asked = commands.add_parser("deliver", help="bring to MLflow what waits on this machine")
    asked.add_argument("--uri", help="MLflow store (default: MLFLOW_TRACKING_URI, else mlruns/ here)")
    asked.add_argument("--folder", type=Path, help="folder that holds spool/ (default: beside the store)")
    options = parser.parse_args(arguments)
    uri = tracking_uri(options.uri)
    return _deliver(options.folder or local_folder(uri), uri, anywhere=options.uri is not None)


def _deliver(folder: Path, uri: str, *, anywhere: bool) -> int:
    status, quiet = 0, True
    for path in sorted(folder.glob("spool/*")):
        if not is_spool(path):
            print(f"{path}: no spool of a grid; it stays where it is", file=sys.stderr)
            continue
        spool = Spool(path)
        for other in spool.foreign():
            print(f"{other}: damaged, or no part of a spool; it stays where it is", file=sys.stderr)
        try:
            delivered = deliver(spool, uri, anywhere=anywhere)
        except (ConfigurationError, DamagedError, DeliveryError) as error:
            print(error, file=sys.stderr)
            refused = isinstance(error, ConfigurationError) and not isinstance(error, LockedError)
            status, quiet = max(status, REFUSED if refused else UNDELIVERED), False
            if isinstance(error, GoneError):
                break
            continue
        if delivered is not None:
            print(f"{delivered.experiment}: {delivered.runs:,} runs delivered")
            for line in delivered.damaged:
                print(line, file=sys.stderr)
                status = max(status, UNDELIVERED)
            quiet = False
    if quiet:
        print("nothing waits")
    return status


if __name__ == "__main__":
    sys.exit(main())
