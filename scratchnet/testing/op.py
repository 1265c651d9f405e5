"""Operations: what a function should be, in one declaration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from scratchnet.errors import ArgumentError
from scratchnet.testing import narrowing
from scratchnet.testing.case import Case, Coder
from scratchnet.testing.declaration import (
    Choices,
    quick_dims,
    require_calls,
    require_declared,
)
from scratchnet.testing.formats import FORMATS
from scratchnet.testing.references import Reference
from scratchnet.testing.strategies.family import FAMILIES, Family
from scratchnet.testing.strategies.misfit import misfits
from scratchnet.testing.strategies.plan import Planner
from scratchnet.testing.strategies.requirements import answered
from scratchnet.testing.strategies.shapes import planner
from scratchnet.testing.strategies.signature import parsed

Arrays = tuple[Any, ...]
Options = dict[str, Any]
#: From the drawn arrays, the chosen options and a coder to arguments and options.
Inputs = Callable[[Arrays, Options, Coder], tuple[Arrays, Options]]
#: Calls that must be refused, made of an example of what must not.
Refusals = Callable[[Case], Iterable[tuple[Arrays, Options]]]


#: How subjects of other kinds than a function are called.
_USAGE = {
    "loader": "loader(x, y, *, batch_size, shuffle, seed, drop_last)",
    "optimizer": "step(parameters, gradients, state, **hyper_parameters)",
}


@dataclass(frozen=True, eq=False)
class Op:
    """An operation: its arguments, what is right, and what is promised of it.

    name: how reports call it. signature: a gufunc signature of its array arguments; an
    example is drawn by it. reference: what is right; gradient: the reference of its
    pullback, where it has one.
    parameters: its options by name, each with its choices, or a function from the drawn
    arrays to them, the simplest first; a subject that has no such option is held to
    what the reference has without it. at_least: the smallest sides of core dimensions.
    batched: how many of the arrays, from the first on, have loop dimensions; all
    without it.
    inputs: makes arguments and options of drawn arrays, where these are not all.
    called: the signature of the arrays among the arguments, where it is another one.
    refusals: calls that must raise, by the option that is wrong in them, or "" for the
    arguments. Shapes that do not fit the signature must as well, unless arguments are
    made of drawn arrays or `lenient` says that some may be taken.
    rows: whether rows along the first loop dimension are computed each by itself; of
    each example where it is a function. integers: which of the arrays may be of whole
    numbers, as pixels are, and stand for the same in floating point. shares: whether a
    result may be a view of an argument. smooth: whether Taylor's theorem may be asked
    of it. exact: whether nothing has to round where the numbers are small integers.
    whole: what cotangents of arguments that are free one by one add up to, a function
    of them and of the pullback's arguments in array code: the cotangent of the result.
    constants: so many of the last cotangents a pullback may leave out, as of the
    targets of a loss.
    any_dtype: whether a result may hold numbers of any dtype, as where no argument has
    one.
    families: the values that it is drawn with.
    kind: what laws it has; those of a function of arrays unless it is another. call:
    how arguments are passed, where it is not one by one.
    """

    name: str
    signature: str
    reference: Reference
    gradient: Reference | None = None
    parameters: Mapping[str, Choices] = field(default_factory=dict)
    at_least: Mapping[str, int] = field(default_factory=dict)
    batched: int | None = None
    inputs: Inputs | None = None
    called: str = ""
    refusals: Mapping[str, Refusals] = field(default_factory=dict)
    lenient: bool = False
    rows: bool | Callable[[Case], bool] = True
    integers: tuple[int, ...] = ()
    shares: bool = False
    smooth: bool = True
    exact: bool = False
    whole: Callable[..., Any] | None = None
    constants: int = 0
    any_dtype: bool = False
    families: tuple[Family, ...] = tuple(FAMILIES.values())
    dtypes: tuple[str, ...] = tuple(FORMATS)
    max_side: int = 5
    max_dims: int = 3
    restriction: Mapping[str, Any] = field(default_factory=dict)
    kind: str = "function"
    call: Callable[[Arrays], Arrays] | None = None
    #: The operation whose pullback this is.
    pullback_of: Op | None = None
    #: The operation that this was before it was restricted.
    unrestricted: Op | None = None

    def __post_init__(self) -> None:
        require_declared(self, ("function", *_USAGE))

    def __repr__(self) -> str:
        return f"<operation {self.title}>"

    @property
    def title(self) -> str:
        """Its name and what it is restricted to."""
        return f"{self.name}{self._restricted}"

    @property
    def _restricted(self) -> str:
        if not self.restriction:
            return ""
        said = ", ".join(f"{name}={x}" for name, x in self.restriction.items())
        return f" restricted to {said}"

    @cached_property
    def planner(self) -> Planner:
        """What draws the shapes of its arguments."""
        made = planner(
            "Op", self.signature, self.max_side, self.max_dims, self.at_least
        )
        changes: dict[str, Any] = {"batched": self.batched}
        if "ranks" in self.restriction:
            changes["dims"] = self._dims(made, self.restriction["ranks"])
            changes["complete"] = True
        else:
            changes["dims"] = quick_dims(made)
        if self.restriction.get("empty") is False:
            changes["empty"] = False
        return replace(made, **changes)

    def _dims(self, made: Planner, ranks: tuple[int, ...]) -> tuple[int, ...]:
        core = max(map(len, made.signature.inputs))
        dims = tuple(sorted(rank - core for rank in ranks if rank >= core))
        if not dims:
            raise ArgumentError(
                "restrict",
                f"ranks={ranks} of {self.name} leave nothing to draw",
                f"required {core} or more, as {self.signature} says",
            )
        return dims

    @cached_property
    def cores(self) -> tuple[int, ...]:
        """How many core dimensions each array among the arguments has."""
        inputs = parsed(self.called or self.signature, where="Op").inputs
        return tuple(map(len, inputs))

    @cached_property
    def pullback(self) -> Op:
        """Its pullback as an operation: the cotangent goes before the arguments, the
        results are a tuple with one for each argument that has one.

        Raises ArgumentError where it has none.
        """
        if self.gradient is None:
            raise ArgumentError(
                "Op.pullback",
                f"{self.name} has no pullback",
                "required a differentiable operation with a gradient",
            )
        return replace(
            self,
            name=f"{self.name}.pullback",
            reference=self.gradient,
            gradient=None,
            # A row's share of the others' gradients is not its own.
            rows=self.rows if len(self.cores) == 1 else False,
            integers=(),
            shares=False,
            pullback_of=self,
            unrestricted=self.unrestricted and self.unrestricted.pullback,
        )

    @property
    def is_of_any_rank(self) -> bool:
        """Whether loop dimensions may be added and taken away."""
        return self.rows is not False and "ranks" not in self.restriction

    @property
    def usage(self) -> str:
        """How it is called."""
        return _USAGE.get(self.kind, self.reference.signature)

    def called_with(self, arguments: Arrays, /) -> Arrays:
        """The arguments as a subject gets them."""
        if self.call is None:
            return arguments
        return answered(self.name, "the call hook", self.call, arguments)

    def keeps_rows(self, case: Case, /) -> bool:
        """Whether the rows of this example are computed each by itself."""
        if not callable(self.rows):
            return self.rows
        return bool(answered(self.name, "the rows hook", self.rows, case))

    def refused(self, case: Case, /) -> list[tuple[Arrays, Options]]:
        """Calls like this example but for one thing, which must raise."""
        if self.pullback_of is not None:
            return []
        found = []
        for name, hook in self.refusals.items():
            calls = answered(self.name, f"the refusals hook {name!r}", hook, case)
            found += require_calls(self.name, name, calls)
        return found if self.lenient else [*found, *self._misfits(case)]

    @property
    def refuses(self) -> bool:
        """Whether there are calls that must raise."""
        # One array without core dimensions may have any shape.
        fits_all = self.inputs is not None or self.lenient or self.cores == (0,)
        return self.pullback_of is None and (not fits_all or bool(self.refusals))

    def _misfits(self, case: Case) -> list[tuple[Arrays, Options]]:
        """Calls with ones in shapes that do not fit the signature."""
        if self.inputs is not None:
            return []
        arrays = [x for x in case.arguments if isinstance(x, np.ndarray)]
        if len(arrays) != len(case.arguments) or len(arrays) != len(self.cores):
            return []
        shapes = tuple(x.shape for x in arrays)
        read = parsed(self.called or self.signature, where="Op")
        return [
            (
                tuple(np.ones(s, x.dtype) for s, x in zip(wrong, arrays, strict=True)),
                dict(case.options),
            )
            for wrong in misfits(read, shapes)
        ]

    without = narrowing.without
    needs = narrowing.needs
    of_families = narrowing.of_families
    restrict = narrowing.restrict


def listing(operations: Iterable[Op], /) -> str:
    """All operations, their signatures and how they are called, as a Markdown table."""
    rows = ["| operation | signature | called as |", "| --- | --- | --- |"]
    for each in operations:
        signature = each.signature.replace("|", "\\|")
        rows.append(f"| `{each.name}` | `{signature}` | `{each.usage}` |")
    return "\n".join(rows)
