"""The twin: the same net in torch.nn and torch.optim, trained beside ours."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from scratchnet.arrays import Array, to_numpy
from scratchnet.data import Batches
from scratchnet.layers import Linear, Sequential
from scratchnet.optim import SGD
from scratchnet.training import Run
from scratchnet.walking import state


class Sine(nn.Module):
    """sin(x), which torch.nn does not have as a module."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """sin(x), x in radians."""
        return torch.sin(x)


#: The module for each activation that the command line offers.
MODULES: Mapping[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": lambda: nn.LeakyReLU(0.1),
    "elu": nn.ELU,
    "sigmoid": nn.Sigmoid,
    "sine": Sine,
    "softmax": lambda: nn.Softmax(dim=-1),
}


def torch_net(model: Sequential, /, *, activation: str = "relu") -> nn.Sequential:
    """The net of torch.nn with the layers of the model and copies of its weights.

    Of the model's dtype, and on its device where that is one of PyTorch's.
    """
    return nn.Sequential(
        *(
            _linear(layer) if isinstance(layer, Linear) else MODULES[activation]()
            for layer in model.layers
        )
    )


def _linear(layer: Linear) -> nn.Linear:
    weight, bias = _tensor(layer.weight), layer.bias
    outputs, inputs = weight.shape
    twin = nn.Linear(inputs, outputs, bias is not None, weight.device, weight.dtype)
    with torch.no_grad():
        twin.weight.copy_(weight)
        if bias is not None:
            twin.bias.copy_(_tensor(bias))
    return twin


def torch_sgd(net: nn.Module, optimizer: SGD, /) -> torch.optim.SGD:
    """The optimizer of torch.optim with our hyper-parameters, on the net's weights."""
    return torch.optim.SGD(
        net.parameters(),
        lr=optimizer.learning_rate,
        momentum=optimizer.momentum,
        dampening=optimizer.dampening,
        nesterov=optimizer.nesterov,
        weight_decay=optimizer.weight_decay,
        maximize=optimizer.maximize,
    )


def torch_step(
    net: nn.Module, optimizer: torch.optim.SGD, x: torch.Tensor, labels: torch.Tensor, /
) -> torch.Tensor:
    """One step of training, as one writes it in PyTorch; the loss before it."""
    loss = nn.functional.cross_entropy(net(x), labels)
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return loss.detach()


@dataclass(frozen=True)
class TwinEpoch:
    """What the twin came to in one epoch, and how far it is from ours."""

    valid_accuracy: float | None
    largest_difference: float
    seconds: float

    def cells(self) -> tuple[str, str, str]:
        """Accuracy, difference and seconds as the cells of a table."""
        accuracy = self.valid_accuracy
        return (
            "-" if accuracy is None else f"{accuracy:.4f}",
            f"{self.largest_difference:.1e}",
            f"{self.seconds:.2f}",
        )


class Twin:
    """A callback that trains the twin for an epoch after each of ours.

    It starts from the weights and velocities of the run, gets the same batches in the
    same order, and is timed by itself; `epochs` has a row for each epoch.
    """

    def __init__(
        self, run: Run, optimizer: SGD, valid: Batches | None, /, *, activation: str
    ) -> None:
        self.epochs: list[TwinEpoch] = []
        self._net = torch_net(run.model, activation=activation)
        self._sgd = torch_sgd(self._net, optimizer)
        self._valid = valid
        self._start = run.batch
        # state() and parameters() walk the layers in the same order.
        for name, p in zip(state(run.model), self._net.parameters(), strict=True):
            if name in run.velocities:
                velocity = _tensor(run.velocities[name]).clone()
                self._sgd.state[p]["momentum_buffer"] = velocity

    def after_step(self, run: Run, train: Batches, /) -> None:
        """Nothing: the twin takes an epoch at a time, so that it can be timed."""

    def after_epoch(self, run: Run, train: Batches, /) -> None:
        """Train the twin on the batches of the epoch that our run has just ended."""
        began = time.perf_counter()
        loss = torch.zeros(())
        for x, labels in train.epoch(run.epoch - 1, start=self._start):
            loss = torch_step(self._net, self._sgd, _tensor(x), _tensor(labels))
        loss.item()  # waits for a device
        seconds = time.perf_counter() - began
        self._start = 0
        self.epochs.append(
            TwinEpoch(self._accuracy(), self._largest_difference(run.model), seconds)
        )

    @torch.no_grad()
    def _accuracy(self) -> float | None:
        if self._valid is None:
            return None
        pairs: Iterator[tuple[Array, Array]] = self._valid.epoch(0)
        right = sum(
            int((self._net(_tensor(x)).argmax(dim=-1) == _tensor(labels)).sum())
            for x, labels in pairs
        )
        return right / self._valid.rows

    @torch.no_grad()
    def _largest_difference(self, model: Any) -> float:
        pairs = zip(state(model).values(), self._net.parameters(), strict=True)
        return max(
            float((_tensor(ours) - theirs).abs().max()) for ours, theirs in pairs
        )


def _tensor(x: Array) -> torch.Tensor:
    """The tensor that x is, or one that shares its memory."""
    return x if isinstance(x, torch.Tensor) else torch.from_numpy(to_numpy(x))
