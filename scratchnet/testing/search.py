"""Searches: for the first example that breaks a law, and for the smallest."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from math import ceil

from hypothesis import Phase, settings
from hypothesis.errors import Flaky
from hypothesis.strategies import SearchStrategy

from scratchnet.testing.case import Case
from scratchnet.testing.cases import KINDS, RAW, SETTINGS, cases, deck, run_on
from scratchnet.testing.compiling import kind_of_call
from scratchnet.testing.laws import Finding, Law
from scratchnet.testing.op import Op
from scratchnet.testing.spread import Spread
from scratchnet.testing.subject import Subject
from scratchnet.testing.targets import Target

#: Examples are drawn so many at a time, at most.
_DECK = 1000
#: How many times as many to look through for examples that a law is about.
_DECKS = 8
#: How far apart the seeds of the decks are.
_APART = 1_000_003
#: Verdicts on a subject that gives no result.
UNANSWERED = ("REFUSES", "CRASHES")


@dataclass
class Tally:
    """What has been found so far."""

    examples: int = 0
    compared: int = 0
    silent: int = 0
    ratio: float = 0.0
    silence: str = ""
    families: Counter[str] = field(default_factory=Counter)
    spread: Spread = field(default_factory=Spread)

    def add(self, case: Case, finding: Finding) -> None:
        """One more example."""
        self.examples += 1
        self.compared += finding.compared
        self.silent += finding.silent
        self.ratio = max(self.ratio, finding.ratio)
        self.silence = finding.message or self.silence
        self.families[case.family.name] += 1
        self.spread.add(case, finding)

    def finding(self) -> Finding:
        """HOLDS, unless nothing was compared."""
        if self.compared:
            return Finding()
        if not self.examples:
            return Finding("VACUOUS", "no example that the law is about was drawn")
        said = f"nothing was said about {self.silent:,} numbers"
        return Finding("VACUOUS", self.silence or said)


@dataclass
class Witnesses:
    """Examples that broke laws before: those of one law and verdict, and those that
    were not answered on a target, which laws beside it need not look for again."""

    of_laws: dict[tuple[str, str], list[Case]] = field(default_factory=dict)
    unanswered: dict[Target, list[Case]] = field(default_factory=dict)

    def add(self, law: Law, target: Target, verdict: str, case: Case | None) -> None:
        """One more; None where there is none."""
        if case is not None:
            self.of_laws.setdefault((law.name, verdict), []).append(case)
        if case is not None and verdict in UNANSWERED:
            self.unanswered.setdefault(target, []).append(case)


#: How many examples a deck has, and its seed.
Drawn = tuple[int, int]


def examples_of(
    operation: Op, subject: Subject, examples: int, start: int, tally: Tally
) -> Iterator[tuple[Drawn, Case]]:
    """Examples, and from which deck they are; where the target is compiled, those of
    the first few kinds of calls."""
    target, kinds = subject.target, set[Hashable]()
    decks = ceil(examples / _DECK)
    size = ceil(examples / decks)
    for i in range(_DECKS * decks):
        if i >= decks and 2 * tally.examples >= examples:
            return
        seed = start + i * _APART
        for case in deck(operation, target.format, size, seed, few=target.compiled):
            if not target.compiled or _is_among(kinds, case, target):
                yield (size, seed), case


def _is_among(kinds: set[Hashable], case: Case, target: Target) -> bool:
    """Whether an example is of one of these kinds, or the first of another."""
    kind = kind_of_call(case.on(target))
    if kind not in kinds and len(kinds) == KINDS:
        return False
    kinds.add(kind)
    return True


@dataclass(frozen=True)
class Break:
    """An example that breaks a law, what was found, and the deck that it is from.

    number: which of the examples that the law was asked about it is, from 1 on.
    """

    case: Case
    finding: Finding
    drawn: Drawn
    number: int = 0

    def is_like(self, finding: Finding) -> bool:
        """Whether what was found of another example is the same refusal."""
        mine, other = (x.message.partition(":")[0] for x in (self.finding, finding))
        return finding.verdict == self.finding.verdict and mine == other


class _Found(Exception):  # noqa: N818 - what was looked for, not an error
    """An example that breaks the law in the same way."""


@dataclass(frozen=True)
class Search:
    """Looks for the break of a law, then for the smallest, each for so many seconds."""

    law: Law
    subject: Subject
    seconds: float

    def first(self, drawn: Iterator[tuple[Drawn, Case]], tally: Tally) -> Break | None:
        """The first break, or one that is only INACCURATE where no other is."""
        broken, left = None, self.seconds
        for where, case in drawn:
            began = time.perf_counter()
            if not self.law.accepts(self.subject, case):
                continue
            finding = self.law.asked(self.subject, case)
            tally.add(case, finding)
            if not finding.ok and finding.verdict != "INACCURATE":
                return Break(case, finding, where, tally.examples)
            if not finding.ok and broken is None:
                broken = Break(case, finding, where, tally.examples)
            left -= time.perf_counter() - began
            if left < 0:
                break
        return broken

    def among(self, known: Witnesses, broken: Break) -> Break | None:
        """The same break by an example that is as small as can be: of this law on
        another target, or the same refusal of another law on this one."""
        target, verdict = self.subject.target, broken.finding.verdict
        if not target.compiled:
            for case in known.of_laws.get((self.law.name, verdict), ()):
                there = case.in_format(target.format)
                if there is not None and (found := self._broken(there, broken)):
                    return found
        for case in known.unanswered.get(target, ()) if verdict in UNANSWERED else ():
            found = self._broken(case, broken)
            if found is not None and broken.is_like(found.finding):
                return found
        return None

    def _broken(self, case: Case, broken: Break) -> Break | None:
        """What the law finds of an example, where it is broken by it in this way."""
        if not self.law.accepts(self.subject, case):
            return None
        finding = self.law.asked(self.subject, case)
        if finding.verdict != broken.finding.verdict:
            return None
        return Break(case, finding, broken.drawn)

    def smallest(self, operation: Op, broken: Break) -> Break:
        """The smallest example that Hypothesis finds for the same break of the law, of
        the fewest loop dimensions; or the first one, where it was drawn.

        Each shape would be compiled anew: of compiled code one that was drawn.
        """
        if self.subject.target.compiled:
            return self._plainest(operation, broken)
        until = time.perf_counter() + self.seconds
        order = [each.name for each in operation.families]
        # What moderate numbers break is not shown with extreme ones.
        simple = tuple(order[: 1 + order.index(broken.case.family.name)])
        simpler = operation.of_families(simple) or operation
        # Axes do not go away by shrinking: the one that remained would be another.
        fewer = ((simpler, most) for most in operation.planner.dims[:-1])
        for drawn_of, most in (*fewer, (operation, None)):
            drawn = cases(drawn_of, dtype=self.subject.target.format, max_dims=most)
            # Where it was drawn it is met again among all that were drawn.
            raw = 1 if drawn_of is not operation else RAW
            found = self._shrunk(drawn, simple, broken, until, raw)
            if found is not None or time.perf_counter() > until:
                return found or broken
        return broken

    def _plainest(self, operation: Op, broken: Break) -> Break:
        """That with the fewest numbers of the examples that are broken alike."""
        target, (size, seed) = self.subject.target, broken.drawn
        until, kinds = time.perf_counter() + self.seconds, set[Hashable]()
        drawn = deck(operation, target.format, size, seed, few=True)
        known = [case for case in drawn if _is_among(kinds, case, target)]
        for case in sorted(known, key=lambda each: sum(x.size for x in each.arrays)):
            if time.perf_counter() > until:
                break
            if self.law.accepts(self.subject, case):
                finding = self.law.asked(self.subject, case)
                if finding.verdict == broken.finding.verdict:
                    return Break(case, finding, broken.drawn)
        return broken

    def _shrunk(
        self,
        drawn: SearchStrategy[Case],
        families: tuple[str, ...],
        broken: Break,
        until: float,
        raw: int,
    ) -> Break | None:
        """The smallest of these examples, of some families, that is broken alike."""
        found, (size, seed) = list[Break](), broken.drawn

        def search(example: Case) -> None:
            # Without time nothing breaks it any more, and Hypothesis is soon done.
            if time.perf_counter() > until or example.family.name not in families:
                return
            if not self.law.accepts(self.subject, example):
                return
            finding = self.law.asked(self.subject, example)
            if finding.verdict == broken.finding.verdict:
                found.append(Break(example, finding, broken.drawn))
                raise _Found

        phases = (Phase.generate, Phase.shrink)
        shrinking = settings(SETTINGS, max_examples=raw * size, phases=phases)
        # What breaks it at times only is smallest where it was seen last.
        with suppress(_Found, Flaky):
            run_on(drawn, search, shrinking, seed)
        # Hypothesis runs the smallest one again at the end.
        return found[-1] if found else None
