"""Layers and their composition. Backpropagation is the chain rule in `Sequential.vjp`.

A layer is anything that can be called with an array and has a `vjp`. Nothing is
mutated: new parameters make a new layer (`walking.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Any, Protocol

import numpy as np

from scratchnet.activations import relu_vjp
from scratchnet.arrays import (
    Array,
    Namespace,
    Pullback,
    from_numpy,
    operands,
    require_cotangent,
)
from scratchnet.broadcasting import unbroadcast
from scratchnet.errors import ArgumentError
from scratchnet.initialization import (
    Initializer,
    kaiming_normal,
    lecun_normal,
    scaled_normal,
)
from scratchnet.products import matmul

#: From the cotangent of a layer's result to those of its input (None where it was not
#: asked for) and of its parameters, by name.
LayerPullback = Callable[[Array], tuple[Array | None, dict[str, Array]]]


class Layer(Protocol):
    """What `Sequential` composes and `fit` trains: a frozen dataclass with these."""

    def __call__(self, x: Array, /) -> Array:
        """The layer's result, nothing else: no gradient can be taken of it."""

    def vjp(
        self, x: Array, /, *, input_cotangent: bool = True
    ) -> tuple[Array, LayerPullback]:
        """The layer's result and the way back.

        Without `input_cotangent` the pullback may give None for the input's: the first
        layer of a net has nobody to pass it to.
        """


@dataclass(frozen=True)
class Linear:
    """x weight^T + bias, row by row.

    Signature (i)->(o); weight has shape (o, i), so that each output's weights are
    contiguous, and bias (o,) or None. All of one floating dtype and one device.
    """

    weight: Array
    bias: Array | None = None

    @classmethod
    def drawn(
        cls,
        inputs: int,
        outputs: int,
        /,
        *,
        xp: Namespace,
        rng: np.random.Generator,
        init: Initializer | None = None,
        dtype: str = "float32",
        device: Any = None,
    ) -> Linear:
        """A layer with weights from an initializer (`lecun_normal`) and bias 0.

        Drawn by NumPy in float64 and converted, so that one seed gives one net in every
        library. Raises ArgumentError for a side below 1.
        """
        for name, side in (("inputs", inputs), ("outputs", outputs)):
            if side < 1:
                raise ArgumentError(
                    "Linear.drawn", f"{name}={side}", "required at least 1"
                )
        weight = (init or lecun_normal)(rng, outputs, inputs)
        target = {"xp": xp, "dtype": dtype, "device": device}
        return cls(
            from_numpy(weight, **target), from_numpy(np.zeros(outputs), **target)
        )

    def __call__(self, x: Array, /) -> Array:
        """The result, without the way back."""
        xp = self._namespace(x)
        y = matmul(x, xp.matrix_transpose(self.weight))
        return y if self.bias is None else y + self.bias

    def vjp(
        self, x: Array, /, *, input_cotangent: bool = True
    ) -> tuple[Array, LayerPullback]:
        """The result and its pullback; parameters sum over the loop dimensions."""
        xp = self._namespace(x)
        y = self(x)

        def pullback(g: Array) -> tuple[Array | None, dict[str, Array]]:
            require_cotangent("Linear pullback", g, y)
            count = prod(x.shape[:-1])
            rows = xp.reshape(g, (count, g.shape[-1]))
            inputs = xp.reshape(x, (count, x.shape[-1]))
            gradients = {"weight": matmul(xp.matrix_transpose(rows), inputs)}
            if self.bias is not None:
                gradients["bias"] = unbroadcast(rows, self.bias.shape)
            return (matmul(g, self.weight) if input_cotangent else None), gradients

        return y, pullback

    def _namespace(self, x: Array) -> Namespace:
        """The namespace of x and the parameters, once they fit."""
        bias = {} if self.bias is None else {"bias": self.bias}
        xp = operands("Linear", x=x, weight=self.weight, **bias)
        self._require_shapes()
        if x.ndim == 0 or x.shape[-1] != self.weight.shape[-1]:
            raise ArgumentError(
                "Linear",
                f"x.shape={tuple(x.shape)}",
                f"but weight.shape={tuple(self.weight.shape)} requires "
                f"(..., {self.weight.shape[-1]})",
            )
        return xp

    def _require_shapes(self) -> None:
        shape = tuple(self.weight.shape)
        if len(shape) != 2:
            raise ArgumentError(
                "Linear", f"weight.shape={shape}", "required (outputs, inputs)"
            )
        if self.bias is not None and tuple(self.bias.shape) != shape[:1]:
            raise ArgumentError(
                "Linear",
                f"bias.shape={tuple(self.bias.shape)}",
                f"but weight.shape={shape} requires {shape[:1]}",
            )


