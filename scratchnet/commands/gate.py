"""scratchnet gate: whether a report proves that a device was used."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from scratchnet.commands.console import BROKEN
from scratchnet.outputs import write
from scratchnet.testing import devices, junit, origin
from scratchnet.testing import floors as kept
from scratchnet.testing import gate as reading


def gate(
    report: Annotated[
        Path, typer.Argument(help="The JUnit report of pytest: --junitxml=REPORT.")
    ],
    require: Annotated[
        str, typer.Option(help="The device that must have run; commas for more.")
    ] = "cuda",
    floors: Annotated[
        Path | None,
        typer.Option(help="What must have been executed there, at least."),
    ] = None,
    write_floors: Annotated[
        Path | None,
        typer.Option(help="Write what was executed, as the floors of later sessions."),
    ] = None,
    max_age: Annotated[
        float, typer.Option(min=0, max=8784, help="Hours that the session may be old.")
    ] = reading.MAX_AGE.total_seconds() / 3600,
) -> None:
    """Say whether a report proves that a device ran what it had to.

    Exit code 1 where it does not, also for one that is missing, stale or of another
    commit.

    Reads a file and runs no test: make it a step of its own that always runs.
    """
    names = devices.named(require, where="gate")
    found: list[str] = []
    try:
        session = junit.read(report)
        found = reading.reasons(
            session,
            names,
            floors=None if floors is None else kept.read_floors(floors),
            commit=origin.commit(Path.cwd()),
            run=origin.run(),
            max_age=timedelta(hours=max_age),
        )
    except junit.Shut as error:
        found = [str(error)]
    else:
        Console(width=_WIDE, highlight=False).print(_table(session, names))
    if write_floors is not None and not found:
        told = json.dumps(kept.floors_of(session, names), indent=1)
        write(write_floors, f"{told}\n", where="gate")
    _say(names, found)
    raise typer.Exit(BROKEN if found else 0)


#: Columns, whatever the terminal has.
_WIDE = 120


def _table(session: junit.Session, names: tuple[str, ...]) -> Table:
    """What the report tells of each device."""
    table = Table("device", "what it is", "tests", "laws", "examples", "allocated")
    for name in names:
        ran, asked = session.tests.get(name, ()), session.asked(name)
        passed = sum(each.outcome == "passed" for each in ran)
        facts = (session.properties.get(f"{name}.{key}", "") for key in _FACTS)
        table.add_row(
            name,
            ", ".join(filter(None, facts)) or "unknown",
            f"{passed:,} of {len(ran):,}",
            f"{sum(each['held'] for each in asked):,} of {len(asked):,}",
            f"{sum(each['examples'] for each in asked):,}",
            _allocated(ran),
        )
    return table


def _allocated(ran: Iterable[junit.Ran]) -> str:
    counts = [each.allocated for each in ran if each.allocated is not None]
    return f"{sum(counts):,}" if counts else "not counted"


_FACTS = ("name", "capability", "driver")


def _say(names: tuple[str, ...], found: list[str]) -> None:
    console = Console(highlight=False)
    for reason in found:
        console.print(f"  {reason}", markup=False, soft_wrap=True)
    which = ", ".join(names)
    verdict = f"the gate is shut for {which}" if found else f"the gate is open: {which}"
    console.print(verdict, markup=False, soft_wrap=True)
