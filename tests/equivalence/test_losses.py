"""The cross-entropy of nothing, ours and PyTorch's: what the mean of no cost is."""

import numpy as np
import pytest
from equivalence.drawn import quiet
from judged import host

from scratchnet.built_ins import PYTORCHS
from scratchnet.selfcheck import OURS

pytestmark = quiet
ours, _ = OURS["cross_entropy"]
theirs, _ = PYTORCHS["cross_entropy"]


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize(
    ("labels", "ignore_index"), [([], None), ([7, 7], 7), ([1, 1], 1)]
)
def test_of_nothing_that_counts_the_mean_is_nan_and_the_sum_0(
    target, labels, ignore_index, reduction
):
    """No rows, and rows that are all ignored, under labels of a class or of none."""
    labels = np.asarray(labels, np.int64)
    x = target.array(np.arange(3.0 * labels.size).reshape(-1, 3))
    options = {"weights": None, "ignore_index": ignore_index, "reduction": reduction}
    inputs = x, target.array(labels)
    expected = {"none": np.zeros(labels.shape), "mean": np.nan, "sum": 0.0}[reduction]
    y = ours(*inputs, **options)
    np.testing.assert_array_equal(host(y), expected)
    for builtin in [theirs] * (target.library == "torch"):
        np.testing.assert_array_equal(host(builtin(*inputs, **options)), expected)
