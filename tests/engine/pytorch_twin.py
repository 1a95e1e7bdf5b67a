"""A run in PyTorch: its automatic differentiation, its own losses and optimizers."""

from functools import partial

import numpy as np
import pytest

from harness.engine.update_rules import AdaGrad, Adam, AdamW, Momentum, Nesterov, Plain, RMSprop

torch = pytest.importorskip("torch", reason="PyTorch is not installed; .ci/run installs it")
functional = torch.nn.functional

RULES = {
    "plain": (Plain(), partial(torch.optim.SGD, foreach=False)),
    "momentum": (Momentum(momentum=0.8), partial(torch.optim.SGD, momentum=0.8, foreach=False)),
    "nesterov": (
        Nesterov(momentum=0.8),
        partial(torch.optim.SGD, momentum=0.8, nesterov=True, foreach=False),
    ),
    "adagrad": (AdaGrad(epsilon=1e-4), partial(torch.optim.Adagrad, eps=1e-4, foreach=False)),
    "rmsprop": (
        RMSprop(beta=0.9, epsilon=1e-4),
        partial(torch.optim.RMSprop, alpha=0.9, eps=1e-4, foreach=False),
    ),
    "adam": (
        Adam(beta_1=0.8, beta_2=0.95),
        partial(torch.optim.Adam, betas=(0.8, 0.95), foreach=False),
    ),
    "adam with l2": (Adam(l2=0.1), partial(torch.optim.Adam, weight_decay=0.1, foreach=False)),
    "adamw": (AdamW(weight_decay=0.3), partial(torch.optim.AdamW, weight_decay=0.3, foreach=False)),
    "plain with l2": (Plain(l2=0.1), partial(torch.optim.SGD, weight_decay=0.1, foreach=False)),
}
ACTIVATIONS = {
    "identity": lambda z: z,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky_relu": functional.leaky_relu,
    "elu": functional.elu,
    "softplus": functional.softplus,
}
OUTPUTS = {"identity": lambda z: z, "sigmoid": torch.sigmoid, "softmax": lambda z: torch.softmax(z, dim=1)}


class Twin:
    """A run's network, loss and rule in PyTorch, from the same parameters."""

    def __init__(self, run, parameters, optimizer):
        self.run = run
        self.leaves = [torch.tensor(array, requires_grad=True) for array in self.arrays(parameters)]
        step = 2 if run.network.bias else 1
        self.weights, biases = self.leaves[::step], self.leaves[1::2] if run.network.bias else []
        # Penalties hold for weights alone: biases form a group without.
        groups = [{"params": self.weights}, {"params": biases, "weight_decay": 0.0}]
        self.optimizer = optimizer(groups if biases else self.weights, lr=run.feeding.learning_rate)

    def arrays(self, parameters):
        layers = self.run.network.layers(parameters[None])
        each = (array for layer in layers for array in (layer.weights, layer.bias))
        return [array[0] for array in each if array is not None]

    def loss(self, x, y, weight=1.0):
        """The run's loss of a batch, each sample's times its weight."""
        network, loss = self.run.network, self.run.loss
        functions = [*(ACTIVATIONS[each.name] for each in network.activations), None]
        a, parts = x, iter(self.leaves)
        for function in functions:
            z = a @ next(parts)
            if network.bias:
                z = z + next(parts)
            a = z if function is None else function(z)
        each = weight * self.per_sample(z, y)
        return each.mean() if loss.reduction == "mean" else each.sum()

    def per_sample(self, z, y):
        loss, output = self.run.loss, self.run.network.output.name
        if loss.name == "cross_entropy" and output == "softmax":
            return functional.cross_entropy(z, y, reduction="none")
        if loss.name == "cross_entropy":
            return functional.binary_cross_entropy_with_logits(z, y, reduction="none").sum(dim=1)
        if loss.name == "huber":
            coefficient = {"sum": 1.0, "mean": 1 / y.shape[1]}[loss.scale]
            each = functional.huber_loss(OUTPUTS[output](z), y, reduction="none", delta=loss.threshold)
        else:
            coefficient = {"half": 0.5, "sum": 1.0, "mean": 1 / y.shape[1]}[loss.scale]
            each = functional.mse_loss(OUTPUTS[output](z), y, reduction="none")
        return coefficient * each.sum(dim=1)

    def update(self, x, y):
        self.optimizer.zero_grad()
        loss = self.loss(x, y)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    @property
    def parameters(self):
        return np.concatenate([leaf.detach().numpy().ravel() for leaf in self.leaves])
