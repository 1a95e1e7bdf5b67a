"""The sweeper that Hydra finds: it hands the whole grid over to harness.sweeping.

Hydra imports every module of this namespace package in every application of the environment, so
nothing heavy is imported before a sweep is asked for.
"""

from dataclasses import dataclass
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


@dataclass
class HarnessGrid:
    """Hydra's description of the plugin."""

    _target_: str = "hydra_plugins.harness_grid.HarnessGridSweeper"


ConfigStore.instance().store(
    group="hydra/sweeper", name="harness_grid", node=HarnessGrid, provider="regime-harness"
)


class HarnessGridSweeper(Sweeper):
    """Expands, validates, stacks, trains, tracks and reports a grid in one go."""

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Keep what a sweep needs; the task function is for other sweepers."""
        self._loader = hydra_context.config_loader
        self._master = config

    def sweep(self, arguments: list[str]) -> Any:
        """Train the grid that `arguments` ask for."""
        from harness.sweeping.launch import launch

        return launch(self._loader, self._master, arguments)
