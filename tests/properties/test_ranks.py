"""Ranks: what a function of matrices takes shows with matrices, and nothing else."""

import numpy as np
import pytest

from scratchnet.testing import ops
from scratchnet.testing.binding import bind
from scratchnet.testing.ranks import of_taken_ranks
from scratchnet.testing.tracing import AUTOGRAD


def product_in_numpy(a, b):
    (n, k), (m, p) = a.shape, b.shape
    assert k == m
    return np.array([[a[i] @ b[:, j] for j in range(p)] for i in range(n)], a.dtype)


def product_by_columns(a, b):
    """Of matrices, in any library: PyTorch's autograd goes through it."""
    (_, k), (m, _) = a.shape, b.shape
    assert k == m
    return a @ b


def bound(function):
    def anew(operation):
        return bind(function, operation, vjp=AUTOGRAD)

    return of_taken_ranks(anew(ops.matmul), anew)


def test_targets_are_told_by_arrays_of_the_ranks_that_are_taken():
    pytest.importorskip("torch")
    found = bound(product_in_numpy)
    assert found.operation.restriction["ranks"] == (2,)
    assert {each.library for each in found.targets} == {"numpy"}
    assert "torch:cpu:float64: raises TypeError for such arrays" in found.untested
    assert any(each.startswith("3-d arrays: it raises") for each in found.untested)


def test_autograd_follows_arrays_of_the_ranks_that_are_taken():
    pytest.importorskip("torch")
    found = bound(product_by_columns)
    assert found.operation.restriction["ranks"] == (2,)
    assert found.traced
    assert not any(each.startswith("the pullback: ") for each in found.untested)


def test_what_takes_all_ranks_is_bound_once():
    found = bound(lambda a, b: a @ b)
    assert "ranks" not in found.operation.restriction
