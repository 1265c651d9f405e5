"""An operation that is narrowed: to what a subject promises, or a law is about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from inspect import Parameter
from typing import TYPE_CHECKING, Any

from scratchnet.errors import ArgumentError, ArgumentTypeError
from scratchnet.testing.declaration import Choices, require_drawable, told
from scratchnet.testing.references.reference import Reference, of_first
from scratchnet.testing.strategies.requirements import (
    require_count,
    require_one_of,
    require_side,
)

if TYPE_CHECKING:
    from scratchnet.testing.op import Op

#: The choice of an option that the inputs make of drawn bytes.
DRAWN = "drawn"


# Operations are few, and live as long.
@lru_cache(maxsize=256)
def without(op: Op, options: tuple[str, ...], /) -> Op:
    """The operation for a subject that does not have these options: each stays what
    it is restricted to, or else what the reference has. The same one each time, so
    that its examples are drawn once.
    """
    if not options:
        return op
    if op.pullback_of is not None:
        return op.pullback_of.without(options).pullback
    first = {name: _default(op, name) for name in options if name in op.parameters}
    said = dict(op.restriction)
    for name in first:
        several = op.parameters[name]
        if name not in op.restriction:
            said[name] = "the default"
        elif isinstance(several, tuple):
            said[name] = several[0]
    parameters = {**op.parameters, **first}
    refusals = {k: each for k, each in op.refusals.items() if k not in options}
    changes: dict[str, Any] = {
        "parameters": parameters,
        "refusals": refusals,
        "restriction": said,
    }
    return replace(op, unrestricted=op.unrestricted or op, **changes)


def _default(op: Op, option: str) -> Choices:
    """What the reference has without the option, or the first choice: that also of
    the values that it is restricted to."""
    if option in op.restriction:
        left = op.parameters[option]
        return left if callable(left) else left[:1]
    known = _taken(op, option)
    if known is None or known.default is Parameter.empty:
        return partial(_first, op.parameters[option])
    return (known.default,)


def _taken(op: Op, option: str) -> Parameter | None:
    """The option as the reference has it, where it says so."""
    takes = told(op.reference.algorithms[0].function)
    return None if takes is None else takes.parameters.get(option)


def needs(op: Op, option: str, /) -> bool:
    """Whether a subject must have the option: the inputs make it, and the reference has
    nothing that it would be without it."""
    if op.pullback_of is not None:
        return op.pullback_of.needs(option)
    if option not in op.parameters:
        return True
    takes = _taken(op, option)
    default = Parameter.empty if takes is None else takes.default
    return op.parameters[option] == (DRAWN,) and default is Parameter.empty


@lru_cache(maxsize=256)
def of_families(op: Op, names: tuple[str, ...], /) -> Op | None:
    """The operation with those of its families that have these names, which a law
    is about: not a restriction. None where none is left."""
    if op.pullback_of is not None:
        base = op.pullback_of.of_families(names)
        return None if base is None else base.pullback
    left = tuple(each for each in op.families if each.name in names)
    return replace(op, families=left) if left else None


def restrict(
    op: Op,
    *,
    ranks: int | Iterable[int] | None = None,
    max_side: int | None = None,
    empty: bool | None = None,
    dtypes: str | Iterable[str] | None = None,
    families: str | Iterable[str] | None = None,
    cotangents: int | None = None,
    **parameters: Any,
) -> Op:
    """The operation narrowed to what a subject promises; reports print it.

    ranks: how many dimensions the widest argument may have. max_side: the largest
    side. empty: False for no empty arrays. dtypes, families: the names of those
    that are left. cotangents: of how many arguments the pullback has one, the first
    ones; the others are constants. Other names are options: the one value that each is
    to have, or a list of values. Raises ArgumentError for names that the operation does
    not have, and where nothing is left.
    """
    if op.pullback_of is not None:
        narrowed = op.pullback_of.restrict(
            ranks=ranks,
            max_side=max_side,
            empty=empty,
            dtypes=dtypes,
            families=families,
            cotangents=cotangents,
            **parameters,
        )
        return narrowed.pullback
    said: dict[str, Any] = dict(op.restriction)
    changes: dict[str, Any] = {}
    side = op.max_side if max_side is None else max_side
    require_side("restrict", side)
    if ranks is not None:
        said["ranks"] = tuple(ranks) if isinstance(ranks, Iterable) else (ranks,)
        for rank in said["ranks"]:
            require_count("restrict", 0, rank=rank)
            require_drawable("restrict", rank, side)
        changes["max_dims"] = max([*said["ranks"], op.max_dims])
    if max_side is not None:
        said["max_side"] = changes["max_side"] = max_side
    if empty is not None:
        if not isinstance(empty, bool):
            raise ArgumentTypeError(
                "restrict", f"empty={empty!r}", "required True or False"
            )
        said["empty"] = empty
    if dtypes is not None:
        said["dtypes"] = changes["dtypes"] = _left("dtypes", dtypes, op.dtypes)
    if families is not None:
        known = {each.name: each for each in op.families}
        said["families"] = _left("families", families, known)
        changes["families"] = tuple(known[name] for name in said["families"])
    if cotangents is not None:
        said["cotangents"] = cotangents
        changes["gradient"] = _with_cotangents(op, cotangents)
    chosen = {name: _values(value) for name, value in parameters.items()}
    for name, values in chosen.items():
        if not op.parameters:
            raise ArgumentError(
                "restrict",
                f"option={name!r}",
                f"but {op.name} has no options that can be restricted",
            )
        require_one_of("restrict", op.parameters, option=name)
        if not values:
            raise ArgumentError("restrict", f"{name}=[]", "required a value")
        said[name] = values[0] if len(values) == 1 else values
    changes["parameters"] = {**op.parameters, **chosen}
    whole = op.unrestricted or op
    return replace(op, restriction=said, unrestricted=whole, **changes)


def _with_cotangents(op: Op, count: int) -> Reference:
    """The gradient with so many cotangents."""
    require_count("restrict", 1, cotangents=count)
    if op.gradient is None:
        raise ArgumentError(
            "restrict", f"cotangents={count}", f"but {op.name} has no pullback"
        )
    return of_first(op.gradient, count)


def _first(choices: Choices, *arrays: Any) -> Sequence[Any]:
    """The first choice alone."""
    return (choices(*arrays) if callable(choices) else choices)[:1]


def _values(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list) else (value,)


def _left(
    what: str, names: str | Iterable[str], known: Iterable[str]
) -> tuple[str, ...]:
    """The names, all of which must be known, and of which one must be left."""
    one = isinstance(names, str) or not isinstance(names, Iterable)
    chosen: tuple[str, ...] = (names,) if one else tuple(names)  # type: ignore[assignment]
    for name in chosen:
        require_one_of("restrict", known, **{what: name})
    if not chosen:
        raise ArgumentError("restrict", f"no {what}", "required at least one")
    return chosen
