"""The bound-carrying array: a value in the oracle's precision and an elementwise bound.

Every implementation that honours the contract returns a result within `error` of
`value`. Operations keep that promise: each adds what the subject's rounding, the
oracle's own rounding and the inputs' errors can amount to.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from scratchnet.arrays import dtype_name
from scratchnet.testing.bounded.given import (
    Host,
    Size,
    no_error,
    read,
    require_same_contract,
)
from scratchnet.testing.bounded.leaving import (
    as_bool,
    as_int,
    no_float,
    no_plain_array,
    plain_index,
)
from scratchnet.testing.bounded.operators import (
    assigned,
    namespaces,
    operator,
    prefix,
    refused,
)
from scratchnet.testing.bounded.spoken import is_torch
from scratchnet.testing.contract import Contract
from scratchnet.testing.formats import Reals


class Bounded:
    """An array of values, each with a bound on how far a correct result may be from it.

    value: numbers in the oracle's precision, labels and masks in their own dtype.
    error: float64, of the shape of value. 0: it must be exactly this; infinite: nothing
    is claimed. Of a mask, 1 where the comparison could go either way.
    dtype: the `Format` of numbers, NumPy's dtype of labels and masks.
    A value of size v with an error e where v + e is beyond the largest number stands
    for an infinity of its sign as well.
    """

    __slots__ = ("_facts", "_moved", "_tame", "contract", "error", "value")
    __array_priority__ = 1000
    __hash__ = None  # type: ignore[assignment]
    #: How often anything was assigned to: what was known of an array may be outdated,
    #: as another may be a view of it.
    assignments: ClassVar[int] = 0

    def __init__(
        self, value: Reals, contract: Contract, error: Reals | float = 0.0
    ) -> None:
        self.value = value = np.asarray(value)
        self.contract = contract
        # What is asked for again and again, once it is known: how many elements have
        # an error, and whether the array is tame.
        self._facts = Bounded.assignments
        self._moved: int | None = None
        self._tame: bool | None = None
        if isinstance(error, float) and error == 0:
            error, self._moved = no_error(value), 0
        self.error = error = np.asarray(error, np.float64)
        if error.shape != value.shape or (
            value.ndim > 1
            and not (value.flags.c_contiguous and error.flags.c_contiguous)
        ):
            # In the memory order of the value: views of both are views alike.
            self.error = np.empty_like(value, np.float64)
            self.error[...] = error

    @classmethod
    def alias(cls, value: Reals, contract: Contract, error: Reals, /) -> Bounded:
        """An array that shares its memory with the one whose parts these are of."""
        self = object.__new__(cls)
        self.value, self.contract, self.error = np.asarray(value), contract, error
        self._facts, self._moved, self._tame = cls.assignments, None, None
        self.error = np.asarray(error)
        return self

    @classmethod
    def exact(cls, x: Any, contract: Contract, /) -> Bounded:
        """The array x, given: each number is exactly itself.

        x: a NumPy, PyTorch or other array of the contract's format (bfloat16 also as
        float32 whose last 16 bits are 0), integers or booleans; of a Bounded of the
        same contract, a copy. Raises ArgumentTypeError for other dtypes, for another
        format or contract, and for arrays with a mask or rules of their own.
        """
        if isinstance(x, Bounded):
            require_same_contract("Bounded.exact", x.contract, contract)
            return x.owned()
        value, error = read(x, contract)
        return cls(value, contract, error)

    # What an array tells about itself.

    @property
    def shape(self) -> tuple[int, ...]:
        """The sides."""
        return self.value.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.value.ndim

    @property
    def size(self) -> Size:
        """The number of elements; size(dim) is a side, as in PyTorch."""
        return Size(self.value.size, self.value.shape)

    @property
    def dtype(self) -> Any:
        """The format of numbers, or NumPy's dtype of labels and masks."""
        return self.contract.format if self.is_real else self.value.dtype

    @property
    def device(self) -> Host:
        """The host: the oracle runs nowhere else."""
        return Host("cpu")

    @property
    def is_real(self) -> bool:
        """Whether it holds numbers with bounds, not labels or a mask."""
        return self.value.dtype.kind == "f"

    @property
    def is_exact(self) -> bool:
        """Whether no element may be off at all."""
        return not self._count_moved()

    @property
    def has_exact(self) -> bool:
        """Whether there are elements that may not be off at all."""
        return self._count_moved() < self.error.size

    def _count_moved(self) -> int:
        if self._facts != Bounded.assignments:
            self._forget()
        if self._moved is None:
            self._moved = int(np.count_nonzero(self.error))
        return self._moved

    @property
    def is_tame(self) -> bool:
        """Whether all is finite and nothing may have overflowed."""
        if self._facts != Bounded.assignments:
            self._forget()
        if self._tame is None:
            size = np.abs(self.value)
            self.measure(size if self.is_exact else size + self.error)
        return bool(self._tame)

    def measure(self, reach: Reals, /) -> None:
        """Find out whether it is tame, from abs(value) + error."""
        largest = self.contract.format.largest
        self._tame = bool(
            reach.size == 0 or np.maximum.reduce(reach, axis=None) <= largest
        )

    def _forget(self) -> None:
        self._facts, self._moved, self._tame = Bounded.assignments, None, None

    def owned(self, value: Reals | None = None, /, *, order: Any = "K") -> Bounded:
        """An array of its own with the same errors, and with the same values or others
        of the same magnitudes; order: that of memory, as NumPy names it."""
        value = self.value.copy(order) if value is None else np.asarray(value)
        found = Bounded(value, self.contract, self.error.copy("K"))
        found._facts, found._moved, found._tame = self._facts, self._moved, self._tame
        return found

    @property
    def may_overflow(self) -> Reals:
        """Where the subject may hold an infinity for a finite number."""
        reach = np.abs(self.value) + self.error
        return np.isfinite(self.value) & ~(reach <= self.contract.format.largest)

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Bounded]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return (
            f"Bounded({self.value!r}, within={self.error!r}, {dtype_name(self.dtype)})"
        )

    def __array_namespace__(self, /, *, api_version: str | None = None) -> Any:
        return namespaces()(self.contract)

    # Protocols: the same code runs on it as on NumPy's and PyTorch's arrays.

    def __array_ufunc__(
        self, ufunc: Any, method: str, *args: Any, **options: Any
    ) -> Any:
        from scratchnet.testing.bounded.protocols import numpy_ufunc

        return numpy_ufunc(self, ufunc, method, args, options)

    def __array_function__(
        self, function: Any, types: Any, args: Any, options: Any
    ) -> Any:
        from scratchnet.testing.bounded.protocols import call_named

        return call_named(self, "numpy", function.__name__, args, options)

    @classmethod
    def __torch_function__(
        cls, function: Any, types: Any, args: Any = (), options: Any = None
    ) -> Any:
        from scratchnet.testing.bounded.protocols import call_named, first_bounded

        me = first_bounded((*args, *(options or {}).values()))
        return call_named(me, "torch", function.__name__, args, options or {})

    def __array__(self, dtype: Any = None, *_: Any, **__: Any) -> Any:
        if self.is_real or not self.is_exact:
            raise no_plain_array()
        return self.value.astype(dtype or self.value.dtype)

    def __getattr__(self, name: str) -> Any:
        from scratchnet.testing.bounded.protocols import method_named

        return method_named(self, name)

    def __bool__(self) -> bool:
        return as_bool(self)

    def __int__(self) -> int:
        return as_int(self)

    def __index__(self) -> int:
        return as_int(self)

    def __float__(self) -> float:
        raise no_float()

    def __getitem__(self, index: Any, /) -> Bounded:
        plain = plain_index(index)
        value = self.value[plain]
        if isinstance(value, np.generic) and is_torch():
            # An element is a view there, and a number of its own in NumPy.
            plain = (*(plain if isinstance(plain, tuple) else (plain,)), ...)
            value = self.value[plain]
        return Bounded.alias(value, self.contract, self.error[plain])

    def __setitem__(self, index: Any, new: Any, /) -> None:
        from scratchnet.testing.bounded.assignment import assign

        assign(self, plain_index(index), new)

    @property
    def T(self) -> Bounded:  # noqa: N802
        """The transpose."""
        return Bounded.alias(self.value.T, self.contract, self.error.T)

    @property
    def mT(self) -> Bounded:  # noqa: N802
        """The transposes of the matrices along the last two axes."""
        swapped = np.swapaxes(self.value, -1, -2)
        return Bounded.alias(swapped, self.contract, np.swapaxes(self.error, -1, -2))

    def __copy__(self) -> Bounded:
        return self.owned()

    def __deepcopy__(self, memo: Any) -> Bounded:
        return self.owned()

    __pos__ = prefix("positive")
    __neg__ = prefix("negative")
    __abs__ = prefix("abs")
    __invert__ = prefix("bitwise_invert")
    __add__, __radd__ = operator("add")
    __sub__, __rsub__ = operator("subtract")
    __mul__, __rmul__ = operator("multiply")
    __truediv__, __rtruediv__ = operator("divide")
    __matmul__, __rmatmul__ = operator("matmul")
    __and__, __rand__ = operator("bitwise_and")
    __or__, __ror__ = operator("bitwise_or")
    __xor__, __rxor__ = operator("bitwise_xor")
    __pow__, __rpow__ = operator("to_power")
    __iadd__ = assigned("add")
    __isub__ = assigned("subtract")
    __imul__ = assigned("multiply")
    __itruediv__ = assigned("divide")
    __ipow__ = assigned("to_power")
    __iand__ = assigned("bitwise_and")
    __ior__ = assigned("bitwise_or")
    __ixor__ = assigned("bitwise_xor")
    __mod__, __rmod__ = refused("%")
    __floordiv__, __rfloordiv__ = refused("//")
    __divmod__, __rdivmod__ = refused("divmod")
    __lshift__, __rlshift__ = refused("<<")
    __rshift__, __rrshift__ = refused(">>")
    __round__, _ = refused("round")
    __lt__, _ = operator("less")
    __le__, _ = operator("less_equal")
    __gt__, _ = operator("greater")
    __ge__, _ = operator("greater_equal")
    __eq__, _ = operator("equal")  # type: ignore[assignment]
    __ne__, _ = operator("not_equal")  # type: ignore[assignment]
