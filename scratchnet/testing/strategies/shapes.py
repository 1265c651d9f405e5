"""Shapes of arguments that fit together, shapes that do not, and axes."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from scratchnet.errors import ArgumentError
from scratchnet.testing.strategies.codes import octets
from scratchnet.testing.strategies.misfit import misfits, smallest
from scratchnet.testing.strategies.plan import Planner
from scratchnet.testing.strategies.requirements import (
    require_count,
    require_flag,
    require_ordered,
    require_side,
    require_type,
)
from scratchnet.testing.strategies.signature import Shape, Signature, parsed

Shapes = tuple[Shape, ...]
NONE: Mapping[str, int] = MappingProxyType({})
#: What axes can be asked for beside single ones.
Axis = int | tuple[int, ...] | None


def operand_shapes(
    signature: str,
    /,
    *,
    max_side: int = 4,
    max_dims: int = 3,
    at_least: Mapping[str, int] = NONE,
) -> SearchStrategy[Shapes]:
    """Tuples of shapes, one for each argument of a function with this gufunc signature.

    Core dimensions of one name share a size, optional ones (`m?`) may be missing; up to
    max_dims loop dimensions before them broadcast. Sides are 1 to max_side, those of
    core dimensions named in at_least no smaller than there; in 1 of 6 cases one axis,
    if it may be, is empty.

    The result's loop dimensions are drawn first, then what each argument has of them:
    so that about half of the tuples really broadcast. Shrinks to no loop dimensions and
    the smallest sides. Raises ArgumentError for a signature that is none and for limits
    that leave nothing to draw.
    """
    plan = planner("operand_shapes", signature, max_side, max_dims, at_least)
    return octets(plan.length).map(plan.shapes)


def incompatible_shapes(
    signature: str, /, *, max_side: int = 4, max_dims: int = 3
) -> SearchStrategy[Shapes]:
    """Tuples of shapes that a function with this gufunc signature must refuse.

    All is well but for one thing: a core dimension differs between two arguments or
    from its fixed size, loop dimensions do not broadcast, or an argument has too few.
    The side that is wrong may be max_side + 1 or 3, the dimensions one more.

    Raises ArgumentError where any shapes will do, as for `()->()`.
    """
    where = "incompatible_shapes"
    plan = planner(where, signature, max_side, max_dims, NONE)
    read = plan.signature
    always = misfits(read, smallest(read))
    if not always:
        raise ArgumentError(
            where,
            f"signature={signature!r} accepts all shapes",
            "required core dimensions, or two arguments that can clash",
        )

    def misfit(drawn: bytes) -> Shapes:
        wrong = misfits(read, plan.shapes(drawn[1:])) or always
        return wrong[drawn[0] % len(wrong)]

    return octets(1 + plan.length).map(misfit)


def axes(
    rank: int, /, *, single: bool = True, several: bool = False, none: bool = False
) -> SearchStrategy[Any]:
    """Axes of an array of this rank, from either end: what `axis=` takes.

    single: one axis, an int; several: tuples of different axes, in any order, the empty
    one too; none: None. Shrinks to 0, then to the shortest tuple. Raises ArgumentError
    where nothing is left: an array of rank 0 has no single axis.
    """
    require_count("axes", 0, rank=rank)
    require_flag("axes", single=single, several=several, none=none)
    choices: list[Axis] = []
    if single:
        choices += [axis - end for axis in range(rank) for end in (0, rank)]
    if none:
        choices.append(None)
    if several:
        choices += _subsets(rank)
    if not choices:
        raise ArgumentError(
            "axes",
            f"rank={rank}, single={single} leave nothing to draw",
            "required a rank of 1 or more, several=True or none=True",
        )
    return st.sampled_from(choices)


def _subsets(rank: int) -> list[Axis]:
    """Tuples of axes: rising, and falling from the other end."""
    chosen = [c for size in range(rank + 1) for c in combinations(range(rank), size)]
    falling = [tuple(axis - rank for axis in reversed(c)) for c in chosen if c]
    return [*chosen, *falling]


def planner(
    where: str, text: str, max_side: int, max_dims: int, at_least: Mapping[str, int]
) -> Planner:
    """A planner within these limits, or an immediate error in the name of a caller."""
    signature = parsed(text, where=where)
    require_side(where, max_side)
    require_count(where, 0, max_dims=max_dims)
    _require_names(where, signature, at_least)
    for name, side in at_least.items():
        require_count(where, 0, **{f"at_least[{name!r}]": side})
        require_ordered(where, **{f"at_least[{name!r}]": side, "max_side": max_side})
    return Planner(signature, max_side, tuple(range(max_dims + 1)), dict(at_least))


def _require_names(
    where: str, signature: Signature, at_least: Mapping[str, int]
) -> None:
    what = "a mapping from names of core dimensions to sides"
    require_type(where, Mapping, what, at_least=at_least)
    for name in at_least:
        if name not in signature.names:
            raise ArgumentError(
                where,
                f"at_least has {name!r}",
                f"required a core dimension of {signature.text!r}",
            )