@dataclass(frozen=True)
class Function:
    """A differentiable function of one array as a layer, given by its VJP rule.

    `Function(relu_vjp)`; `functools.partial(elu_vjp, alpha=2.0)` binds options.
    """

    f_vjp: Callable[[Array], tuple[Array, Pullback]]

    def __call__(self, x: Array, /) -> Array:
        """The result, without the way back."""
        return self.f_vjp(x)[0]

    def vjp(
        self, x: Array, /, *, input_cotangent: bool = True
    ) -> tuple[Array, LayerPullback]:
        """The result and its pullback, which has no parameters to report on."""
        y, pullback = self.f_vjp(x)

        def layer_pullback(g: Array) -> tuple[Array | None, dict[str, Array]]:
            return (pullback(g)[0] if input_cotangent else None), {}

        return y, layer_pullback


@dataclass(frozen=True)
class Sequential:
    """The composition of layers, first to last. Itself a layer, so that nets nest."""

    layers: tuple[Layer, ...]

    def __call__(self, x: Array, /) -> Array:
        """The result, without the way back."""
        for layer in self.layers:
            x = layer(x)
        return x

    def vjp(
        self, x: Array, /, *, input_cotangent: bool = True
    ) -> tuple[Array, LayerPullback]:
        """The result and the chain rule: the layers' pullbacks, last to first."""
        pullbacks: list[LayerPullback] = []
        for i, layer in enumerate(self.layers):
            x, pullback = layer.vjp(x, input_cotangent=input_cotangent or i > 0)
            pullbacks.append(pullback)

        def chain(g: Array | None) -> tuple[Array | None, dict[str, Array]]:
            gradients: dict[str, Array] = {}
            for i, pullback in reversed(list(enumerate(pullbacks))):
                g, found = pullback(g)
                gradients |= {f"layers.{i}.{name}": dp for name, dp in found.items()}
            return g, gradients

        return x, chain


def perceptron(
    sizes: Sequence[int],
    /,
    *,
    xp: Namespace,
    rng: np.random.Generator,
    activation: Callable[[Array], tuple[Array, Pullback]] = relu_vjp,
    init: Initializer | None = None,
    dtype: str = "float32",
    device: Any = None,
) -> Sequential:
    """Linear layers of these sizes, inputs first, with an activation between them.

    Weights by `init`; by default `kaiming_normal` before an activation and
    `scaled_normal` in the last layer. Raises ArgumentError for fewer than two sizes.
    """
    if len(sizes) < 2:
        raise ArgumentError(
            "perceptron", f"sizes={tuple(sizes)}", "required two or more"
        )
    target: dict[str, Any] = {"xp": xp, "rng": rng, "dtype": dtype, "device": device}
    layers: list[Layer] = []
    *inner, last = pairwise(sizes)
    for inputs, outputs in inner:
        layers.append(
            Linear.drawn(inputs, outputs, init=init or kaiming_normal, **target)
        )
        layers.append(Function(activation))
    layers.append(Linear.drawn(*last, init=init or scaled_normal, **target))
    return Sequential(tuple(layers))
