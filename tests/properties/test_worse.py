"""What an algorithm documented as worse gives is INACCURATE, in whatever law."""

import numpy as np
import pytest
from properties.asking import NUMPY, quick

from scratchnet.testing import OPS, check


@quick
def test_what_is_worse_is_so_in_every_law():
    def cancelling(x, *, alpha=1.0):
        return np.where(x > 0, x, alpha * (np.exp(np.minimum(x, 0)) - 1))

    report = check(cancelling, OPS["elu"], targets=NUMPY)
    assert {each.verdict for each in report.broken} == {"INACCURATE"}


@quick
def test_what_is_wrong_somewhere_is_wrong_however_many_are_inaccurate():
    """An updated mean errs by more than a sum does, and is NaN where there is inf."""

    def mean(x, *, axis=None, keepdims=False):
        del axis, keepdims
        m = 0 * x[..., 0]
        for k in range(x.shape[-1]):
            m = m + (x[..., k] - m) / (k + 1)
        return m

    filled = OPS["mean"].restrict(axis=-1, keepdims=False, empty=False, ranks=(1, 2))
    asked_of = {"laws": ["equals_the_oracle"], "targets": NUMPY}
    finite = check(mean, filled.restrict(families=["moderate", "ties"]), **asked_of)
    assert [each.verdict for each in finite.results] == ["INACCURATE"]
    assert [each.verdict for each in check(mean, filled, **asked_of).results] == [
        "WRONG"
    ]


def of_squares(x):
    return (x * x).mean(-1) - x.mean(-1) ** 2


def at_times(when):
    """A variance that cancels, of some arrays."""

    def var(x, *, axis=-1, correction=0):
        del axis, correction
        return of_squares(x) if when(x) else x.var(-1)

    return var


def folded(x, mean, std):
    """Multiplied out where there are loops, which cancels."""
    return x / std - mean / std if x.ndim > 1 else (x - mean) / std


def cumsum_vjp(x, *, axis=-1):
    def pullback(g):
        after = np.flip(np.cumsum(np.flip(g, axis), axis), axis)
        whole = g.sum(axis, keepdims=True) - np.cumsum(g, axis) + g
        return (np.where(g.ravel()[:1] < 0, whole, after),)

    return np.cumsum(x, axis), pullback


VAR = OPS["var"].restrict(axis=-1, correction=0, keepdims=False)
WORSE_AT_TIMES = {
    "the_layout_does_not_matter": (at_times(lambda x: not x.flags.carray), VAR),
    "rows_are_independent": (at_times(lambda x: len(x) == 1), VAR),
    "broadcasting_equals_the_loop": (folded, OPS["standardize"]),
    "pullbacks_are_linear": (
        np.cumsum,
        OPS["cumsum"].restrict(empty=False),
        cumsum_vjp,
    ),
}


@quick
@pytest.mark.parametrize("law", WORSE_AT_TIMES)
def test_two_results_that_differ_by_a_worse_algorithm_are_inaccurate(law):
    """Wrong would be what no documented algorithm gives."""
    subject, operation, *vjp = WORSE_AT_TIMES[law]
    found = check(
        subject, operation, vjp=vjp[0] if vjp else None, laws=[law], targets=NUMPY
    )
    assert [each.verdict for each in found.results] == ["INACCURATE"]
    assert "INACCURATE: an algorithm documented as worse" in str(found)
