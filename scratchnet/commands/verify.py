"""scratchnet verify: the pipeline, held to every law, then trained."""

from __future__ import annotations

import json as encoder
from collections.abc import Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from scratchnet.commands.console import BROKEN, INTERRUPTED, say, stderr
from scratchnet.errors import ArgumentError
from scratchnet.outputs import STDOUT, try_to_write, write

if TYPE_CHECKING:
    from scratchnet.testing import Target
    from scratchnet.verification import Verified

SCHEMA = 1
#: Nothing was compared: a code of its own, since it says nothing of the pipeline.
VACUOUS = 3
#: Columns, whatever the terminal has.
_WIDE = 110


def verify(
    targets: Annotated[
        str | None,
        typer.Option(help="As numpy:float64,torch:cuda:float32; each must be here."),
    ] = None,
    examples: Annotated[
        int | None, typer.Option(min=1, help="Of each law; else as many as in check.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    epochs: Annotated[
        int, typer.Option(min=0, help="Of training on the digits afterwards.")
    ] = 30,
    json: Annotated[
        Path | None, typer.Option(help="Write what was found as JSON; - for stdout.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="Draw errors beside the built-ins', a PNG.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write a page with it, one file.")
    ] = None,
) -> None:
    """Hold every operation of the pipeline to every law, then train on the digits.

    On every target of this machine; the errors of NumPy's and PyTorch's built-ins stand
    beside ours. Exit code 1 where a law is broken, 3 where nothing was compared.
    """
    _require_writable(json, picture, html)
    places = _places(targets)
    try:
        found = _found(places, examples=examples, seed=seed)
        accuracy = _trained(epochs)
    except KeyboardInterrupt:
        say("interrupted: nothing was written")
        raise typer.Exit(INTERRUPTED) from None
    if json is not None:
        write(json, f"{_as_json(found, accuracy, seed)}\n", where="verify")
    if picture is not None:
        from scratchnet import beside, canvas

        canvas.save(beside.picture(found), picture)
    if html is not None:
        from scratchnet.sheet import sheet

        write(html, sheet(found, accuracy, seed), where="verify")
    file = stderr.file if json == STDOUT else None
    console = Console(file=file, width=_WIDE, highlight=False)
    console.print(_table(found))
    _say_broken(console, found)
    console.print(_verdict(found, accuracy), markup=False, soft_wrap=True)
    raise typer.Exit(_code(found))


def _require_writable(
    json: Path | None, picture: Path | None, html: Path | None
) -> None:
    given = [path for path in (json, picture, html) if path is not None]
    if len({*given}) < len(given) or STDOUT in (picture, html):
        raise ArgumentError(
            "verify",
            "--json, --picture and --html in one place",
            "required a file for each; JSON alone may be -, for stdout",
        )
    for path in given:
        if path != STDOUT:
            try_to_write(path, where="verify")
    if picture is not None:
        from scratchnet import canvas

        canvas.require()
    if html is not None:
        from scratchnet.testing import page

        page.require()


def _places(targets: str | None) -> tuple[Target, ...]:
    """The targets that were asked for, or those of this machine."""
    from scratchnet.testing.targets import Target, available, default_targets

    if targets is not None:
        return available(map(str.strip, targets.split(",")), where="verify")
    cuda = [Target.named(f"torch:cuda:{x}") for x in ("float64", "float32")]
    return (*default_targets(), *(x for x in cuda if not x.unavailable()))


def _found(places: Sequence[Target], **options: Any) -> list[Verified]:
    """What is found, under a bar where there is a terminal."""
    from scratchnet.verification import count, verified

    with Progress(
        console=stderr, transient=True, disable=not stderr.is_terminal
    ) as bar:
        task = bar.add_task("laws", total=count(places))
        return verified(
            places, progress=lambda done: bar.advance(task, done), **options
        )


def _trained(epochs: int) -> float | None:
    """The accuracy that a net trained on the digits reaches on rows that it has not
    seen; None where it was not to be trained."""
    if not epochs:
        return None
    from scratchnet.experiment import Experiment, Settings

    experiment = Experiment(Settings(epochs=epochs))
    experiment.fit()
    return experiment.final()["valid_accuracy"]


def _table(found: Sequence[Verified]) -> Table:
    """A line for each operation: what holds, and whose error is how large."""
    from scratchnet.verification import WHO, worst

    known = worst(found)
    shown = [who for who in WHO if any(each.who == who for each in found)]
    table = Table(
        "operation", "laws held", *shown, "examples", "numbers compared", "seconds"
    )
    for column in table.columns[1:]:
        column.justify = "right"
    for name in dict.fromkeys(each.operation for each in found):
        ours = known[name, "ours"]
        errors = (known.get((name, who)) for who in shown)
        table.add_row(
            name,
            f"{ours.held} of {ours.asked}",
            *("" if x is None else _share(x) for x in errors),
            f"{ours.examples:,}",
            f"{ours.compared:,}",
            f"{ours.seconds:.1f}",
        )
    table.caption = "errors in parts of their bounds, the largest of all targets"
    return table


def _share(x: Verified) -> str:
    if not x.ok:
        return "broken"
    return f"{x.ratio:.2f}" if isfinite(x.ratio) else "inf"


def _say_broken(console: Console, found: Sequence[Verified]) -> None:
    for each in found:
        if not each.ok:
            head = f"\n{each.operation} of {each.who} on {each.target}"
            console.print(f"{head}\n{each.said}", markup=False, soft_wrap=True)


def _verdict(found: Sequence[Verified], accuracy: float | None) -> str:
    from scratchnet.verification import verdict

    ours = [each for each in found if each.who == "ours"]
    numbers = sum(x.compared for x in ours)
    said = (
        f"{verdict(found)}: {sum(x.examples for x in ours):,} examples, "
        f"{numbers:,} numbers compared"
    )
    if accuracy is None:
        return said
    return f"{said}\ntrained on the digits: accuracy {accuracy:.4f} on unseen rows"


def _code(found: Sequence[Verified]) -> int:
    if not sum(each.compared for each in found):
        return VACUOUS
    return 0 if all(each.ok for each in found) else BROKEN


def _as_json(found: Sequence[Verified], accuracy: float | None, seed: int) -> str:
    from scratchnet.testing.document import environment

    told = [
        asdict(each) | {"ok": each.ok, "ratio": _finite(each.ratio)} for each in found
    ]
    return encoder.dumps(
        {
            "schema": SCHEMA,
            "ok": not _code(found),
            "seed": seed,
            "results": told,
            "accuracy": accuracy,
            "environment": environment(),
        },
        indent=1,
    )


def _finite(x: float) -> float | None:
    """JSON has no infinity."""
    return x if isfinite(x) else None
