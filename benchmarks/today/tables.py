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
from today.subjects import left_out, subjects
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
        return tuple(x for x in self.found if _is_bug(x) and not x.smallest)

    @cached_property
    def correct(self) -> tuple[Found, ...]:
        """Those of correct functions."""
        return tuple(x for x in self.found if not _is_bug(x))

    @cached_property
    def passed(self) -> tuple[Found, ...]:
        """Correct functions that were asked all examples."""
        return tuple(x for x in self.correct if not x.red)

    @cached_property
    def timed(self) -> tuple[Found, ...]:
        """Bugs until the smallest example."""
        return tuple(x for x in self.found if x.smallest)

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


def _is_bug(found: Found) -> bool:
    return subjects()[found.subject].bug


def _rows(found: Sequence[Found]) -> list[Row]:
    """A row for each judge, in the order in which they judged."""
    names = dict.fromkeys(each.judge for each in found)
    return [Row(n, tuple(x for x in found if x.judge == n)) for n in names]


def _total(found: Sequence[Found]) -> str:
    header = ["judge", "bugs found", "of these blindly", "false alarms"]
    return table(
        header,
        [
            [
                row.judge,
                f"{row.caught} of {len(row.bugs)}",
                str(row.blind),
                f"{row.alarms} of {len(row.correct)}",
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
        return subjects()[each.subject].operation

    beside = [each for each in found if each.judge in SIDE_BY_SIDE]
    for name, some in groupby(beside, operation):
        yield f"`{name}`", _rows(list(some))
    yield "**all**", _rows(beside)


def _counts(found: Sequence[Found]) -> str:
    judges = [f"{what}{name}" for what in ("", "false: ") for name in SIDE_BY_SIDE]
    header = ["operation", "bugs", *judges[:3], "correct", *judges[3:]]
    return table(
        header,
        [
            [
                name,
                str(len(rows[0].bugs)),
                *map(_caught, rows),
                str(len(rows[0].correct)),
                *(str(row.alarms) for row in rows),
            ]
            for name, rows in _by_operation(found)
        ],
    )


def _caught(row: Row) -> str:
    return f"{row.caught} ({row.blind} blindly)" if row.blind else str(row.caught)


def _side(rows: list[Row], get: Callable[[Row], float], form: str) -> str:
    """A number of each judge, side by side; a dash where there is none."""
    numbers = (get(row) for row in rows)
    return " / ".join("-" if x != x else format(x, form) for x in numbers)


def _times(found: Sequence[Found], which: str) -> str:
    """Medians over the bugs that were timed, or the correct functions that passed."""

    def of(what: str) -> Callable[[Row], float]:
        return lambda row: _median(getattr(x, what) for x in getattr(row, which))

    columns = {"seconds": ".2f", "cpu": ".2f", "examples": ",.0f"}
    header = ["operation", "of", "seconds", "CPU seconds", "examples"]
    return table(
        header,
        [
            [
                name,
                " / ".join(str(len(getattr(row, which))) for row in rows),
                *(_side(rows, of(what), form) for what, form in columns.items()),
            ]
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
        "## Until the verdict on correct code\n\nUsual / wide / ours: medians over the "
        "correct functions that passed, of which there are so many, and what all their "
        f"examples took.\n\n{_times(found, 'passed')}",
        "## Until the verdict on a bug\n\nUsual / wide / ours: medians over the same "
        "few bugs, the first ones that every judge finds. Seconds until the smallest "
        "example is found, examples until the first one that fails.\n\n"
        f"{_times(found, 'timed')}",
        f"## Found by ours alone\n\n{alone(found)}",
        f"## Missed by ours\n\n{missed(found)}",
        f"## False alarms\n\n{alarms(found)}",
    ]
