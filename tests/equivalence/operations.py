"""Operations, each with what we, NumPy and PyTorch have for it, and how to judge it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from equivalence.autograd import autograd
from equivalence.drawn import Case, cotangent
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from judged import host, judge, oracle
from targets import Target

#: Warnings of NumPy are no verdict: many a correct result is NaN, or overflows.
quiet = pytest.mark.filterwarnings("ignore::RuntimeWarning")
#: There are many operations, on six targets: each gets a third of the examples.
shared = settings(max_examples=max(5, settings.default.max_examples // 3))


@dataclass(frozen=True)
class Operation:
    """An operation, the name of its reference, and three implementations.

    f, f_vjp: ours, and its VJP rule. numpy: NumPy's built-in, or else a formula of its
    built-ins, of host arrays. torch: PyTorch's built-in, of the module and tensors.
    """

    name: str
    f: Callable[..., Any]
    f_vjp: Callable[..., Any]
    numpy: Callable[..., Any]
    torch: Callable[..., Any]
    cases: SearchStrategy[Case]


def each(table: Mapping[str, Operation]) -> pytest.MarkDecorator:
    """A test for each operation of a table."""
    return pytest.mark.parametrize("op", table.values(), ids=table)


def functional(name: str) -> Callable[..., Any]:
    """The function of this name in torch.nn.functional."""

    def builtin(torch: Any, *inputs: Any, **options: Any) -> Any:
        return getattr(torch.nn.functional, name)(*inputs, **options)

    return builtin


def hold(
    op: Operation,
    inputs: Sequence[Any],
    options: Mapping[str, Any],
    target: Target,
    data: st.DataObject,
) -> None:
    """Judge ours, NumPy's and PyTorch's, each on its own against the oracle: the value,
    and the gradients under a cotangent that is drawn."""
    x = inputs[0]
    y, pullback = op.f_vjp(*inputs, **options)
    g = cotangent(data, y, target)
    gradients = oracle(f"{op.name}.pullback", g, *inputs, **options)
    value, pytorchs = autograd(
        op.torch, inputs, g, count=len(gradients), options=options
    )
    hosted = {name: host(option) for name, option in options.items()}
    numpys = op.numpy(*map(host, inputs), **hosted)
    judge(
        oracle(op.name, *inputs, **options),
        like=x,
        ours=op.f(*inputs, **options),
        ours_with_pullback=y,
        # NumPy 1 makes float64 of a 0-d array and a Python number.
        NumPy=np.asarray(numpys, host(x).dtype),
        **value,
    )
    judge(gradients, like=x, ours=pullback(g), **pytorchs)
