"""The interim comparison lets rounding pass, and nothing else."""

from itertools import permutations

import numpy as np
import pytest
from interim import agree

EXPECTED = np.asarray([[1.5, -2.0, 1e3], [0.25, 7.0, -1e-3]])
ERRORS = {"float32": 1e-3, "float64": 1e-10}


def test_rounding_agrees(target):
    thirds = target.array(EXPECTED / 3)
    agree(thirds, EXPECTED / 3, like=thirds)
    agree(thirds * 3, EXPECTED, like=thirds)


def test_a_small_relative_error_does_not(target):
    """In a single element of ordinary size."""
    factor = np.ones(EXPECTED.shape)
    factor[1, 1] += ERRORS[target.dtype]
    with pytest.raises(AssertionError, match=r"at \(1, 1\) of \(2, 3\): actual 7\.0"):
        agree(target.array(EXPECTED * factor), EXPECTED)


def test_of_magnitude_0_no_rounding_agrees(target):
    with pytest.raises(AssertionError, match="allowed"):
        agree(target.array(EXPECTED), EXPECTED * (1 + 1e-15), magnitude=0)


SPECIAL = (1.0, np.nan, np.inf, -np.inf)


@pytest.mark.parametrize("value", SPECIAL)
def test_special_values_agree_with_themselves(target, value):
    agree(target.array(np.asarray([value, 1.0])), [value, 1.0])


@pytest.mark.parametrize(("value", "other"), list(permutations(SPECIAL, 2)))
def test_special_values_agree_with_no_other(target, value, other):
    with pytest.raises(AssertionError, match=r"at \(0,\) of \(2,\)"):
        agree(target.array(np.asarray([value, 1.0])), [other, 1.0])


def test_shapes_that_would_broadcast_do_not_agree(target):
    with pytest.raises(AssertionError, match=r"\(1, 2\), expected \(2,\)"):
        agree(target.array(np.ones((1, 2))), np.ones(2))


def test_another_dtype_does_not_agree(target):
    x = target.array(EXPECTED)
    with pytest.raises(AssertionError, match=f"expected .*{target.dtype}"):
        agree(target.xp.astype(x, target.xp.float16), EXPECTED, like=x)
