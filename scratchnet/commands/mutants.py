"""scratchnet mutants: planted bugs, and the laws that find them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from scratchnet.commands.console import BROKEN, INTERRUPTED, say, stderr
from scratchnet.errors import ArgumentError
from scratchnet.outputs import STDOUT, try_to_write, write

if TYPE_CHECKING:
    from scratchnet.testing.mutants import Matrix, Mutant

#: Columns of the table, whatever the terminal has.
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
    find it under every seed, where correct code fails, or, of all bugs, where a law
    finds none, or none that no other finds.
    """
    from scratchnet.testing.mutants import MUTANTS, listing, page

    _require_apart(json, markdown, picture)
    for path in (json, markdown, picture):
        if path is not None and path != STDOUT:
            try_to_write(path, where="mutants")
    if picture is not None:
        _require_pictures()
    chosen, laws = _chosen(MUTANTS.values(), operation or (), law or ())
    try:
        matrix = _asked(
            chosen,
            laws=laws,
            seeds=seeds,
            seed=seed,
            examples=examples,
            whole=not (operation or law),
        )
    except KeyboardInterrupt:
        say("interrupted: nothing was written")
        raise typer.Exit(INTERRUPTED) from None
    if json is not None:
        write(json, f"{listing.as_json(matrix)}\n", where="mutants")
    if markdown is not None:
        write(markdown, page.markdown(matrix), where="mutants")
    if picture is not None:
        _draw(matrix, picture)
    console = _console(STDOUT in (json, markdown))
    console.print(listing.table(matrix))
    for line in (*listing.troubles(matrix), listing.verdict(matrix)):
        console.print(line, markup=False, soft_wrap=True)
    raise typer.Exit(0 if matrix.ok else BROKEN)


def _require_apart(*paths: Path | None) -> None:
    """Raise ArgumentError where two results would go to one place, or a picture to
    stdout."""
    given = [path for path in paths if path is not None]
    if len({*given}) < len(given) or paths[-1] == STDOUT:
        raise ArgumentError(
            "mutants",
            "--json, --markdown and --picture in one place, or a picture in -",
            "required a file for each; one of the others may be -",
        )


def _asked(chosen: list[Mutant], **options: Any) -> Matrix:
    """The matrix, under a bar where there is a terminal."""
    from scratchnet.testing.mutants import kill_matrix

    quiet = not stderr.is_terminal
    with Progress(console=stderr, transient=True, disable=quiet) as bar:
        task = bar.add_task("mutants", total=len(chosen))
        return kill_matrix(
            chosen, progress=lambda count: bar.advance(task, count), **options
        )


def _chosen(
    every: Iterable[Mutant], operations: Sequence[str], laws: Sequence[str]
) -> tuple[list[Mutant], tuple[str, ...]]:
    """The mutants of these operations that these laws must kill; and those laws.

    Raises ArgumentError for names that there are not, and where none is left.
    """
    from scratchnet.testing.laws import LAWS
    from scratchnet.testing.strategies.requirements import require_one_of

    every = list(every)
    known = list(dict.fromkeys(each.operation for each in every))
    for option, names, all_names in (
        ("--operation", operations, known),
        ("--law", laws, LAWS),
    ):
        for name in names:
            require_one_of("mutants", all_names, **{option: name})
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
    return chosen, tuple(dict.fromkeys(laws)) or tuple(LAWS)


def _console(is_taken: bool) -> Console:
    """Stdout, unless something else is written there; so wide that nothing is cut."""
    file = stderr.file if is_taken else None
    return Console(file=file, width=_WIDE, highlight=False)


def _require_pictures() -> None:
    from scratchnet import canvas

    canvas.require()


def _draw(matrix: Matrix, path: Path) -> None:
    from scratchnet import canvas, kills

    canvas.save(kills.picture(matrix), path)
