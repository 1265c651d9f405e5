"""Stochastic gradient descent as a pure step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import isfinite
from numbers import Real

from scratchnet.arrays import Array, array_namespace, as_dtype, operands
from scratchnet.errors import ArgumentError, ArgumentTypeError

#: Arrays by parameter name.
Arrays = Mapping[str, Array]


@dataclass(frozen=True)
class SGD:
    """SGD with momentum, dampening, Nesterov momentum and weight decay.

    The rule, in the order of operations and with the first-step rule of
    `torch.optim.SGD`; p a parameter, g its gradient, v its velocity:

        g <- -g                                if maximize
        g <- g + weight_decay * p
        v <- g on the first step, then momentum * v + (1 - dampening) * g
        g <- g + momentum * v                  if nesterov, else v
        p <- p - learning_rate * g

    Raises ArgumentTypeError for a hyper-parameter that is no number, ArgumentError for
    one that is NaN, infinite or negative, and for Nesterov without momentum or with
    dampening.
    """

    learning_rate: float
    momentum: float = 0.0
    dampening: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0
    maximize: bool = False

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, Real):
                raise ArgumentTypeError(
                    "SGD", f"{field.name}={value!r}", "required a number"
                )
            # Dampening above 1 or below 0 is odd, but torch.optim.SGD takes it.
            if not isfinite(value) or (value < 0 and field.name != "dampening"):
                raise ArgumentError(
                    "SGD", f"{field.name}={value}", "required finite and not negative"
                )
        if self.nesterov and (self.momentum == 0 or self.dampening != 0):
            raise ArgumentError(
                "SGD",
                f"nesterov=True, momentum={self.momentum}, dampening={self.dampening}",
                "required a momentum above 0 and no dampening",
            )

    def step(
        self, parameters: Arrays, gradients: Arrays, velocities: Arrays, /
    ) -> tuple[dict[str, Array], dict[str, Array]]:
        """One step: new parameters and velocities; the arguments are left alone.

        Velocities start as {}. A parameter without a gradient stays as it is, and so
        does its velocity. Raises ArgumentError for a gradient or a velocity of no
        parameter, or of another shape, and ArgumentTypeError for another dtype.
        """
        self._require_matching(parameters, gradients, velocities)
        new_parameters, new_velocities = dict(parameters), dict(velocities)
        for name, g in gradients.items():
            p, v = self._moved(parameters[name], g, velocities.get(name))
            # NumPy 1 makes float64 of a 0-d float32 array and a Python number.
            new_parameters[name] = as_dtype(p, g.dtype)
            if v is not None:
                new_velocities[name] = as_dtype(v, g.dtype)
        return new_parameters, new_velocities

    def _moved(self, p: Array, g: Array, v: Array | None) -> tuple[Array, Array | None]:
        """One parameter and its velocity, None before the first, a step later."""
        g = -g if self.maximize else g
        if self.weight_decay != 0:
            g = g + self.weight_decay * p
        if self.momentum != 0:
            if v is None:
                # A copy: the gradient is the caller's, who may write into it.
                v = array_namespace(g).asarray(g, copy=True)
            else:
                v = self.momentum * v + (1 - self.dampening) * g
            g = g + self.momentum * v if self.nesterov else v
        return p - self.learning_rate * g, v

    @staticmethod
    def _require_matching(parameters: Arrays, *others: Arrays) -> None:
        for what, arrays in zip(("gradient", "velocity"), others, strict=True):
            for name, x in arrays.items():
                if name not in parameters:
                    raise ArgumentError(
                        "SGD.step", f"a {what} for {name!r}", "which is no parameter"
                    )
                p = parameters[name]
                operands("SGD.step", **{name: p, what: x})
                if tuple(x.shape) != tuple(p.shape):
                    raise ArgumentError(
                        "SGD.step",
                        f"the {what} of {name!r} has shape {tuple(x.shape)}",
                        f"required that of the parameter, {tuple(p.shape)}",
                    )
