"""How a kill matrix reads: as a table, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from scratchnet.testing.mutants.matrix import Matrix, Row

SCHEMA = 1
#: A letter for each law: the columns of the matrix.
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#: The law named for the mutant kills it; another does; none; it was not asked.
OWN, OTHER, ALIVE, UNASKED = "#", "+", ".", " "
_LEGEND = (
    f"{OWN} killed by the law named for it, {OTHER} by another, {ALIVE} not killed; "
    "examples and seconds until its own law kills it: the median over seeds"
)


def as_json(matrix: Matrix, /) -> str:
    """All that was found, as JSON of schema 1."""
    return json.dumps(
        {
            "schema": SCHEMA,
            "ok": matrix.ok,
            "seed": matrix.seed,
            "mutants": list(map(_entry, matrix.rows)),
            "laws": [
                {
                    "law": name,
                    "kills": len(matrix.kills(name)),
                    "alone": [row.mutant.id for row in matrix.alone(name)],
                }
                for name in matrix.laws
            ],
            "baselines": [
                {
                    "operation": each.operation,
                    "target": each.target,
                    "verdicts": dict(each.verdicts),
                }
                for each in matrix.baselines
            ],
            "alarms": matrix.alarms,
            "idle": list(matrix.idle),
            "redundant": list(matrix.redundant),
            "missing": [each.id for each in matrix.missing],
        },
        indent=1,
    )


def _entry(row: Row) -> dict[str, Any]:
    return {
        "id": row.mutant.id,
        "operation": row.mutant.operation,
        "law": row.mutant.law,
        "killed": row.named[0].killed,
        "examples": _finite(row.examples),
        "seconds": _finite(row.seconds),
        "seeds_killed": row.seeds_killed,
        "seeds": len(row.seeds),
        "trouble": row.trouble,
        "target": row.mutant.target,
        "says": row.mutant.says,
        "shows": row.mutant.shows,
        "killers": {
            name: {
                "verdict": row.outcomes[name].verdict,
                "examples": row.outcomes[name].examples,
                "seconds": row.outcomes[name].seconds,
            }
            for name in row.killers
        },
    }


def _finite(number: float) -> float | None:
    return number if isfinite(number) else None


def table(matrix: Matrix, /) -> Group:
    """The matrix, a line for each mutant and a letter for each law; and the laws."""
    letters = _lettered(matrix)
    return Group(
        _mutants(matrix, letters),
        Text(_LEGEND),
        Text(),
        _laws(matrix, letters),
        Text(),
    )


def _lettered(matrix: Matrix) -> dict[str, str]:
    return dict(zip(matrix.laws, _LETTERS, strict=False))


def _mutants(matrix: Matrix, letters: Mapping[str, str]) -> Table:
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    shown.add_column("mutant", no_wrap=True)
    shown.add_column("".join(letters.values()), no_wrap=True)
    for heading in ("examples", "seconds", "seeds"):
        shown.add_column(heading, justify="right", no_wrap=True)
    for row in matrix.rows:
        shown.add_row(
            row.mutant.id,
            marks(row, matrix.laws),
            f"{row.examples:g}" if isfinite(row.examples) else "-",
            f"{row.seconds:.3f}" if isfinite(row.seconds) else "-",
            f"{row.seeds_killed}/{len(row.seeds)}",
            style="bold red" if row.trouble else "",
        )
    return shown


def marks(row: Row, laws: Iterable[str], /) -> str:
    """What each law did to a mutant, a mark for each."""

    def mark(law: str) -> str:
        if law not in row.outcomes:
            return UNASKED
        if law not in row.killers:
            return ALIVE
        return OWN if law == row.mutant.law else OTHER

    return "".join(map(mark, laws))


def _laws(matrix: Matrix, letters: Mapping[str, str]) -> Table:
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    shown.add_column("")
    shown.add_column("law", no_wrap=True)
    headings = ("kills", "alone") if matrix.whole else ("kills",)
    for heading in headings:
        shown.add_column(heading, justify="right")
    for name, letter in letters.items():
        counts = len(matrix.kills(name)), len(matrix.alone(name))
        shown.add_row(letter, name, *map(str, counts[: len(headings)]))
    return shown


def troubles(matrix: Matrix, /) -> list[str]:
    """What is wrong, and what was not asked, a sentence each."""
    said = [
        f"{each.operation} on {each.target}: correct code, {law}: {each.verdicts[law]}"
        for each in matrix.red
        for law in each.red
    ]
    said += [f"{row.mutant.id}: {row.trouble}" for row in matrix.troubled]
    said += [f"{law} kills no mutant" for law in matrix.idle]
    said += [f"{law} kills none that no other law kills" for law in matrix.redundant]
    if matrix.missing:
        names = ", ".join(each.id for each in matrix.missing)
        said.append(f"not asked, as their targets are not here: {names}")
    return said


def verdict(matrix: Matrix, /) -> str:
    """The matrix in one sentence."""
    rows, green = matrix.rows, len(matrix.baselines) - len(matrix.red)
    if not rows:
        return "no mutant was asked about"
    killed = sum(not row.trouble for row in rows)
    others = len(rows[0].seeds)
    seeds = f", under the first seed and {others} more" * bool(others)
    missing = f"; {len(matrix.missing)} not asked" * bool(matrix.missing)
    return (
        f"correct code holds for {green} of {len(matrix.baselines)} operations; "
        f"{killed} of {len(rows)} mutants killed by the law named for each{seeds}; "
        f"median examples {matrix.median_examples:g}; "
        f"false alarms {matrix.alarms}{missing}"
    )
