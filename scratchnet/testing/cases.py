"""Examples of an operation: a strategy, and decks of drawn ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import cache, lru_cache, partial
from hashlib import shake_128
from math import ceil
from typing import Any, cast

import numpy as np
from hypothesis import (
    HealthCheck,
    Phase,
    Verbosity,
    currently_in_test_context,
    given,
    seed,
    settings,
)
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from scratchnet.errors import ArgumentError, ArgumentTypeError
from scratchnet.testing.case import Case, codes_of
from scratchnet.testing.formats import BFLOAT16, Format, format_of
from scratchnet.testing.op import Inputs, Op
from scratchnet.testing.strategies.codes import ROOT, drawn_codes, octets
from scratchnet.testing.strategies.family import Family
from scratchnet.testing.strategies.layout import (
    contiguous,
    expanded,
    layouts_of,
    repeated,
)
from scratchnet.testing.strategies.plan import Planner
from scratchnet.testing.strategies.requirements import answered, require_count

#: At most so many examples are drawn for each one of a deck.
RAW = 4
#: Arrays that an operation's inputs may make beside the drawn ones: at most so many.
_MORE = 4
#: In 1 of 6 examples sides may be this long: beyond the tiles, and the steps of loops
#: that were unrolled, of code that goes by parts.
LONG, LONG_SIDE = 256 - 256 // 6, 40
#: So many of them make no more numbers than are quick.
_LONG_RANK = 3
#: So many kinds of calls compiled code is asked about: each is compiled.
KINDS = 4
_LYING = layouts_of("numpy", where="cases")


def cases(
    operation: Op, /, *, dtype: Any = "float64", max_dims: int | None = None
) -> SearchStrategy[Case]:
    """Examples of an operation in one format.

    Shapes by its signature, values of its families, any layouts and options. Shrinks
    to contiguous arrays of the first family, the smallest shapes and the simplest
    options and values. max_dims: at most so many loop dimensions, where the operation
    has more. Raises ArgumentTypeError for a dtype without format.
    """
    if not isinstance(operation, Op):
        raise ArgumentTypeError(
            "cases",
            f"the operation is a {type(operation).__name__}",
            "required an Op: one of scratchnet.testing.ops, or one of your own",
        )
    if max_dims is not None:
        require_count("cases", 0, max_dims=max_dims)
    return _of(operation, format_of(dtype, where="cases"), max_dims)


def _of(
    op: Op, form: Format, most: int | None = None, few: bytes = b""
) -> SearchStrategy[Case]:
    """Examples; of a few kinds alone, those that the bytes are the seed of."""
    found = _cases(op, form, most, few)
    return found if op.pullback_of is None else found.map(Case.of_pullback)


@st.composite
def _cases(draw: DrawFn, op: Op, form: Format, most: int | None, few: bytes) -> Case:
    base = op if op.pullback_of is None else op.pullback_of
    plan, count = _of_dims(base.planner, most), len(base.planner.signature.inputs)
    # All in one draw, as each costs as much as a small operation.
    sizes = (1, count + _MORE, len(base.parameters), plan.length, ROOT, count * ROOT)
    drawn = draw(octets(sum(sizes)))
    if few:
        drawn = _as_one_of(few, drawn, sizes[-1])
    family, lying, choices, shape, root, roots = _cut(drawn, sizes)
    # Both shrink to the first family: one byte says which, and whether sides are long.
    long, which = divmod(family[0], LONG)
    if long and (most is None or most >= _long(base).dims[0]):
        plan = _of_dims(_long(base), most)
    kinds = _weighted(base.families)
    kind = kinds[which % len(kinds)]
    shapes = plan.shapes(shape)
    pairs = zip(shapes, _cut(roots, (ROOT,) * count), strict=True)
    made = partial(answered, op.name, f"the family {kind.name}", kind.values)
    values = tuple(made(drawn_codes(draw, r, s), form) for s, r in pairs)
    options = {
        name: _chosen(op, name, each, byte, values)
        for (name, each), byte in zip(base.parameters.items(), choices, strict=True)
    }
    arguments: tuple[Any, ...] = values
    if base.inputs is not None:
        with np.errstate(all="ignore"):
            coder = partial(codes_of, root)
            arguments, options = _called_with(base, values, options, coder)
        arguments = tuple(_held(x, form) for x in arguments)
    # What a loader is given says by its numbers which row is which: none may repeat.
    known = (contiguous,) if base.kind == "loader" else _LYING
    layouts = iter([known[byte % len(known)] for byte in lying])
    used = []

    def laid(x: Any) -> Any:
        if not isinstance(x, np.ndarray):
            return x
        used.append(next(layouts))
        return repeated(x) if used[-1] is expanded else x

    arguments = tuple(map(laid, arguments))
    options = {name: laid(x) for name, x in options.items()}
    return Case(base, arguments, options, tuple(used), kind, form, bytes(root))


def _as_one_of(few: bytes, drawn: bytes, numbers: int) -> bytes:
    """What was drawn of an example, all but its family and its numbers as in one of a
    few: shapes, layouts, options, and what laws make besides.

    One of them has long sides: compiled code goes by parts, and has another for what
    is left over. numbers: how many bytes at the end those are.
    """
    which, end = sum(drawn) % KINDS, len(drawn) - numbers
    frame = shake_128(few + bytes([which])).digest(end)
    long = not which or frame[0] >= LONG
    family = LONG + drawn[0] % (256 - LONG) if long else drawn[0] % LONG
    return bytes([family]) + frame[1:] + drawn[end:]


@cache
def _weighted(families: tuple[Family, ...]) -> tuple[Family, ...]:
    """The families, each as often as it weighs."""
    return tuple(each for each in families for _ in range(each.weight))


@cache
def _long(op: Op) -> Planner:
    """The operation's plan with long sides, and not many loop dimensions; as it is
    where the sides are restricted, and of what is no function of arrays. Where it is
    restricted to many dimensions, with sides as long as make no more numbers."""
    plan = op.planner
    if "max_side" in op.restriction or op.kind != "function":
        return plan
    # Of two such sides already where there are no core dimensions, and of one at least.
    most = 1 if any(plan.signature.inputs) else 2
    few = _of_dims(plan, most)
    if most == 2:
        few = replace(few, dims=tuple(each for each in few.dims if each) or few.dims)
    rank = few.dims[0] + max(map(len, plan.signature.inputs))
    few_enough = few.dims[0] <= most or rank <= _LONG_RANK
    side = LONG_SIDE if few_enough else int(LONG_SIDE ** (_LONG_RANK / rank))
    if side <= plan.max_side:
        return few
    return replace(few, max_side=side, even=True)


def _of_dims(plan: Planner, most: int | None) -> Planner:
    """A plan with at most so many loop dimensions, or the fewest that it may have."""
    if most is None or most >= plan.dims[-1]:
        return plan
    few = tuple(each for each in plan.dims if each <= most)
    return replace(plan, dims=few or plan.dims[:1])


def _called_with(base: Op, *drawn: Any) -> Any:
    """What the operation's hook makes of the drawn: arguments and options."""
    found = answered(base.name, "the inputs hook", cast(Inputs, base.inputs), *drawn)
    if not (isinstance(found, tuple) and len(found) == 2):
        raise ArgumentTypeError(
            "Op",
            f"the inputs hook of {base.name!r} gives a {type(found).__name__}",
            "required a tuple of arguments and a dictionary of options",
        )
    return found


