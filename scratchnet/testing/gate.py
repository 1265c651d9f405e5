"""The gate: whether a JUnit report proves that a device ran what it had to.

Reads what the pytest plugin left in the report of a session that required the device.
It trusts no exit code, and needs nothing but the standard library: it runs where
nothing of the tests is installed, after they have crashed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

SCHEMA = 1
#: Properties of a test: what its law found, and on which device it ran.
LAW, DEVICE = "scratchnet", "scratchnet.device"
#: What a property of the whole session begins with.
SESSION = "scratchnet."
#: What is told of a session: its properties, without what they begin with.
Told = dict[str, Any]
#: Examples by operation, law and format.
Floors = dict[str, dict[str, dict[str, int]]]
#: As long as a job may take on GitHub's own machines.
MAX_AGE = timedelta(hours=6)


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
    try:
        root = ElementTree.parse(path).getroot()  # noqa: S314 - written by our session
    except OSError as error:
        raise Shut(f"{path}: no report: {error.strerror or error}") from None
    except ElementTree.ParseError as error:
        raise Shut(f"{path}: not a whole report: {error}") from None
    suites = [root] if root.tag == "testsuite" else root.findall("testsuite")
    if not suites:
        raise Shut(f"{path}: not a JUnit report, its root is <{root.tag}>")
    properties = {
        name.removeprefix(SESSION): value
        for suite in suites
        for name, value in _properties(suite)
        if name.startswith(SESSION)
    }
    tests: dict[str, list[Ran]] = {}
    cases = [case for suite in suites for case in suite.iter("testcase")]
    for case in cases:
        for told in _told(case, DEVICE):
            tests.setdefault(told["device"], []).append(_ran(case, told))
    bad = sum(_outcome(case) in ("failed", "ended in an error") for case in cases)
    return Session(properties, {at: tuple(ran) for at, ran in tests.items()}, bad)


def _properties(element: ElementTree.Element) -> list[tuple[str, str]]:
    found = element.findall("properties/property")
    return [(each.get("name", ""), each.get("value", "")) for each in found]


def _told(case: ElementTree.Element, name: str) -> list[Told]:
    return [json.loads(value) for key, value in _properties(case) if key == name]


def _ran(case: ElementTree.Element, told: Told) -> Ran:
    law = next(iter(_told(case, LAW)), {})
    return Ran(told["test"], outcome_of(_outcome(case), law), told["allocated"], law)


def outcome_of(outcome: str, law: Told, /) -> str:
    """How a test ended: `left` where its law was left out for a reason that was told,
    and that is none of the device."""
    return "left" if outcome == "skipped" and law else outcome


def _outcome(case: ElementTree.Element) -> str:
    found = {child.tag for child in case}
    for tag, outcome in (("error", "ended in an error"), ("failure", "failed")):
        if tag in found:
            return outcome
    return "skipped" if "skipped" in found else "passed"


def reasons(
    session: Session,
    devices: Iterable[str],
    /,
    *,
    floors: Mapping[str, Any] | None = None,
    commit: str = "",
    run: str = "",
    now: datetime | None = None,
    max_age: timedelta = MAX_AGE,
) -> list[str]:
    """Why the gate is shut; empty where it is open.

    floors: what `floors_of` made of an earlier session. commit, run: those that the
    report must be of, where they are known. now: the time, which is not long after the
    session began.
    """
    known = session.properties
    found = _stale(known, commit, run, now or datetime.now(UTC), max_age)
    if known.get("exitstatus") != "0":
        status = known.get("exitstatus", "which was not reached")
        found.append(f"the session did not end well: exit status {status}")
    if session.troubles:
        found.append(f"{_count(session.troubles, 'test')} of the session failed")
    required = known.get("required", "").split(",")
    for device in devices:
        if device not in required:
            found.append(f"the session did not require {device}: it may have skipped")
        elif not known.get(f"{device}.name"):
            found.append(f"nothing says which device {device} was")
        if floors is not None and device not in floors:
            found.append(f"the floors are not of {device}")
        ran = session.tests.get(device, ())
        bad = Counter(each.outcome for each in ran if each.outcome != "passed")
        bad.pop("left", None)
        found += [f"{_count(n, 'test')} of {device} {how}" for how, n in bad.items()]
        found += of_device(device, ran, floors or {})
    return found


def _stale(
    known: Mapping[str, str], commit: str, run: str, now: datetime, most: timedelta
) -> list[str]:
    """What says that a report is not of this commit, of this run or of this time."""
    found = [
        f"the report is of {name} {known.get(name) or 'unknown'}, not of {wanted}"
        for name, wanted in (("commit", commit), ("run", run))
        if wanted and known.get(name) != wanted
    ]
    try:
        age = now - datetime.fromisoformat(known.get("started", ""))
    except (ValueError, TypeError):
        return [*found, "nothing says when the session began: no session of scratchnet"]
    if age > most:
        found.append(f"the report is stale: its session began {age} ago")
    if age < timedelta(minutes=-1):
        found.append(f"the report is of the future: its session begins in {-age}")
    return found


def of_device(
    device: str, ran: Iterable[Ran], floors: Mapping[str, Any], /
) -> list[str]:
    """What is wrong with the tests of one device though they passed: there are none,
    some used nothing of it, fewer examples were executed than there have to be."""
    every = list(ran)
    passed = [each for each in every if each.outcome == "passed"]
    if not passed:
        return [f"no test passed on {device}"]
    idle: dict[str, list[str]] = {}
    for each in passed:
        if why := why_idle(each):
            idle.setdefault(why, []).append(each.test)
    found = [
        f"{_count(len(at), 'test')} passed without using {device}, {why}: {_some(at)}"
        for why, at in idle.items()
    ]
    return found + short(passed, floors.get(device, {}))


def why_idle(ran: Ran, /) -> str:
    """Why a test that passed has not used its device; empty where it has."""
    if ran.allocated == 0:
        return "nothing was allocated there"
    if ran.law.get("elsewhere") and not ran.law["landed"]:
        return "no result lived there"
    if ran.law and not ran.law.get("compared"):
        return "nothing was compared"
    return ""


def short(passed: Iterable[Ran], floor: Mapping[str, Any], /) -> list[str]:
    """What was executed less often than the floors of a device say."""
    every = list(passed)
    executed = _flat(examples_of(each.law for each in every))
    files = Counter(_file(each.test) for each in every)
    wanted = _flat(floor.get("examples", {}))
    lacking = [
        f"{' '.join(key)}: {executed.get(key, 0)} examples, at least {n} are required"
        for key, n in wanted.items()
        if executed.get(key, 0) < n
    ]
    lacking += [
        f"{file}: {_count(files[file], 'test')} passed, at least {n} are required"
        for file, n in floor.get("tests", {}).items()
        if files[file] < n
    ]
    more = len(lacking) - _SHOWN
    return lacking[:_SHOWN] + [f"and {more} floors more"] * (more > 0)


_SHOWN = 12


def _flat(examples: Mapping[str, Any]) -> dict[tuple[str, str, str], int]:
    return {
        (operation, law, form): count
        for operation, laws in examples.items()
        for law, forms in laws.items()
        for form, count in forms.items()
    }


def examples_of(told: Iterable[Told], /) -> Floors:
    """How many examples were executed of each operation, law and format."""
    found: Floors = {}
    for each in sorted(told, key=lambda x: (x.get("operation", ""), x.get("law", ""))):
        if each.get("held"):
            forms = found.setdefault(each["operation"], {}).setdefault(each["law"], {})
            form = each["target"].rpartition(":")[2]
            forms[form] = forms.get(form, 0) + each["examples"]
    return found


def floors_of(session: Session, devices: Iterable[str], /) -> Told:
    """What was executed on devices, as the floors of sessions to come."""
    return {"schema": SCHEMA} | {
        device: {
            "examples": examples_of(session.asked(device)),
            "tests": dict(sorted(_passed(session.tests.get(device, ())).items())),
        }
        for device in devices
    }


def _passed(ran: Iterable[Ran]) -> Counter[str]:
    return Counter(_file(each.test) for each in ran if each.outcome == "passed")


def _file(test: str) -> str:
    return test.partition("::")[0]


def read_floors(path: Path, /) -> Told:
    """The floors of a file. Raises Shut where it holds none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Shut(f"{path}: no floors: {error.strerror or error}") from None
    except ValueError as error:
        raise Shut(f"{path}: no floors: {error}") from None
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise Shut(f"{path}: no floors of schema {SCHEMA}")
    return found


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'s' * (n != 1)}"


def _some(names: list[str]) -> str:
    more = len(names) - 3
    return ", ".join(names[:3]) + f" and {more} more" * (more > 0)
