"""Matrix products by hand, and their pullbacks, NumPy's and PyTorch's: each held to the
reference."""

from functools import partial

import numpy as np
import pytest
from equivalence.drawn import Case, cases, laid_out, operands
from equivalence.operations import Operation, each, hold, quiet, shared
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes
from judged import judge, oracle

from scratchnet import products as ours

pytestmark = quiet


@st.composite
def contractible(draw, least, most):
    """Arrays, of which the last sides of one are the first of the other: so many."""
    axes = draw(st.integers(least, most))
    sides = partial(array_shapes, min_side=0, max_side=3)
    inner = draw(sides(min_dims=axes, max_dims=axes)) if axes else ()
    left, right = draw(st.tuples(*[sides(min_dims=0, max_dims=2)] * 2))
    shapes = (*left, *inner), (*inner, *right)
    return Case(draw(laid_out(st.just(shapes))), options={"axes": axes})


def tensordot(least, most):
    return Operation(
        "tensordot",
        ours.tensordot,
        ours.tensordot_vjp,
        np.tensordot,
        lambda torch, a, b, *, axes: torch.tensordot(a, b, dims=axes),
        contractible(least, most),
    )


def matmul(signature):
    return Operation(
        "matmul",
        ours.matmul,
        ours.matmul_vjp,
        np.matmul,
        lambda torch, a, b: torch.matmul(a, b),
        cases(operands(signature)),
    )


OPERATIONS = {
    "matvec": Operation(
        "matvec",
        ours.matvec,
        ours.matvec_vjp,
        lambda a, x: np.matmul(a, x[..., None])[..., 0],
        lambda torch, a, x: torch.matmul(a, x[..., None])[..., 0],
        cases(operands("(m,k),(k)->(m)")),
    ),
    "matmul": matmul("(m,k),(k,p)->(m,p)"),
    "matmul, 1-D operands too": matmul("(m?,k),(k,p?)->(m?,p?)"),
    "outer": tensordot(0, 0),
    "tensordot": tensordot(1, 3),
}


@each(OPERATIONS)
@shared
@given(data=st.data())
def test_products_and_pullbacks_are_within(op, any_target, data):
    hold(op, *data.draw(op.cases).on(any_target), any_target, data)


@shared
@given(case=OPERATIONS["matmul"].cases, tile=st.integers(1, 20))
def test_products_in_tiles_are_within(any_target, case, tile):
    """However small the tile: an edge, a broadcast side and a long inner side too."""
    (a, b), _ = case.on(any_target)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ours, "TILE", tile)
        found = ours.matmul(a, b)
    judge(oracle("matmul", a, b), like=a, ours=found)
