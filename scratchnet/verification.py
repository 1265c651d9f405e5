"""Verification of the pipeline: every law of every operation, on every target.

The built-ins of NumPy and PyTorch are asked the law of values alone, for their errors
beside ours.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from scratchnet.built_ins import NUMPYS, PYTORCHS
from scratchnet.selfcheck import OPERATIONS, OURS, Pair
from scratchnet.testing import LAWS, Target, check
from scratchnet.testing.processes import mapped

#: Who is asked, in the order in which they are shown.
WHO = ("ours", "NumPy", "PyTorch")
_VALUES = ("equals_the_oracle",)
_ERRORS = (*_VALUES, "every_step_equals_the_oracle")
#: Fitting is one pass over the training rows, on the host.
_WAIVED = {"standardizer": {"nothing_is_computed_on_the_host": "it fits on the host"}}


@dataclass(frozen=True)
class Verified:
    """What was found of one implementation of an operation on a target.

    ratio: the largest error in parts of its bound, by the law of values. held: of so
    many laws; examples, comparisons and seconds of all of them. said: of what is broken
    what the report says.
    """

    operation: str
    who: str
    target: str
    ratio: float
    held: int
    asked: int
    examples: int
    compared: int
    seconds: float
    said: str = ""
    replay: dict[str, Any] | None = None

    @property
    def ok(self) -> bool:
        """Whether every law holds, and there was one."""
        return 0 < self.asked == self.held


def verified(
    targets: Sequence[Target],
    /,
    *,
    examples: int | None = None,
    seed: int = 0,
    processes: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> list[Verified]:
    """Ours on every target, and the built-ins of the target's library beside it.

    examples: of each law; those of `check` without it. processes: one for each core
    without it. progress: is told how many of `count` are done, time and again.
    """
    asked = list(_jobs(targets))
    run = partial(_verified, examples=examples, seed=seed)
    found = []
    for each in mapped(run, asked, processes or os.cpu_count() or 1):
        found.append(each)
        progress(1)
    order = {name: i for i, name in enumerate(OURS)}
    places = {str(target): i for i, target in enumerate(targets)}
    found.sort(key=lambda x: (order[x.operation], places[x.target], WHO.index(x.who)))
    return found


#: An operation, who implements it, and the name of a target.
Job = tuple[str, str, str]


def count(targets: Sequence[Target], /) -> int:
    """How many there are to verify."""
    return sum(1 for _ in _jobs(targets))


def _jobs(targets: Iterable[Target]) -> Iterator[Job]:
    """Ours first, which are asked every law: at the end no process waits for one."""
    for target in targets:
        for name in OURS:
            if any(law.applies(OPERATIONS[name], target) for law in LAWS.values()):
                yield name, "ours", str(target)
    for target in targets:
        who = {"numpy": "NumPy", "torch": "PyTorch"}.get(target.library)
        for name in _table(who) if who else ():
            if name in OURS and target.dtype in OPERATIONS[name].dtypes:
                yield name, str(who), str(target)


def _table(who: str | None) -> dict[str, Pair]:
    tables = {"ours": OURS, "NumPy": NUMPYS, "PyTorch": PYTORCHS}
    return dict(tables[str(who)])


def _verified(job: Job, /, *, examples: int | None, seed: int) -> Verified:
    """What comes of one job."""
    name, who, target = job
    function, vjp = _table(who)[name]
    operation = OPERATIONS[name]
    on_device = Target.named(target).on_device
    ours = who == "ours"
    report = check(
        function,
        operation,
        vjp=vjp if ours else None,
        targets=[target],
        laws=None if ours else _VALUES,
        examples=examples,
        seed=seed,
        waive=_WAIVED.get(name, {}) if ours and on_device else {},
    )
    values = [x.ratio for x in report.results if x.law.name in _ERRORS]
    first = report.broken[0] if report.broken else None
    return Verified(
        name,
        who,
        target,
        max(values, default=0.0),
        sum(each.ok for each in report.results),
        len(report.results),
        report.examples,
        report.compared,
        sum(each.seconds for each in report.results),
        "" if first is None else str(first),
        None if first is None else first.recorded(),
    )


def worst(found: Iterable[Verified], /) -> dict[tuple[str, str], Verified]:
    """Of each operation and each who: all targets together, with the largest error."""
    known: dict[tuple[str, str], Verified] = {}
    for each in found:
        key = each.operation, each.who
        known[key] = _together(known[key], each) if key in known else each
    return known


def _together(one: Verified, other: Verified) -> Verified:
    return replace(
        one,
        target=f"{one.target}, {other.target}",
        ratio=max(one.ratio, other.ratio),
        held=one.held + other.held,
        asked=one.asked + other.asked,
        examples=one.examples + other.examples,
        compared=one.compared + other.compared,
        seconds=one.seconds + other.seconds,
        said=one.said or other.said,
        replay=one.replay or other.replay,
    )


def where(targets: Iterable[str], /) -> str:
    """Targets in few words: libraries, and formats, where each is in each."""
    every = list(dict.fromkeys(targets))
    pairs = [each.rpartition(":") for each in every]
    places = dict.fromkeys(place for place, _, _ in pairs)
    formats = dict.fromkeys(form for _, _, form in pairs)
    if len(every) == 1 or len(places) * len(formats) != len(every):
        return ", ".join(every)
    return f"{' and '.join(places)} in {' and '.join(formats)}"


def verdict(found: Iterable[Verified], /) -> str:
    """How many laws hold of ours, in a sentence."""
    ours = [each for each in found if each.who == "ours"]
    held, asked = sum(x.held for x in ours), sum(x.asked for x in ours)
    operations = len({x.operation for x in ours})
    return (
        f"{held:,} of {asked:,} laws hold for {operations} operations on "
        f"{where(x.target for x in ours)}"
    )
