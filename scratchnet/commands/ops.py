"""scratchnet ops: the operations that a function can be held to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from scratchnet.errors import ArgumentError

if TYPE_CHECKING:
    from scratchnet.testing.counterparts import Counterpart
    from scratchnet.testing.laws import Law
    from scratchnet.testing.op import Op
    from scratchnet.testing.references import Reference

#: What a declaration says of an operation beside its values, as its flags have it.
_FREEDOMS = {
    "shares": "a result may be a view of an argument",
    "lenient": "shapes that do not fit may be taken",
    "constants": "a pullback may leave out the cotangent of the targets",
    "any_dtype": "a result may hold numbers of any dtype",
    "whole": "which of several that tie gets the gradient, and in which shares",
}
#: Of what is no function of arrays, and where the reference has but a formula.
_MEANINGS = {
    "mean": "The sum over axes, divided by how many there are; of nothing NaN.",
    "tanh": "The hyperbolic tangent.",
    "layer_norm": "Each row less its mean, over its deviation, times weight, and bias.",
    "batch_norm": "Each column less its mean, over its deviation, times weight, and "
    "bias.",
    "loader": "Batches of rows and labels: each once an epoch, in a drawn order.",
    "optimizer": "Steps of stochastic gradient descent on parameters by name.",
}
#: Columns of the table where nobody looks at it.
_WIDE = 140


def ops(
    name: Annotated[
        str | None, typer.Argument(help="An operation; all of them without it.")
    ] = None,
    like: Annotated[
        str | None,
        typer.Option(help="The operation of a built-in: torch.nn.functional.softmax."),
    ] = None,
) -> None:
    """List the operations that a function can be held to, or describe one of them.

    With --like the one that a built-in of NumPy, PyTorch, SciPy, JAX or Keras is, and
    what to mind of it. Exit code 2 for names that are not known.
    """
    from scratchnet.testing.counterparts import counterpart
    from scratchnet.testing.ops import OPS

    if like is not None and name is not None:
        raise ArgumentError(
            "ops", f"{name!r} and --like={like!r}", "required one of them"
        )
    if like is not None:
        found = counterpart(like)
        typer.echo("\n".join((*_minded(found), "", *described(OPS[found.operation]))))
    elif name is not None:
        typer.echo("\n".join(described(_known(name))))
    else:
        _console().print(_table(OPS.values()))


def _known(name: str) -> Op:
    """The operation of this name. Raises ArgumentError for none, with the closest."""
    from scratchnet.testing.counterparts import COUNTERPARTS, suggested
    from scratchnet.testing.ops import OPS

    if name in OPS:
        return OPS[name]
    fix = suggested(name, OPS)
    if name in COUNTERPARTS:
        fix = f"of a built-in: scratchnet ops --like {name}"
    raise ArgumentError("ops", f"operation {name!r}", "required one that there is", fix)


def _console() -> Console:
    """As wide as the terminal; elsewhere so wide that little is broken into lines."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(width=_WIDE, highlight=False)


def _table(operations: Iterable[Op]) -> Table:
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    shown.add_column("operation", no_wrap=True)
    shown.add_column("signature", no_wrap=True)
    shown.add_column("meaning")
    shown.add_column("laws", justify="right", no_wrap=True)
    for each in operations:
        count = str(len(_laws(each)))
        shown.add_row(each.name, each.signature, meaning(each), count)
    return shown


def meaning(operation: Op, /) -> str:
    """What an operation is: mostly what its reference says of itself."""
    if operation.name in _MEANINGS:
        return _MEANINGS[operation.name]
    first = operation.reference.algorithms[0]
    return _paragraph(first.function) or first.name


def _paragraph(function: object) -> str:
    """The first paragraph of what a function says of itself, on one line."""
    return " ".join((function.__doc__ or "").strip().partition("\n\n")[0].split())


def _laws(operation: Op) -> list[Law]:
    """The laws that are about it, those of a pullback where it has one."""
    from scratchnet.testing.laws import LAWS

    return [
        law
        for law in LAWS.values()
        if law.is_about(operation) and law.asks(operation) is not None
    ]


def described(operation: Op, /) -> list[str]:
    """All that is declared of an operation, in lines."""
    # What is no function of arrays has laws of its own, and no algorithm.
    reference = None if operation.kind == "loader" else operation.reference
    parts = (
        ("meaning", [meaning(operation)]),
        ("signature", [_signature(operation)]),
        ("options", list(_options(operation))),
        ("accepted", _algorithms(reference, "algorithms")),
        ("INACCURATE", _algorithms(reference, "worse")),
        ("pullback", _algorithms(operation.gradient, "algorithms")),
        ("INACCURATE", _algorithms(operation.gradient, "worse")),
        ("free", list(_freedoms(operation))),
        ("laws", list(map(_said, _laws(operation)))),
        ("bugs", [_planted(operation)]),
        ("built-ins", _built_ins(operation)),
    )
    lines = [operation.usage]
    for title, each in parts:
        lines += _titled(title, each)
    return lines


def _titled(title: str, lines: Sequence[str]) -> list[str]:
    """Lines beside their title; none where there are none."""
    return [f"  {title * (not i):<10}  {line}" for i, line in enumerate(lines)]


def _signature(operation: Op) -> str:
    least = ", ".join(f"{name} >= {n}" for name, n in operation.at_least.items())
    return f"{operation.signature}{least and f', {least}'}"


def _options(operation: Op) -> Iterator[str]:
    """Each option, and what it is drawn from."""
    for name, choices in operation.parameters.items():
        if callable(choices):
            # What comes after the first words is how often each is drawn.
            yield f"{name}: {re.split('[.:]', _paragraph(choices))[0]}"
        elif tuple(choices) == ("drawn",):
            yield f"{name}: drawn"
        else:
            yield f"{name}: {', '.join(map(_value, choices))}"


def _value(choice: Any) -> str:
    return "drawn" if choice == "drawn" else repr(choice)


def _algorithms(reference: Reference | None, which: str) -> list[str]:
    found = () if reference is None else getattr(reference, which)
    return [f"{x.name}{x.note and f': {x.note}'}" for x in found]


def _freedoms(operation: Op) -> Iterator[str]:
    """What is nobody's promise, and no law asks for."""
    for flag, said in _FREEDOMS.items():
        if getattr(operation, flag):
            yield said


def _said(law: Law) -> str:
    where = "" if law.everywhere else ", in float64"
    where += ", on devices" if law.on_device else ""
    return f"{law.name}{where}{', of its pullback' if law.needs_vjp else ''}"


def _planted(operation: Op) -> str:
    from scratchnet.testing.mutants import MUTANTS

    count = sum(each.operation == operation.name for each in MUTANTS.values())
    if not count:
        return "none is planted"
    return f"{count} are planted: scratchnet mutants --operation {operation.name}"


def _built_ins(operation: Op) -> list[str]:
    from scratchnet.testing.counterparts import COUNTERPARTS

    return [
        f"{each.name}{each.mind and f': {each.mind}'}"
        for each in COUNTERPARTS.values()
        if each.operation == operation.name
    ]


def _minded(found: Counterpart) -> Iterator[str]:
    yield f"{found.name} is {found.operation}"
    if found.mind:
        yield from _titled("mind", [found.mind])
