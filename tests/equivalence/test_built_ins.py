"""What built-ins do that is not what was declared: docs/checking.md lists it."""

import numpy as np
import pytest

from scratchnet.testing import OPS, check


def test_einsum_adds_up_what_is_multiplied_with_one_number():
    """Of an expanded operand: the sum overflows where no product would."""
    most, least = np.finfo(np.float32).max, np.finfo(np.float32).tiny
    expanded = np.broadcast_to(least, (2,))
    assert np.einsum("i,i->", np.full(2, most), expanded) == np.inf
    assert np.einsum("i,i->", np.full(2, most), np.array(expanded)) < 9


def test_einsum_repeats_a_side_of_one():
    def by_einsum(a, x):
        return np.einsum("...mk,...k->...m", a, x)

    report = check(by_einsum, OPS["matvec"], targets=["numpy:float64"])
    found = [(each.law.name, each.verdict) for each in report.broken]
    assert found == [("what_does_not_fit_is_refused", "ACCEPTS")]
    assert by_einsum(np.ones((1, 2)), np.ones(1)) == 2


def autograd(function):
    """The VJP rule that PyTorch derives."""
    torch = pytest.importorskip("torch")

    def vjp(*primals):
        leaves = [x.detach().clone().requires_grad_() for x in primals]
        y = function(*leaves)
        return y.detach(), lambda g: torch.autograd.grad(
            y, leaves, g, retain_graph=True
        )

    return vjp


def test_autograd_returns_the_cotangent_of_what_was_added():
    def linear(x, weight, bias=None):
        return x @ weight.T if bias is None else x @ weight.T + bias

    law = "pullbacks_leave_memory_alone"
    (result,) = check(
        linear,
        OPS["linear"],
        vjp=autograd(linear),
        targets=["torch:cpu:float64"],
        laws=[law],
    ).results
    assert result.verdict == "ALIASES"
    assert "shares memory with the cotangent" in result.finding.message
