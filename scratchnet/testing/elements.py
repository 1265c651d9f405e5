"""Which elements of a result are inside the bound, and how far each is from it."""

from __future__ import annotations

import numpy as np

from scratchnet.testing.bounded import Bounded
from scratchnet.testing.formats import Reals


def identified(found: Reals, oracle: Bounded, /) -> tuple[Reals, Reals, Reals]:
    """Labels and masks: the same, wherever the oracle is decided; counts within it."""
    if oracle.value.dtype == bool:
        told = oracle.error == 0
        good = ~told | (found == oracle.value)
        return good, np.where(good, 0.0, np.inf), told
    apart = np.where(
        found == oracle.value,
        0,
        np.abs(found.astype(np.longdouble) - oracle.value.astype(np.longdouble)),
    ).astype(np.float64)
    return apart <= oracle.error, _share(apart, oracle.error), oracle.error < np.inf


def judged(found: Reals, oracle: Bounded, /) -> tuple[Reals, Reals, Reals]:
    """Which elements are good, error / bound, and which could have been found wrong."""
    value, error = oracle.value, oracle.error
    off = np.abs(found - value)
    good = off <= error
    told = error < np.inf
    if oracle.is_tame and (not off.size or np.maximum.reduce(off, axis=None) < np.inf):
        return good, _share(off, error), told
    good, vague = _beyond(found, oracle, good)
    share = np.where(np.isfinite(off), _share(off, error), np.inf)
    # What must be infinite is wrong, however close it is to the largest number.
    share = np.where(~good & (share <= 1), np.inf, share)
    ratio = np.where(vague | (good & ~np.isfinite(value)), 0.0, share)
    return good, np.asarray(ratio, np.float64), told


def _share(off: Reals, error: Reals) -> Reals:
    """error / bound; where both are 0 it is 0."""
    share = off / error
    return np.asarray(np.where(off == 0, 0.0, share), np.float64)


def _beyond(found: Reals, oracle: Bounded, good: Reals) -> tuple[Reals, Reals]:
    """Which elements are good, and of which of them no error can be told, where
    infinities, NaN and overflow come in."""
    value, error, form = oracle.value, oracle.error, oracle.contract.format
    finite = np.isfinite(value)
    same = (found == value) | (np.isnan(found) & np.isnan(value))
    # Rounding to nearest overflows from half an ulp above the largest number.
    limit = np.asarray(form.largest, value.dtype) * (1 + form.unit_roundoff)
    must = finite & (np.abs(value) - error > limit)
    # An infinity is allowed at the end of the line that the bound reaches beyond.
    end = np.isinf(found) & (np.sign(found) * value + error > form.largest)
    silent = np.isinf(error)
    vague = silent | (finite & end)
    return vague | np.where(finite, good & ~must, same), vague
