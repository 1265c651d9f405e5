"""Tables of what was found: all together, and of every operation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from statistics import median

from measure import table

from today.inputs import WITHOUT
from today.reasons import alarms, alone, missed
from today.subjects import Subject, left_out, subjects
from today.trial import OURS, Found

#: What stands side by side in the tables of operations.
SIDE_BY_SIDE = ("usual", "wide", OURS)


@dataclass(frozen=True)
class Row:
    """What one judge found of some subjects."""

    judge: str
    found: tuple[Found, ...]

    @cached_property
    def bugs(self) -> tuple[Found, ...]:
        """Those of planted bugs."""
        return tuple(x for x in self.found if subjects()[x.subject].bug)

    @cached_property
    def correct(self) -> tuple[Found, ...]:
        """Those of correct functions."""
        return tuple(x for x in self.found if not subjects()[x.subject].bug)

    @property
    def caught(self) -> int:
        """How many bugs it found."""
        return sum(x.red for x in self.bugs)

    @property
    def blind(self) -> int:
        """How many of these by an example by which the correct code fails, too."""
        return sum(x.blind for x in self.bugs)

    @property
    def alarms(self) -> int:
        """How many correct functions failed, but for promises of bare formulas."""
        return sum(x.red and not x.promises for x in self.correct)

    @property
    def promises(self) -> int:
        """How many bare formulas broke a promise that they do not make."""
        return sum(x.promises for x in self.correct)


def _rows(found: Iterable[Found]) -> list[Row]:
    """A row for each judge, in the order in which they judged."""
    found = [each for each in found if not each.smallest]
    names = dict.fromkeys(each.judge for each in found)
    return [Row(n, tuple(x for x in found if x.judge == n)) for n in names]


def _total(found: Sequence[Found]) -> str:
    header = [
        "judge",
        "bugs found",
        "of these, correct code fails too",
        "false alarms",
        "CPU seconds, correct",
        "CPU seconds, bug",
        "all CPU seconds",
    ]
    return table(
        header,
        [
            [
                row.judge,
                f"{row.caught} of {len(row.bugs)}",
                str(row.blind),
                f"{row.alarms} of {len(row.correct)}",
                *(f"{_median(x.cpu for x in y):.2f}" for y in (row.correct, row.bugs)),
                f"{sum(x.cpu for x in row.found):,.0f}",
            ]
            for row in _rows(found)
        ],
    )


def _median(numbers: Iterable[float]) -> float:
    known = list(numbers)
    return median(known) if known else float("nan")


def _by_operation(found: Sequence[Found]) -> Iterator[tuple[str, list[Row]]]:
    """The operations, and what the three found of each; then of all together."""

    def operation(each: Found) -> str:
        return _subject(each).operation

    beside = [each for each in found if each.judge in SIDE_BY_SIDE]
    for name, some in groupby(beside, operation):
        yield f"`{name}`", _rows(some)
    yield "**all**", _rows(beside)


def _subject(found: Found) -> Subject:
    return subjects()[found.subject]


def _counts(found: Sequence[Found]) -> str:
    judges = [f"{what}{name}" for what in ("", "false: ") for name in SIDE_BY_SIDE]
    header = ["operation", "bugs", *judges[:3], "correct", *judges[3:]]
    return table(
        header,
        [
            [
                name,
                str(len(rows[0].bugs)),
                *(str(row.caught) for row in rows),
                str(len(rows[0].correct)),
                *(str(row.alarms) for row in rows),
            ]
            for name, rows in _by_operation(found)
        ],
    )


def _side(rows: list[Row], get: Callable[[Row], float], form: str) -> str:
    """A number of each judge, side by side; a dash where there is none."""
    numbers = (get(row) for row in rows)
    return " / ".join("-" if x != x else format(x, form) for x in numbers)


def _times(found: Sequence[Found], which: str) -> str:
    """Medians over bugs, or over the correct functions that a judge passes: those ran
    all examples."""

    def of(what: str) -> Callable[[Row], float]:
        def get(row: Row) -> float:
            kept = row.bugs if which == "bugs" else row.correct
            wanted = which == "bugs"
            return _median(getattr(x, what) for x in kept if x.red == wanted)

        return get

    columns = {"seconds": ".2f", "cpu": ".2f", "examples": ",.0f"}
    header = ["operation", "seconds", "CPU seconds", "examples"]
    return table(
        header,
        [
            [name, *(_side(rows, of(what), form) for what, form in columns.items())]
            for name, rows in _by_operation(found)
        ],
    )


def _scope() -> str:
    """What is not among the subjects, and how much that is."""
    out = left_out()
    names = "; ".join(f"`{name}` ({why})" for name, why in WITHOUT.items())
    return (
        f"Left out on both sides: {out['without']} bugs of operations that nobody "
        f"writes a plain test of: {names}; and {out['elsewhere']} that show on other "
        "targets than NumPy."
    )


def sections(found: Sequence[Found]) -> list[str]:
    """The sections of the page."""
    return [
        f"## All together\n\n{_total(found)}\n\n{_scope()}",
        f"## Bugs found and false alarms\n\n{_counts(found)}",
        "## Until the verdict on correct code\n\nusual / wide / ours, medians over the "
        f"correct functions that pass.\n\n{_times(found, 'correct')}",
        "## Until the verdict on a bug\n\nusual / wide / ours, medians over the bugs "
        "that it finds: seconds until the smallest example is there, examples until "
        f"the first that fails.\n\n{_times(found, 'bugs')}",
        f"## Found by ours alone\n\n{alone(found)}",
        f"## Missed by ours\n\n{missed(found)}",
        f"## False alarms\n\n{alarms(found)}",
    ]
