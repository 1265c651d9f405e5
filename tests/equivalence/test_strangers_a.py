"""Operations that the pipeline does not have, NumPy's formulas and PyTorch's built-ins:
each held to the reference."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from math import erf, pi, sqrt
from typing import Any

import numpy as np
import pytest
from equivalence.autograd import autograd, tensor
from equivalence.drawn import NUMBERS, Case, cases, cotangent, laid_out, operands, rows
from equivalence.operations import each, functional, quiet, shared
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from judged import host, judge, oracle

from scratchnet.errors import ArgumentError
from scratchnet.testing.compare import within
from scratchnet.testing.references import REFERENCES

pytestmark = quiet

# Far beyond where exp overflows, in float32 and in float64.
HUGE = st.floats(-1e4, 1e4)
LOGITS = NUMBERS | HUGE | st.just(-np.inf)
POINTS = partial(cases, operands("()->()", elements=NUMBERS | HUGE, max_dims=3))


@dataclass(frozen=True)
class Builtin:
    """An operation, the name of its reference, what NumPy and PyTorch have for it."""

    name: str
    numpy: Callable[..., Any]
    torch: Callable[..., Any]
    cases: SearchStrategy[Case]


@st.composite
def over(draw, axes, elements=NUMBERS, **options):
    """An array, some axes of it that have an entry or more, and other options."""
    *shape, n = draw(rows())
    axis = draw(st.integers(-len(shape) - 1, len(shape)))
    shape.insert(axis % (len(shape) + 1), n)
    x = draw(laid_out(st.just((tuple(shape),)), elements))
    chosen = {"axis": draw(axes(axis, shape))}
    return Case(x, options=chosen | {key: draw(each) for key, each in options.items()})


def one_axis(axis, _):
    return st.just(axis)


def any_axes(axis, shape):
    """That one, or several that have entries, or None where all have."""
    filled = [i for i, side in enumerate(shape) if side]
    several = st.lists(st.sampled_from(filled), min_size=1, unique=True).map(tuple)
    every = st.none() if all(shape) else st.nothing()
    return st.just(axis) | several | every


def bent(x):
    return sqrt(2 / pi) * (x + 0.044715 * x**3)


def numpys_gelu(x, *, approximate):
    erfs = np.vectorize(erf, otypes=[np.float64])
    odd = {"none": lambda: erfs(x / sqrt(2)), "tanh": lambda: np.tanh(bent(x))}
    return 0.5 * x * (1 + odd[approximate]().astype(x.dtype))


def numpys_logsumexp(x, *, axis, keepdims):
    m = np.max(x, axis=axis, keepdims=True)
    m = np.where(np.isinf(m), x.dtype.type(0), m)
    total = np.exp(x - m).sum(axis=axis, keepdims=True, dtype=x.dtype)
    found = m + np.log(total)
    return found if keepdims else np.squeeze(found, axis=axis)


def numpys_spread(name):
    def numpys(x, *, axis, correction, keepdims):
        return getattr(np, name)(x, axis=axis, ddof=correction, keepdims=keepdims)

    return numpys


def torchs(name):
    """PyTorch's function of this name, which takes no None for all axes."""

    def builtin(torch, x, *, axis, **options):
        if "keepdims" in options:
            options["keepdim"] = options.pop("keepdims")
        dim = tuple(range(x.ndim)) if axis is None else axis
        return getattr(torch, name)(x, dim=dim, **options)

    return builtin


def far_softplus(torch, x):
    """PyTorch's, with its threshold where not even float64 can tell."""
    return torch.nn.functional.softplus(x, threshold=40.0)


