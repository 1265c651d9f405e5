"""Layer and batch normalization: what is documented as worse is found to be, what is
wrong is found with a small example, and what PyTorch does to a weight with gaps."""

from functools import partial

import numpy as np
import pytest
from equivalence.drawn import quiet
from judged import judge, oracle

from scratchnet.testing import (
    OPS,
    Algorithm,
    Case,
    Contract,
    Op,
    Reference,
    check,
    ops,
    within,
)
from scratchnet.testing.formats import FLOAT64
from scratchnet.testing.laws import gradients
from scratchnet.testing.references import REFERENCES
from scratchnet.testing.strategies import FAMILIES, contiguous
from scratchnet.testing.subject import Subject
from scratchnet.testing.targets import Target

pytestmark = quiet

X = np.asarray([[0.3, -1.2, 2.0, 1.5], [2.5, 2.25, 0.5, -4.0], [0.7, 0.1, -3.0, 1.0]])
G = np.asarray([[1.0, 0.5, -2.0, 0.2], [0.1, -1.0, 3.0, 0.7], [0.3, 0.6, -0.4, 2.0]])
WEIGHT = np.asarray([0.5, -2.0, 1.5, 3.0])
BIAS = np.asarray([0.1, 0.0, -0.7, 5.0])
#: Where the mean is 10^5 deviations.
FAR = 1e5 + X
AXES = {"layer_norm": -1, "batch_norm": 0}
each_of_both = pytest.mark.parametrize("name", AXES)


def of_squares(x, axis):
    return (x * x).mean(axis, keepdims=True) - x.mean(axis, keepdims=True) ** 2


def deviation(x, axis, eps, *, ddof=0):
    return np.sqrt(x.var(axis, ddof=ddof, keepdims=True) + eps)


def normal(x, axis, deviation):
    return (x - x.mean(axis, keepdims=True)) / deviation


def back(g, x, s, axis):
    """The textbook's cotangents, of a deviation s."""
    gh, xh = g * WEIGHT, normal(x, axis, s)
    means = (each.mean(axis, keepdims=True) for each in (gh, gh * xh))
    return (gh - next(means) - xh * next(means)) / s, (g * xh).sum(0), g.sum(0)


# Worse.


@each_of_both
def test_the_mean_of_squares_is_inaccurate_far_from_0(name):
    axis, reference = AXES[name], REFERENCES[name]
    inputs = FAR, WEIGHT, BIAS
    s = np.sqrt(of_squares(FAR, axis) + 1e-5)
    found = normal(FAR, axis, s) * WEIGHT + BIAS
    expected, worse = reference.oracle(*inputs), reference.worse_oracle(*inputs)
    result = within(found, expected, worse=worse)
    assert (result.ok, result.inaccurate) == (False, True)
    judge(expected, ours=normal(FAR, axis, deviation(FAR, axis, 1e-5)) * WEIGHT + BIAS)


@each_of_both
def test_so_are_its_cotangents(name):
    axis, reference = AXES[name], REFERENCES[f"{name}.pullback"]
    inputs = G, FAR, WEIGHT, BIAS
    found = back(G, FAR, np.sqrt(of_squares(FAR, axis) + 1e-5), axis)
    expected, worse = reference.oracle(*inputs), reference.worse_oracle(*inputs)
    for part, (of_x, allowed) in enumerate(zip(expected, worse, strict=True)):
        result = within(found[part], of_x, worse=allowed)
        # What is no sum with xh is the cotangent of the bias alone.
        assert (result.ok, result.inaccurate) == (part == 2, part < 2)
    judge(expected, ours=back(G, FAR, deviation(FAR, axis, 1e-5), axis))


# Wrong.


def wrong_values(axis):
    other = -1 - axis
    return {
        "of a sample": lambda x, e: normal(x, axis, deviation(x, axis, e, ddof=1)),
        "eps outside": lambda x, e: normal(x, axis, deviation(x, axis, 0) + e),
        "no eps": lambda x, _: normal(x, axis, deviation(x, axis, 0)),
        "eps by little": lambda x, e: normal(x, axis, deviation(x, axis, e + 1e-12)),
        "other axis": lambda x, e: normal(x, other, deviation(x, other, e)),
        "their deviation": lambda x, e: normal(x, axis, deviation(x, other, e)),
        "no mean": lambda x, e: x / deviation(x, axis, e),
    }


