"""Hydra's own multirun of the same grid: its basic sweeper and launcher, the same conf/, and an empty job."""

import sys
from time import perf_counter, process_time

import hydra
from omegaconf import DictConfig

from benchmarks.sweeps.grids import composed, job
from benchmarks.sweeps.processes import tell
from harness.locations import CONF

SEEN: list[tuple[str, str, str, float, int]] = []


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")
def empty(config: DictConfig) -> None:
    """Do nothing but note which job this is."""
    SEEN.append(job(config))


def multirun(overrides: list[str]) -> None:
    """Run a job for each point that `overrides` ask for."""
    sys.argv[1:] = [*overrides, "hydra/sweeper=basic", "--multirun"]
    empty()


def main() -> None:
    """Run as many jobs as the command line says."""
    file, jobs = sys.argv[1:]
    # What libraries take when they are first used is no part of what a job takes.
    multirun(["dataset=moons"])
    SEEN.clear()
    processor, clock = process_time(), perf_counter()
    multirun(composed(int(jobs)))
    told = {"processor": process_time() - processor, "clock": perf_counter() - clock}
    tell(file, told | {"jobs": len(set(SEEN))})


if __name__ == "__main__":
    main()
