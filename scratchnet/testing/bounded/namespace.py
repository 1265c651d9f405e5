"""The array API namespace of bound-carrying arrays: code written for the standard runs
on them unchanged, and yields the oracle and its bound in one go."""
# ruff: noqa: ARG002  (devices and copies are the standard's; there is one host here)

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from scratchnet.errors import ArgumentError
from scratchnet.testing.bounded.array import Bounded
from scratchnet.testing.bounded.operands import constant
from scratchnet.testing.bounded.shaping import moved
from scratchnet.testing.bounded.standard import FUNCTIONS, astype, known_dtype, refusal
from scratchnet.testing.contract import Contract
from scratchnet.testing.formats import FORMATS, Format


class Namespace:
    """The functions of the standard that have derived bounds, under one contract."""

    __name__ = "scratchnet.testing.bounded"
    newaxis = None
    e, pi, inf, nan = np.e, np.pi, np.inf, np.nan
    bool, int64 = np.dtype(bool), np.dtype(np.int64)
    int8, int16, int32 = np.dtype(np.int8), np.dtype(np.int16), np.dtype(np.int32)

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        vars(self).update({**FUNCTIONS, **FORMATS})

    def __getattr__(self, name: str) -> Any:
        raise refusal(name)

    def asarray(
        self,
        x: Any,
        /,
        *,
        dtype: Any = None,
        device: Any = None,
        copy: Any = None,
    ) -> Bounded:
        """x as a bound-carrying array: an array exactly, a number rounded or not."""
        if not isinstance(x, Bounded):
            given = np.asarray(x)
            if given.dtype.kind == "f" and not hasattr(x, "dtype"):
                parts = [constant(float(each), self._contract) for each in given.flat]
                value = np.asarray([each.value for each in parts])
                error = np.asarray([each.error for each in parts])
                x = Bounded(
                    value.reshape(given.shape),
                    self._contract,
                    error.reshape(given.shape),
                )
            else:
                x = Bounded.exact(x, self._contract)
        elif copy:
            x = x.owned()
        return x if dtype is None else astype(x, dtype)

    def full(
        self, shape: Any, fill: Any, /, *, dtype: Any = None, device: Any = None
    ) -> Bounded:
        """An array of one number, which may be rounded to the format or not."""
        dtype = self._default(fill) if dtype is None else known_dtype(dtype)
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        if isinstance(dtype, Format):
            contract = self._contract.with_format(dtype)
            found = (
                astype(fill, dtype)
                if isinstance(fill, Bounded)
                else constant(float(fill), contract)
            )
        else:
            found = Bounded(np.asarray(fill, dtype), self._contract)
        if found.is_exact:
            value = np.full(shape, found.value, found.value.dtype)
            return Bounded(value, found.contract)
        return moved(found, lambda part: np.broadcast_to(part, shape).copy())

    def zeros(self, shape: Any, /, *, dtype: Any = None, device: Any = None) -> Bounded:
        """Zeros."""
        return self.full(shape, 0.0 if dtype is None else 0, dtype=dtype)

    def ones(self, shape: Any, /, *, dtype: Any = None, device: Any = None) -> Bounded:
        """Ones."""
        return self.full(shape, 1.0 if dtype is None else 1, dtype=dtype)

    #: What is not filled yet is 0: nothing may depend on it.
    empty = zeros

    def full_like(
        self, x: Bounded, fill: Any, /, *, dtype: Any = None, device: Any = None
    ) -> Bounded:
        """An array of one number, shaped like x, in its order of memory."""
        found = self.full(x.shape, fill, dtype=x.dtype if dtype is None else dtype)
        if x.value.flags.c_contiguous:
            return found
        value = np.empty_like(x.value, found.value.dtype)
        value[...] = found.value
        return Bounded(value, found.contract, found.error)

    def zeros_like(
        self, x: Bounded, /, *, dtype: Any = None, device: Any = None
    ) -> Bounded:
        """Zeros, shaped like x."""
        return self.full_like(x, 0, dtype=dtype)

    def ones_like(
        self, x: Bounded, /, *, dtype: Any = None, device: Any = None
    ) -> Bounded:
        """Ones, shaped like x."""
        return self.full_like(x, 1, dtype=dtype)

    empty_like = zeros_like

    def arange(
        self,
        start: Any,
        /,
        stop: Any = None,
        step: Any = 1,
        *,
        dtype: Any = None,
        device: Any = None,
    ) -> Bounded:
        """Evenly spaced integers; numbers where the dtype is a format."""
        low, high = (0, start) if stop is None else (start, stop)
        if not all(isinstance(each, int | Bounded) for each in (low, high, step)):
            raise refusal("arange of numbers that are no integers")
        whole = Bounded(np.arange(int(low), int(high), int(step)), self._contract)
        return whole if dtype is None else astype(whole, dtype)

    def isdtype(self, dtype: Any, kind: Any) -> Any:
        """Whether a dtype is of a kind of the standard, or of one of several."""
        if isinstance(kind, tuple):
            return any(self.isdtype(dtype, each) for each in kind)
        if not isinstance(kind, str):
            return dtype == kind
        if isinstance(known_dtype(dtype), Format):
            return kind in ("real floating", "numeric")
        letters = {
            "bool": "b",
            "signed integer": "i",
            "unsigned integer": "u",
            "integral": "iu",
            "numeric": "iu",
        }
        return np.dtype(dtype).kind in letters.get(kind, "")

    def result_type(self, *arrays: Any) -> Any:
        """The one format among them; int64 or bool where there is none."""
        dtypes: list[Any] = [
            each if isinstance(each, Format) else getattr(each, "dtype", each)
            for each in arrays
        ]
        formats = {each for each in dtypes if isinstance(each, Format)}
        if len(formats) > 1:
            names = " and ".join(sorted(each.name for each in formats))
            raise ArgumentError(
                "result_type", f"mixed formats ({names})", "required one"
            )
        return formats.pop() if formats else np.result_type(*dtypes)

    def _default(self, fill: Any) -> Any:
        kinds = {bool: self.bool, int: self.int64}
        return kinds.get(type(fill), self._contract.format)


@cache
def namespace(contract: Contract, /) -> Namespace:
    """The namespace of arrays under this contract: the same one each time."""
    return Namespace(contract)
