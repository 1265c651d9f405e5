"""scratchnet check: anybody's function, held to every law of an operation."""

from __future__ import annotations

import json as encoder
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from scratchnet.commands import stated
from scratchnet.commands.console import BROKEN, INTERNAL, INTERRUPTED, say, stderr
from scratchnet.errors import ArgumentError
from scratchnet.outputs import STDOUT, try_to_write, write

if TYPE_CHECKING:
    from scratchnet.testing.document import Document
    from scratchnet.testing.isolated import Request

#: Nothing was compared: a code of its own, since it says nothing of the function.
VACUOUS = 3
#: Examples of each law where a first look is enough.
_QUICK = 25
#: So many characters of what a subject says are printed; all of it is in the files.
_SCREENS = 6000
#: The option that a diagnosis names; what is no text.
_OPTION = re.compile(
    r"^(?:on ordinary numbers it )?behaves exactly like: \w+ with (\w+)=(.*?) \(", re.M
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_NARROW = (
    "what it does not promise can be said: --dims 2, --no-empty, --finite, "
    "--kwargs NAME=VALUE, --waive LAW=REASON"
)


def check(
    subject: Annotated[
        str, typer.Argument(help="FILE.py:NAME, or package.module:NAME.")
    ],
    as_: Annotated[
        str | None,
        typer.Option("--as", help="The operation it is meant to be: scratchnet ops."),
    ] = None,
    vjp: Annotated[
        str, typer.Option(help="Its VJP rule: x -> (y, pullback), FILE.py:NAME.")
    ] = "",
    pullback: Annotated[
        str, typer.Option(help="Its pullback: (g, x) -> dx, FILE.py:NAME.")
    ] = "",
    targets: Annotated[
        str | None,
        typer.Option(help="As numpy:float64,torch:cuda:float32; each must be here."),
    ] = None,
    dims: Annotated[
        str | None, typer.Option(help="Of the widest argument, as 1,2.")
    ] = None,
    dtypes: Annotated[
        str | None, typer.Option(help="As float32,bfloat16; else float64, float32.")
    ] = None,
    empty: Annotated[
        bool, typer.Option("--empty/--no-empty", help="Arrays without numbers.")
    ] = True,
    finite: Annotated[
        bool, typer.Option("--finite", help="No NaN and no infinities.")
    ] = False,
    kwargs: Annotated[
        list[str] | None,
        typer.Option(help="NAME=VALUE: an option, or an argument of its own."),
    ] = None,
    ulp: Annotated[
        list[str] | None, typer.Option(help="NAME=K: its exp, say, is K ulps off.")
    ] = None,
    accumulate: Annotated[
        str | None, typer.Option(help="The dtype that it adds up in.")
    ] = None,
    tf32: Annotated[
        bool, typer.Option("--tf32", help="Products are of TF32; asks float32.")
    ] = False,
    ftz: Annotated[
        bool, typer.Option("--ftz", help="Subnormal numbers may be 0.")
    ] = False,
    waive: Annotated[
        list[str] | None, typer.Option(help="LAW=REASON: not asked, which is said.")
    ] = None,
    law: Annotated[
        list[str] | None, typer.Option(help="This law alone; again for another.")
    ] = None,
    examples: Annotated[
        int | None, typer.Option(min=1, help="Of each law on each target.")
    ] = None,
    seconds: Annotated[
        float, typer.Option(help="For each law on each target, and each call.")
    ] = 10.0,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    quick: Annotated[
        bool, typer.Option("--quick", help="float64, 25 examples, no diagnosis.")
    ] = False,
    json: Annotated[
        Path | None, typer.Option(help="Write what was found as JSON; - for stdout.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write a page with it, one file.")
    ] = None,
    write_test: Annotated[
        Path | None, typer.Option(help="Write a test for pytest that pins it.")
    ] = None,
    show_output: Annotated[
        bool, typer.Option("--show-output", help="Print what it printed.")
    ] = False,
) -> None:
    """Hold a function to every law of an operation: a verdict, and what breaks it.

    It runs in a process of its own: whatever it does is a verdict. Exit code 0 where
    all laws hold, 1 where one is broken, 2 where it could not be asked, 3 where nothing
    was compared.
    """
    if vjp and pullback:
        raise ArgumentError("check", "--vjp and --pullback", "required one of them")
    operation = stated.operation_named(as_, subject)
    options, given = stated.arguments(kwargs or (), operation)
    if tf32 and dtypes is None and targets is None:
        dtypes = "float32"
    if quick and dtypes is None and targets is None:
        dtypes = "float64"
    narrowed = stated.restriction(
        operation, dims=dims, dtypes=dtypes, empty=empty, finite=finite
    )
    from scratchnet.testing.isolated import Request

    request = Request(
        subject,
        operation.name,
        vjp=vjp,
        pullback=pullback,
        restriction={**narrowed, **options},
        given=given,
        targets=stated.listed(targets),
        laws=tuple(law) if law else None,
        examples=_QUICK if quick and examples is None else examples,
        seconds=seconds,
        seed=seed,
        contract=stated.contract(ulp or (), accumulate=accumulate, tf32=tf32, ftz=ftz),
        waive=stated.pairs("--waive", waive or (), "LAW=REASON"),
        diagnosed=not quick,
    )
    _require_writable(json, html, write_test)
    found = _found(request)
    _keep(found, request, json=json, html=html, write_test=write_test)
    _print(found, to_stderr=json == STDOUT, show_output=show_output)
    raise typer.Exit(_code(found))


def _require_writable(json: Path | None, html: Path | None, test: Path | None) -> None:
    """Raise before any work for what could not be written after it."""
    given = [path for path in (json, html, test) if path is not None]
    if len({*given}) < len(given) or STDOUT in (html, test):
        raise ArgumentError(
            "check",
            "--json, --html and --write-test",
            "required a file for each; JSON alone may be -, for stdout",
        )
    if html is not None:
        from scratchnet.testing import page

        page.require()
    if test is not None:
        from scratchnet.testing import pinning

        pinning.require_ours(test)
    for path in given:
        if path != STDOUT:
            try_to_write(path, where="check")


def _found(request: Request) -> Document:
    """What is found, under a line that says how far it is where there is a terminal."""
    from scratchnet.testing.isolated import InternalError, Outcome

    columns = TextColumn("{task.description}"), TimeElapsedColumn()
    console = stderr
    try:
        with Progress(
            *columns, console=console, transient=True, disable=not console.is_terminal
        ) as bar:
            task = bar.add_task("the function is loaded", total=None)
            for last, said in _said(request):  # noqa: B007 - the last one is all of it
                bar.update(task, description=said)
    except KeyboardInterrupt:
        say("interrupted: nothing was written")
        raise typer.Exit(INTERRUPTED) from None
    except InternalError as error:
        say(str(error))
        say("error: this is a defect of scratchnet, please report it", style="bold red")
        raise typer.Exit(INTERNAL) from None
    if not isinstance(last, Outcome):
        raise TypeError(f"the last event is a {type(last).__name__}")
    return last.document


def _said(request: Request) -> Iterator[tuple[Any, str]]:
    """Events, and what is said of each: which law of how many, and of what examples."""
    from scratchnet.testing.isolated import Began, Example, events

    said, examples = "the function is loaded", 0
    for event in events(request):
        if isinstance(event, Began):
            place = f"law {event.number + 1} of {event.count}"
            said, examples = f"{place}: {event.law} on {event.target}", 0
        if isinstance(event, Example):
            examples = event.number
        yield event, f"{said}{f', example {examples}' * bool(examples)}"


def _keep(
    found: Document,
    request: Request,
    *,
    json: Path | None,
    html: Path | None,
    write_test: Path | None,
) -> None:
    """Write what was asked for, and the witness where it can be replayed."""
    from scratchnet.testing import pinning

    found["replay"] = pinning.kept(found)
    if json is not None:
        write(json, f"{encoder.dumps(found, indent=1)}\n", where="check")
    if html is not None:
        from scratchnet.testing import page

        write(html, page.page(found), where="check")
    if write_test is not None:
        write(write_test, pinning.test_of(found, request, write_test), where="check")


def _print(found: Document, *, to_stderr: bool, show_output: bool) -> None:
    from scratchnet.testing import words

    console = Console(
        file=stderr.file if to_stderr else None, highlight=False, soft_wrap=True
    )
    if console.width < words.WIDE:
        console.width = words.WIDE
    if found["results"]:
        console.print(words.grid(found["results"]))
    for each in (*words.told(found), *_hints(found, show_output=show_output)):
        console.print(_visible(each), markup=False)
    if show_output:
        console.print(f"\nit printed:\n{found['output']}", markup=False)
    style = "bold green" if found["ok"] else "bold red"
    console.print(_visible(words.verdict(found)), style=style, markup=False)


def _hints(found: Document, *, show_output: bool) -> Iterator[str]:
    """What can be done about it."""
    if found["output"] and not show_output:
        yield f"note: it printed {found['output_size']:,} bytes: --show-output"
    for name, value in _OPTION.findall("\n".join(found["diagnosis"])):
        yield f"if that is meant: --kwargs {name}={value}"
    if not found["ok"] and found["results"]:
        yield f"\n{_NARROW}"
    yield from (f"replay: {each}" for each in found["replay"])


def _visible(text: str) -> str:
    """Without what would steer the terminal; no more than some screens."""
    shown = text if len(text) <= _SCREENS else f"{text[:_SCREENS]} ..."
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", shown)


def _code(found: Document) -> int:
    results = found["results"]
    idle = all(each["verdict"] in ("HOLDS", "VACUOUS") for each in results)
    if idle and not sum(each["compared"] for each in results):
        return VACUOUS
    return 0 if found["ok"] else BROKEN
