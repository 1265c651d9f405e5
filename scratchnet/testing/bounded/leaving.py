"""What leaves the bound behind: Python's numbers, plain arrays, and indices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scratchnet.arrays import is_array, to_numpy
from scratchnet.testing.bounded.given import UnboundedError

if TYPE_CHECKING:
    from scratchnet.testing.bounded.array import Bounded


def as_bool(x: Bounded, /) -> bool:
    """Whether the one element is true, for every correct implementation."""
    if x.size != 1 or x.error.any():
        raise UnboundedError(
            "Bounded",
            "a branch on a comparison that rounding can turn either way"
            if x.size == 1
            else f"a branch on an array of shape {x.shape}",
            "required a value that is the same for every correct implementation",
            "write where(condition, x, y)",
        )
    return bool(x.value.reshape(()))


def as_int(x: Bounded, /) -> int:
    """The one integer, which must be exact."""
    if x.size != 1 or x.is_real or x.error.any():
        raise UnboundedError(
            "Bounded", "int() of a number with a bound", "required an exact integer"
        )
    return int(x.value.reshape(()))


def no_float() -> UnboundedError:
    """The error for float(x)."""
    return UnboundedError(
        "Bounded",
        "float() of a number with a bound, which would lose the bound",
        "required functions of arrays",
        "keep 0-d arrays as they are",
    )


def no_plain_array() -> UnboundedError:
    """The error for np.asarray(x)."""
    return UnboundedError(
        "Bounded",
        "something asked for a plain NumPy array",
        "required functions that a bound can be derived for",
        "replace np.asarray(x) and the like by functions of x",
    )


def plain_index(index: Any, /) -> Any:
    """The index in NumPy's terms: exact integers and masks are taken out."""
    if isinstance(index, tuple):
        return tuple(map(plain_index, index))
    if hasattr(index, "contract"):
        if index.is_real or not index.is_exact:
            raise UnboundedError(
                "Bounded",
                "an index that rounding can change",
                "required exact integers or an exact mask",
                "write where(mask, x, y)",
            )
        return index.value
    return to_numpy(index) if is_array(index) else index
