"""Which library code is written for, as the names in it tell."""

from __future__ import annotations

from collections.abc import Iterator
from dis import get_instructions
from inspect import isclass, isfunction, ismodule, unwrap
from types import CodeType
from typing import Any

#: Of targets, by the packages that are imported for them.
_OURS = {"numpy": "numpy", "torch": "torch"}
#: Packages whose code runs on any of them.
_ANY = ("array_api_compat", "scratchnet", "einops", "keras")


def libraries(subject: Any, /) -> frozenset[str]:
    """The libraries that a subject, and what it calls of its own, names: "numpy",
    "torch"; empty where that does not tell.

    NumPy's functions take tensors, and tensors have methods of arrays' names, which are
    not always the same: `x.var()` is another number. That such a call raises nothing
    does not make it meant.
    """
    found = set(_roots(subject))
    if found & {*_ANY}:
        return frozenset()
    return frozenset(_OURS[root] for root in found if root in _OURS)


def _roots(subject: Any) -> Iterator[str]:
    """The packages that are named."""
    seen: set[int] = set()
    left = [subject]
    while left:
        each = left.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, str):
            yield each
            continue
        if ismodule(each):
            yield each.__name__.partition(".")[0]
            continue
        root = str(getattr(each, "__module__", "")).partition(".")[0]
        if root in (*_OURS, *_ANY):
            yield root
        else:
            left += _named(each)


def _named(each: Any) -> Iterator[Any]:
    """What the code of a function, or of the methods of a class, names."""
    each = getattr(each, "__func__", each)
    each = getattr(each, "func", each)  # of a partial
    if isclass(each):
        for base in each.__mro__[:-1]:
            yield base if base is not each else None
        for value in vars(each).values():
            yield getattr(value, "__func__", value)
        return
    function = unwrap(each) if callable(each) else each
    if not isfunction(function):
        if type(each).__module__ != "builtins":
            yield type(each)
        return
    for name in _names(function.__code__):
        if name in function.__globals__:
            yield function.__globals__[name]
        elif name.partition(".")[0] in _OURS:
            # Imported inside of it, when it is called.
            yield name.partition(".")[0]


def _names(code: CodeType) -> Iterator[str]:
    """Global names in the code of a function, and in those inside of it; attributes
    are named as well there, and mean something else."""
    for each in get_instructions(code):
        if each.opname in ("LOAD_GLOBAL", "IMPORT_NAME"):
            yield str(each.argval)
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _names(each)
