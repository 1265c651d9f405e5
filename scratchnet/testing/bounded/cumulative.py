"""Sums of all elements so far, along one axis."""

from __future__ import annotations

import numpy as np

from scratchnet.testing.bounded.array import Bounded
from scratchnet.testing.bounded.exact import fine_unit, multiples
from scratchnet.testing.bounded.given import UnboundedError
from scratchnet.testing.bounded.reductions import normalized, partial_sum
from scratchnet.testing.bounded.rounding import SLACK, magnitude, settled
from scratchnet.testing.formats import Reals


def cumulative_sum(x: Bounded, /, *, axis: int | None = None) -> Bounded:
    """The sum of each element and all before it; of all axes' elements in a row for
    None.

    Every scan, one after the other or by a tree, adds the k terms of a result by k - 1
    additions: each is bounded as a sum of k terms in any order.
    """
    if axis is None:
        x = Bounded(x.value.reshape(-1), x.contract, x.error.reshape(-1))
    (along,) = normalized(-1 if axis is None else axis, x.ndim)
    if not x.is_real:
        return _counted(x, along)
    value = np.add.accumulate(x.value, axis=along)
    propagated = np.add.accumulate(x.error, axis=along)
    reach = np.add.accumulate(magnitude(x.value), axis=along) + propagated
    error = _summed_error(x, value, propagated, reach, along)
    if x.is_exact:
        error = np.where(_on_grid(x, reach, along), 0.0, error)
    if not (x.is_tame and (reach <= x.contract.format.largest).all()):
        error = settled(value, error, *_unsettled(x, reach, along))
    return Bounded(value, x.contract, error)


def _counted(x: Bounded, axis: int) -> Bounded:
    """Of labels and masks, which are exact."""
    if not x.is_exact:
        raise UnboundedError(
            "cumulative_sum", "a sum of undecided integers", "required exact ones"
        )
    return Bounded(np.cumsum(x.value, axis=axis, dtype=np.int64), x.contract)


def _summed_error(
    x: Bounded, value: Reals, propagated: Reals, reach: Reals, axis: int
) -> Reals:
    """As `reductions.summed_error`, of as many terms as each result has."""
    contract, n = x.contract, x.shape[axis]
    adding = contract.accumulator or contract.format
    additions = np.arange(n, dtype=np.float64)
    additions = additions.reshape([n if i == axis else 1 for i in range(x.ndim)])
    own = additions * contract.oracle.unit_roundoff
    u = contract.unit_roundoff if adding == contract.format else adding.unit_roundoff
    error = propagated + (additions * u + own / (1 - own)) * reach
    if adding != contract.format:
        error = error + contract.unit_roundoff * (magnitude(value) + error)
    error = error * (SLACK + n * 2.0**-52)
    if contract.flush_to_zero:
        error = error + (additions + 1) * contract.underflow
    return np.asarray(error, np.float64)


def _on_grid(x: Bounded, reach: Reals, axis: int) -> Reals:
    """Where all terms so far are multiples of a unit that the largest finite sum can be
    written in."""
    finite = np.where(np.isfinite(reach), reach, 0.0)
    unit = fine_unit(finite.max(axis=axis, keepdims=True, initial=0.0), x.contract)
    return np.logical_and.accumulate(multiples(x.value, unit), axis=axis)


def _unsettled(x: Bounded, reach: Reals, axis: int) -> tuple[Reals, Reals, Reals]:
    """As `reductions.unsettled`, of what came so far."""
    finite = np.isfinite(x.value)
    special = np.logical_or.accumulate(~finite, axis=axis)
    lost = np.logical_or.accumulate(x.may_overflow | ~np.isfinite(x.error), axis=axis)
    size = np.where(finite, magnitude(x.value) + x.error, 0.0)
    reach = np.where(special, np.add.accumulate(size, axis=axis), reach)
    lost = lost | ~(partial_sum(reach, x.contract) <= x.contract.format.largest)
    return special, np.logical_and.accumulate(x.error == 0, axis=axis), lost
