"""Asking: laws of mutants, and of the correct code that they were made of."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from math import inf

from scratchnet.errors import ArgumentError
from scratchnet.testing.binding import bind
from scratchnet.testing.cases import deck
from scratchnet.testing.engine import EXAMPLES, FEWER
from scratchnet.testing.laws import LAWS, Law
from scratchnet.testing.mutants.matrix import ALIVE, Baseline, Matrix, Outcome, Row
from scratchnet.testing.mutants.mutant import Mutant, Pair
from scratchnet.testing.ops import OPS
from scratchnet.testing.processes import mapped
from scratchnet.testing.search import Search, Tally, examples_of
from scratchnet.testing.strategies.requirements import require_count, require_one_of
from scratchnet.testing.subject import Subject
from scratchnet.testing.targets import Target

#: Under how many other seeds each mutant is asked.
SEEDS = 10
#: How far apart they are: decks of one are never those of another.
_APART = 7_919


def kill_matrix(
    mutants: Iterable[Mutant],
    /,
    *,
    laws: Iterable[str] = tuple(LAWS),
    seeds: int = SEEDS,
    seed: int = 0,
    examples: int | None = None,
    whole: bool = False,
    processes: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Matrix:
    """Ask laws of mutants, and of the correct code that they were made of.

    seeds: how many others than the first each is asked under, by the law named for it.
    examples: of each law; those of `check` without it. processes: one for each core
    without it. progress: is told how many mutants are done, time and again. Raises
    ArgumentError for laws that there are not, and where that of a mutant is left out.
    """
    require_count("kill_matrix", 0, seeds=seeds, seed=seed)
    for name, count in (("examples", examples), ("processes", processes)):
        if count is not None:
            require_count("kill_matrix", 1, **{name: count})
    every, missing = _here(mutants)
    laws = _known(laws, every)
    asked = partial(_group, laws=tuple(laws), seeds=seeds, seed=seed, examples=examples)
    groups = [tuple(same) for _, same in groupby(sorted(every, key=_place), _place)]
    # The longest first: at the end no process waits for a single one.
    groups.sort(key=len, reverse=True)
    rows, baselines = list[Row](), list[Baseline]()
    for baseline, found in mapped(asked, groups, processes or os.cpu_count() or 1):
        baselines.append(baseline)
        rows += found
        progress(len(found))
    order = {each.id: i for i, each in enumerate(every)}
    rows.sort(key=lambda row: (not row.trouble, order[row.mutant.id]))
    baselines.sort(key=lambda each: (not each.red, each.operation, each.target))
    used = {name for row in rows for name in row.outcomes}
    names = tuple(name for name in laws if whole or name in used)
    return Matrix(tuple(rows), tuple(baselines), names, whole, tuple(missing), seed)


def _known(laws: Iterable[str], mutants: Iterable[Mutant]) -> tuple[str, ...]:
    """The names of laws, each once. Raises ArgumentError where one is none, or the law
    of a mutant is not among them."""
    names = tuple(dict.fromkeys(laws))
    for name in names:
        require_one_of("kill_matrix", LAWS, law=name)
    for each in mutants:
        if each.law not in names:
            found = f"laws without {each.law}"
            raise ArgumentError("kill_matrix", found, f"which must kill {each.id}")
    return names


def _here(mutants: Iterable[Mutant]) -> tuple[list[Mutant], list[Mutant]]:
    """Those whose target is here, and those whose target is not."""
    here, missing = list[Mutant](), list[Mutant]()
    for each in mutants:
        absent = Target.named(each.target).unavailable()
        (missing if absent else here).append(each)
    return here, missing


def _place(mutant: Mutant) -> tuple[str, str]:
    """What is drawn once for all mutants of one: the examples and their oracles."""
    return mutant.operation, mutant.target


def _group(
    mutants: tuple[Mutant, ...],
    *,
    laws: tuple[str, ...],
    seeds: int,
    seed: int,
    examples: int | None,
) -> tuple[Baseline, list[Row]]:
    """What becomes of mutants of one operation on one target: correct code first."""
    first = mutants[0]
    target = Target.named(first.target)
    asked = [
        LAWS[name]
        for name in laws
        if LAWS[name].applies(OPS[first.operation], target)
        and (first.correct().vjp is not None or not LAWS[name].needs_vjp)
    ]
    count = examples or (EXAMPLES if target.is_full else FEWER)
    baseline = Baseline(
        first.operation,
        first.target,
        {
            law.name: _outcome(law, _bound(first, first.correct()), seed, count).verdict
            for law in asked
        },
    )
    rows = [_row(each, asked, baseline.red, seeds, seed, count) for each in mutants]
    return baseline, rows


def _row(
    mutant: Mutant,
    laws: Sequence[Law],
    red: Sequence[str],
    seeds: int,
    seed: int,
    examples: int,
) -> Row:
    outcomes = {}
    for law in laws:
        found = asked_of(law, mutant, seed=seed, examples=examples)
        broken = found.verdict not in ALIVE
        outcomes[law.name] = replace(
            found, alarm=found.alarm or (broken and law.name in red)
        )
    others = tuple(
        asked_of(LAWS[mutant.law], mutant, seed=seed + i * _APART, examples=examples)
        for i in range(1, seeds + 1)
    )
    return Row(mutant, outcomes, others)


def asked_of(law: Law, mutant: Mutant, /, *, seed: int, examples: int) -> Outcome:
    """What a law finds of a mutant, until it is killed; whether the correct code breaks
    it on the same example."""
    return _outcome(
        law,
        _bound(mutant, mutant.broken()),
        seed,
        examples,
        _bound(mutant, mutant.correct()),
    )


def _bound(mutant: Mutant, pair: Pair) -> Subject:
    target = Target.named(mutant.target)
    binding = bind(pair.function, OPS[mutant.operation], vjp=pair.vjp, targets=[target])
    return binding.on(target)


def _outcome(
    law: Law,
    subject: Subject,
    seed: int,
    examples: int,
    correct: Subject | None = None,
) -> Outcome:
    """What a law finds of a subject: as the engine asks it, but for the smallest."""
    operation = law.asks(subject.operation)
    if operation is None:
        return Outcome("VACUOUS", 0, 0.0)
    # Drawn for all mutants of an operation: it is not the time of one.
    deck(operation, subject.target.format, examples, seed)
    began, tally = time.perf_counter(), Tally()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        drawn = examples_of(operation, subject, examples, seed, tally)
        broken = Search(law, subject, inf).first(drawn, tally)
        seconds = time.perf_counter() - began
        if broken is None:
            return Outcome(tally.finding().verdict, tally.examples, seconds)
        alarm = correct is not None and not law.asked(correct, broken.case).ok
    return Outcome(broken.finding.verdict, broken.number, seconds, alarm)
