"""Logarithms of sums that are merged two by two: log(exp(a) + exp(b))."""

from __future__ import annotations

import math

import numpy as np

from scratchnet.testing.bounded.array import Bounded
from scratchnet.testing.bounded.reductions import gamma
from scratchnet.testing.bounded.rounding import SLACK, magnitude
from scratchnet.testing.bounded.shared import quiet
from scratchnet.testing.contract import Contract


@quiet
def merged(whole: Bounded, n: int, /) -> Bounded:
    """The logarithm of a sum of n exponentials, merged in any order or tree.

    whole: the same by any other algorithm, whose value it has. A merge of a >= b is
    a + log(1 + c), c = exp(b - a), with log1p or without, and off by u (s + abs(r)) at
    most (`_units`): as if all that went into r were so much larger. The part
    u (s + abs(w)) of that moves the whole w by no more than itself. The rest, u t for
    t = w - r >= 0, moves it by exp(-t) (exp(u t) - 1) <= u / (e (1 - u)). Each of the
    n - 1 merges adds both. Derived here; the largest ratio seen is 0.48.
    """
    contract, steps = whole.contract, max(n - 1, 0)
    # The divisor has what was added to w before, and products of errors in a merge.
    u = gamma(n + 8, contract.unit_roundoff) / (n + 8)
    reach = magnitude(whole.value) + whole.error + _units(contract) + 1 / math.e
    error = (whole.error + steps * (u * reach + _underflow(contract))) * SLACK
    # What is not finite passes unchanged; nothing is merged with nothing.
    passed = ~np.isfinite(whole.value) | (steps == 0)
    return Bounded(whole.value, contract, np.where(passed, whole.error, error))


def _units(contract: Contract) -> float:
    """s, in unit roundoffs: of b - a, times c at most 1/e; of c, in which no slope is
    above 1/2; of 1 + c, where it is rounded; of a logarithm that is at most log(2)."""
    ulps = contract.ulps
    logarithm = 2 * max(ulps["log"], ulps["log1p"]) * math.log(2)
    return 1 / math.e + ulps["exp"] + 1 + logarithm


def _underflow(contract: Contract) -> float:
    """What a tiny c, and its logarithm, may be off."""
    ulps = contract.ulps
    off = ulps["exp"] + max(ulps["log"], ulps["log1p"])
    return 2 * max(off, 1.0) * contract.underflow
