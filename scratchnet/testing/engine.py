"""The engine: laws on targets, and the smallest example that breaks each."""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf

from hypothesis import Phase, settings
from hypothesis.errors import Flaky

from scratchnet.errors import ArgumentError
from scratchnet.testing.binding import bind
from scratchnet.testing.case import Case
from scratchnet.testing.cases import SETTINGS, cases, deck, run_on
from scratchnet.testing.choice import (
    chosen_laws,
    nothing_left,
    of_full_targets,
    restricted_away,
    untested_pullback,
    waived_laws,
    why_idle,
)
from scratchnet.testing.contract import Contract
from scratchnet.testing.laws import Finding, Law
from scratchnet.testing.op import Op
from scratchnet.testing.report import Report, Result
from scratchnet.testing.strategies.requirements import require_above_0, require_count
from scratchnet.testing.subject import Function, Subject, named
from scratchnet.testing.targets import Target

#: Examples of a law in float64, and in other formats, where bounds are wider.
EXAMPLES, FEWER = 100, 50
#: Decks to look through for examples that a law is about.
_DECKS = 8
#: How far apart the seeds of the decks are.
_APART = 1_000_003


@dataclass
class _Tally:
    """What has been found so far."""

    examples: int = 0
    compared: int = 0
    silent: int = 0
    ratio: float = 0.0
    families: Counter[str] = field(default_factory=Counter)

    def add(self, case: Case, finding: Finding) -> None:
        """One more example."""
        self.examples += 1
        self.compared += finding.compared
        self.silent += finding.silent
        self.ratio = max(self.ratio, finding.ratio)
        self.families[case.family.name] += 1

    def finding(self) -> Finding:
        """HOLDS, unless nothing was compared."""
        if self.compared:
            return Finding()
        if not self.examples:
            return Finding("VACUOUS", "no example that the law is about was drawn")
        return Finding("VACUOUS", f"nothing was said about {self.silent:,} numbers")


def hold(
    law: Law,
    subject: Subject,
    *,
    examples: int | None = None,
    start: int = 0,
    seconds: float = inf,
) -> Result:
    """Ask one law of a subject, for so many examples or as long as there is time.

    Of examples that the law is not about more are drawn, until it has had half as many
    as were asked for. The same ones for a seed, whatever Hypothesis' profile is.
    """
    operation = law.asks(subject.operation)
    if operation is None:
        raise ArgumentError(
            "check",
            f"{law} of {subject.operation.title}",
            f"which is about values that are {' or '.join(law.families)}",
        )
    if examples is None:
        examples = EXAMPLES if subject.target.is_full else FEWER
    began, tally = time.perf_counter(), _Tally()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        drawn = _examples(operation, subject, examples, start, tally)
        found = _break(law, subject, drawn, tally, began + seconds)
        if found is not None:
            found = _smallest(law, subject, (operation, examples), found)
    return Result(
        law,
        subject,
        tally.finding() if found is None else found.finding,
        tally.examples,
        tally.compared,
        tally.silent,
        tally.ratio if found is None else max(tally.ratio, found.finding.ratio),
        time.perf_counter() - began,
        tally.families,
        None if found is None else found.case,
    )


@dataclass(frozen=True)
class _Break:
    """An example that breaks a law, what was found, and the seed it was drawn from."""

    case: Case
    finding: Finding
    turn: int


def _break(
    law: Law,
    subject: Subject,
    drawn: Iterator[tuple[int, Case]],
    tally: _Tally,
    until: float,
) -> _Break | None:
    """The first break of a law, or one that is only INACCURATE where no other is."""
    broken = None
    for turn, case in drawn:
        if not law.accepts(subject, case):
            continue
        finding = law.asked(subject, case)
        tally.add(case, finding)
        if not finding.ok and finding.verdict != "INACCURATE":
            return _Break(case, finding, turn)
        if not finding.ok and broken is None:
            broken = _Break(case, finding, turn)
        if time.perf_counter() > until:
            break
    return broken


