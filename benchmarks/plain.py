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
import time
from collections.abc import Sequence
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
    operations: Sequence[str], *, processes: int, start: int = 0
) -> list[Found]:
    """What every judge finds of every subject of these operations, or of all."""
    jobs = [
        Job(each.name, start)
        for each in subjects().values()
        if not operations or each.operation in operations
    ]
    found = list[Found]()
    for done, some in enumerate(mapped(judged, jobs, processes), 1):
        found += some
        print(f"\r{done} of {len(jobs)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    places = {job.subject: i for i, job in enumerate(jobs)}
    return sorted(found, key=lambda each: places[each.subject])


def faults(found: Sequence[Found]) -> list[str]:
    """Correct code that a law fails, and bugs that plain tests alone find."""
    judged_so = {(each.subject, each.judge): each for each in found}
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
    began = time.perf_counter()
    found = measured(chosen.operation, processes=chosen.processes, start=chosen.seed)
    minutes = (time.perf_counter() - began) / 60
    command = f"tox -e bench-plain -- --processes {chosen.processes}"
    if chosen.seed:
        command = f"{command} --seed {chosen.seed}"
    ran = provenance(command, "scratchnet", "numpy", "torch", "hypothesis")
    return {
        "ran": f"{ran} It took {minutes:.0f} minutes.",
        "found": list(map(asdict, found)),
    }


def main() -> int:
    """Measure or read, print, and write what was asked for."""
    chosen = _options()
    kept = json.loads(chosen.read.read_text()) if chosen.read else _run(chosen)
    if chosen.json:
        chosen.json.write_text(json.dumps(kept, indent=0))
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
