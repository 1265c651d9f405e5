"""Floors: what has to be executed on a device, at least, as a file holds it.

Needs nothing but the standard library.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from scratchnet.testing.junit import Ran, Session, Shut, Told

SCHEMA = 1
#: Examples by operation, law and format.
Floors = dict[str, dict[str, dict[str, int]]]


def short(passed: Iterable[Ran], floor: Mapping[str, Any], /) -> list[str]:
    """What was executed less often than the floors of a device say."""
    every = list(passed)
    executed = flat(examples_of(each.law for each in every))
    files = Counter(_file(each.test) for each in every)
    wanted = flat(floor.get("examples", {}))
    lacking = [
        f"{' '.join(key)}: {executed.get(key, 0)} examples, at least {n} are required"
        for key, n in wanted.items()
        if executed.get(key, 0) < n
    ]
    lacking += [
        f"{file}: {count(files[file], 'test')} passed, at least {n} are required"
        for file, n in floor.get("tests", {}).items()
        if files[file] < n
    ]
    more = len(lacking) - _SHOWN
    return lacking[:_SHOWN] + [f"and {more} floors more"] * (more > 0)


_SHOWN = 12


def flat(examples: Mapping[str, Any], /) -> dict[tuple[str, str, str], int]:
    """Examples by operation, law and format at once."""
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
    for device, floor in found.items():
        if device != "schema" and not _is_floor(floor):
            raise Shut(f"{path}: the floors of {device} ask nothing, or cannot be read")
    return found


def _is_floor(floor: Any) -> bool:
    """Whether floors are counts of 1 or more, under the two names that there are."""
    if not isinstance(floor, dict) or not {*floor} <= {"examples", "tests"}:
        return False
    counts = list(_counts(floor))
    return bool(counts) and all(type(n) is int and n > 0 for n in counts)


def _counts(floor: Any) -> Iterator[Any]:
    if not isinstance(floor, dict):
        yield floor
    else:
        for each in floor.values():
            yield from _counts(each)


def count(n: int, what: str, /) -> str:
    """A number of things, in words."""
    return f"{n} {what}{'s' * (n != 1)}"
