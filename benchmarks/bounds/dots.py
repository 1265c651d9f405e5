"""Matrix products, also with their sums in orders written by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import orders
from draws import Case, Draw, Reals
from subjects import FMA, Implementation, on_numpy, torch, with_pullback
from sums import native

from scratchnet import products
from scratchnet.layers import Linear


def matrices(draw: Draw) -> Case:
    """Two operands of matmul: loops that broadcast, vectors, an inner side of any n."""
    k = 0 if draw.chance(0.01) else draw.length(high=10**4)
    loops = draw.shape()[:1] if k < 200 else ()
    m, p = (draw.integer(1, 5 if k < 200 else 2) for _ in range(2))
    left = (k,) if draw.chance(0.1) else (*draw.stretched(loops), m, k)
    right = (k,) if draw.chance(0.1) else (*loops, k, p)
    return Case(draw.form, (draw.numbers(*left), draw.others(*right)))


def matrix_and_vector(draw: Draw) -> Case:
    """A matrix and a vector, each with loops."""
    k, loops = draw.length(high=10**4), draw.shape()[:1]
    loops = loops if k < 200 else ()
    a = draw.numbers(*loops, draw.integer(1, 4), k)
    return Case(draw.form, (a, draw.others(*draw.stretched(loops), k)))


def contracted(draw: Draw) -> Case:
    """Two arrays and how many axes at the end and the beginning they share."""
    inner = tuple(draw.integer(1, 6) for _ in range(draw.integer(0, 2)))
    rows, columns = draw.shape()[:1], draw.shape()[:1]
    a, b = draw.numbers(*rows, *inner), draw.others(*inner, *columns)
    return Case(draw.form, (a, b), {"axes": len(inner)})


def mapped(draw: Draw) -> Case:
    """The inputs of a linear layer, with or without a bias."""
    inputs, outputs = draw.length(high=2000), draw.integer(1, 4)
    loops = draw.shape() if inputs < 100 else (2,)
    x, weight = draw.numbers(*loops, inputs), draw.others(outputs, inputs)
    bias = (draw.others(outputs),) if draw.chance(0.8) else ()
    return Case(draw.form, (x, weight, *bias))


def linear_vjp(x: Any, weight: Any, bias: Any = None) -> Any:
    """The layer's rule, with its cotangents by position."""
    y, pullback = Linear(weight, bias).vjp(x)

    def by_position(g: Any) -> Any:
        dx, parameters = pullback(g)
        return dx, *parameters.values()

    return y, by_position


def torchs_linear(x: Any, weight: Any, bias: Any = None) -> Any:
    """PyTorch refuses an empty row on some paths, as it does no inputs at all."""
    return torch.nn.functional.linear(x, weight, bias)


def product_by(order: Callable[[Any], Any]) -> Implementation:
    """The sum of products of two matrices or vectors, each product rounded."""

    def implementation(case: Case) -> Any:
        a, b = _facing(*native(case).inputs)
        return None if a.shape[-1] == 0 else _unfaced(order(a * b), case)

    return implementation


def product_in(function: Callable[..., Any]) -> Implementation:
    """The product by a function of facing factors and the format."""

    def implementation(case: Case) -> Any:
        a, b = _facing(*case.inputs)
        if a.shape[-1] == 0:
            return None
        return _unfaced(function(a, b, case.form), case)

    return implementation


def _facing(a: Any, b: Any) -> tuple[Any, Any]:
    """Rows of a and columns of b that broadcast, with the inner axis last."""
    a, b = (a[None, :] if a.ndim == 1 else a), (b[:, None] if b.ndim == 1 else b)
    return a[..., :, None, :], b.swapaxes(-1, -2)[..., None, :, :]


def _unfaced(y: Any, case: Case) -> Any:
    """Without the axes that the vectors among the operands do not have."""
    if y is None:
        return None
    a, b = case.inputs
    y = y[..., 0] if b.ndim == 1 else y
    return y if a.ndim > 1 else y[..., 0, :] if b.ndim > 1 else y[..., 0]


def numpys_matmul_pullback(g: Reals, a: Reals, b: Reals) -> Any:
    """g b^T and a^T g, of matrices without loops; None of others."""
    return (g @ b.T, a.T @ g) if a.ndim == b.ndim == 2 else None


PRODUCTS = (
    *with_pullback(
        "matmul",
        matrices,
        products.matmul_vjp,
        lambda a, b: a @ b,
        values={
            "NumPy": on_numpy(np.matmul),
            **{name: product_by(order) for name, order in orders.SUMS.items()},
            FMA: product_in(orders.fused),
            "wide accumulator": product_in(orders.wide_product),
        },
        pullbacks={"NumPy": on_numpy(numpys_matmul_pullback)},
    ),
    *with_pullback(
        "matvec",
        matrix_and_vector,
        products.matvec_vjp,
        lambda a, x: (a @ x[..., None])[..., 0],
        values={"NumPy": on_numpy(lambda a, x: np.einsum("...mk,...k->...m", a, x))},
    ),
    *with_pullback(
        "tensordot",
        contracted,
        products.tensordot_vjp,
        lambda a, b, axes: torch.tensordot(a, b, dims=axes),
        values={"NumPy": on_numpy(lambda a, b, axes: np.tensordot(a, b, axes=axes))},
    ),
    *with_pullback(
        "linear",
        mapped,
        linear_vjp,
        torchs_linear,
        values={"NumPy": on_numpy(lambda x, w, b=0: x @ w.T + np.asarray(b, x.dtype))},
    ),
)
