"""Diagnosis: what a failing subject behaves like, of what we know that can be wrong."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from scratchnet.errors import ArgumentTypeError
from scratchnet.testing.candidates import Candidate, candidates, is_wrong, seen
from scratchnet.testing.case import Case
from scratchnet.testing.cases import deck
from scratchnet.testing.numerics import pinned
from scratchnet.testing.op import Op
from scratchnet.testing.report import Report
from scratchnet.testing.strategies.requirements import require_count
from scratchnet.testing.subject import Subject
from scratchnet.testing.suspects import ORDINARY

#: On so many fresh examples a candidate must be wrong, and the subject like it.
ENOUGH = 50
#: So many are drawn at first, and so many at a time later, so often at most.
FIRST, SIZE, DECKS = 100, 50, 16
#: Examples of a diagnosis are none that a law was asked of.
_FRESH, _APART = 500_009, 1_000_003


@dataclass(frozen=True)
class Diagnosis:
    """What a subject behaves like.

    says: what that does; id: of the planted bug that it is, else empty. examples: on
    how many fresh ones both are wrong in the same way; on all others they agree too.
    pullback: whether it is the pullback that behaves so. ordinary: whether it does of
    ordinary numbers alone; what is extreme breaks it in another way.
    """

    says: str
    id: str
    examples: int
    pullback: bool
    ordinary: bool = False

    def __str__(self) -> str:
        which = "the pullback " if self.pullback else "it " if self.ordinary else ""
        of = "on ordinary numbers " if self.ordinary else ""
        return f"{of}{which}behaves exactly like: {self.says}"


def diagnose(broken: Report | Subject, /, *, seed: int = 0) -> tuple[Diagnosis, ...]:
    """What broken code behaves like: planted bugs of its operation, the operation with
    an option that is not the one asked for, or another operation.

    Each agrees with the subject on every fresh example, within what rounding explains,
    or where both raise; and on at least 50 of them both are wrong. The one that is
    wrong on most comes first. Where there is none, ordinary numbers are asked alone: a
    second fault may show in others. Of a report one of the targets is asked on which a
    law is broken. Nothing is said of compiled code, of loaders and optimisers, and of
    operations that are not among the standard ones.
    Raises ArgumentTypeError for what is neither a Report nor a Subject; never for what
    the subject does.
    """
    require_count("diagnose", 0, seed=seed)
    found = [
        each
        for subject, pulled in _asked(broken)
        for each in _found(subject, pulled, seed) or _of_ordinary(subject, pulled, seed)
    ]
    return tuple(sorted(found, key=lambda each: -each.examples))


def _found(subject: Subject, pulled: bool, seed: int) -> list[Diagnosis]:
    of_pullback = pulled and not _is_pullback(subject)
    return [
        Diagnosis(each.says, each.id, count, of_pullback)
        for each, count in _alike(subject, pulled, seed).items()
    ]


def _of_ordinary(subject: Subject, pulled: bool, seed: int) -> list[Diagnosis]:
    """The same where nothing but ordinary numbers is asked."""
    operation = subject.operation.of_families(ORDINARY)
    if operation is None:
        return []
    found = _found(replace(subject, operation=operation), pulled, seed)
    return [replace(each, ordinary=True) for each in found]


def lines(found: Iterable[Diagnosis], /) -> list[str]:
    """What a command prints of diagnoses: a line for each."""
    return [
        f"{each} ({f'planted bug {each.id}, ' * bool(each.id)}"
        f"{each.examples} fresh examples)"
        for each in found
    ]


def _is_pullback(subject: Subject) -> bool:
    return subject.operation.pullback_of is not None


def _asked(broken: Report | Subject) -> Iterator[tuple[Subject, bool]]:
    """The subjects that are asked, and whether of their pullbacks."""
    if isinstance(broken, Subject):
        for pulled in (False, True):
            if _may_be_asked(broken, pulled):
                yield broken, pulled
        return
    if not isinstance(broken, Report):
        raise ArgumentTypeError(
            "diagnose",
            f"a {type(broken).__name__}",
            "required the Report of a check, or a Subject",
        )
    for pulled in (False, True):
        for each in broken.broken:
            of_pullback = each.law.needs_vjp or _is_pullback(each.subject)
            if of_pullback == pulled and _may_be_asked(each.subject, pulled):
                yield each.subject, pulled
                break


def _may_be_asked(subject: Subject, pulled: bool) -> bool:
    if subject.target.compiled or subject.target.lost():
        return False
    if _is_pullback(subject):
        return pulled
    has_way_back = subject.vjp is not None and subject.operation.gradient is not None
    return has_way_back or not pulled


def _alike(subject: Subject, pulled: bool, seed: int) -> dict[Candidate, int]:
    """Candidates that agree with the subject on every example, with how many of these
    both are wrong on; such as are wrong on too few are left out."""
    left = Counter(dict.fromkeys(candidates(subject, pulled=pulled), 0))
    operation: Op | None = subject.operation
    with warnings.catch_warnings(), pinned(subject.target, subject.contract):
        warnings.simplefilter("ignore")
        for i in range(DECKS + 1):
            if operation is None or not left or min(left.values()) >= ENOUGH:
                break
            start = seed + _FRESH + i * _APART
            drawn = _fresh(operation, subject, pulled, SIZE if i else FIRST, start)
            before = Counter(left)
            shown = _asked_of(subject, left, drawn, whole=not i)
            left = _hopeful(left, before, DECKS - i)
            # What it shows on is drawn more often from now on.
            operation = subject.operation.of_families(shown)
    return {each: count for each, count in left.items() if count >= ENOUGH}


def _hopeful(
    left: Counter[Candidate], before: Counter[Candidate], more: int
) -> Counter[Candidate]:
    """Those that so many more draws may show often enough, as often as the last one
    did or thrice as often, since few are counted; after the first, which is of all
    families, whatever was shown at all."""
    is_first = more == DECKS
    return Counter(
        {
            each: count
            for each, count in left.items()
            if count + 3 * more * (count - before[each]) >= (1 if is_first else ENOUGH)
        }
    )


def _fresh(
    op: Op, subject: Subject, pulled: bool, count: int, seed: int
) -> Iterator[Case]:
    """Examples, of the pullback where that is asked: those of few numbers come first,
    since most candidates are told apart by any."""
    drawn = deck(op, subject.target.format, count, seed)
    for case in sorted(drawn, key=lambda each: sum(x.size for x in each.arrays)):
        yield case.of_pullback() if pulled and not _is_pullback(subject) else case


def _asked_of(
    subject: Subject, left: Counter[Candidate], drawn: Iterable[Case], *, whole: bool
) -> tuple[str, ...]:
    """Take away candidates that do not agree, count on how many examples the others are
    wrong as the subject is; the families of these examples, in their order.

    whole: whether all are asked, also if there are enough before.
    """
    shown: dict[Candidate, set[str]] = {each: set() for each in left}
    for case in drawn:
        oracles = case.oracle(subject.contract)
        found = seen(subject, case, oracles)
        wrong = is_wrong(found, oracles)
        for each in tuple(left):
            agrees, differs = each.compared(case, found, oracles)
            if not agrees:
                del left[each]
            elif differs and wrong:
                left[each] += 1
                shown[each].add(case.family.name)
        if not left or (min(left.values()) >= ENOUGH and not whole):
            break
    names = set[str]().union(*(shown[each] for each in left))
    return tuple(x.name for x in subject.operation.families if x.name in names)
