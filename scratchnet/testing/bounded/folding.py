"""x a + (b - m a): (x - m) a + b with the factor multiplied out."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.testing.bounded.array import Bounded
from scratchnet.testing.bounded.elementwise import add, multiply, subtract
from scratchnet.testing.bounded.operands import lifted
from scratchnet.testing.bounded.reductions import gamma
from scratchnet.testing.bounded.rounding import SLACK, magnitude
from scratchnet.testing.bounded.shared import quiet
from scratchnet.testing.formats import Reals


@quiet
def folded(x: Bounded, center: Bounded, factor: Bounded, *offsets: Any) -> Bounded:
    """x a - m a + b + ..., added up in any order, with m = center and a = factor.

    The same a^ and m^ are in both products: what they are off counts as it does in
    (x - m) a + b. Operation by operation it would count times abs(x) + abs(m), which
    is many times as much where the mean is large. What is rounded beside: x^ a^ and
    m^ a^ once each, and the n terms when they are added up, (n - 1) u of all of them.
    """
    whole = multiply(subtract(x, center), factor)
    terms = [_reach(x) * _reach(factor), _reach(center) * _reach(factor)]
    for each in offsets:
        b = lifted(each, x)
        whole = add(whole, b)
        terms.append(_reach(b))
    contract, (first, second, *others) = x.contract, terms
    products = first + second
    reach = sum(others, products)
    # Each product is rounded, then added up with all others.
    u = contract.unit_roundoff
    rounding = gamma(1, u) * products + gamma(len(terms), u) * reach
    error = (whole.error + rounding + 2 * contract.underflow) * SLACK
    return Bounded(whole.value, contract, _settled(whole, error, products, reach))


def _reach(x: Bounded) -> Reals:
    """How large the subject's number may be."""
    return magnitude(x.value) + x.error


def _settled(whole: Bounded, error: Reals, products: Reals, reach: Reals) -> Reals:
    """The error where not all is finite.

    A NaN that is certain of (x - m) a + b is one here as well, and an infinite b stays.
    Elsewhere inf - inf may be where (x - m) a is a number, or an infinity.
    """
    largest = whole.contract.format.largest
    certain = ~np.isfinite(whole.value) & (whole.error == 0)
    kept = certain & (np.isnan(whole.value) | (products <= largest))
    lost = ~(reach <= largest) | ~np.isfinite(whole.value)
    return np.where(kept, 0.0, np.where(lost, np.inf, error))