KEPT = {"keepdims": st.booleans()}
SPREAD = {"correction": st.sampled_from((0, 1, 0.5, 2)), **KEPT}
OPERATIONS = {
    "tanh": Builtin("tanh", np.tanh, lambda torch, x: torch.tanh(x), POINTS()),
    "softplus": Builtin(
        "softplus",
        lambda x: np.logaddexp(x, x.dtype.type(0)),
        far_softplus,
        POINTS(),
    ),
    "silu": Builtin(
        "silu", lambda x: x / (1 + np.exp(-x)), functional("silu"), POINTS()
    ),
    "gelu": Builtin(
        "gelu",
        numpys_gelu,
        functional("gelu"),
        POINTS(approximate=st.sampled_from(("none", "tanh"))),
    ),
    "logsumexp": Builtin(
        "logsumexp",
        numpys_logsumexp,
        torchs("logsumexp"),
        over(any_axes, LOGITS, **KEPT),
    ),
    "amax": Builtin("amax", np.amax, torchs("amax"), over(any_axes, LOGITS, **KEPT)),
    "argmax": Builtin("argmax", np.argmax, torchs("argmax"), over(one_axis, LOGITS)),
    "cumsum": Builtin(
        "cumsum",
        lambda x, *, axis: np.cumsum(x, axis, dtype=x.dtype),
        torchs("cumsum"),
        over(one_axis),
    ),
    "var": Builtin(
        "var", numpys_spread("var"), torchs("var"), over(any_axes, **SPREAD)
    ),
    "std": Builtin(
        "std", numpys_spread("std"), torchs("std"), over(any_axes, **SPREAD)
    ),
}
DIFFERENTIABLE = {name: op for name, op in OPERATIONS.items() if name != "argmax"}
#: PyTorch warns of corrections that leave nothing.
degrees = pytest.mark.filterwarnings("ignore:.*degrees of freedom:UserWarning")
needs_torch = pytest.mark.skipif(find_spec("torch") is None, reason="no PyTorch")


@each(OPERATIONS)
@shared
@given(data=st.data())
def test_numpys_are_within(op, any_target, data):
    inputs, options = data.draw(op.cases).on(any_target)
    x = host(inputs[0])
    found = np.asarray(op.numpy(x, **options))
    # NumPy 1 makes float64 of a 0-d array and a Python number.
    found = found.astype(x.dtype) if found.dtype.kind == "f" else found
    judge(oracle(op.name, *inputs, **options), NumPy=found)


@degrees
@needs_torch
@each(DIFFERENTIABLE)
@shared
@given(data=st.data())
def test_pytorchs_and_their_gradients_are_within(op, any_target, data):
    inputs, options = data.draw(op.cases).on(any_target)
    expected = oracle(op.name, *inputs, **options)
    g = cotangent(data, expected, any_target)
    value, gradients = autograd(op.torch, inputs, g, options=options)
    judge(expected, **value)
    judge(oracle(f"{op.name}.pullback", g, *inputs, **options), **gradients)


@needs_torch
@shared
@given(data=st.data())
def test_pytorchs_place_of_the_largest_is_within(any_target, data):
    """Which of several it is PyTorch does not say: it is one of them."""
    op = OPERATIONS["argmax"]
    (x,), options = data.draw(op.cases).on(any_target)
    found = op.torch(import_module("torch"), tensor(x), **options)
    judge(oracle("argmax", x, **options), PyTorch=found)


KINKS = np.asarray([0.0, -0.0, -1e4, 1e4, -745.0, 90.0, np.inf, -np.inf, np.nan])
POINTWISE = {name: OPERATIONS[name] for name in ("tanh", "softplus", "silu", "gelu")}


@needs_torch
@each(POINTWISE)
@shared
@given(data=st.data())
def test_far_out_pytorchs_are_within(op, any_target, data):
    x = any_target.array(KINKS)
    _, options = data.draw(op.cases).on(any_target)
    value, gradients = autograd(op.torch, (x,), x * 0 + 1, options=options)
    judge(oracle(op.name, x, **options), **value)
    judge(oracle(f"{op.name}.pullback", x * 0 + 1, x, **options), **gradients)


@needs_torch
@shared
@given(x=laid_out(st.just(((4,),)), HUGE))
def test_pytorchs_threshold_of_softplus_is_documented_as_worse(any_target, x):
    """Above 20 it says x, which only float64 can tell."""
    (x,) = x.on(any_target)
    value, gradients = autograd(functional("softplus"), (x,), x * 0 + 1)
    x = host(x)
    judge(REFERENCES["softplus"].worse_oracle(x), **value)
    judge(REFERENCES["softplus.pullback"].worse_oracle(x * 0 + 1, x), **gradients)


