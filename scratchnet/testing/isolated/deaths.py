"""The end of a worker as a result: a verdict, and the example that it is of."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from scratchnet.errors import DataError
from scratchnet.testing.binding import probe
from scratchnet.testing.case import Case
from scratchnet.testing.document import told
from scratchnet.testing.isolated.note import Phase
from scratchnet.testing.isolated.process import Death
from scratchnet.testing.isolated.request import Request
from scratchnet.testing.laws import LAWS, Finding, Law, Verdict
from scratchnet.testing.laws.refusals import refused_like
from scratchnet.testing.op import Op
from scratchnet.testing.replay import case_of
from scratchnet.testing.report import Result
from scratchnet.testing.subject import Subject
from scratchnet.testing.targets import Target

_OURS = str(Path(__file__).parents[1])
_CALL = re.compile(r'File "(?P<file>.*)", line (?P<line>\d+) in (?P<function>.*)')
_REFUSALS = LAWS["what_does_not_fit_is_refused"]


def case_at(
    operation: Op, law: Law, untaken: tuple[str, ...], death: Death, /
) -> Case | None:
    """The example that the subject was called for last; None where it is not known."""
    narrowed = operation.without(untaken)
    if death.noted.phase in (Phase.BINDING, Phase.TRYING):
        return probe(narrowed)
    asked = law.asks(narrowed)
    # It may have been written over: the subject can do anything to its process.
    with suppress(DataError):
        if asked is not None and death.noted.example is not None:
            return case_of(asked, death.noted.example)
    return None


def as_drawn(why: str) -> str:
    """What is said of an example that may not be the smallest."""
    return f"the example is as it was drawn; {why}"


def result_of(
    request: Request,
    operation: Op,
    law: Law,
    target: Target,
    death: Death,
    /,
    *,
    untaken: tuple[str, ...],
    which: str,
    seconds: float,
) -> dict[str, Any]:
    """What is told of a law that was the end of a worker. which: what example it is."""
    case = case_at(operation, law, untaken, death)
    subject = _subject(request, operation.without(untaken), target, untaken)
    said = "\n  ".join(_said(request, law, case, death, which))
    finding = Finding(cast(Verdict, death.verdict), said)
    if case is not None:
        finding = law.told(finding, case)
    families = Counter([] if case is None else [case.family.name])
    number = death.noted.number
    return told(
        Result(law, subject, finding, number, 0, 0, 0.0, seconds, families, case)
    )


def _said(
    request: Request, law: Law, case: Case | None, death: Death, which: str
) -> Iterator[str]:
    yield f"it {death.how}"
    if where := _where(request, death.lines):
        yield where
    if law is _REFUSALS and case is not None and case.op.refused(case):
        yield f"when it was called as {refused_like(case)!r}"
    if death.noted.verdict:
        yield f"an example before it was {death.noted.verdict}"
    yield which


def _where(request: Request, lines: tuple[str, ...]) -> str:
    """The innermost call of the subject's file, or else of what is not ours."""
    place = request.subject.rpartition(":")[0]
    calls = [found for line in lines if (found := _CALL.match(line))]
    users = [x for x in calls if Path(x["file"]).name == os.path.basename(place)]  # noqa: PTH119 - may be a module
    for each in (*users, *(x for x in calls if not x["file"].startswith(_OURS))):
        return f"in {each['function']}, line {each['line']} of {each['file']}"
    return ""


def _subject(
    request: Request, operation: Op, target: Target, untaken: tuple[str, ...]
) -> Subject:
    """One that stands for the user's, which is not loaded here."""
    contract = request.promised()
    allowed = target.contract
    if contract is not None:
        allowed = contract.with_format(target.format)
    vjp = _absent if request.vjp else None
    return Subject(_absent, operation, target, allowed, vjp, untaken)


def _absent(*_: Any, **__: Any) -> None:
    """The user's function, which only a worker calls."""
