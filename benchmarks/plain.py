"""Our laws beside the plain Hypothesis test: bugs found, false alarms, seconds.

    python benchmarks/plain.py --write
    python benchmarks/plain.py --operation softmax --operation nll

Every planted bug and every correct function before the test that people write today,
with moderate numbers and with all, and before the laws of `check`. Prints Markdown;
--write puts it into docs/plain.md. --json keeps all that was found, --read reads it
again. Exits with 1 where a law fails correct code.
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

from measure import provenance, rewrite
from today.inputs import CALLS
from today.subjects import subjects
from today.tables import sections
from today.trial import Found, Job, judged

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


def main() -> int:
    """Measure or read, print, and write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--operation", action="append", choices=CALLS, default=[])
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="keep all that was found")
    parser.add_argument("--read", type=Path, help="measure nothing, read what was kept")
    parser.add_argument("--write", action="store_true", help="rewrite docs/plain.md")
    chosen = parser.parse_args()
    if chosen.write and (chosen.operation or chosen.read):
        parser.error("--write is for all operations, measured now")
    began = time.perf_counter()
    if chosen.read:
        found = [Found(**each) for each in json.loads(chosen.read.read_text())]
    else:
        found = measured(
            chosen.operation, processes=chosen.processes, start=chosen.seed
        )
    if chosen.json:
        chosen.json.write_text(json.dumps(list(map(asdict, found)), indent=0))
    parts = sections(found)
    print(*parts, sep="\n\n")
    if chosen.write:
        _write(parts, chosen, time.perf_counter() - began)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
