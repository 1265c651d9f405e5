"""The process that runs the user's code: it asks the laws, and tells what it finds."""

from __future__ import annotations

import os
import resource
import sys
import threading
import time
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from scratchnet.errors import ArgumentError, ScratchnetError
from scratchnet.testing.binding import Binding, bind
from scratchnet.testing.case import Case
from scratchnet.testing.choice import asked_laws, nothing_left, waived_laws, why_idle
from scratchnet.testing.contract import Contract
from scratchnet.testing.document import told
from scratchnet.testing.engine import applicable, hold, left_out, usual_examples
from scratchnet.testing.isolated.guarding import Guarded, guarded, noting
from scratchnet.testing.isolated.note import Note, Phase, size_of
from scratchnet.testing.isolated.telling import Teller
from scratchnet.testing.laws import Law
from scratchnet.testing.loading import loaded
from scratchnet.testing.op import Op
from scratchnet.testing.replay import operation_at, restricted
from scratchnet.testing.report import Result
from scratchnet.testing.search import UNANSWERED, Tally, examples_of
from scratchnet.testing.subject import Function
from scratchnet.testing.targets import Target, default_targets
from scratchnet.testing.witness import address

Spec = dict[str, Any]


def main(spec: Spec) -> None:
    """Ask what a parent's description says; what goes wrong is told to it."""
    note = Note(spec["note"])
    tell = Teller(spec["results"], note)
    _settle(spec["parent"])
    try:
        _ask(spec, note, tell)
    except ScratchnetError as error:
        where = [str(each) for each in error.args]
        tell("error", kind=type(error).__name__, told=where, details=error.details)
    except BaseException:  # noqa: BLE001 - whatever it is, it is ours
        tell("fault", traceback=traceback.format_exc())
    tell("end")
    # What else the user's code has left running does not keep the process.
    os._exit(0)


def _settle(parent: int) -> None:
    """Leave nothing behind: no file of a crash, and no process without its parent."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sleep, of, leave = time.sleep, os.getppid, os._exit

    def watch() -> None:
        while of() == parent:
            sleep(1)
        leave(1)

    threading.Thread(target=watch, daemon=True).start()


def _ask(spec: Spec, note: Note, tell: Teller) -> None:
    note.at(Phase.LOADING)
    function, vjp = _functions(spec)
    note.at(Phase.BINDING)
    binding = _bound(spec, function, vjp, note, tell)
    chosen = asked_laws(spec["laws"], binding)
    waived = waived_laws(spec["waive"], binding.operation)
    asked = [law for law in chosen if law.name not in waived]
    plan = [
        (law, target)
        for target in binding.targets
        for law in applicable(asked, binding, target)
    ]
    rest = left_out((), chosen, binding)
    rest += [f"{name}: waived, {reason}" for name, reason in waived.items()]
    tell(
        "bound",
        operation=binding.operation.name,
        targets=[str(target) for target in binding.targets],
        plan=[(law.name, str(target)) for law, target in plan],
        untaken=binding.untaken,
        untested=binding.untested,
        rest=rest,
        subject=_place(spec["subject"], function),
        vjp=_place(spec["vjp"], vjp),
    )
    if spec["smaller"] is None:
        _ask_all(spec, binding, plan, note, tell)
    else:
        _ask_smaller(spec, binding, plan[spec["smaller"]["number"]], note, tell)


def _functions(spec: Spec) -> tuple[Function, Function | None]:
    """The subject and its vjp, as the user's code has them."""
    modules: dict[str, Any] = {}
    if not spec["subject"].rpartition(":")[0].endswith(".py"):
        # As `python -m` finds it. Beside a file its own folder is enough.
        sys.path.insert(0, str(Path.cwd()))
    try:
        function = loaded(spec["subject"], modules, where="check")
        vjp = loaded(spec["vjp"], modules, where="check") if spec["vjp"] else None
    except KeyboardInterrupt as error:
        said = f"{spec['subject']!r} raises KeyboardInterrupt"
        raise ArgumentError("check", said, "required a module to import") from error
    return function, vjp


def _place(said: str, function: Function | None) -> str:
    """Where a function is found again: what was said, where it does not show."""
    place, _, name = said.rpartition(":")
    full = f"{os.path.abspath(place)}:{name}" if place.endswith(".py") else said  # noqa: PTH100 - as it was said, without links
    return (function is not None and address(function)) or full


def _bound(
    spec: Spec, function: Function, vjp: Function | None, note: Note, tell: Teller
) -> Binding:
    operation = restricted(operation_at(spec["operation"], {}), spec)
    contract = None if spec["contract"] is None else Contract(**spec["contract"])
    if spec["targets"] is None:
        usual = [t for t in default_targets() if t.format.name in operation.dtypes]
        tell("usual", targets=[str(t) for t in usual])

    def tried(each: Function) -> Function:
        if not callable(each):
            return each
        return Guarded(each, note.trying, partial(note.at, Phase.BINDING))

    binding = bind(
        tried(function),
        operation,
        vjp=None if vjp is None else tried(vjp),
        targets=spec["targets"],
        contract=contract,
    )
    return replace(binding, function=function, vjp=vjp)


def _ask_all(
    spec: Spec,
    binding: Binding,
    plan: Iterable[tuple[Law, Target]],
    note: Note,
    tell: Teller,
) -> None:
    """Ask what is left of the plan, as `check` does."""
    limits = {k: spec[k] for k in ("examples", "seconds")} | {"start": spec["seed"]}
    known: dict[Target, list[Case]] = {}
    lost: set[Target] = set()
    for number, (law, target) in enumerate(plan):
        if number in spec["done"] or target in lost:
            continue
        tell("law", number=number)
        note.begin()
        subject, seen = binding.on(target), known.setdefault(target, [])
        found = hold(noting(law, note, tell), guarded(subject), known=seen, **limits)
        result = replace(found, law=law, subject=subject)
        _tell(result, number, tell)
        if result.verdict == "CRASHES" and target.lost():
            lost.add(target)
            said = f"{target}: {law} has ended its use, no more was asked"
            tell("lost", target=str(target), said=said)
        if result.witness is not None and result.verdict in UNANSWERED:
            seen.append(result.witness)


def _tell(result: Result, number: int, tell: Teller) -> None:
    if nothing_left(result):
        said = f"{result.law}: {why_idle(result.subject.operation)}"
        tell("idle", number=number, said=said)
    else:
        tell("result", number=number, result=told(result))


def _ask_smaller(
    spec: Spec, binding: Binding, asked: tuple[Law, Target], note: Note, tell: Teller
) -> None:
    """Ask about the examples with fewer numbers than one that was the end of a worker,
    from the smallest on: the first that ends this one is the smallest."""
    law, target = asked
    subject = guarded(binding.on(target))
    operation: Op | None = law.asks(subject.operation)
    examples = spec["examples"] or usual_examples(target)
    if operation is None:
        return
    # Of one deck alone: the one that was asked about first.
    drawn = examples_of(operation, subject, examples, spec["seed"], Tally(examples))
    fewer = (case for _, case in drawn if size_of(case) < spec["smaller"]["size"])
    tell("law", number=spec["smaller"]["number"])
    note.begin()
    for case in _in_time(sorted(fewer, key=size_of), spec["seconds"]):
        if law.accepts(subject, case):
            noting(law, note, tell).asked(subject, case)


def _in_time(cases: Iterable[Case], seconds: float) -> Iterator[Case]:
    until = time.perf_counter() + seconds
    for case in cases:
        if time.perf_counter() > until:
            return
        yield case
