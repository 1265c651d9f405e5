"""scratchnet mutants: planted bugs, and the laws that find them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from scratchnet.commands.console import BROKEN, stderr
from scratchnet.errors import ArgumentError
from scratchnet.outputs import STDOUT, try_to_write, write

if TYPE_CHECKING:
    from scratchnet.testing.mutants import Matrix, Mutant

#: Where there is no terminal nothing is cut off.
_WIDE = 140


def mutants(
    operation: Annotated[
        list[str] | None,
        typer.Option(help="Only mutants of this operation; repeat for more."),
    ] = None,
    law: Annotated[
        list[str] | None,
        typer.Option(
            help="Only this law, of the mutants that it must kill; repeat for more."
        ),
    ] = None,
    examples: Annotated[
        int | None, typer.Option(min=1, help="Of each law; else as many as in check.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    seeds: Annotated[
        int,
        typer.Option(min=0, help="Other seeds that each is asked under, by its law."),
    ] = 10,
    json: Annotated[
        Path | None, typer.Option(help="Write what was found as JSON; - for stdout.")
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(help="Write it as a page; - for stdout.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="Draw it: mutants by laws, a PNG.")
    ] = None,
) -> None:
    """Ask all laws of all planted bugs: is each found, by the law that must find it?

    Correct code first. Exit code 1 where a bug survives, where its own law does not
    find it under every seed, where a law finds none, or where correct code fails.
    """
    from scratchnet.testing.mutants import MUTANTS, kill_matrix, listing, page

    for path in (json, markdown, picture):
        if path is not None and path != STDOUT:
            try_to_write(path, where="mutants")
    if picture is not None:
        _require_pictures()
    chosen, laws = _chosen(MUTANTS.values(), operation or (), law or ())
    with Progress(
        console=stderr, transient=True, disable=not stderr.is_terminal
    ) as bar:
        task = bar.add_task("mutants", total=len(chosen))
        matrix = kill_matrix(
            chosen,
            laws=laws,
            seeds=seeds,
            seed=seed,
            examples=examples,
            whole=not operation,
            progress=lambda count: bar.advance(task, count),
        )
    if json is not None:
        write(json, f"{listing.as_json(matrix)}\n", where="mutants")
    if markdown is not None:
        write(markdown, page.markdown(matrix), where="mutants")
    if picture is not None:
        _draw(matrix, picture)
    _console(STDOUT in (json, markdown)).print(listing.table(matrix))
    raise typer.Exit(0 if matrix.ok else BROKEN)


def _chosen(
    every: Iterable[Mutant], operations: Sequence[str], laws: Sequence[str]
) -> tuple[list[Mutant], tuple[str, ...]]:
    """The mutants of these operations that these laws must kill; and those laws.

    Raises ArgumentError for names that there are not, and where none is left.
    """
    from scratchnet.testing.laws import LAWS

    every = list(every)
    known = list(dict.fromkeys(each.operation for each in every))
    _require_names("--operation", operations, known)
    _require_names("--law", laws, list(LAWS))
    chosen = [
        each
        for each in every
        if (not operations or each.operation in operations)
        and (not laws or each.law in laws)
    ]
    if not chosen:
        raise ArgumentError(
            "mutants",
            f"no mutant of {', '.join(operations)} that {', '.join(laws)} must kill",
            "required one",
        )
    return chosen, tuple(laws) or tuple(LAWS)


def _require_names(option: str, names: Iterable[str], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            raise ArgumentError(
                "mutants", f"{option} {name}", f"required one of {', '.join(known)}"
            )


def _console(is_taken: bool) -> Console:
    """Stdout, unless something else is written there."""
    console = stderr if is_taken else Console(highlight=False)
    return (
        console
        if console.is_terminal
        else Console(file=console.file, width=_WIDE, highlight=False)
    )


def _require_pictures() -> None:
    from scratchnet import canvas

    canvas.require()


def _draw(matrix: Matrix, path: Path) -> None:
    from scratchnet import canvas, kills

    canvas.save(kills.picture(matrix), path)
