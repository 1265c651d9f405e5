"""What the tests of a session leave, added up: laws held, and what was not tested.

Each test leaves a dictionary that JSON holds, so that it crosses processes and shows in
JUnit's report. Importing this imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

#: What one law on one target left: found, or why it was not asked.
Told = dict[str, Any]
HEADINGS: tuple[str, ...] = (
    *("operation", "laws held", "error/bound", "silent"),
    *("examples", "fewest", "comparisons", "seconds"),
)
#: How many tests a line names.
_NAMED = 3


def lines(told: Iterable[Told], /) -> list[str]:
    """A table with a line for each operation and one for all, then what was left out.

    An operation that several tests are about has a line for each of them: what they
    hold to it stands side by side.
    error/bound: the largest error in parts of its bound. silent: the share of numbers
    about which nothing could be said. fewest: examples of the held law with the fewest,
    in float64 where it was asked there: bounds are sharpest, and every law is.
    """
    every = list(told)
    asked = [each for each in every if "held" in each]
    return [*(_table(asked) if asked else ()), *_untested(every)]


def was_empty(told: Iterable[Told], /) -> bool:
    """Whether laws were to be asked, and every single one was left out."""
    every = list(told)
    return bool(every) and not any("held" in each for each in every)


def _table(asked: list[Told]) -> list[str]:
    groups = _groups(asked)
    rows = [HEADINGS, *(_row(name, groups[name]) for name in sorted(groups))]
    rows.append(_row("in all", asked))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def _groups(asked: list[Told]) -> dict[str, list[Told]]:
    """What was found of each operation; where there are several, in each test."""
    tests: dict[str, dict[str, list[Told]]] = {}
    for each in asked:
        of_tests = tests.setdefault(each["operation"], {})
        of_tests.setdefault(each["test"].rpartition("::")[2], []).append(each)
    return {
        f"{operation} {test}" if len(of_tests) > 1 else operation: told
        for operation, of_tests in tests.items()
        for test, told in of_tests.items()
    }


def _row(name: str, told: list[Told]) -> tuple[str, ...]:
    held = [each for each in told if each["held"]]
    # JSON has no infinity: an error without bounds is None.
    ratios = [each["ratio"] for each in told]
    worst = "inf" if None in ratios else f"{max(ratios):.2g}"
    sharp = [each for each in held if each["target"].endswith("float64")] or held
    silent = sum(each["silent"] for each in told)
    compared = sum(each["compared"] for each in told)
    return (
        name,
        f"{len(held)} of {len(told)}",
        worst,
        f"{silent / (silent + compared):.1%}" if silent else "0%",
        f"{sum(each['examples'] for each in told):,}",
        f"{min(each['examples'] for each in sharp):,}" if held else "-",
        f"{compared:,}",
        f"{sum(each['seconds'] for each in told):.1f}",
    )


def _untested(told: list[Told]) -> list[str]:
    """A line for each thing that was left out, with the tests that left it out."""
    reasons: dict[str, dict[str, None]] = {}
    for each in told:
        for reason in each["untested"]:
            reasons.setdefault(reason, {})[each["test"]] = None
    return [f"not tested: {why}, in {_some(list(at))}" for why, at in reasons.items()]


def _some(tests: list[str]) -> str:
    more = len(tests) - _NAMED
    named = ", ".join(tests[:_NAMED])
    return named if more <= 0 else f"{named} and {more} more"
