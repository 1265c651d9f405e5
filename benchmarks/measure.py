"""Timing, interleaved, the tables that come of it, and the documents they go into."""

from __future__ import annotations

import datetime
import os
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median

Work = Callable[[], object]
#: Seconds per call, one entry a round.
Times = list[float]


def interleaved(
    works: Sequence[Work], *, rounds: int, seconds: float = 0.0
) -> list[Times]:
    """Seconds per call of each work, in turn: what slows the machine slows them all.

    In every round each work is called as often as fills so many seconds, at least once.
    """
    counts = [_calls_within(work, seconds) for work in works]
    times: list[Times] = [[] for _ in works]
    for _ in range(rounds):
        for work, calls, mine in zip(works, counts, times, strict=True):
            mine.append(_seconds(work, calls) / calls)
    return times


def _calls_within(work: Work, seconds: float) -> int:
    if seconds == 0:
        return 1
    _seconds(work, 1)  # warms up
    return max(1, int(seconds / _seconds(work, 1)))


def _seconds(work: Work, calls: int) -> float:
    began = time.perf_counter()
    for _ in range(calls):
        work()
    return time.perf_counter() - began


def ratio(ours: Times, theirs: Times, /) -> str:
    """The median of the ratios of neighbours in time, and their extremes."""
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    return f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


#: Where the processor's seconds are counted: so many cases, in so many rounds.
CASES, ROUNDS = 1000, 7


def per_second(rates: Sequence[float], /) -> str:
    """The median of the rates of all rounds, and their extremes."""
    return f"{median(rates):,.0f} ({min(rates):,.0f} to {max(rates):,.0f})"


def rewrite(document: Path, *sections: str, mark: str = "measured") -> None:
    """Put what was measured between the two marks of this name in a document.

    Raises ValueError where it does not have both.
    """
    begin, end = (f"<!-- {mark}: {where} -->" for where in ("begin", "end"))
    before, first, rest = document.read_text().partition(begin)
    _, last, after = rest.partition(end)
    if not (first and last):
        raise ValueError(f"{document.name} does not have {begin} and {end}")
    document.write_text("\n\n".join((before + begin, *sections, end)) + after)


def provenance(command: str, *packages: str) -> str:
    """What ran, when, where and on what."""
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return (
        f"`{command}` on {datetime.date.today()}: {processor()}, "
        f"{os.cpu_count()} cores, one thread; {platform.platform(terse=True)}, "
        f"Python {platform.python_version()}, {versions}."
    )


def processor() -> str:
    """The processor's name, which `platform` does not know on Linux."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2] for line in lines if line.startswith("model name")]
    return (names or [platform.processor()])[0].strip()


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; the first column is text, the others are numbers."""
    rule = ["---", *("---:" for _ in header[1:])]
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, rule, *rows))