X = np.asarray([[0.3, -1.2, 2.0, 2.0], [25.0, 25.0, 24.5, -24.0]])
NEAR = 1000 + X / 8
FAR_OUT = 1000 * X
ONES = np.ones(2)
SMALL = X / 1e6
WORSE = {
    "tanh": (lambda x: (np.exp(2 * x) - 1) / (np.exp(2 * x) + 1), (SMALL,)),
    "softplus": (lambda x: np.log(1 + np.exp(x)), (X,)),
    "softplus.pullback": (lambda g, _: (g,), (ONES, 24 + ONES / 2)),
    "cumsum.pullback": (
        lambda g, _: (g.sum(-1)[:, None] - np.cumsum(g, -1) + g,),
        (X / [1e-3, 1, 1, 1e3], X),
    ),
    "var": (lambda x: (x * x).mean(-1) - x.mean(-1) ** 2, (NEAR,)),
    "std": (lambda x: np.sqrt((x * x).mean(-1) - x.mean(-1) ** 2), (NEAR,)),
}


@pytest.mark.parametrize("name", WORSE)
def test_what_is_documented_as_worse_is_inaccurate(name):
    function, inputs = WORSE[name]
    reference = REFERENCES[name]
    found, expected, worse = (
        each[0] if isinstance(each, tuple) else each
        for each in (
            function(*inputs),
            reference.oracle(*inputs),
            reference.worse_oracle(*inputs),
        )
    )
    result = within(found, expected, worse=worse)
    assert (result.ok, result.inaccurate) == (False, True)


WRONG = {
    "tanh.pullback": (lambda g, x: (g * (1 - x * x),), (SMALL * 1e6, X)),
    "silu": (lambda x: x / (1 + np.exp(-1.0001 * x)), (X,)),
    "gelu": (lambda x: x / (1 + np.exp(-1.702 * x)), (X,)),
    "logsumexp": (lambda x: np.log(np.exp(x).sum(-1)), (FAR_OUT,)),
    "amax.pullback": (lambda g, x: (g[:, None] * (x != 2),), (ONES, X)),
    "argmax": (lambda x: x.argmax(0)[:2] + 1, (X,)),
    "cumsum": (lambda x: np.cumsum(x, 0), (X,)),
    "var": (lambda x: x.var(-1, ddof=1), (X,)),
    "var.pullback": (lambda g, x: (2 * g[:, None] * x / 4,), (ONES, X)),
    "std.pullback": (lambda g, x: (g[:, None] * x / x.std(-1)[:, None],), (ONES, X)),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_found(name):
    """Approximations, other axes, corrections and derivatives."""
    function, inputs = WRONG[name]
    with pytest.raises(AssertionError, match=r"ours, part 0: "):
        judge(oracle(name, *inputs), ours=function(*inputs))


def test_ties_share_their_cotangent_in_any_way():
    x, g = np.asarray([[2.0, 2.0, 2.0, 1.0]]), np.asarray([6.0])
    shares = [[2, 2, 2, 0], [6, 0, 0, 0], [0, 6, 0, 0], [0, 0, 6, 0], [1, 2, 3, 0]]
    found = {f"ours{i}": (np.asarray([each], float),) for i, each in enumerate(shares)}
    expected = oracle("amax.pullback", g, x)
    judge(expected, **found)
    for wrong in ([0, 0, 0, 6], [7, 0, 0, -1]):
        with pytest.raises(AssertionError):
            judge(expected, ours=(np.asarray([wrong], float),))


def test_the_logarithm_of_no_exponentials_is_certain():
    """-inf of nothing but -inf, inf where there is one, as in PyTorch: not NaN."""
    x = np.asarray([[-np.inf, -np.inf], [np.inf, 0.0], [np.nan, 0.0]])
    expected = oracle("logsumexp", x)
    np.testing.assert_array_equal(expected.value, [-np.inf, np.inf, np.nan])
    assert not expected.error.any()


def test_an_unknown_form_of_gelu_is_refused():
    with pytest.raises(ArgumentError, match=r"gelu: approximate='erf', required none"):
        oracle("gelu", X, approximate="erf")
    with pytest.raises(ArgumentError, match=r"gelu: approximate='erf', required none"):
        oracle("gelu.pullback", X, X, approximate="erf")