def _examples(
    operation: Op, subject: Subject, examples: int, start: int, tally: _Tally
) -> Iterator[tuple[int, Case]]:
    """Examples, and the seeds that they were drawn from."""
    for turn in range(start, start + _DECKS * _APART, _APART):
        if turn > start and 2 * tally.examples >= examples:
            return
        for case in deck(operation, subject.target.format, examples, turn):
            yield turn, case


class _Found(Exception):  # noqa: N818 - what was looked for, not an error
    """An example that breaks the law in the same way."""


def _smallest(
    law: Law, subject: Subject, where: tuple[Op, int], broken: _Break
) -> _Break:
    """The smallest example that Hypothesis finds for the same break of the law, of the
    fewest loop dimensions; or the first one, where it was drawn."""
    operation, examples = where
    best = [broken]
    shrinking = settings(
        SETTINGS, max_examples=examples, phases=(Phase.generate, Phase.shrink)
    )

    def search(example: Case) -> None:
        if not law.accepts(subject, example):
            return
        found = law.asked(subject, example)
        if found.verdict == broken.finding.verdict:
            best.append(_Break(example, found, broken.turn))
            raise _Found

    # Axes do not go away by shrinking: the one that remained would be another.
    for most in (*operation.planner.dims[:-1], None):
        drawn = cases(operation, dtype=subject.target.format, max_dims=most)
        # What breaks it at times only is smallest where it was seen last.
        with suppress(_Found, Flaky):
            run_on(drawn, search, shrinking, broken.turn)
        if len(best) > 1:
            break
    # Hypothesis runs the smallest one again at the end.
    return best[-1]


def check(
    subject: Function,
    operation: Op,
    /,
    *,
    vjp: Function | None = None,
    targets: Iterable[str | Target] | None = None,
    examples: int | None = None,
    seconds: float = inf,
    seed: int = 0,
    laws: Iterable[str | Law] | None = None,
    contract: Contract | None = None,
    waive: Mapping[str, str] | None = None,
) -> Report:
    """Whether a function is what an operation should be: every law, on every target.

    subject: takes the operation's arguments and options; an option that it does not
    have stays what the reference has, and the report says so. vjp: takes the
    same, returns the value and its pullback; without it no law of pullbacks is asked.
    targets: `library[:device]:dtype`, each of which must be here; without them NumPy
    and PyTorch on the CPU in float64 and float32, of which those are left that the
    function takes arrays of.
    examples: of each law on each target; 100 in float64, 50 elsewhere without it.
    seconds: for each, at most. The verdict is a function of the seed.
    laws: names, or laws of your own; without them all that are about the operation.
    contract: what the subject may do, in the format of its targets. waive: laws that
    are not asked, each with the reason.
    Raises ArgumentError and ArgumentTypeError, in a sentence, for a function that takes
    other arguments, for laws that there are not, and UnavailableError for targets.
    """
    if examples is not None:
        require_count("check", 1, examples=examples)
    require_count("check", 0, seed=seed)
    require_above_0("check", seconds=seconds)
    binding = bind(subject, operation, vjp=vjp, targets=targets, contract=contract)
    chosen = chosen_laws(laws, binding.operation)
    waived = waived_laws(waive or {}, binding.operation)
    results: list[Result] = []
    for target in binding.targets:
        bound = binding.on(target)
        results += [
            hold(law, bound, examples=examples, start=seed, seconds=seconds)
            for law in chosen
            if law.applies(binding.operation, target)
            and law.name not in waived
            and (vjp is not None or not law.needs_vjp)
        ]
    untested = list(binding.untested)
    idle = [each for each in results if nothing_left(each)]
    results = [each for each in results if each not in idle]
    away = {each.law: None for each in idle}
    away |= dict.fromkeys(restricted_away(chosen, binding))
    untested += [f"{each}: {why_idle(binding.operation)}" for each in away]
    untested += [
        f"{each}: it is asked in float64 only"
        for each in of_full_targets(chosen, binding)
    ]
    untested += untested_pullback(vjp, binding.operation)
    untested += [f"{name}: waived, {reason}" for name, reason in waived.items()]
    return Report(
        named(subject), binding.operation, tuple(results), tuple(untested), seed
    )
