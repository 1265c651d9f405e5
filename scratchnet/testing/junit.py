"""JUnit reports of sessions: what the pytest plugin left in one, read again.

Needs nothing but the standard library.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

#: Properties of a test: what its law found, and on which device it ran.
LAW, DEVICE = "scratchnet", "scratchnet.device"
#: What a property of the whole session begins with.
SESSION = "scratchnet."
#: What is told of a session: its properties, without what they begin with.
Told = dict[str, Any]


class Shut(Exception):  # noqa: N818 - an answer, not an error
    """The gate is shut: why, in a sentence."""


@dataclass(frozen=True)
class Ran:
    """A test of a device: its id, how it ended, how many arrays it allocated there if
    that is known, and what its law found, where it is one of a law."""

    test: str
    outcome: str
    allocated: int | None
    law: Told = field(default_factory=dict)


@dataclass(frozen=True)
class Session:
    """A session as its report tells it."""

    properties: Mapping[str, str]
    tests: Mapping[str, tuple[Ran, ...]]
    troubles: int

    def asked(self, device: str, /) -> list[Told]:
        """What laws found on a device."""
        return [each.law for each in self.tests.get(device, ()) if "held" in each.law]


def read(path: Path, /) -> Session:
    """The session of a JUnit report. Raises Shut for no file and for no such report."""
    suites = _suites(path)
    told = [dict(_properties(suite)) for suite in suites]
    ours = [each for each in told if f"{SESSION}started" in each]
    if len(ours) > 1:
        raise Shut(f"{path}: the report of {len(ours)} sessions, each needs its own")
    cases = [case for suite in suites for case in suite.iter("testcase")]
    try:
        tests = _tests(cases)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Shut(f"{path}: what tests tell cannot be read: {error!r}") from None
    bad = sum(_outcome(case) in ("failed", "ended in an error") for case in cases)
    known = {k.removeprefix(SESSION): v for each in ours for k, v in each.items()}
    return Session(known, tests, bad)


def _suites(path: Path) -> list[ElementTree.Element]:
    """The suites of a report. Raises Shut where it is none."""
    try:
        root = ElementTree.parse(path).getroot()  # noqa: S314 - written by our session
    except OSError as error:
        raise Shut(f"{path}: no report: {error.strerror or error}") from None
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise Shut(f"{path}: not a whole report: {error}") from None
    suites = [root] if root.tag == "testsuite" else root.findall("testsuite")
    if not suites:
        raise Shut(f"{path}: not a JUnit report, its root is <{root.tag}>")
    return suites


def _tests(cases: Iterable[ElementTree.Element]) -> dict[str, tuple[Ran, ...]]:
    """What ran on each device: each test once, the worst where it ran again."""
    found: dict[str, dict[Any, Ran]] = {}
    for case in cases:
        key = case.get("classname"), case.get("name")
        for told in _told(case, DEVICE):
            known = found.setdefault(told["device"], {})
            if key not in known or known[key].outcome == "passed":
                known[key] = _ran(case, told)
    return {at: tuple(ran.values()) for at, ran in found.items()}


def _properties(element: ElementTree.Element) -> list[tuple[str, str]]:
    found = element.findall("properties/property")
    return [(each.get("name", ""), each.get("value", "")) for each in found]


def _told(case: ElementTree.Element, name: str) -> list[Told]:
    """What a test tells under a name, which a stranger may use for something else."""
    found = [read_told(value) for key, value in _properties(case) if key == name]
    return [each for each in found if each]


def read_told(value: Any, /) -> Told:
    """What a test has told; nothing where it is none of ours."""
    try:
        found = json.loads(str(value))
    except ValueError:
        return {}
    return found if isinstance(found, dict) and "test" in found else {}


def _ran(case: ElementTree.Element, told: Told) -> Ran:
    law = next(iter(_told(case, LAW)), {})
    return Ran(told["test"], outcome_of(_outcome(case), law), told["allocated"], law)


def outcome_of(outcome: str, law: Told, /) -> str:
    """How a test ended: `left` where its law was left out for a reason that was told,
    and that is none of the device."""
    left = outcome == "skipped" and law and "held" not in law
    return "left" if left else outcome


def _outcome(case: ElementTree.Element) -> str:
    found = {child.tag for child in case}
    for tag, outcome in (("error", "ended in an error"), ("failure", "failed")):
        if tag in found:
            return outcome
    return "skipped" if "skipped" in found else "passed"
