"""What a declaration of an operation may say: a sentence for each thing that it may
not, where it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import Parameter, Signature, signature
from typing import TYPE_CHECKING, Any

import numpy as np

from scratchnet.errors import ArgumentError, ArgumentTypeError
from scratchnet.testing.formats import FORMATS
from scratchnet.testing.references import Reference
from scratchnet.testing.strategies.family import Family
from scratchnet.testing.strategies.plan import Planner
from scratchnet.testing.strategies.requirements import (
    require_count,
    require_flag,
    require_function,
    require_one_of,
    require_some,
    require_type,
)
from scratchnet.testing.strategies.signature import parsed

if TYPE_CHECKING:
    from scratchnet.testing.op import Op

#: The choices for a parameter, the simplest first; or what gives them for the arrays.
Choices = Sequence[Any] | Callable[..., Sequence[Any]]
#: So many dimensions every NumPy's arrays can have, and so many numbers are quick.
MOST_DIMS, MOST_NUMBERS = 32, 2**24


def require_declared(op: Op, kinds: Iterable[str], /) -> None:
    """Raise ArgumentError or ArgumentTypeError for whatever an operation may not be.

    kinds: those of operations that there are laws of.
    """
    _require_name(op, kinds)
    require_reference(op.name, op.reference)
    if op.gradient is not None:
        require_reference(op.name, op.gradient, "gradient")
    _require_shapes(op)
    _require_places(op)
    _require_hooks(op)
    _require_parameters(op)
    _require_signatures(op)
    _require_values(op)


def _require_name(op: Op, kinds: Iterable[str]) -> None:
    if not isinstance(op.name, str):
        raise ArgumentTypeError("Op", f"name={op.name!r}", "required a string")
    if not op.name:
        raise ArgumentError("Op", "name=''", "required what reports are to call it")
    require_one_of("Op", kinds, kind=op.kind)


def require_reference(op: str, reference: Any, what: str = "reference", /) -> None:
    """Raise ArgumentTypeError for what is right in other words than a Reference, with
    a name and functions."""
    if not isinstance(reference, Reference):
        raise ArgumentTypeError(
            "Op",
            f"{what} of {op!r} is a {type(reference).__name__}",
            "required a Reference: what is right, in array code",
            'Reference("mine", (Algorithm("x * 2", lambda x: x * 2),))',
        )
    every = (*reference.algorithms, *reference.worse)
    for name in (reference.name, *(each.name for each in every)):
        if not isinstance(name, str):
            said = f"{what} of {op!r} has the name {name!r}"
            raise ArgumentTypeError("Op", said, "required a string")
    for each in every:
        if not callable(each.function):
            said = f"algorithm {each.name!r} of {op!r} is {each.function!r:.60}"
            raise ArgumentTypeError("Op", said, "required a function of arrays")


# Shapes.


def _require_shapes(op: Op) -> None:
    """Raise for a malformed signature, and for arrays that are not drawn in time."""
    require_count("Op", 0, max_dims=op.max_dims)
    if op.max_dims > MOST_DIMS:
        said = f"required {MOST_DIMS} or less, as in NumPy"
        raise ArgumentError("Op", f"max_dims={op.max_dims}", said)
    if op.called != "":
        parsed(op.called, where="Op.called")
    plan = op.planner
    loops = plan.dims[-1] if op.batched != 0 else 0
    rank = loops + max(map(len, plan.signature.inputs))
    require_drawable("Op", rank, plan.max_side)


def require_drawable(where: str, rank: int, side: int, /) -> None:
    """Raise ArgumentError for more dimensions than any NumPy's arrays have, and for so
    many that an example does not fit into memory."""
    if rank > MOST_DIMS:
        raise ArgumentError(
            where, f"rank={rank}", f"required {MOST_DIMS} or less, as in NumPy"
        )
    if side**rank > MOST_NUMBERS:
        raise ArgumentError(
            where,
            f"rank={rank} with sides of up to {side}",
            f"required no more than {MOST_NUMBERS:,} numbers in an array",
            "restrict ranks and sides: ranks=2, max_side=1000",
        )


def quick_dims(plan: Planner, /) -> tuple[int, ...]:
    """The numbers of loop dimensions with which arrays are not too large, of long sides
    fewer; at least the smallest of them."""
    core = max(map(len, plan.signature.inputs))
    quick = (n for n in plan.dims if plan.max_side ** (n + core) <= MOST_NUMBERS)
    return tuple(quick) or plan.dims[:1]


def _require_places(op: Op) -> None:
    """Raise for batched and integers that are no places of arrays."""
    count = len(op.planner.signature.inputs)
    if op.batched is not None:
        require_count("Op", 0, batched=op.batched)
        _require_most(op, "batched", op.batched, count)
    require_type("Op", (tuple, list), "a tuple of places", integers=op.integers)
    for place in op.integers:
        require_count("Op", 0, integers=place)
        # How many arguments a hook makes is not known.
        if op.inputs is None or op.called:
            _require_most(op, "integers", place, len(op.cores) - 1)


def _require_most(op: Op, name: str, number: int, most: int) -> None:
    if number > most:
        text = op.called or op.signature
        raise ArgumentError(
            "Op",
            f"{name}={number} of {op.name!r}",
            f"required {most} or less in {text}",
        )


# Flags and functions.


def _require_hooks(op: Op) -> None:
    """Raise ArgumentTypeError for flags that are words, and hooks that are values."""
    flags = ("lenient", "shares", "smooth", "exact", "any_dtype")
    require_flag("Op", **{name: getattr(op, name) for name in flags})
    if not callable(op.rows):
        what = "True or False, or a function from an example to one"
        require_type("Op", (bool, np.bool_), what, rows=op.rows)
    for name in ("inputs", "call", "whole"):
        if (hook := getattr(op, name)) is not None:
            require_function("Op", "a function", **{name: hook})
    _require_mapping("functions from an example to calls", refusals=op.refusals)
    for name, hook in op.refusals.items():
        what = "a function from an example to calls"
        require_function("Op", what, **{f"refusals[{name!r}]": hook})


def _require_mapping(what: str, /, **mappings: Any) -> None:
    """Raise ArgumentTypeError for what is no mapping from names."""
    require_type("Op", Mapping, f"a mapping from names to {what}", **mappings)
    for named, mapping in mappings.items():
        for name in mapping:
            require_type("Op", str, "a string", **{f"a name in {named}": name})


def require_calls(op: str, name: str, calls: Any, /) -> list[Any]:
    """The calls that a refusals hook gives. Raises ArgumentTypeError for what are no
    pairs of arguments and options."""
    found = list(calls) if isinstance(calls, Iterable) else [calls]
    for call in found:
        pair = isinstance(call, tuple) and len(call) == 2
        if not (pair and isinstance(call[0], tuple) and isinstance(call[1], Mapping)):
            raise ArgumentTypeError(
                "Op",
                f"the refusals hook {name!r} of {op!r} gives {call!r:.60}",
                "required pairs: a tuple of arguments and a dictionary of options",
            )
    return found


# Parameters.


def told(function: Callable[..., Any], /) -> Signature | None:
    """What a function says that it takes; None for a built-in that does not."""
    try:
        return signature(function)
    except (TypeError, ValueError):
        return None


def _require_parameters(op: Op) -> None:
    """Raise for parameters without choices, or that the reference does not take."""
    _require_mapping("choices", parameters=op.parameters)
    takes = told(op.reference.algorithms[0].function)
    if op.kind == "function" and takes is not None:
        _require_known(op, takes)
    for name, choices in op.parameters.items():
        _require_choices(op.name, name, choices)


def _require_known(op: Op, takes: Signature) -> None:
    every = takes.parameters.values()
    if any(each.kind == Parameter.VAR_KEYWORD for each in every):
        return
    known = [each.name for each in every if each.kind == Parameter.KEYWORD_ONLY]
    for name in op.parameters:
        if name not in known:
            raise ArgumentError(
                "Op",
                f"parameter {name!r} of {op.name!r}",
                f"but its reference takes {', '.join(known) or 'no options'}",
            )


def _require_choices(op: str, name: str, choices: Any) -> None:
    """Raise ArgumentTypeError for what gives no choices, ArgumentError for none."""
    if callable(choices):
        return
    if isinstance(choices, str) or not isinstance(choices, Sequence):
        raise ArgumentTypeError(
            "Op",
            f"{name} of {op!r} is {choices!r}",
            "required a sequence of choices, or a function from the arrays to one",
        )
    if not choices:
        raise ArgumentError("Op", f"{name} of {op!r} has no choices", "required one")


def _require_signatures(op: Op) -> None:
    """Raise ArgumentTypeError for algorithms that take other arrays than are drawn:
    how many a hook makes is not known."""
    if op.kind != "function" or op.inputs is not None:
        return
    if op.pullback_of is not None:
        _require_taken(op, op.reference, "the cotangent and then ", "reference")
        return
    _require_taken(op, op.reference, "", "reference")
    if op.gradient is not None:
        _require_taken(op, op.gradient, "the cotangent and then ", "gradient")


def _require_taken(op: Op, reference: Reference, before: str, what: str) -> None:
    count = len(op.planner.signature.inputs)
    nothing = (None,) * (count + bool(before))
    for each in (*reference.algorithms, *reference.worse):
        takes = told(each.function)
        try:
            _ = takes and takes.bind(*nothing, **dict.fromkeys(op.parameters))
        except TypeError as error:
            arrays = f"{count} array{'s' * (count != 1)}"
            raise ArgumentTypeError(
                "Op",
                f"{what} of {op.name!r}: algorithm {each.name!r} of {takes}: {error}",
                f"required a function of {before}{arrays}, as in {op.signature}",
            ) from None


# Values.


def _require_values(op: Op) -> None:
    """Raise for families and formats that are none."""
    for family in require_some("Op", families=op.families):
        if not isinstance(family, Family):
            said = f"family {family!r} of {op.name!r}"
            raise ArgumentTypeError("Op", said, "required a Family")
    for dtype in require_some("Op", dtypes=op.dtypes):
        require_one_of("Op", FORMATS, dtype=dtype)
    both = {"families": op.families, "dtypes": op.dtypes}
    require_type("Op", (tuple, list), "a tuple of them", **both)
