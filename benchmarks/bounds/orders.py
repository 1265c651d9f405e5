"""Sums and sums of products in orders that libraries use, or might.

Each takes arrays whose last axis is summed over, of NumPy or PyTorch, and rounds to
their dtype after every operation, unless its name says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from draws import CARRIERS, Reals, rounded

from scratchnet.testing import Format

#: Where each addition is a call, there are at most so many.
CALLS = 128


def sequential(terms: Any) -> Any:
    """From the first to the last; None for a tensor that is too long."""
    if isinstance(terms, np.ndarray):
        return np.add.accumulate(terms, axis=-1)[..., -1]
    if terms.shape[-1] > CALLS:
        return None
    total = terms[..., 0]
    for i in range(1, terms.shape[-1]):
        total = total + terms[..., i]
    return total


def backwards(terms: Any) -> Any:
    """From the last to the first."""
    flipped = terms[..., ::-1] if isinstance(terms, np.ndarray) else terms.flip(-1)
    return sequential(flipped)


def pairwise(terms: Any) -> Any:
    """One half added to the other, until one number is left."""
    while (n := terms.shape[-1]) > 1:
        half = n // 2
        joined = terms[..., :half] + terms[..., half : 2 * half]
        if n % 2:
            joined[..., 0] = joined[..., 0] + terms[..., -1]
        terms = joined
    return terms[..., 0]


def blocked(terms: Any) -> Any:
    """Blocks of eight, each from the first to the last, and then those."""
    n = terms.shape[-1] // 8 * 8
    if n == 0:
        return sequential(terms)
    blocks = terms[..., :n].reshape((*terms.shape[:-1], n // 8, 8))
    total = sequential(blocks)
    total = None if total is None else sequential(total)
    if total is None or n == terms.shape[-1]:
        return total
    return total + sequential(terms[..., n:])


#: Orders of a sum of terms in their own format.
SUMS: Mapping[str, Callable[[Any], Any]] = {
    "sequential": sequential,
    "backwards": backwards,
    "pairwise": pairwise,
    "blocked": blocked,
}


def wide_sum(terms: Reals, form: Format) -> Reals:
    """In a wider format, rounded once: float32 for halves, long double for float64."""
    return rounded(sequential(terms.astype(wider(form))), form)


def wide_product(a: Reals, b: Reals, form: Format) -> Reals:
    """Products and their sum in a wider format, rounded once."""
    kind = wider(form)
    return rounded(sequential(a.astype(kind) * b.astype(kind)), form)


def wider(form: Format) -> Any:
    """NumPy's dtype of the next format, or of long double."""
    if form.precision < 24:
        return np.float32
    return np.float64 if form.name == "float32" else np.longdouble


def fused(a: Reals, b: Reals, form: Format) -> Reals | None:
    """a b + total rounded once (FMA): in float64, which holds each product exactly.

    None for float64 itself, and for sums that are too long.
    """
    if form.name == "float64" or a.shape[-1] > CALLS:
        return None
    total = np.zeros(np.broadcast_shapes(a.shape, b.shape)[:-1])
    for i in range(a.shape[-1]):
        # Double rounding: float64 first. It can only matter for a tie in float64.
        product = a[..., i].astype(np.float64) * b[..., i].astype(np.float64)
        total = rounded(product + total, form).astype(np.float64)
    return total.astype(CARRIERS[form.name])


def tf32(x: Reals) -> Reals:
    """float32 rounded to 11 bits, ties away from 0, as tensor cores read it."""
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32)
    near = (bits + np.uint32(0x1000)) & np.uint32(0xFFFFE000)
    return np.where(np.isfinite(x), near.view(np.float32), x)