def _held(x: Any, form: Format) -> Any:
    """What was made of drawn numbers: rounded, where the carrier holds more."""
    if form != BFLOAT16 or not isinstance(x, np.ndarray) or x.dtype.kind != "f":
        return x
    return np.asarray(form.rounded(x), form.carrier)


def _cut(drawn: bytes, sizes: tuple[int, ...]) -> Iterator[bytes]:
    """The bytes in parts of these sizes."""
    start = 0
    for size in sizes:
        yield drawn[start : start + size]
        start += size


def _chosen(op: Op, name: str, choices: Any, byte: int, values: tuple[Any, ...]) -> Any:
    some = choices
    if callable(choices):
        some = answered(op.name, f"the choices hook {name!r}", choices, *values)
    if not len(some):
        shapes = ", ".join(str(x.shape) for x in values)
        raise ArgumentError(
            "cases",
            f"{name} has no choices for arrays of shape {shapes}",
            "required one",
        )
    return some[byte % len(some)]


#: Every field, so that nothing of the caller's profile is inherited.
SETTINGS = settings(
    backend="hypothesis",
    database=None,
    deadline=None,
    derandomize=False,
    phases=(Phase.generate,),
    print_blob=False,
    report_multiple_bugs=False,
    stateful_step_count=50,
    suppress_health_check=tuple(HealthCheck),
    verbosity=Verbosity.quiet,
    max_examples=100,
)


@lru_cache(maxsize=512)
def deck(
    operation: Op, form: Format, examples: int, start: int, /, *, few: bool = False
) -> tuple[Case, ...]:
    """So many examples, the same for a seed: the simplest first. Drawn once, since all
    laws and all targets of the format are asked about the same ones.

    Of no family more than its weight says: what only one of them shows is not left to
    chance. Hypothesis also tries what it has drawn with parts of it changed: of
    those that have all but a few of their elements in common only one is kept.
    few: whether all are of as few kinds of calls as can be, for code that is compiled
    for each: they differ in their numbers alone.
    """
    drawn: dict[Any, Case] = {}
    share = examples / len(_weighted(operation.families))
    # One more of each: else the last ones are long waited for.
    left = {x.name: ceil(share * x.weight) + 1 for x in operation.families}

    def kept(case: Case) -> None:
        key = tuple(x.tobytes() for x in case.arrays) if few else case.root
        if key not in drawn and left[case.family.name]:
            left[case.family.name] -= 1
            drawn[key] = case
        # Of the last example once more, which Hypothesis runs again.
        if len(drawn) == examples:
            raise _Enough

    asked = settings(SETTINGS, max_examples=RAW * examples)
    with suppress(_Enough):
        kinds = str(start).encode() if few else b""
        run_on(_of(operation, form, few=kinds), kept, asked, start)
    return tuple(drawn.values())


class _Enough(Exception):  # noqa: N818 - as many as were asked for, not an error
    """The deck is full."""


def run_on(
    examples: SearchStrategy[Case],
    function: Callable[[Case], None],
    asked: settings,
    start: int,
    /,
) -> None:
    """Run a function on examples that are drawn from a seed: inside of a property too,
    in a thread of its own there, as Hypothesis refuses one within another."""

    def search() -> None:
        @seed(start)
        @asked
        @given(examples)
        def each(case: Case) -> None:
            function(case)

        each()

    if not currently_in_test_context():
        search()
        return
    with ThreadPoolExecutor(1) as aside:
        aside.submit(search).result()
