"""Is any correct result ever outside its bound, and how near does it come?

Run: python benchmarks/bounds/campaign.py [--checks N] [--per-cell M] [--seed S]

Every operation, in every format, on adversarial inputs; one evaluation of the oracle
serves every implementation. Goes on until there are N checks of an array and M in every
cell. Exits with 1 on any false alarm.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from beyond import BEYOND
from choices import CHOICES
from distances import DISTANCES
from dots import PRODUCTS
from draws import KINDS, Case, Draw
from lookups import LOOKUPS
from network import NETS
from norms import NORMS
from primitives import PRIMITIVES
from subjects import Subject, torch
from sums import SUMS
from tallies import Alarm, Cell, Report, Tally
from whole import TRAINING

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import provenance, rewrite

from scratchnet.testing import Format, within
from scratchnet.testing.formats import FORMATS

SUBJECTS = (
    *(*SUMS, *PRODUCTS, *NETS, *TRAINING, *BEYOND, *DISTANCES, *LOOKUPS),
    *(*NORMS, *PRIMITIVES, *CHOICES),
)
#: Ordinary inputs are drawn as often as four other kinds: tightness is measured there.
SCHEDULE = ("normal", *KINDS, "normal", "normal")
#: Draws of small inputs, and simpler numbers, that a false alarm is looked for in.
ATTEMPTS = 300
#: Cases of each operation and format in the suite, each kind as often as any other:
#: what the caps of `caps.json` belong to.
SUITE = 2 * len(SCHEDULE)
CAPS = Path(__file__).with_name("caps.json")
TIGHTNESS = Path(__file__).parents[2] / "docs" / "tightness.md"
COMMAND = "tox -e bounds-campaign -- --write"


@dataclass
class Stream:
    """The cases of an operation in a format, in an order that a seed determines."""

    subject: Subject
    form: Format
    seed: int

    def __post_init__(self) -> None:
        name = f"{self.subject.name} {self.form.name}".encode()
        self.rng = np.random.default_rng([self.seed, crc32(name)])
        self.contract = self.subject.contract(self.form)
        self.count = 0

    def kind(self) -> str:
        """The kind of the next case: in turn, so that each is drawn as often."""
        self.count += 1
        return SCHEDULE[self.count % len(SCHEDULE)]

    def cells(self) -> list[Cell]:
        """One for each implementation."""
        if self.contract is None:
            return []
        names = self.subject.cells(self.form)
        return [(self.subject.name, self.form.name, name) for name in names]

    def compared(self, case: Case, names: Sequence[str]) -> Iterator[tuple[str, Any]]:
        """Each comparison of a case, with the implementation's name."""
        oracles = self.subject.oracle(case, self.contract)
        for name in names:
            found = self.subject.implementations[name](case)
            if found is None:
                continue
            several = isinstance(oracles, tuple)
            pairs = zip(found, oracles, strict=True) if several else [(found, oracles)]
            for actual, oracle in pairs:
                yield name, within(_scalarless(actual), oracle)

    def minimal(self, name: str, kind: str, case: Case, message: str) -> Alarm:
        """The alarm, of a small case that raises it as well if there is one."""

        def alarm(case: Case) -> str:
            found = (c for _, c in self.compared(case, [name]) if not c.ok)
            return next((c.message for c in found), "")

        rng = np.random.default_rng(0)
        for attempt in range(ATTEMPTS):
            small = self.subject.drawn(Draw(rng, self.form, kind, 1 + attempt // 60))
            if said := alarm(small):
                case, message = small, said
                break
        case = simplified(case, lambda each: bool(alarm(each)))
        return Alarm(
            (self.subject.name, self.form.name, name),
            kind,
            case,
            alarm(case) or message,
        )


def _scalarless(x: Any) -> Any:
    """NumPy makes numbers of arrays without axes."""
    return np.asarray(x) if isinstance(x, np.generic) else x


def simplified(case: Case, alarming: Callable[[Case], bool]) -> Case:
    """The case with as many numbers 0 or 1 as still raise the alarm."""
    left = ATTEMPTS
    for i, x in enumerate(case.inputs):
        if not isinstance(x, np.ndarray) or x.dtype.kind != "f":
            continue
        for at in np.ndindex(x.shape):
            for simple in (0.0, 1.0):
                if left == 0 or case.inputs[i][at] == simple:
                    break
                left -= 1
                other = case.inputs[i].copy()
                other[at] = simple
                inputs = (*case.inputs[:i], other, *case.inputs[i + 1 :])
                if alarming(simpler := case.with_inputs(*inputs)):
                    case = simpler
                    break
    return case


def run(
    *,
    checks: int = 0,
    per_cell: int = 1,
    cases: int = 1,
    seed: int = 0,
    subjects: Sequence[Subject] = SUBJECTS,
) -> Report:
    """The campaign, until there are so many checks in all and in each cell, and so many
    cases of each operation and format."""
    streams = [Stream(each, form, seed) for each in subjects for form in _formats()]
    cells = {cell: Tally() for stream in streams for cell in stream.cells()}
    report = Report(cells, [])
    streams = [stream for stream in streams if stream.cells()]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        while streams:
            for stream in streams:
                _one(stream, report)
            enough = report.checks >= checks
            streams = [
                stream
                for stream in streams
                if not enough
                or stream.count < cases
                or _least(stream, cells) < per_cell
            ]
    return report


def _formats() -> list[Format]:
    return list(FORMATS.values())


def _least(stream: Stream, cells: dict[Cell, Tally]) -> int:
    return min(cells[cell].checks for cell in stream.cells())


def _one(stream: Stream, report: Report) -> None:
    """One case of a stream, against everything that computes it."""
    kind = stream.kind()
    case = stream.subject.drawn(Draw(stream.rng, stream.form, kind))
    for name, comparison in stream.compared(case, stream.subject.cells(stream.form)):
        tally = report.cells[stream.subject.name, stream.form.name, name]
        tally.add(comparison, ordinary=kind == "normal")
        if not comparison.ok and tally.alarms == 1:
            report.alarms.append(stream.minimal(name, kind, case, comparison.message))


def chosen() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--checks", type=int, default=1_000_000)
    parser.add_argument("--per-cell", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="operations whose name holds this")
    parser.add_argument("--caps", action="store_true", help="lower those of caps.json")
    parser.add_argument("--write", action="store_true", help="rewrite tightness.md")
    found = parser.parse_args()
    found.subjects = [each for each in SUBJECTS if found.only in each.name]
    if not found.subjects:
        known = ", ".join(sorted(each.name for each in SUBJECTS))
        parser.error(f"no operation's name holds {found.only!r}: {known}")
    return found


def lower_caps() -> None:
    """Those of the run in the suite, where they are lower, and of new operations."""
    known = json.loads(CAPS.read_text())
    caps = run(cases=SUITE).caps(known)
    CAPS.write_text(json.dumps(caps, indent=1) + "\n")


def main() -> int:
    """Run, print the cells and the alarms."""
    options = chosen()
    if torch is not None:
        torch.set_num_threads(1)
    if options.caps:
        lower_caps()
        return 0
    began = time.perf_counter()
    report = run(
        checks=options.checks,
        per_cell=options.per_cell,
        seed=options.seed,
        subjects=options.subjects,
    )
    print(report.table(), end="\n\n")
    for alarm in report.alarms:
        print(f"FALSE ALARM {alarm}", end="\n\n")
    alarms = sum(tally.alarms for tally in report.cells.values())
    least = min(tally.checks for tally in report.cells.values())
    verdict = (
        f"{report.checks:,} checks in {len(report.cells)} cells, at least {least:,} in "
        f"each; {alarms} false alarms; {time.perf_counter() - began:.0f} s"
    )
    print(verdict)
    if options.write:
        command = (
            f"{COMMAND} --checks {options.checks} --per-cell {options.per_cell} "
            f"--seed {options.seed}"
        )
        origin = provenance(command, "numpy", *(["torch"] if torch else []))
        rewrite(TIGHTNESS, origin, f"{verdict}.", report.tightness())
    return 1 if alarms else 0


if __name__ == "__main__":
    raise SystemExit(main())
