"""The gate: whether a JUnit report proves that a device ran what it had to.

Reads what the pytest plugin left in the report of a session that required the device.
It trusts no exit code, and needs nothing but the standard library.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from scratchnet.testing.floors import count, short
from scratchnet.testing.junit import Ran, Session

#: As long as a job may take on GitHub's own machines.
MAX_AGE = timedelta(hours=6)


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
        found.append(f"{count(session.troubles, 'test')} of the session failed")
    for device in devices:
        found += _of_required(device, session, floors)
    return found


def _of_required(
    device: str, session: Session, floors: Mapping[str, Any] | None
) -> list[str]:
    """What is wrong with one of the devices."""
    known, ran = session.properties, session.tests.get(device, ())
    found = []
    if device not in known.get("required", "").split(","):
        found.append(f"the session did not require {device}: it may have skipped")
    elif not known.get(f"{device}.name"):
        found.append(f"nothing says which device {device} was")
    if floors is not None and device not in floors:
        found.append(f"the floors are not of {device}")
    bad = Counter(each.outcome for each in ran if each.outcome != "passed")
    bad.pop("left", None)
    found += [f"{count(n, 'test')} of {device} {how}" for how, n in bad.items()]
    return found + of_device(device, ran, floors or {})


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
        f"{count(len(at), 'test')} passed without using {device}, {why}: {_some(at)}"
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


def _some(names: list[str]) -> str:
    more = len(names) - 3
    return ", ".join(names[:3]) + f" and {more} more" * (more > 0)
