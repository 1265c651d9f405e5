"""What a bound-carrying array is made of: numbers, labels and masks on the host, and a
contract; each looked at before it is taken."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from scratchnet.arrays import dtype_name, is_array, to_numpy
from scratchnet.errors import ArgumentTypeError
from scratchnet.testing.bounded.spoken import is_torch
from scratchnet.testing.contract import Contract
from scratchnet.testing.formats import BFLOAT16, FLOAT32, Format, Reals, format_of


class UnboundedError(ArgumentTypeError, AttributeError):
    """Code under the bound-carrying array did something that has no derived bound."""


class Size(int):
    """The number of elements, or, called as PyTorch's x.size(dim), a side."""

    shape: tuple[int, ...]

    def __new__(cls, count: int, shape: tuple[int, ...]) -> Size:
        """The number with the sides that make it."""
        self = super().__new__(cls, count)
        self.shape = shape
        return self

    def __call__(self, dim: int | None = None) -> Any:
        """All sides, or one of them."""
        return self.shape if dim is None else self.shape[dim]


class Host(str):
    """The device, whatever a library calls it."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return str(other) == str(self)

    def __hash__(self) -> int:
        return hash(str(self))


def require_same_contract(where: str, first: Contract, second: Contract, /) -> None:
    """Raise ArgumentTypeError, naming what differs, unless both promise the same."""
    if first is second or first == second:
        return
    names = (each.name for each in fields(Contract) if each.compare)
    differing = [x for x in names if getattr(first, x) != getattr(second, x)]
    found = (
        ", ".join(f"{name}={_short(getattr(each, name))}" for name in differing)
        for each in (first, second)
    )
    raise ArgumentTypeError(
        where,
        f"arrays of two contracts ({' and '.join(found)})",
        "required one for all",
        "convert with astype, or wrap both with the same contract",
    )


def _short(promise: Any) -> str:
    return dtype_name(promise) if isinstance(promise, Format) else str(promise)


def no_error(value: Reals, /) -> Reals:
    """No error, in the memory order of the value."""
    if value.flags.c_contiguous:
        return np.zeros(value.shape)
    return np.zeros_like(value, np.float64)


def read(x: Any, contract: Contract, /) -> tuple[Reals, Reals | float]:
    """The value and the error of an array that is given, each number exactly itself.

    Errors are those of `Bounded.exact`.
    """
    host = x if type(x) is np.ndarray else on_host(x)
    if host.dtype.kind in "iub":
        return whole(host), 0.0
    found = format_of(getattr(x, "dtype", host.dtype), where="Bounded.exact")
    value = host.astype(contract.oracle.dtype)
    if found != contract.format and not (
        found == FLOAT32
        and contract.format == BFLOAT16
        and bool((contract.format.holds(value) | np.isnan(value)).all())
    ):
        raise ArgumentTypeError(
            "Bounded.exact",
            f"x.dtype={found.name}",
            f"but the contract is one of {contract.format.name}",
            "round the inputs to the format of the code under test first",
        )
    if not value.ndim:
        # NumPy's array without an axis, which it changes in place; its results it
        # replaces. One or the other: nothing may be assigned to it.
        value.flags.writeable = is_torch()
    return value, flushed(value, contract)


def whole(x: Reals, /) -> Reals:
    """Integers and masks as they are: a narrow integer overflows as the subject's."""
    return x.astype(x.dtype)


def on_host(x: Any, /) -> Reals:
    """x as a NumPy array; a list or a number becomes one."""
    if isinstance(x, np.ndarray) and not isinstance(x, np.memmap):
        raise ArgumentTypeError(
            "Bounded.exact",
            f"x is a {type(x).__name__}",
            "required a plain array, without a mask or rules of its own",
            "pass np.asarray(x), or x.filled(value)",
        )
    return to_numpy(x) if is_array(x) else np.asarray(x)


def flushed(value: Reals, contract: Contract, /) -> Reals | float:
    """What taking subnormal numbers for 0, as the contract may allow, amounts to."""
    if not contract.flush_to_zero:
        return 0.0
    size = np.abs(value)
    return np.where(size < contract.format.smallest_normal, size, 0.0)
