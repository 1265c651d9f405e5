"""What a campaign counts: cells, false alarms, and the tables of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import numpy as np
from draws import Case

#: An operation, a format, an implementation.
Cell = tuple[str, str, str]


@dataclass
class Tally:
    """What was seen in a cell.

    vacuous: the sum of the checks' shares, so that one large array does not outvote a
    hundred small ones; ratios: the median error / bound of each ordinary case.
    """

    checks: int = 0
    alarms: int = 0
    vacuous: float = 0.0
    largest: float = 0.0
    ratios: list[float] = field(default_factory=list)

    def add(self, comparison: Any, *, ordinary: bool) -> None:
        """Count a comparison."""
        ratio = comparison.ratio[np.isfinite(comparison.ratio)]
        self.checks += 1
        self.alarms += not comparison.ok
        self.vacuous += comparison.vacuous
        if ratio.size:
            self.largest = max(self.largest, float(ratio.max()))
        if ratio.size and ordinary and len(self.ratios) < 2000:
            self.ratios.append(float(np.median(ratio)))

    def join(self, other: Tally) -> None:
        """Count what another one did."""
        self.checks += other.checks
        self.alarms += other.alarms
        self.vacuous += other.vacuous
        self.largest = max(self.largest, other.largest)
        self.ratios += other.ratios


@dataclass(frozen=True)
class Alarm:
    """A correct result outside its bound, and the smallest case of it found."""

    cell: Cell
    kind: str
    case: Case
    message: str

    def __str__(self) -> str:
        shown = ", ".join(_literal(x) for x in self.case.inputs)
        options = "".join(f", {k}={_literal(x)}" for k, x in self.case.options.items())
        return f"{', '.join(self.cell)} ({self.kind}): {shown}{options}\n{self.message}"


def _literal(x: Any) -> str:
    """An array in full if it is small: what brings a false alarm back."""
    if not isinstance(x, np.ndarray):
        return repr(x)
    if x.size > 64:
        return f"<{x.dtype} {x.shape}>"
    values = [float(v) for v in x.ravel()]
    return f"np.array({values}, '{x.dtype}').reshape({x.shape})"


@dataclass(frozen=True)
class Report:
    """All cells, the first false alarms of each, and how many checks there were."""

    cells: dict[Cell, Tally]
    alarms: list[Alarm]

    @property
    def checks(self) -> int:
        """The number of arrays that were compared."""
        return sum(tally.checks for tally in self.cells.values())

    def vacuous(self) -> dict[str, float]:
        """The mean share of elements not judged, by operation and format."""
        found: dict[str, list[float]] = {}
        for (name, form, _), tally in self.cells.items():
            pair = found.setdefault(f"{name}, {form}", [0.0, 0.0])
            pair[0] += tally.vacuous
            pair[1] += tally.checks
        return {key: part / max(whole, 1) for key, (part, whole) in found.items()}

    def caps(self, known: dict[str, float]) -> dict[str, float]:
        """These shares rounded up to a hundredth: what `caps.json` holds.

        A cap that is known only falls.
        """
        shares = {key: ceil(100 * x) / 100 for key, x in sorted(self.vacuous().items())}
        return {key: min(x, known.get(key, x)) for key, x in shares.items()}

    def tightness(self) -> str:
        """How near correct results come to their bound, by operation and format."""
        pooled: dict[tuple[str, str], Tally] = {}
        for (name, form, _), tally in self.cells.items():
            pooled.setdefault((name, form), Tally()).join(tally)
        return _table(["operation", "format"], pooled)

    def table(self) -> str:
        """The cells, in Markdown."""
        return _table(["operation", "format", "implementation"], self.cells)


def _table(names: list[str], tallies: Mapping[Any, Tally]) -> str:
    columns = ["checks", "false alarms", "vacuous %", "median ratio", "largest ratio"]
    rows = [" | ".join(["", *names, *columns, ""]).strip()]
    rows.append("|" + " --- |" * len(names) + " ---: |" * len(columns))
    for key, tally in sorted(tallies.items()):
        middle = f"{np.median(tally.ratios):.3f}" if tally.ratios else ""
        share = 100 * tally.vacuous / max(tally.checks, 1)
        rows.append(
            f"| {' | '.join(key)} | {tally.checks:,} | {tally.alarms} | "
            f"{share:.1f} | {middle} | {tally.largest:.3f} |"
        )
    return "\n".join(rows)
