"""A function run on bound-carrying arrays: the oracle of what it computes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from functools import cache
from typing import Any

import numpy as np

from scratchnet.arrays import array_namespace, dtype_name, is_array, library
from scratchnet.errors import ArgumentError, ArgumentTypeError
from scratchnet.testing.bounded import Bounded, UnboundedError, accepting
from scratchnet.testing.bounded.given import require_same_contract
from scratchnet.testing.bounded.spoken import spoken
from scratchnet.testing.contract import Contract
from scratchnet.testing.formats import Format, format_of


def oracle(
    function: Callable[..., Any],
    *inputs: Any,
    contract: Contract | None = None,
    **options: Any,
) -> Any:
    """What the function gives for these inputs, as bound-carrying arrays.

    inputs, options: arrays of one format, integers, masks, whatever else the function
    takes; arrays in lists, tuples, dictionaries and dataclasses count as well. An array
    that the function finds elsewhere, as in a closure, is taken for a constant. The
    contract is that of the inputs' format unless it is given.
    Raises ArgumentTypeError for what is no function, for inputs of no format or of
    several, and, naming it, for what the function does that no bound is known for.
    """
    if not callable(function):
        raise ArgumentTypeError(
            "oracle",
            f"a {type(function).__name__} in the place of the function",
            "required a function, and then its inputs",
        )
    arrays = _arrays((inputs, options))
    contract = _contract_of(arrays) if contract is None else contract
    if not isinstance(contract, Contract):
        raise ArgumentTypeError(
            "oracle",
            f"contract={contract!r}",
            "required a Contract",
            'Contract.for_target("numpy:float32")',
        )
    with spoken(_library_of(arrays)):
        wrapped, named = _wrapped((inputs, options), contract, {})
        return _run(function, wrapped, named)


def _run(function: Callable[..., Any], args: Any, options: Any) -> Any:
    """What the function gives, or a sentence where it cannot take such arrays."""
    try:
        return function(*args, **options)
    except (TypeError, AttributeError, ValueError) as error:
        if isinstance(error.__cause__, UnboundedError):
            raise error.__cause__ from None
        if isinstance(error, ArgumentTypeError | ValueError):
            raise
        raise UnboundedError(
            getattr(function, "__name__", "oracle"),
            f"{type(error).__name__} on bound-carrying arrays ({error})",
            "required code that NumPy's or PyTorch's arrays and these run alike",
            "write it with operators and functions of arrays",
        ) from error


def _library_of(arrays: Iterable[Any]) -> str:
    """Whose arrays these are; empty where it does not show."""
    return next((library(x) for x in arrays if not isinstance(x, Bounded)), "")


def _wrapped(x: Any, contract: Contract, known: dict[int, Bounded]) -> Any:
    """The arrays in x as bound-carrying ones; one that occurs twice is one array."""
    if (parts := _parts(x)) is not None:
        return _of_parts(x, [_wrapped(each, contract, known) for each in parts])
    if not is_array(x):
        return x
    if id(x) not in known:
        known[id(x)] = Bounded.exact(x, contract)
    return known[id(x)]


def _arrays(x: Any) -> list[Any]:
    """All arrays in x."""
    if (parts := _parts(x)) is not None:
        return [array for each in parts for array in _arrays(each)]
    return [x] if is_array(x) else []


def _parts(x: Any) -> list[Any] | None:
    """What a list, a tuple, a dictionary or a dataclass holds; None of other things."""
    if isinstance(x, list | tuple):
        return list(x)
    if type(x) is dict:
        return list(x.values())
    if hasattr(type(x), "__dataclass_fields__") and not isinstance(x, Bounded):
        return [getattr(x, each.name) for each in fields(x) if each.init]
    return None


def _of_parts(x: Any, parts: list[Any]) -> Any:
    """Another of the same kind with these parts."""
    if type(x) is dict:
        return dict(zip(x, parts, strict=True))
    if isinstance(x, list | tuple):
        return type(x)(*parts) if hasattr(x, "_fields") else type(x)(parts)
    names = [each.name for each in fields(x) if each.init]
    return replace(x, **dict(zip(names, parts, strict=True)))


@cache
def _plain(form: Format) -> Contract:
    """The contract that promises nothing but the format: the same one each time."""
    return Contract(form)


def _contract_of(arrays: list[Any]) -> Contract:
    """That of the inputs' one format; of bound-carrying arrays their own."""
    for each in arrays:
        if isinstance(each, Bounded):
            return each.contract
    formats = {format_of(x.dtype, where="oracle") for x in arrays if not _is_whole(x)}
    if len(formats) == 1:
        return _plain(formats.pop())
    if formats:
        names = " and ".join(sorted(each.name for each in formats))
        raise ArgumentTypeError(
            "oracle",
            f"inputs of {names}",
            "required one format for all",
            "convert some, or state a contract of the format that results have",
        )
    dtypes = ", ".join(sorted({dtype_name(x.dtype) for x in arrays}))
    raise ArgumentTypeError(
        "oracle",
        f"inputs of no floating dtype ({dtypes or 'no arrays'})",
        "required an array of float16, bfloat16, float32 or float64",
        "convert one, or state the contract of the format that results have",
    )


def _is_whole(x: Any) -> bool:
    if isinstance(x, np.ndarray):
        return x.dtype.kind in "iub"
    return bool(array_namespace(x).isdtype(x.dtype, ("bool", "integral")))


def accepted(*algorithms: Bounded) -> Bounded:
    """The oracle of an operation that several algorithms compute, each acceptable.

    Its value is that of the first, its bound the largest of all, each widened by how
    far its own value is from the first. Raises ArgumentError for none, and for oracles
    of different shapes or contracts.
    """
    if len({each.shape for each in algorithms}) != 1:
        shapes = " and ".join(str(each.shape) for each in algorithms)
        raise ArgumentError(
            "accepted", f"oracles of shapes {shapes}", "required one or more of one"
        )
    for each in algorithms:
        require_same_contract("accepted", algorithms[0].contract, each.contract)
    with np.errstate(all="ignore"):
        return accepting.accepted(*algorithms)