@each_of_both
@pytest.mark.parametrize("fault", wrong_values(0))
def test_what_is_wrong_is_found(name, fault):
    """Of one example, which is moderate."""
    found = wrong_values(AXES[name])[fault](X, 1e-5) * WEIGHT + BIAS
    with pytest.raises(AssertionError, match=r"ours, part 0: "):
        judge(oracle(name, X, WEIGHT, BIAS), ours=found)


WRONG_BACK = {
    "no mean": lambda gh, xh, mean: gh - xh * mean(gh * xh),
    "no projection": lambda gh, _, mean: gh - mean(gh),
    "constant statistics": lambda gh, *_: gh,
    "no weight": lambda gh, xh, mean: (gh - mean(gh) - xh * mean(gh * xh)) / WEIGHT,
}


@each_of_both
@pytest.mark.parametrize("fault", WRONG_BACK)
def test_what_is_wrong_in_a_pullback_is_found(name, fault):
    axis = AXES[name]
    s = deviation(X, axis, 1e-5)
    mean = partial(np.mean, axis=axis, keepdims=True)
    _, of_weight, of_bias = back(G, X, s, axis)
    found = WRONG_BACK[fault](G * WEIGHT, normal(X, axis, s), mean) / s
    with pytest.raises(AssertionError, match=r"ours, part 0: "):
        judge(
            oracle(f"{name}.pullback", G, X, WEIGHT, BIAS),
            ours=(found, of_weight, of_bias),
        )


def layer_norm_vjp(over):
    """Right, but that the cotangents of weight and bias are summed over these axes."""

    def vjp(x, weight, bias, *, eps):
        s = deviation(x, -1, eps)
        xh = normal(x, -1, s)

        def pullback(g):
            gh = g * weight
            means = (each.mean(-1, keepdims=True) for each in (gh, gh * xh))
            dx = (gh - next(means) - xh * next(means)) / s
            axes = over(g.ndim)
            return dx, (g * xh).sum(axes), g.sum(axes)

        return xh * weight + bias, pullback

    return lambda *inputs, eps: vjp(*inputs, eps=eps)[0], vjp


def test_a_weight_is_of_all_loop_dimensions():
    """Of two of them, one is forgotten: a small example shows it."""
    asked = {"targets": ["numpy:float64"], "laws": ["gradients_equal_the_oracle"]}
    right, vjp = layer_norm_vjp(lambda rank: tuple(range(rank - 1)))
    assert check(right, ops.layer_norm, vjp=vjp, **asked).ok
    wrong, vjp = layer_norm_vjp(lambda rank: (0,) if rank > 1 else ())
    report = check(wrong, ops.layer_norm, vjp=vjp, **asked)
    assert not report.ok
    assert report.witness.arguments[0].shape == (1, 1, 1)


def test_a_deviation_of_a_sample_is_found_with_a_small_example():
    """In a batch of one row it is NaN."""
    report = check(
        lambda x, w, b, *, eps: normal(x, 0, deviation(x, 0, eps, ddof=1)) * w + b,
        ops.batch_norm,
        targets=["numpy:float64"],
        laws=["equals_the_oracle"],
    )
    assert report.broken[0].verdict == "WRONG"
    assert report.witness.arguments[0].shape == (1, 1)


@each_of_both
def test_weights_of_other_features_must_be_refused(name):
    """Three features and two weights are refused by broadcasting already."""
    asked = {"targets": ["numpy:float64"], "laws": ["what_does_not_fit_is_refused"]}

    def cut(x, w, b, *, eps):
        w, b = (each[: x.shape[-1]] for each in (w, b))
        x = x[..., : len(w)]
        return normal(x, AXES[name], deviation(x, AXES[name], eps)) * w + b

    report = check(cut, OPS[name], **asked)
    assert report.broken[0].verdict == "ACCEPTS"


# What is certain.


