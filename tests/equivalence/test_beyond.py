"""References of operations that the pipeline does not have: what is documented as worse
is found to be, what is wrong is found, and what is free is free."""

import numpy as np
import pytest
from equivalence.beyond import gelu_without_onednn
from equivalence.drawn import quiet
from judged import judge, oracle

from scratchnet.built_ins import functional
from scratchnet.errors import ArgumentError
from scratchnet.testing.compare import within
from scratchnet.testing.references import REFERENCES

pytestmark = quiet


def test_pytorchs_threshold_of_softplus_is_documented_as_worse():
    """Above 20 it says x, which only float64 can tell."""
    torch = pytest.importorskip("torch")
    x = np.linspace(-10, 40, 51)
    found = functional("softplus")(torch.asarray(x)).numpy()
    expected, worse = (
        getattr(REFERENCES["softplus"], each)(x) for each in ("oracle", "worse_oracle")
    )
    result = within(found, expected, worse=worse)
    assert (result.ok, result.inaccurate) == (False, True)


def test_onednns_gelu_overflows_too_early():
    """It doubles x on its way; where PyTorch computes itself it does not."""
    torch = pytest.importorskip("torch")
    x = np.asarray([2.0**127, np.inf], np.float32)
    expected = REFERENCES["gelu"].oracle(x)
    found, own = (
        gelu(torch.asarray(x), approximate="none").numpy()
        for gelu in (functional("gelu"), gelu_without_onednn)
    )
    assert within(own, expected).ok
    if within(found, expected).ok:
        pytest.skip("oneDNN does not compute it here, or it is mended: say so in docs")
    assert found[0] == np.inf
    assert np.isnan(found[1])


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


def by_logaddexp(x):
    return np.logaddexp.reduce(x, axis=-1, keepdims=True)


MERGED = {
    "logsumexp": lambda x: by_logaddexp(x)[..., 0],
    "log_softmax": lambda x: x - by_logaddexp(x),
    "softmax": lambda x: np.exp(x - by_logaddexp(x)),
}


@pytest.mark.parametrize("name", MERGED)
def test_logarithms_that_are_merged_two_by_two_are_inaccurate(name):
    """Each merge rounds to an ulp of the whole: in rows that differ by no more than a
    few, that shows."""
    x = 1000 + np.sin(np.arange(40.0 * 300).reshape(40, 300))
    found, reference = MERGED[name](x), REFERENCES[name]
    result = within(found, reference.oracle(x), worse=reference.worse_oracle(x))
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
