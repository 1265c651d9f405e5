"""A kill matrix as a page of the documents."""

from __future__ import annotations

from itertools import groupby

from scratchnet.testing.mutants.listing import troubles, verdict
from scratchnet.testing.mutants.matrix import Matrix, Row
from scratchnet.testing.mutants.mutant import TARGET, Mutant

_INTRODUCTION = """\
# Planted bugs

Made by `tox -e mutants -- --markdown docs/mutants.md --picture docs/mutants.png`.

A check that cannot fail is none. A mutant is correct code with one fault in it, and
the law that must find that fault. Every law is asked of every mutant, with the
examples that `check` draws for anybody's code; a kill counts only if the correct code
holds on the same example. `scratchnet mutants` does all of it again: a table with a
row for each mutant; exit code 1 where one survives, where the law named for it does
not kill it under every seed, where correct code fails, or where a law kills nothing,
or nothing that no other does. `--operation softmax` and `--law rows_are_independent`
ask some of them, `--json FILE` writes what was found.

What is known is found; what nobody thought of is another matter. After the generators
and the laws had been frozen, twenty more were written without a look at them. 11 of
the 20 were killed by some law at once, 10 by the law named for them and under all
seeds. 2 were no faults: what PyTorch does as well, and an algorithm that is accepted.
For 5 of the others the generators or a law were then mended, for their whole class
(slopes above 1, -100 as a label, constants whose mean rounds, gradients in another
order, two epochs at once), and for velocities of 0, of which another law had told. 2
are still seldom found and not below: a matrix-vector product that takes n vectors of
n numbers for a matrix, and a tensordot that keeps its axes by shapes."""


def markdown(matrix: Matrix, /) -> str:
    """The matrix as a page: what each mutant is, and what kills it."""
    every = sorted(matrix.rows, key=_operation)
    parts = [_head(matrix)]
    for name, group in groupby(every, _operation):
        rows = list(group)
        lines = [
            f"## {name}",
            "",
            "| mutant | what is wrong | shows on | killed by | examples | and by |",
            "| --- | --- | --- | --- | ---: | --- |",
            *map(_line, rows),
            "",
            "```diff",
            "\n\n".join(f"# {row.mutant.id}\n{row.mutant.diff}" for row in rows),
            "```",
        ]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _head(matrix: Matrix) -> str:
    """What the page is about, what came out, and what each law kills."""
    lines = [
        "| law | kills | alone | which no other kills |",
        "| --- | ---: | ---: | --- |",
    ]
    for name in matrix.laws:
        alone = [f"`{row.mutant.id}`" for row in matrix.alone(name)]
        kills = len(matrix.kills(name))
        lines.append(f"| `{name}` | {kills} | {len(alone)} | {', '.join(alone)} |")
    said = verdict(matrix)
    found = "\n".join([*troubles(matrix), f"{said[0].upper()}{said[1:]}."])
    picture = "![Mutants by laws: which kills which](mutants.png)"
    return "\n\n".join([_INTRODUCTION, found, picture, "\n".join(lines)])


def _operation(row: Row) -> str:
    return row.mutant.operation


def _line(row: Row) -> str:
    mutant = row.mutant
    others = ", ".join(f"`{law}`" for law in row.killers if law != mutant.law)
    return (
        f"| {described(mutant)} | `{mutant.law}`: {mutant.verdict} "
        f"| {row.examples:g} | {others or 'no other'} |"
    )


def described(mutant: Mutant, /) -> str:
    """What a mutant is, as cells of a Markdown table."""
    seen = f" ([seen]({mutant.seen}))" if mutant.seen else ""
    where = "" if mutant.target == TARGET else f" ({mutant.target})"
    cells = f"`{mutant.id}`", f"{mutant.says}{seen}", f"{mutant.shows}{where}"
    return " | ".join(_escaped(cell) for cell in cells)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
