"""The one place with a chosen tolerance, until bounds are derived.

Every comparison is made in float64: the inputs are rounded to the dtype of the target
first, then widened, so that ours and the built-in start from the very same numbers.
What is chosen is ROUNDINGS alone: how many unit roundoffs of the magnitude a result may
be off. The magnitude says how large the numbers were that the result was made of, which
a test derives from its inputs: for a matrix product abs(a) @ abs(b), so that
cancellation is no false alarm. The forward error bounds that the harness is to derive
will replace this file.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.arrays import Array, array_namespace, device, dtype_name, to_numpy

#: Unit roundoffs of the magnitude that a result may be off: room for some dozen
#: operations, each off by a few, and for sums of up to some hundred terms.
ROUNDINGS = 64


def wide(x: Array) -> np.ndarray[Any, Any]:
    """x in float64, on the host: the numbers that the built-in starts from."""
    return to_numpy(x).astype(np.float64)


def agree(
    actual: Array,
    expected: Any,
    /,
    *,
    magnitude: Any = None,
    like: Array | None = None,
) -> None:
    """Assert that actual is expected, which is in float64, but for rounding.

    Shapes must be equal, NaN and infinities in the same places, and every other element
    within ROUNDINGS unit roundoffs of its magnitude: that is max(1, abs(expected))
    where none is given. With `like`, actual must have its library, dtype and device.
    """
    if like is not None:
        home, required = _home(actual), _home(like)
        assert home == required, f"expected {required}, found {home}"
    expected, found = np.asarray(expected, np.float64), wide(actual)
    assert found.shape == expected.shape, f"{found.shape}, expected {expected.shape}"
    if magnitude is None:
        magnitude = np.maximum(1, np.abs(expected))
    facts = np.finfo(dtype_name(actual.dtype))
    # The smallest normal number: a product may underflow.
    allowed = ROUNDINGS * (facts.eps / 2 * np.asarray(magnitude) + facts.tiny)
    same = (found == expected) | (np.isnan(found) & np.isnan(expected))
    with np.errstate(invalid="ignore"):
        error = np.where(same, 0.0, np.abs(found - expected))
    # Written so that an error of NaN is one too many.
    wrong = ~same & ~(np.isfinite(expected) & (error <= allowed))
    assert not wrong.any(), _worst(found, expected, error, allowed, wrong)


def _home(x: Array) -> tuple[str, str, str]:
    return array_namespace(x).__name__, dtype_name(x.dtype), str(device(x))


def _worst(found: Any, expected: Any, error: Any, allowed: Any, wrong: Any) -> str:
    """The wrong element that is off by the most, as a sentence."""
    ranked = np.where(wrong, np.nan_to_num(error, nan=np.inf), -1)
    at = np.unravel_index(np.argmax(ranked), found.shape)
    allowed = np.broadcast_to(allowed, found.shape)
    return (
        f"at {tuple(map(int, at))} of {found.shape}: actual {float(found[at])}, "
        f"expected {float(expected[at])}, off by {error[at]:.3g}, "
        f"allowed {allowed[at]:.3g}"
    )
