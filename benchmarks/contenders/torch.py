"""PyTorch as its tutorials write it: one run, a module, its loss and torch.optim.SGD."""

import numpy as np
import torch

from benchmarks.contenders import Trainer, flat
from benchmarks.runs import RATE, Orders, runs
from benchmarks.tasks import Task
from harness.engine.arrays import Floats

ACTIVATIONS = {"sigmoid": torch.nn.Sigmoid, "relu": torch.nn.ReLU}


class Eager(Trainer):
    """Trains one run on and on."""

    runs = 1

    def __init__(self, task: Task) -> None:
        torch.set_num_threads(task.cores)
        cell = task.cell
        self.work = task.work
        self.updates = self.work.updates
        made = runs(cell, 1)
        self.orders = Orders(made)
        self.all_at_once = cell.batch is None
        network, data = made[0].network, made[0].data.train
        layers = network.layers(made[0].initial_parameters()[None])
        modules: list[torch.nn.Module] = []
        for layer in layers:
            fan_in, fan_out = layer.weights.shape[1:]
            linear = torch.nn.Linear(fan_in, fan_out, dtype=getattr(torch, cell.dtype))
            with torch.no_grad():
                linear.weight.copy_(torch.tensor(layer.weights[0].T))
                linear.bias.copy_(torch.tensor(layer.bias[0, 0]))
            modules += [linear, ACTIVATIONS[cell.activation]()]
        self.model = torch.nn.Sequential(*modules[:-1])
        self.x, self.labels = torch.tensor(data.x), torch.tensor(data.y.argmax(axis=1))
        self.rule = torch.optim.SGD(self.model.parameters(), lr=RATE)
        self.loss = torch.nn.CrossEntropyLoss()

    def train(self) -> None:
        """Draw the orders and make the updates."""
        if self.all_at_once:
            for _ in range(self.updates):
                self._update(self.x, self.labels)
            return
        for order in torch.tensor(self.orders.draw(self.work)[0]):
            for chosen in order.split(self.work.batch):
                self._update(self.x[chosen], self.labels[chosen])

    def _update(self, x: torch.Tensor, labels: torch.Tensor) -> None:
        self.rule.zero_grad()
        self.loss(self.model(x), labels).backward()
        self.rule.step()

    def parameters(self) -> Floats:
        """Return the parameters (1, P)."""
        linear = [module for module in self.model if isinstance(module, torch.nn.Linear)]
        return flat(
            [np.array(each.weight.detach().numpy().T)[None] for each in linear],
            [each.bias.detach().numpy()[None] for each in linear],
        )


def trainer(task: Task) -> Eager:
    """Return PyTorch's trainer, which uses as many threads as it has cores."""
    return Eager(task)
