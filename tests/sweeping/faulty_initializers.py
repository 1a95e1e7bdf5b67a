"""Initial weights that raise, or kill the process that draws them: real faults, one run at a time."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.engine.initializers import Normal


@dataclass(frozen=True)
class Raising(Normal):
    """Raises an exception that pickles, but cannot be unpickled."""

    def weights(self, fan_in: int, fan_out: int, draw: np.random.Generator) -> NDArray[np.float64]:
        raise UnpicklableError("no weights", "today")


class UnpicklableError(Exception):
    def __init__(self, what: str, when: str) -> None:
        super().__init__(f"{what} {when}")


@dataclass(frozen=True)
class Killing(Normal):
    """Kills its process as long as `folder` counts fewer than `deaths`."""

    folder: str = ""
    deaths: int = 1
    per_run: ClassVar[tuple[str, ...]] = (*Normal.per_run, "folder", "deaths")

    def weights(self, fan_in: int, fan_out: int, draw: np.random.Generator) -> NDArray[np.float64]:
        died = len(list(Path(self.folder).iterdir()))
        if died < self.deaths:
            Path(self.folder, str(died)).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().weights(fan_in, fan_out, draw)
