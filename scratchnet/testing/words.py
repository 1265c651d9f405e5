"""A document of what a check found, in words: what a terminal shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import StringIO
from typing import TYPE_CHECKING, Any

from scratchnet.testing.document import Document, Told, broken

if TYPE_CHECKING:
    from rich.table import Table

#: Columns of a table, wherever it is read.
WIDE = 120
#: What stands above the words of a row, and above its numbers.
WORDS = ("law", "target", "verdict")
NUMBERS = ("error/bound", "silent", "examples", "comparisons", "seconds")


def text(found: Document, /) -> str:
    """A table, what breaks, what it behaves like, what was not tested; the verdict."""
    return "\n".join((_plain(found["results"]), *told(found), verdict(found)))


def told(found: Document, /) -> Iterator[str]:
    """What stands between the table and the verdict, line by line."""
    yield from failure(found)
    yield from (f"note: {each}" for each in found["notes"])
    yield from (f"not tested: {each}" for each in found["untested"])


def failure(found: Document, /) -> Iterator[str]:
    """The gravest break, the others by their names, and what it behaves like."""
    wrong = broken(found["results"])
    if not wrong:
        return
    yield f"\n{wrong[0]['text']}"
    yield from found["diagnosis"]
    yield from (f"\n{each}" for each in others(found))


def others(found: Document, /) -> Iterator[str]:
    """Which other laws are broken than the gravest, by their names."""
    wrong = broken(found["results"])
    if not wrong:
        return
    first, law = _kind(wrong[0]), wrong[0]["law"]
    others = [each for each in wrong if each["law"] != law]
    same = [each for each in others if _kind(each) == first]
    alike = {each["law"] for each in same}
    rest = [x for x in others if _kind(x) != first and x["law"] not in alike]
    for said, those in (("in the same way", same), ("as well", rest)):
        if those:
            named = dict.fromkeys(each["law"] for each in those)
            yield f"broken {said}: {', '.join(named)}"


def verdict(found: Document, /) -> str:
    """The last line."""
    results = found["results"]
    said = f"{found['subject']} as {found['operation']}: "
    if not results:
        return f"{said}nothing was asked"
    laws = dict.fromkeys(each["law"] for each in results)
    targets = list(dict.fromkeys(each["target"] for each in results))
    where = targets[0] if len(targets) == 1 else f"{len(targets)} targets"
    if not found["ok"]:
        count = len({each["law"] for each in broken(results)})
        return f"{said}{count} of {len(laws)} laws are broken on {where}"
    examples = sum(each["examples"] for each in results)
    compared = sum(each["compared"] for each in results)
    which = "the one law holds" if len(laws) == 1 else f"all {len(laws)} laws hold"
    return f"{said}{which} on {where}, {examples:,} examples, {compared:,} comparisons"


def _kind(each: Told) -> tuple[str, str]:
    """What was found, but for the call that it was found in."""
    return each["verdict"], each["message"].partition("\n")[0]


def grid(results: Iterable[Told], /) -> Table:
    """A table with a line for each law and verdict: on which targets, how near the
    bound, how many examples."""
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, pad_edge=False)
    for name in WORDS:
        shown.add_column(name, overflow="fold")
    for name in NUMBERS:
        shown.add_column(name, justify="right", no_wrap=True)
    for law, where, kind, *numbers in rows(results):
        style = "green" if kind == "HOLDS" else "bold red"
        shown.add_row(law, where, Text(kind, style), *numbers)
    return shown


def _plain(results: Iterable[Told]) -> str:
    """The table as text."""
    from rich.console import Console

    out = StringIO()
    console = Console(file=out, width=WIDE, color_system=None, legacy_windows=False)
    console.print(grid(results))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def rows(results: Iterable[Told], /) -> Iterator[tuple[str, ...]]:
    """What the table has: targets of which the same is to be said share a line."""
    every = list(results)
    targets = list(dict.fromkeys(each["target"] for each in every))
    for law in dict.fromkeys(each["law"] for each in every):
        of_law = [each for each in every if each["law"] == law]
        for kind in dict.fromkeys(each["verdict"] for each in of_law):
            alike = [each for each in of_law if each["verdict"] == kind]
            where = [each["target"] for each in alike]
            yield (law, _targets(where, targets), kind, *_numbers(alike))


def _targets(where: list[str], every: list[str]) -> str:
    """Targets; several in a word, where they are all that there are, or of a format."""
    if len(where) == 1:
        return where[0]
    formats = {_format(each) for each in where}
    if where == every:
        return "all"
    if where == [each for each in every if _format(each) in formats]:
        return f"all of {', '.join(sorted(formats))}"
    return "\n".join(where)


def _format(target: str) -> str:
    return target.rpartition(":")[2]


def _numbers(alike: list[Told]) -> Iterator[str]:
    errors = [each["error_by_bound"] for each in alike]
    # What JSON cannot hold of an error is that it has no end.
    yield "inf" if None in errors else _short(max(errors))
    silent, compared = _sum(alike, "silent"), _sum(alike, "compared")
    yield f"{silent / (silent + compared):.1%}" if silent else ""
    yield f"{_sum(alike, 'examples'):,}"
    yield f"{compared:,}"
    yield f"{_sum(alike, 'seconds'):.2f}"


def _short(ratio: float) -> str:
    return f"{ratio:.2g}" if ratio else ""


def _sum(alike: list[Told], name: str) -> Any:
    return sum(each[name] for each in alike)
