"""The Hydra app: ``python -m harness KEY=VALUE ...`` trains a run, with ``-m`` a grid."""

import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import hydra
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from harness.errors import ConfigurationError, StoreError
from harness.locations import CONF
from harness.sweeping.composing import default_composer, one_line
from harness.sweeping.launch import launch_one
from harness.tracking.settings import concealed

REFUSED = 2
UNREACHABLE = 1
INTERRUPTED = 130
MULTIRUN = {"-m", "--multirun"}
VERBOSE = {"-v", "--verbose"}


def task(config: DictConfig) -> float:
    """Train one run and return its best validation loss."""
    try:
        return launch_one(config)
    except (ConfigurationError, StoreError) as error:
        # Raised as it is, Hydra would print a line of its own before ours.
        refuse(error)
        raise


def refuse(error: Exception) -> None:
    """Say in one line what is wrong, and leave: with status 2 if it was asked wrongly, else with 1."""
    away = isinstance(error, StoreError)
    print(f"harness: {concealed(str(error) if away else one_line(error))}", file=sys.stderr)
    raise SystemExit(UNREACHABLE if away else REFUSED)


def explain(error: Exception, arguments: Sequence[str]) -> Exception:
    """Return our own sentence for what Hydra could not compose, or Hydra's if we find none."""
    overrides = [argument for argument in arguments if not argument.startswith("-")]
    try:
        default_composer().compose(overrides)
    except ConfigurationError as ours:
        return ours
    return error


@contextmanager
def logs(verbose: bool) -> Iterator[None]:
    """Show the harness's warnings on standard error; if `verbose` also what it is doing, and when."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s" if verbose else "harness: %(message)s"))
    logger = logging.getLogger("harness")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO if verbose else logging.WARNING)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def main() -> None:
    """Run the app; every configuration error becomes one line and status 2."""
    verbose = any(argument in VERBOSE for argument in sys.argv[1:])
    sys.argv[1:] = [argument for argument in sys.argv[1:] if argument not in VERBOSE]
    with logs(verbose):
        try:
            run_app()
        except KeyboardInterrupt:
            raise SystemExit(INTERRUPTED) from None


def run_app() -> None:
    """Let Hydra compose what was asked for, and carry it out."""
    os.environ["HYDRA_FULL_ERROR"] = "1"
    # Hydra's parser takes overrides on one side of its flags only.
    sys.argv[1:] = sorted(sys.argv[1:], key=lambda argument: argument not in MULTIRUN)
    app = hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")(task)
    try:
        app()
    except (ConfigurationError, StoreError) as error:
        refuse(error)
    except (HydraException, OmegaConfBaseException) as error:
        refuse(explain(error, sys.argv[1:]))
    except ValueError as error:
        # Hydra's too, where a group is given nothing.
        if (ours := explain(error, sys.argv[1:])) is error:
            raise
        refuse(ours)


if __name__ == "__main__":
    main()
