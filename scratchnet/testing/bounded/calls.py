"""How NumPy's and PyTorch's functions are called, in the terms of the standard."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from scratchnet.testing.bounded.array import Bounded
from scratchnet.testing.bounded.standard import refusal

#: Keywords of PyTorch and NumPy for those of the standard.
KEYWORDS: Mapping[str, str] = MappingProxyType(
    {"dim": "axis", "dims": "axes", "keepdim": "keepdims", "ddof": "correction"}
)
#: Functions whose axis may stand second, without its keyword.
BY_AXIS = frozenset(
    (
        *("all", "any", "argmax", "argmin", "concat", "cumulative_sum"),
        *("expand_dims", "flip", "max"),
        *("mean", "min", "squeeze", "stack", "std", "sum", "var"),
    )
)
#: Those of NumPy's whose dtype may stand third.
BY_DTYPE = frozenset(("mean", "std", "sum", "var"))
#: Options that change nothing here, by the values at which they do not.
IGNORED: Mapping[str, tuple[Any, ...]] = MappingProxyType(
    {
        "casting": ("same_kind",),
        "copy": (None, False),
        "device": (None, "cpu"),
        "layout": (None,),
        "memory_format": (None,),
        "order": (None, "K", "C"),
        "out": (None,),
        "requires_grad": (False,),
        "subok": (True, False),
        "where": (True,),
    }
)


def first_bounded(arguments: Any, /) -> Bounded:
    """The first bound-carrying array among arguments, also inside a list of them."""
    for each in arguments:
        if isinstance(each, Bounded):
            return each
        if isinstance(each, list | tuple):
            for inner in each:
                if isinstance(inner, Bounded):
                    return inner
    raise refusal("a function of no bound-carrying array")


def meant(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that mean something; refused where they mean what has no bound."""
    kept = {}
    for key, value in options.items():
        if value is np._NoValue:
            continue
        if key not in IGNORED:
            kept[key] = value
        elif isinstance(value, Bounded | np.ndarray) or str(value) not in map(
            str, IGNORED[key]
        ):
            raise refusal(f"{name} with {key}=")
    return kept


def by_standard(
    library: str, name: str, args: Any, options: Mapping[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """Arguments and options as the standard has them, which takes an axis by name."""
    found = {KEYWORDS.get(key, key): value for key, value in options.items()}
    if name in BY_AXIS and len(args) > 1:
        places = _places(library, name)
        if len(args) > 1 + len(places):
            raise refusal(f"{name} of {len(args)} arguments")
        found.update(zip(places, args[1:], strict=False))
        args = args[:1]
    first = [found.pop(key) for key in ("input", "a", "tensors") if key in found]
    args = (*first, *args)
    if "other" in found:
        args = (*args, found.pop("other"))
    if isinstance(found.get("axis"), list):
        found["axis"] = tuple(found["axis"])
    if found.get("dtype", 0) is None:
        del found["dtype"]
    if library == "torch" and found.get("axis") == ():
        found["axis"] = None  # no axis stands for all of them
    return args, found


def _places(library: str, name: str) -> tuple[str, ...]:
    """What stands after the array, by its name in the standard."""
    if library == "torch":
        return ("axis", "keepdims")
    return ("axis", "dtype") if name in BY_DTYPE else ("axis",)
