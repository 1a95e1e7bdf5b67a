"""The harness as a sweep uses it: stacks in its executor's worker processes, rows and records included.

Nothing is tracked, and `diagnostics=off` leaves losses and accuracies alone.
"""

from concurrent.futures import wait
from dataclasses import replace

from benchmarks.contenders import Trainer
from benchmarks.runs import config
from benchmarks.tasks import STACKS_A_CORE, Task
from harness.engine.stopping import Stopping
from harness.record import Record
from harness.sweeping.executors import InProcess, process_pool
from harness.sweeping.trainer import train_stack


class Sweep(Trainer):
    """Trains twice as many stacks as cores, from configurations to records."""

    def __init__(self, task: Task) -> None:
        stacks = STACKS_A_CORE * task.cores
        self.updates = task.work.updates
        self.runs = stacks * task.stack
        made = replace(config(task.cell), stopping=Stopping(updates=self.updates))
        self.stacks = [
            [replace(made, seed=seed) for seed in range(number * task.stack, (number + 1) * task.stack)]
            for number in range(stacks)
        ]
        self.executor = InProcess() if task.cores == 1 else process_pool(task.cores)
        self.records: list[Record] = []

    def train(self) -> None:
        """Train every stack."""
        futures = [self.executor.submit(train_stack, stack) for stack in self.stacks]
        wait(futures)
        self.records = [record for future in futures for record in future.result()]

    def close(self) -> None:
        """End the workers."""
        self.executor.shutdown()


def trainer(task: Task) -> Sweep:
    """Return the trainer of a whole small sweep, on as many workers as cores."""
    return Sweep(task)
