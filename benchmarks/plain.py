"""Our laws beside the plain Hypothesis test: bugs found, false alarms, seconds.

    python benchmarks/plain.py --write
    python benchmarks/plain.py --operation softmax --operation nll

Every planted bug and every correct function before the test that people write today,
with moderate numbers and with all, and before the laws of `check`: in a quarter of an
hour on two cores. Prints Markdown; --write puts it into docs/plain.md. --json keeps all
that was found, --read reads it again. Exits with 1 where a law fails correct code, or
misses a bug that a plain test finds by an example that the correct code passes.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from measure import provenance, rewrite
from today.inputs import CALLS
from today.subjects import subjects
from today.tables import sections
from today.trial import OURS, Found, Job, judged

from scratchnet.testing.processes import mapped

PAGE = Path(__file__).parents[1] / "docs" / "plain.md"


def measured(
    operations: Sequence[str],
    *,
    processes: int,
    timed: int,
    start: int = 0,
    keep: Callable[[list[Found]], None] = lambda _: None,
) -> list[Found]:
    """What every judge finds of every subject of these operations, or of all; then, in
    one process, how long so many bugs of each operation take that all of them find.

    keep: is told what there is, time and again.
    """
    names = [
        each.name
        for each in subjects().values()
        if not operations or each.operation in operations
    ]
    found = list[Found]()
    some = mapped(judged, [Job(name, start) for name in names], processes)
    _gather(found, some, len(names), keep)
    again = [Job(name, start, smallest=True) for name in _comparable(found, timed)]
    _gather(found, map(judged, again), len(again), keep)
    return sorted(found, key=lambda each: names.index(each.subject))


def _gather(
    found: list[Found],
    parts: Iterable[Sequence[Found]],
    count: int,
    keep: Callable[[list[Found]], None],
) -> None:
    """Add what is found, and tell how much of it there is."""
    for done, some in enumerate(parts, 1):
        found += some
        print(f"\r{done} of {count}", end="", file=sys.stderr, flush=True)
        if not done % _OFTEN:
            keep(found)
    print(file=sys.stderr)
    keep(found)


#: Written as a whole, which takes its time.
_OFTEN = 20


def _comparable(found: Sequence[Found], timed: int) -> Iterator[str]:
    """So many bugs of each operation, the first ones that every judge finds."""
    by_all = {x.subject for x in found} - {x.subject for x in found if not x.red}
    by_operation: dict[str, list[str]] = {}
    for name, each in subjects().items():
        if each.bug and name in by_all:
            by_operation.setdefault(each.operation, []).append(name)
    for names in by_operation.values():
        yield from names[:timed]


def faults(found: Sequence[Found]) -> list[str]:
    """Correct code that a law fails, and bugs that plain tests alone find."""
    judged_so = {(x.subject, x.judge): x for x in found if not x.smallest}
    wrong = []
    for (name, judge), each in judged_so.items():
        ours = judged_so[name, OURS]
        if subjects()[name].bug:
            caught = each.red and not each.blind and not ours.red
            wrong += [f"{name}: {judge} finds it, ours does not"] if caught else []
        elif judge == OURS and ours.red and not ours.promises:
            wrong.append(f"{name}: {ours.said}")
    return wrong


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--operation", action="append", choices=CALLS, default=[])
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--timed", type=int, default=2, help="bugs of each operation")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="keep all that was found")
    parser.add_argument("--read", type=Path, help="measure nothing, read what was kept")
    parser.add_argument("--write", action="store_true", help="rewrite docs/plain.md")
    chosen = parser.parse_args()
    if chosen.write and chosen.operation:
        parser.error("--write is for all operations")
    return chosen


def _run(chosen: argparse.Namespace) -> dict[str, Any]:
    """What was found, and what ran."""
    options = {name: getattr(chosen, name) for name in ("processes", "timed", "seed")}
    said = " ".join(f"--{name} {x}" for name, x in options.items())
    packages = "scratchnet", "numpy", "torch", "hypothesis"
    kept = {"ran": provenance(f"tox -e bench-plain -- {said}", *packages)}

    def keep(found: Sequence[Found]) -> None:
        kept["found"] = list(map(asdict, found))
        if chosen.json:
            chosen.json.write_text(json.dumps(kept, indent=0))

    keep(
        measured(
            chosen.operation,
            processes=chosen.processes,
            timed=chosen.timed,
            start=chosen.seed,
            keep=keep,
        )
    )
    return kept


def main() -> int:
    """Measure or read, print, and write what was asked for."""
    chosen = _options()
    kept = json.loads(chosen.read.read_text()) if chosen.read else _run(chosen)
    found = [Found(**each) for each in kept["found"]]
    parts = [kept["ran"], *sections(found)]
    print(*parts, sep="\n\n")
    if chosen.write:
        rewrite(PAGE, *parts)
    wrong = faults(found)
    print(*wrong, sep="\n", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
