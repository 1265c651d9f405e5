"""The functions that references are made of, and PyTorch's own that have a model.

One function of array code is the oracle of bound-carrying arrays and the subject of
NumPy's and PyTorch's. Contracts that promise more than a format are here as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import orders
from dots import matrices, product_in
from draws import Case, Draw, Reals
from subjects import HALF, Subject, on_numpy, on_torch, torch
from sums import in_wide, reduced

from scratchnet.arrays import array_namespace
from scratchnet.testing import FLOAT32, FLOAT64, Contract, Format, oracle


def numbers(draw: Draw) -> Case:
    """One array of any shape."""
    return Case(draw.form, (draw.numbers(*draw.shape()),))


def pair(draw: Draw) -> Case:
    """Two arrays that broadcast."""
    shape = draw.shape()
    x, y = draw.numbers(*draw.stretched(shape)), draw.others(*shape)
    return Case(draw.form, (x, y) if draw.chance(0.5) else (y, x))


def rows(draw: Draw) -> Case:
    """Rows of one number or more."""
    n = draw.length(2)
    return Case(draw.form, (draw.numbers(draw.integer(1, 4 if n < 1000 else 2), n),))


def primitive(name: str, drawn: Callable[[Draw], Case], function: Any) -> Subject:
    """A function of array code, the same for every library."""
    return Subject(
        name,
        drawn,
        lambda case, contract: oracle(function, *case.inputs, contract=contract),
        {"NumPy": on_numpy(function), "PyTorch": on_torch(function)},
    )


def of_torch(name: str, drawn: Callable[[Draw], Case], function: Any) -> Subject:
    """A function of PyTorch alone, of which there is a model."""
    whole = primitive(name, drawn, function)
    return replace(whole, implementations={"PyTorch": on_torch(function)})


def named(name: str) -> Callable[..., Any]:
    """The function of the array API of this name."""
    return lambda *arrays: getattr(array_namespace(*arrays), name)(*arrays)


def over_rows(name: str, **options: Any) -> Callable[..., Any]:
    """The reduction of rows of this name."""
    return lambda x: getattr(array_namespace(x), name)(x, axis=-1, **options)


UNARY = ("exp", "log", "sqrt", "expm1", "log1p", "cos", "sign", "abs")
BINARY = ("add", "subtract", "multiply", "divide", "maximum", "minimum")
FUNCTIONS = (
    *(primitive(name, numbers, named(name)) for name in UNARY),
    primitive("xp.tanh", numbers, named("tanh")),
    *(primitive(name, pair, named(name)) for name in BINARY),
    primitive("x * y + x", pair, lambda x, y: x * y + x),
    primitive("x ** 3", numbers, lambda x: x**3),
    primitive("max", rows, over_rows("max")),
    primitive(
        "x - mean(x)",
        rows,
        lambda x: x - array_namespace(x).mean(x, axis=-1, keepdims=True),
    ),
)


def of_pytorch() -> tuple[Subject, ...]:
    """What PyTorch computes in one call, by the models of `bounded.models`."""
    if torch is None:
        return ()
    own = torch.nn.functional
    return (
        of_torch("erf", numbers, torch.erf),
        of_torch("torch.softplus", numbers, own.softplus),
        of_torch("torch.silu", numbers, own.silu),
        of_torch("logsigmoid", numbers, own.logsigmoid),
        of_torch("torch.logsumexp", rows, lambda x: torch.logsumexp(x, -1)),
    )


def accumulating(form: Format) -> Contract | None:
    """PyTorch adds half precision up in float32; hand orders, float32 in float64."""
    if form == FLOAT64:
        return None
    return Contract(form, accumulator=FLOAT64 if form == FLOAT32 else FLOAT32)


def on_tensor_cores(form: Format) -> Contract | None:
    """TF32."""
    return Contract.tf32() if form == FLOAT32 else None


def flushing(form: Format) -> Contract | None:
    """Subnormal numbers may be taken for 0, read or written."""
    return Contract(form, flush_to_zero=True) if form.precision >= 24 else None


def flushed(function: Callable[..., Any]) -> Callable[[Case], Any]:
    """The function on a processor that flushes: PyTorch's switch is NumPy's as well."""

    def implementation(case: Case) -> Any:
        torch.set_flush_denormal(True)
        try:
            return on_numpy(function)(case)
        finally:
            torch.set_flush_denormal(False)

    return implementation


def softened(x: Any) -> Any:
    """softmax of rows, whose small exponentials are subnormal."""
    xp = array_namespace(x)
    powers = xp.exp(x - xp.max(x, axis=-1, keepdims=True))
    return powers / xp.sum(powers, axis=-1, keepdims=True)


def switched(name: str, drawn: Callable[[Draw], Case], function: Any) -> Subject:
    """A primitive under flushing."""
    whole = primitive(f"{name}, flushed", drawn, function)
    cells = {"NumPy beside PyTorch": flushed(function)}
    return replace(whole, implementations=cells, contract=flushing)


def tf32_product(a: Reals, b: Reals, form: Format) -> Any:
    """Factors rounded to 11 bits, products and sums in float32."""
    del form
    return orders.sequential(orders.tf32(a) * orders.tf32(b))


def plain_sum(draw: Draw) -> Case:
    """Terms along one axis that stays away."""
    case = reduced(draw)
    return Case(case.form, case.inputs, {"axis": -1, "keepdims": False})


def summed(case: Case, contract: Contract) -> Any:
    """The oracle of `plain_sum`."""
    return oracle(over_rows("sum"), *case.inputs, contract=contract)


def multiplied(case: Case, contract: Contract) -> Any:
    """The oracle of a matrix product."""
    return oracle(np.matmul, *case.inputs, contract=contract)


PROMISED = (
    Subject(
        "sum, wide accumulator",
        plain_sum,
        summed,
        {"wide accumulator": in_wide, HALF: on_torch(lambda x, **_: x.sum(-1))},
        accumulating,
    ),
    Subject(
        "matmul, wide accumulator",
        matrices,
        multiplied,
        {
            "wide accumulator": product_in(orders.wide_product),
            HALF: on_torch(lambda a, b: a @ b),
        },
        accumulating,
    ),
    Subject(
        "matmul, TF32",
        matrices,
        multiplied,
        {"emulated": product_in(tf32_product)},
        on_tensor_cores,
    ),
)

FLUSHED = (
    switched("x * y + x", pair, lambda x, y: x * y + x),
    switched("x / y", pair, lambda x, y: x / y),
    switched("matmul", matrices, np.matmul),
    switched("softmax", rows, softened),
)

PRIMITIVES = (*FUNCTIONS, *of_pytorch(), *PROMISED, *FLUSHED)
