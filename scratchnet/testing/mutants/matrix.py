"""The kill matrix: which laws kill which mutants, after how many examples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import inf
from statistics import median

from scratchnet.testing.laws import Verdict
from scratchnet.testing.mutants.mutant import Mutant

#: What a law that holds, or that compared nothing, finds.
ALIVE = ("HOLDS", "VACUOUS")


@dataclass(frozen=True)
class Outcome:
    """What a law found of a mutant: after how many examples, and how many seconds.

    alarm: it is broken by correct code as well, so that it says nothing.
    """

    verdict: Verdict
    examples: int
    seconds: float
    alarm: bool = False

    @property
    def killed(self) -> bool:
        """Whether it tells the mutant from correct code."""
        return not self.alarm and self.verdict not in ALIVE


@dataclass(frozen=True)
class Row:
    """What became of a mutant: under each law, and under its own for other seeds."""

    mutant: Mutant
    outcomes: Mapping[str, Outcome]
    seeds: tuple[Outcome, ...]

    @cached_property
    def killers(self) -> tuple[str, ...]:
        """The laws that kill it."""
        return tuple(name for name, each in self.outcomes.items() if each.killed)

    @property
    def survived(self) -> bool:
        """Whether no law kills it."""
        return not self.killers

    @property
    def named(self) -> tuple[Outcome, ...]:
        """What its own law found: under the first seed, and the others."""
        return (self.outcomes[self.mutant.law], *self.seeds)

    @property
    def seeds_killed(self) -> int:
        """Under how many of the other seeds its own law kills it."""
        return sum(each.killed for each in self.seeds)

    @property
    def examples(self) -> float:
        """How many examples its own law takes: the median of the seeds that kill."""
        return _median(each.examples for each in self.named if each.killed)

    @property
    def seconds(self) -> float:
        """How many seconds its own law takes: the median of the seeds that kill."""
        return _median(each.seconds for each in self.named if each.killed)

    @property
    def trouble(self) -> str:
        """What is wrong with it, in words; empty for one that is killed as told."""
        first, *others = self.named
        if self.survived:
            return "survived"
        if not first.killed:
            return f"{self.mutant.law} does not kill it"
        # What is refused on some shapes may be wrong on others: once is enough.
        if self.mutant.verdict not in (each.verdict for each in self.named):
            return f"is {first.verdict}, expected {self.mutant.verdict}"
        if self.seeds_killed < len(others):
            return f"killed under {self.seeds_killed} of {len(others)} seeds"
        return ""


def _median(numbers: Iterable[float]) -> float:
    known = list(numbers)
    return median(known) if known else inf


@dataclass(frozen=True)
class Baseline:
    """What laws find of the correct code of an operation: all must hold."""

    operation: str
    target: str
    verdicts: Mapping[str, Verdict]

    @property
    def red(self) -> tuple[str, ...]:
        """The laws that do not hold, or compared nothing."""
        return tuple(n for n, verdict in self.verdicts.items() if verdict != "HOLDS")


@dataclass(frozen=True)
class Matrix:
    """What became of all mutants: those first that something is wrong with.

    laws: those that were asked; all where it is whole. whole: whether all mutants were
    asked, so that a law without a kill is a fault. missing: mutants of targets that are
    not here.
    """

    rows: tuple[Row, ...]
    baselines: tuple[Baseline, ...]
    laws: tuple[str, ...]
    whole: bool
    missing: tuple[Mutant, ...]
    seed: int

    @property
    def troubled(self) -> tuple[Row, ...]:
        """Mutants that are not killed as they must be."""
        return tuple(row for row in self.rows if row.trouble)

    @property
    def red(self) -> tuple[Baseline, ...]:
        """Correct code that a law is broken by."""
        return tuple(each for each in self.baselines if each.red)

    @property
    def alarms(self) -> int:
        """How often correct code broke a law where a mutant did."""
        return sum(each.alarm for row in self.rows for each in _every(row))

    def kills(self, law: str, /) -> tuple[Row, ...]:
        """The mutants that a law kills."""
        return tuple(row for row in self.rows if law in row.killers)

    def alone(self, law: str, /) -> tuple[Row, ...]:
        """The mutants that no other law kills."""
        return tuple(row for row in self.rows if row.killers == (law,))

    @property
    def idle(self) -> tuple[str, ...]:
        """Laws that kill nothing, where all mutants were asked."""
        return tuple(n for n in self.laws if self.whole and not self.kills(n))

    @property
    def redundant(self) -> tuple[str, ...]:
        """Laws that kill nothing that another would not, where all were asked."""
        dull = (n for n in self.laws if self.whole and not self.alone(n))
        return tuple(name for name in dull if name not in self.idle)

    @property
    def ok(self) -> bool:
        """Whether there are mutants, all dead by their own laws, and no law is in vain.
        Those that are missing were not asked."""
        wrong = self.troubled, self.red, self.alarms, self.idle, self.redundant
        return bool(self.rows) and not any(wrong)

    @property
    def median_examples(self) -> float:
        """The median over mutants of the examples that their own law takes."""
        return _median(row.examples for row in self.rows)


def _every(row: Row) -> Iterator[Outcome]:
    yield from row.outcomes.values()
    yield from row.seeds
