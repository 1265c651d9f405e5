"""What a check found, kept: a witness to replay, and a test that pins it all."""

from __future__ import annotations

import json
import os
import shlex
from hashlib import sha256
from os.path import relpath
from pathlib import Path
from pprint import pformat
from typing import TYPE_CHECKING, Any

import pooch

from scratchnet.errors import ArgumentError
from scratchnet.testing.document import Document, broken

if TYPE_CHECKING:
    from scratchnet.testing.isolated import Request

#: The first words of a file that is ours to write over.
_OURS = "# Written by scratchnet check: "


def kept(found: Document, /) -> list[str]:
    """The command that replays the gravest witness, which is kept in the user's cache:
    never beside their files. Nothing where there is none."""
    witness = next(
        (x["witness"] for x in broken(found["results"]) if x["witness"]), None
    )
    if witness is None:
        return []
    text = json.dumps(witness, indent=1)
    name = f"{witness['operation']}-{sha256(text.encode()).hexdigest()[:10]}.json"
    file = Path(pooch.os_cache("scratchnet")) / "witnesses" / name
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    except OSError as error:
        return [f"not kept ({error.strerror}: {file}); --json keeps it"]
    return [f"scratchnet replay {shlex.quote(str(file))}"]


def require_ours(path: Path, /) -> None:
    """Raise ArgumentError for a file that is there and was not written by us."""
    try:
        is_ours = not path.exists() or path.read_text().startswith(_OURS)
    except (OSError, UnicodeDecodeError):
        is_ours = False
    if not is_ours:
        raise ArgumentError(
            "check",
            f"--write-test {path}, which is there",
            "required another name, or a file that --write-test wrote",
        )


_TEST = '''\
{ours}{command}
"""A test for each law on each target{also}."""

from pathlib import Path

import pytest

from scratchnet.testing import {names}

HERE = Path(__file__).parent
OPERATION = {operation}
SUBJECT = adapted(
    loaded({subject}),
    OPERATION,{more}
)


@pytest.mark.verifies(
    OPERATION,
    targets={targets},{options}
)
def test_{name}(law):
    law.holds_for(
        SUBJECT.function,
        vjp=SUBJECT.vjp{autograd},{contract}
    )
'''
_PINNED = '''

#: {call}
WITNESS = {witness}


def test_{name}_of_the_witness():
    """The smallest example that was found to break a law: {law}."""
    result = replayed(WITNESS, subject={subject})
    assert result.ok, str(result)
'''


def test_of(found: Document, request: Request, path: Path, /) -> str:
    """The text of a test file that asks what was asked, wherever it is moved together
    with the subject; and, where a law was broken, its witness first of all."""
    wrong = next((x for x in broken(found["results"]) if x["witness"]), None)
    subject = _address(request.subject, path)
    back = [
        f"    {name}=loaded({_address(text, path)}),"
        for name in ("vjp", "pullback")
        if (text := getattr(request, name))
    ]
    if request.given:
        back.append(f"    given={dict(request.given)!r},")
    names = ["OPS", "adapted", "loaded", *["replayed"] * (wrong is not None)]
    names += ["Contract"] * (request.contract is not None)
    contract = (
        request.contract and f"\n        contract=Contract(**{request.contract!r}),"
    )
    text = _TEST.format(
        ours=_OURS,
        command=" ".join(f"{request.subject} --as {request.operation}".split()),
        also="" if wrong is None else ", and one of the example that broke one",
        names=", ".join(sorted(names)),
        operation=_operation(found, request),
        subject=subject,
        more="".join(f"\n{each}" for each in back),
        targets=list(dict.fromkeys(x["target"] for x in found["results"])),
        options="".join(f"\n    {each}" for each in _options(request, found)),
        name=_name(request),
        autograd="" if request.vjp or request.pullback else ' or "autograd"',
        contract=contract or "",
    )
    if wrong is None:
        return text
    lines = [x for x in wrong["text"].splitlines() if x.startswith("witness")]
    call = "".join(lines[:1]).removeprefix("witness").strip()
    witness = pformat(_portable(wrong["witness"]), width=88, sort_dicts=False)
    return text + _PINNED.format(
        call=call,
        witness=witness,
        name=_name(request),
        law=wrong["law"],
        subject=subject,
    )


def _address(text: str, path: Path) -> str:
    """An address as an expression: of a file by where it lies from the test."""
    place, _, name = text.rpartition(":")
    if not place.endswith(".py"):
        return repr(text)
    # As it was said, without links.
    beside = relpath(os.path.abspath(place), os.path.abspath(path.parent))  # noqa: PTH100
    return f"str(HERE / {Path(beside).as_posix()!r}) + {f':{name}'!r}"


def _operation(found: Document, request: Request) -> str:
    base = request.operation.removesuffix(".pullback")
    said = dict(request.restriction)
    # What probing left out; what the function does not have shows by itself.
    for name in ("ranks", "cotangents"):
        if (told := found["restriction"].get(name)) is not None:
            said[name] = _read(told)
    dtypes = said.pop("dtypes", None)
    if dtypes is not None:
        said["dtypes"] = dtypes
    text = f'OPS["{base}"]' + ".pullback" * (base != request.operation)
    options = ", ".join(f"{k}={x!r}" for k, x in said.items())
    return f"{text}.restrict({options})" if options else text


def _read(text: str) -> Any:
    from ast import literal_eval

    return literal_eval(text)


def _options(request: Request, found: Document) -> list[str]:
    waived = dict(request.waive)
    for each in found["untested"]:
        law, sign, reason = each.partition(": waived, ")
        if sign:
            waived[law] = reason
    lines = []
    if request.laws is not None:
        lines.append(f"laws={list(request.laws)!r},")
    if request.examples is not None:
        lines.append(f"examples={request.examples},")
    if waived:
        lines.append(f"waive={waived!r},")
    return lines


def _name(request: Request) -> str:
    name = request.subject.rpartition(":")[2]
    return "".join(x if x.isalnum() else "_" for x in name).lower()


def _portable(witness: dict[str, Any]) -> dict[str, Any]:
    """Without what is of this machine: the test says where the subject is."""
    return {**witness, "subject": ""}
