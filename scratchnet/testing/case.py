"""Cases: one drawn example of an operation, and what its oracle allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from hashlib import shake_128
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from scratchnet.arrays import Array
from scratchnet.testing.bounded import Bounded
from scratchnet.testing.contract import Contract
from scratchnet.testing.formats import BFLOAT16, Format
from scratchnet.testing.strategies.codes import BYTES, ROOT, Codes
from scratchnet.testing.strategies.family import GRID, MODERATE, Family
from scratchnet.testing.strategies.layout import (
    LAYOUTS,
    Layout,
    backwards,
    contiguous,
    expanded,
    read_only,
    repeated,
    strided,
)
from scratchnet.testing.strategies.requirements import answered
from scratchnet.testing.targets import Target

if TYPE_CHECKING:
    from scratchnet.testing.op import Op

Shape = tuple[int, ...]
#: Positional arguments and options, as a function is called with them.
Call = tuple[tuple[Any, ...], dict[str, Any]]
#: Makes the codes of an array by the name of what it is for.
Coder = Callable[[str, Shape], Codes]
#: What lies elsewhere so lies here like this.
_ELSEWHERE: Mapping[Layout, Layout] = {backwards: strided, read_only: contiguous}


def codes_of(root: bytes, what: str, shape: Shape, /) -> Codes:
    """Codes for the elements of an array, made of a root; `what` tells arrays apart.

    Those of the first sixteen elements are bytes of the root, so that they shrink.
    """
    count = prod(shape)
    turn = sum(what.encode()) % ROOT
    head = (root[turn:] + root[:turn])[: BYTES * min(count, ROOT // BYTES)]
    more = BYTES * count - len(head)
    tail = shake_128(root + what.encode()).digest(more) if more > 0 else b""
    return np.frombuffer(head + tail, np.uint8).reshape(*shape, BYTES)


@dataclass(frozen=True, eq=False)
class Case:
    """One example: the operation's arguments by position, its options by name.

    Arrays are NumPy's, row-major, numbers in the carrier of the format; layouts say how
    each array is to lie, in the order of arguments and options. root: bytes from which
    laws make what they need besides: cotangents, tangents, a row.
    """

    op: Op
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]
    layouts: tuple[Layout, ...]
    family: Family
    format: Format
    root: bytes
    _known: dict[Any, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def arrays(self) -> tuple[Array, ...]:
        """All arrays among the arguments and options, in this order."""
        every = (*self.arguments, *self.options.values())
        return tuple(x for x in every if isinstance(x, np.ndarray))

    def on(self, target: Target, /, *, laid: bool = True) -> Call:
        """Arguments and options with new arrays on a target, in their layouts."""
        lying = iter(self.layouts)

        def placed(x: Any) -> Any:
            if not isinstance(x, np.ndarray):
                return x
            layout = next(lying) if laid else contiguous
            if target.library != "numpy" and layout not in LAYOUTS:
                layout = _ELSEWHERE[layout]
            return layout(target.array(x))

        arguments = tuple(map(placed, self.arguments))
        return arguments, {name: placed(x) for name, x in self.options.items()}

    def oracle(self, contract: Contract, /) -> tuple[Bounded, ...]:
        """What is allowed: one bound-carrying array for each result. Found once."""
        known: tuple[Bounded, ...] = self.once(
            ("oracle", contract), partial(self._judged, "oracle", contract)
        )
        return known

    def worse_oracle(self, contract: Contract, /) -> tuple[Bounded, ...]:
        """What algorithms documented as worse are allowed, too."""
        known: tuple[Bounded, ...] = self.once(
            ("worse", contract), partial(self._judged, "worse_oracle", contract)
        )
        return known

    def _judged(self, method: str, contract: Contract) -> tuple[Bounded, ...]:
        judge = getattr(self.op.reference, method)
        with np.errstate(all="ignore"):
            found = answered(
                *(self.op.name, "the reference", judge, *self.arguments),
                contract=contract,
                **self.options,
            )
        return found if isinstance(found, tuple) else (found,)

    def once(self, key: Any, make: Callable[[], Any], /) -> Any:
        """What is made for this example: once, however many laws and targets ask."""
        if key not in self._known:
            self._known[key] = make()
        return self._known[key]

    def with_calls(
        self, arguments: Iterable[Any], options: Mapping[str, Any] | None = None
    ) -> Case:
        """Another example of the same operation with these arguments."""
        options = self.options if options is None else options
        return replace(self, arguments=tuple(arguments), options=options, _known={})

    def in_format(self, form: Format, /) -> Case | None:
        """The same numbers in another format; None where it does not have them all."""
        if form == self.format:
            return self
        changed = {id(x): _in(x, form) for x in self.arrays}
        if any(x is None for x in changed.values()) or form == BFLOAT16:
            return None
        arguments = tuple(changed.get(id(x), x) for x in self.arguments)
        options = {name: changed.get(id(x), x) for name, x in self.options.items()}
        known: dict[Any, Any] = {}
        changes: dict[str, Any] = {"format": form, "options": options, "_known": known}
        return replace(self, arguments=arguments, **changes)

    def of_pullback(self) -> Case:
        """The example of the operation's pullback: a drawn cotangent goes first."""
        known: Case = self.once("pullback", self._of_pullback)
        return known

    def _of_pullback(self) -> Case:
        layout = LAYOUTS[self.index("cotangent", len(LAYOUTS))]
        g = self._cotangent()
        return replace(
            self,
            op=self.op.pullback,
            arguments=(repeated(g) if layout is expanded else g, *self.arguments),
            layouts=(layout, *self.layouts),
            _known={},
        )

    def _cotangent(self) -> Array:
        """Drawn; in 1 of 8 cases all ones, as a sum passes on: what is multiplied with
        them stays as it is."""
        g = self.drawn("cotangent", self.result_shape)
        return np.ones_like(g) if self.index("ones", 8) == 7 else g

    @property
    def result_shape(self) -> Shape:
        """The shape of the first result."""
        return self.oracle(_plain(self.format))[0].shape

    def drawn(self, what: str, shape: Shape, /) -> Array:
        """Numbers made of the root: moderate ones, or of the grid where the case is."""
        family = GRID if self.family.name == GRID.name else MODERATE
        return family.values(codes_of(self.root, what, shape), self.format)

    def index(self, what: str, count: int, /) -> int:
        """One of so many, made of the root."""
        return int(codes_of(self.root, what, (1,))[0, -1]) % count

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """As Hypothesis shows it: on one line, not field by field."""
        del cycle
        printer.text(repr(self))

    def __repr__(self) -> str:
        """The call, as it can be run with NumPy."""
        arguments = [written(x) for x in self.arguments]
        options = [f"{name}={written(x)}" for name, x in self.options.items()]
        return f"{self.op.name}({', '.join(arguments + options)})"


def _in(x: Array, form: Format) -> Array | None:
    """The array in the carrier of a format, if that has all of its numbers."""
    if x.dtype.kind != "f":
        return x
    with np.errstate(all="ignore"):
        y = x.astype(form.carrier)
    return y if np.array_equal(x, y, equal_nan=True) else None


_CONTRACTS: dict[Format, Contract] = {}


def _plain(form: Format) -> Contract:
    """The contract of a format alone: the one that most targets have."""
    return _CONTRACTS.setdefault(form, Contract(form))


def written(x: Any, /) -> str:
    """A value as Python code: arrays with their dtype, short ones on one line."""
    if not isinstance(x, np.ndarray):
        return repr(x)
    body = np.array2string(
        x, separator=", ", threshold=64, floatmode="unique", max_line_width=88
    )
    if not x.size:
        return f"np.zeros({x.shape}, {str(x.dtype)!r})"
    body = " ".join(body.replace("nan", "np.nan").replace("inf", "np.inf").split())
    return f"np.array({body}, {str(x.dtype)!r})"
