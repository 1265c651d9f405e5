"""The bound-carrying array: a value in the oracle's precision and an elementwise bound.

Every implementation that honours the contract returns a result within `error` of
`value`. Operations keep that promise: each adds what the subject's rounding, the
oracle's own rounding and the inputs' errors can amount to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np

from scratchnet.arrays import dtype_name, is_array, to_numpy
from scratchnet.errors import ArgumentTypeError
from scratchnet.testing.contract import Contract
from scratchnet.testing.formats import FLOAT32, Reals, format_of


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


@cache
def _function(name: str) -> Callable[..., Bounded]:
    """The function of this name in the standard, which is made of this class."""
    from scratchnet.testing.bounded.standard import FUNCTIONS

    return FUNCTIONS[name]


@cache
def _namespaces() -> Callable[[Contract], Any]:
    """What finds the namespace of a contract."""
    from scratchnet.testing.bounded.namespace import namespace

    return namespace


def _prefix(name: str) -> Callable[[Bounded], Bounded]:
    return lambda x: _function(name)(x)


def _operator(
    name: str,
) -> tuple[Callable[[Bounded, Any], Bounded], Callable[[Bounded, Any], Bounded]]:
    """An operator and its reflection."""
    return lambda x, y: _function(name)(x, y), lambda x, y: _function(name)(y, x)


class Bounded:
    """An array of values, each with a bound on how far a correct result may be from it.

    value: in the oracle's precision for numbers, int64 or bool for labels and masks.
    error: float64, of the shape of value. 0: it must be exactly this; infinite: nothing
    is claimed. Of a mask, 1 where the comparison could go either way.
    dtype: the `Format` of numbers, NumPy's dtype of labels and masks.
    A value of size v with an error e where v + e is beyond the largest number stands
    for an infinity of its sign as well.
    """

    __slots__ = ("_moved", "_tame", "contract", "error", "identity", "value")
    __array_priority__ = 1000
    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self, value: Reals, contract: Contract, error: Reals | float = 0.0
    ) -> None:
        self.value = value = np.asarray(value)
        self.contract = contract
        #: The same for arrays that were never assigned to and have the same elements.
        self.identity = object()
        # What is asked for again and again, once it is known: how many elements have
        # an error, and whether the array is tame.
        self._moved: int | None = None
        self._tame: bool | None = None
        if isinstance(error, float) and error == 0:
            error, self._moved = np.zeros(value.shape), 0
        self.error = np.asarray(error, np.float64)
        if self.error.shape != value.shape:
            self.error = np.broadcast_to(self.error, value.shape)

    @classmethod
    def exact(cls, x: Any, contract: Contract, /) -> Bounded:
        """The array x, given: each number is exactly itself.

        x: a NumPy, PyTorch or other array of the contract's format (bfloat16 also as
        float32 whose last 16 bits are 0), integers or booleans. Raises
        ArgumentTypeError for other dtypes, and for another format.
        """
        if isinstance(x, Bounded):
            return x
        host = x if type(x) is np.ndarray else _on_host(x)
        if host.dtype.kind in "iub":
            return cls(
                host.astype(bool if host.dtype.kind == "b" else np.int64), contract
            )
        found = format_of(getattr(x, "dtype", host.dtype), where="Bounded.exact")
        value = host.astype(contract.oracle.dtype)
        if found != contract.format and not (
            found == FLOAT32
            and contract.format.precision < FLOAT32.precision
            and bool((contract.format.holds(value) | np.isnan(value)).all())
        ):
            raise ArgumentTypeError(
                "Bounded.exact",
                f"x.dtype={found.name}",
                f"but the contract is one of {contract.format.name}",
                "round the inputs to the format of the code under test first",
            )
        return cls(value, contract, flushed(value, contract))

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
    def device(self) -> str:
        """The host: the oracle runs nowhere else."""
        return "cpu"

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
        if self._moved is None:
            self._moved = int(np.count_nonzero(self.error))
        return self._moved

    @property
    def is_tame(self) -> bool:
        """Whether all is finite and nothing may have overflowed."""
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

    def twin(self, value: Reals | None = None, /) -> Bounded:
        """Another array of the same errors, and of the same values or others of the
        same magnitudes."""
        found = object.__new__(Bounded)
        found.value = self.value if value is None else value
        found.contract, found.error = self.contract, self.error
        found.identity = self.identity if value is None else object()
        found._moved, found._tame = self._moved, self._tame
        return found

    @property
    def may_overflow(self) -> Reals:
        """Where the subject may hold an infinity for a finite number."""
        reach = np.abs(self.value) + self.error
        return np.isfinite(self.value) & ~(reach <= self.contract.format.largest)

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Bounded]:
        return (self[i, ...] for i in range(len(self)))

    def __repr__(self) -> str:
        return (
            f"Bounded({self.value!r}, within={self.error!r}, {dtype_name(self.dtype)})"
        )

    def __array_namespace__(self, /, *, api_version: str | None = None) -> Any:
        return _namespaces()(self.contract)

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

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise UnboundedError(
            "Bounded",
            "something asked for a plain NumPy array",
            "required functions that a bound can be derived for",
            "replace np.asarray(x) and the like by functions of x",
        )

    def __getattr__(self, name: str) -> Any:
        from scratchnet.testing.bounded.protocols import method_named

        return method_named(self, name)

    def __bool__(self) -> bool:
        if self.size != 1 or self.error.any():
            raise UnboundedError(
                "Bounded",
                "a branch on a comparison that rounding can turn either way"
                if self.size == 1
                else f"a branch on an array of shape {self.shape}",
                "required a value that is the same for every correct implementation",
                "write where(condition, x, y)",
            )
        return bool(self.value.reshape(()))

    def __int__(self) -> int:
        return self.__index__()

    def __index__(self) -> int:
        if self.size != 1 or self.is_real or self.error.any():
            raise UnboundedError(
                "Bounded", "int() of a number with a bound", "required an exact integer"
            )
        return int(self.value.reshape(()))

    def __float__(self) -> float:
        raise UnboundedError(
            "Bounded",
            "float() of a number with a bound, which would lose the bound",
            "required functions of arrays",
            "keep 0-d arrays as they are",
        )

    def __getitem__(self, index: Any, /) -> Bounded:
        plain = _plain_index(index)
        return Bounded(self.value[plain], self.contract, self.error[plain])

    def __setitem__(self, index: Any, new: Any, /) -> None:
        from scratchnet.testing.bounded.operands import lifted

        plain, new = _plain_index(index), lifted(new, self)
        value, error = self.value.copy(), self.error.copy()
        value[plain], error[plain] = new.value, new.error
        self.value, self.error = value, error
        self._moved = self._tame = None
        self.identity = object()

    @property
    def T(self) -> Bounded:  # noqa: N802
        """The transpose."""
        return Bounded(self.value.T, self.contract, self.error.T)

    @property
    def mT(self) -> Bounded:  # noqa: N802
        """The transposes of the matrices along the last two axes."""
        swapped = np.swapaxes(self.value, -1, -2)
        return Bounded(swapped, self.contract, np.swapaxes(self.error, -1, -2))

    def __pos__(self) -> Bounded:
        return self

    __neg__ = _prefix("negative")
    __abs__ = _prefix("abs")
    __invert__ = _prefix("logical_not")
    __add__, __radd__ = _operator("add")
    __sub__, __rsub__ = _operator("subtract")
    __mul__, __rmul__ = _operator("multiply")
    __truediv__, __rtruediv__ = _operator("divide")
    __matmul__, __rmatmul__ = _operator("matmul")
    __and__, __rand__ = _operator("logical_and")
    __or__, __ror__ = _operator("logical_or")
    __xor__, __rxor__ = _operator("logical_xor")
    __pow__, _ = _operator("to_power")
    __lt__, _ = _operator("less")
    __le__, _ = _operator("less_equal")
    __gt__, _ = _operator("greater")
    __ge__, _ = _operator("greater_equal")
    __eq__, _ = _operator("equal")  # type: ignore[assignment]
    __ne__, _ = _operator("not_equal")  # type: ignore[assignment]


def flushed(value: Reals, contract: Contract) -> Reals | float:
    """What taking subnormal numbers for 0, as the contract may allow, amounts to."""
    if not contract.flush_to_zero:
        return 0.0
    size = np.abs(value)
    return np.where(size < contract.format.smallest_normal, size, 0.0)


def _on_host(x: Any) -> Reals:
    """x as a NumPy array; a list or a number becomes one."""
    return to_numpy(x) if is_array(x) else np.asarray(x)


def _plain_index(index: Any) -> Any:
    """The index in NumPy's terms: exact Bounded integers and masks are taken out."""
    if isinstance(index, tuple):
        return tuple(map(_plain_index, index))
    if isinstance(index, Bounded):
        if index.is_real or not index.is_exact:
            raise UnboundedError(
                "Bounded",
                "an index that rounding can change",
                "required exact integers or an exact mask",
            )
        return index.value
    return to_numpy(index) if is_array(index) else index