@each_of_both
def test_what_is_alone_is_the_bias(name):
    """One feature of a row, or one row of a batch: whatever the weight."""
    shape = {"layer_norm": (3, 1), "batch_norm": (1, 4)}[name]
    x = X.reshape(-1)[: np.prod(shape)].reshape(shape)
    weight, bias = WEIGHT[: shape[-1]], BIAS[: shape[-1]]
    expected = oracle(name, x, weight, bias)
    np.testing.assert_array_equal(expected.value, np.broadcast_to(bias, shape))


@each_of_both
@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_makes_nan_of_all_that_shares_its_mean(name, odd):
    x = X.copy()
    x[1, 2] = odd
    expected = oracle(name, x, WEIGHT, BIAS)
    shared = np.zeros(X.shape, bool)
    shared[{"layer_norm": (1, ...), "batch_norm": (..., 2)}[name]] = True
    np.testing.assert_array_equal(np.isnan(expected.value), shared)
    assert not expected.error[shared].any()
    assert np.isfinite(expected.error).all()


@each_of_both
def test_what_is_constant_says_something_all_the_same(name):
    """The mean of equal numbers may be off, and eps keeps the quotient in range."""
    expected = oracle(name, np.full((3, 4), 1000.1), WEIGHT, BIAS)
    assert np.isfinite(expected.error).all()
    wrong = np.broadcast_to(BIAS, (3, 4)) + expected.error * 2
    with pytest.raises(AssertionError):
        judge(expected, ours=wrong)


# PyTorch's.


def test_pytorchs_pullback_of_batch_norm_reads_a_weight_as_if_it_had_no_gaps():
    """A defect of PyTorch 2.13 on CPUs: of weights 1 and 1, with 2 between them, the
    second feature is given the 2.

    Mended where this fails: then `contiguous` may go from `beyond.torchs_batch_norm`,
    and the paragraph about it from docs/checking.md.
    """
    torch = pytest.importorskip("torch")
    x, g = np.zeros((2, 2)), np.asarray([[0.0, 0.0], [0.0, 1.0]])
    one, between = torch.ones(2, dtype=torch.float64), torch.tensor([1.0, 2.0, 1.0])

    def found(weight):
        leaves = [torch.asarray(x), weight, torch.zeros_like(one)]
        leaves = [each.requires_grad_() for each in leaves]
        y = torch.batch_norm(*leaves, None, None, True, 0.0, 1e-5, False)
        cotangents = torch.autograd.grad(y, leaves, torch.asarray(g))
        return tuple(each.numpy() for each in cotangents)

    expected = oracle("batch_norm.pullback", g, x, np.ones(2), np.zeros(2))
    judge(expected, contiguous=found(one))
    gaps = found(between.double()[::2])
    with pytest.raises(AssertionError, match=r"^PyTorch, part 0: .*at \[0, 1\]"):
        judge(expected, PyTorch=gaps)
    np.testing.assert_array_equal(gaps[0], 2 * found(one)[0])


# A law, of which these brought to light what it must not blame.

WAY = Reference(
    "product.pullback",
    (Algorithm("g weight / 2048", lambda g, _, w: (g * w / 2048.0,)),),
)
PRODUCT = Op(
    "product",
    "(),()->()",
    Reference("product", (Algorithm("x w / 2048", lambda x, w: x * w / 2048.0),)),
    WAY,
)


def test_a_pullback_may_overflow_on_the_way_for_twice_the_cotangent(monkeypatch):
    """Of g = 1 the product with the weight is in range, of -2 it is not."""
    arguments, lying = (np.ones(()), np.full((), 2.0**1023)), (contiguous,) * 2
    root, family = bytes([0, 0, 1] * 16), FAMILIES["moderate"]
    case = Case(PRODUCT, arguments, {}, lying, family, FLOAT64, root)
    assert case.of_pullback().arguments[0] == 1

    def vjp(x, w):
        return x * w / 2048, lambda g: (g * w / 2048,)

    target = Target.named("numpy:float64")
    subject = Subject(lambda *x: vjp(*x)[0], PRODUCT, target, Contract("float64"), vjp)
    found = gradients.pullbacks_are_linear.asked(subject, case)
    assert (found.ok, found.silent) == (True, 1)
    monkeypatch.setattr(
        gradients,
        "_of_turned",
        lambda there, subject, i: there.oracle(subject.contract)[i],
    )
    assert not gradients.pullbacks_are_linear.asked(subject, case).ok
