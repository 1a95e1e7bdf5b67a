"""The Hydra app: ``python -m harness KEY=VALUE ...`` trains a run, with ``-m`` a grid."""

import os
import sys
from collections.abc import Sequence

import hydra
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from harness.errors import ConfigurationError
from harness.locations import CONF
from harness.sweeping.composing import default_composer, one_line
from harness.sweeping.launch import launch_one
from harness.sweeping.study import register_studies

REFUSED = 2
MULTIRUN = {"-m", "--multirun"}


def task(config: DictConfig) -> float:
    """Train one run and return its best validation loss."""
    try:
        return launch_one(config)
    except ConfigurationError as error:
        # Raised as it is, Hydra would print a line of its own before ours.
        refuse(error)
        raise


def refuse(error: Exception) -> None:
    """Say in one line what is wrong, and leave with status 2."""
    print(f"harness: {one_line(error)}", file=sys.stderr)
    raise SystemExit(REFUSED)


def explain(error: Exception, arguments: Sequence[str]) -> Exception:
    """Return our own sentence for what Hydra could not compose, or Hydra's if we find none."""
    overrides = [argument for argument in arguments if not argument.startswith("-")]
    try:
        default_composer().compose(overrides)
    except ConfigurationError as ours:
        return ours
    return error


def main() -> None:
    """Run the app; every configuration error becomes one line and status 2."""
    os.environ["HYDRA_FULL_ERROR"] = "1"
    register_studies()
    # Hydra's parser takes overrides on one side of its flags only.
    sys.argv[1:] = sorted(sys.argv[1:], key=lambda argument: argument not in MULTIRUN)
    app = hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")(task)
    try:
        app()
    except ConfigurationError as error:
        refuse(error)
    except (HydraException, OmegaConfBaseException) as error:
        refuse(explain(error, sys.argv[1:]))


if __name__ == "__main__":
    main()
