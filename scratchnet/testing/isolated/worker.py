"""The process that runs the user's code: it asks the laws, and tells what it finds."""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from scratchnet.errors import ArgumentError, ScratchnetError
from scratchnet.testing.adapters import Adapted, adapted, libraries
from scratchnet.testing.binding import Binding, bind, fewer_cotangents
from scratchnet.testing.case import Case
from scratchnet.testing.choice import asked_laws, nothing_left, waived_laws, why_idle
from scratchnet.testing.contract import Contract
from scratchnet.testing.diagnosis import diagnose, lines
from scratchnet.testing.document import environment, told
from scratchnet.testing.engine import applicable, hold, left_out, usual_examples
from scratchnet.testing.isolated.guarding import Guarded, guarded, noting
from scratchnet.testing.isolated.note import Note, Phase, size_of
from scratchnet.testing.isolated.telling import Teller
from scratchnet.testing.laws import Law
from scratchnet.testing.loading import loaded
from scratchnet.testing.op import Op
from scratchnet.testing.ranks import by_rank, of_taken_ranks
from scratchnet.testing.replay import decoded, operation_at, restricted
from scratchnet.testing.report import Report, Result
from scratchnet.testing.search import Tally, Witnesses, examples_of
from scratchnet.testing.subject import Function
from scratchnet.testing.targets import USUAL_FORMATS, Target, default_targets
from scratchnet.testing.tracing import AUTOGRAD, Traced
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
    subject, vjp, pullback = _loaded(spec)
    note.at(Phase.BINDING)
    _unset()
    binding, found = _bound(spec, subject, vjp, pullback, note, tell)
    waive = {**found.waived, **spec["waive"]}
    chosen = asked_laws(spec["laws"], binding)
    waived = waived_laws(waive, binding.operation)
    asked = [law for law in chosen if law.name not in waived]
    plan = [
        (law, target)
        for target in binding.targets
        for law in applicable(asked, binding, target)
    ]
    rest = left_out((), chosen, binding)
    rest += [f"{name}: waived, {reason}" for name, reason in waived.items()]
    addresses = _addresses(spec, subject, vjp, pullback, binding)
    tell(
        "bound",
        targets=[str(target) for target in binding.targets],
        plan=[(law.name, str(target)) for law, target in plan],
        untaken=binding.untaken,
        ranks=binding.operation.restriction.get("ranks", ()),
        cotangents=binding.operation.restriction.get("cotangents"),
        untested=binding.untested,
        rest=rest,
        notes=found.notes,
        addresses=addresses,
        versions=environment(),
    )
    if spec["smaller"] is not None:
        where = plan[spec["smaller"]["number"]]
        return _ask_smaller(spec, binding, where, note, tell)
    results = _ask_all(spec, binding, plan, addresses, note, tell)
    if spec["diagnosed"]:
        _diagnose(spec, binding, results, note, tell)
    return None


def _unset() -> None:
    """Undo what importing the user's code has set for all of its process: it would
    reach what is ours."""
    np.seterr(all="warn")
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)


def _loaded(spec: Spec) -> tuple[Any, Function | None, Function | None]:
    """The subject and its way back, as the user's code has them."""
    modules: dict[str, Any] = {}
    if not spec["subject"].rpartition(":")[0].endswith(".py"):
        # As `python -m` finds it. Beside a file its own folder is enough.
        sys.path.insert(0, str(Path.cwd()))
    names = (spec[name] for name in ("subject", "vjp", "pullback"))
    try:
        subject, vjp, pullback = (
            loaded(name, modules, where="check") if name else None for name in names
        )
    except KeyboardInterrupt as error:
        said = f"{spec['subject']!r} raises KeyboardInterrupt"
        raise ArgumentError("check", said, "required a module to import") from error
    return subject, vjp, pullback


def _addresses(
    spec: Spec,
    subject: Any,
    vjp: Function | None,
    pullback: Function | None,
    binding: Binding,
) -> dict[str, Any]:
    """Where a witness finds all of it again."""
    back = {"vjp": vjp, "pullback": pullback}
    found: dict[str, Any] = {
        name: _place(spec[name], each) if spec[name] else None
        for name, each in back.items()
    }
    if binding.traced:
        found["vjp"] = AUTOGRAD
    return {
        "subject": _place(spec["subject"], subject),
        **found,
        "given": spec["given"],
    }


def _place(said: str, function: Function | None) -> str:
    """Where a function is found again: what was said, where it does not show."""
    place, _, name = said.rpartition(":")
    full = f"{os.path.abspath(place)}:{name}" if place.endswith(".py") else said  # noqa: PTH100 - as it was said, without links
    return (function is not None and address(function)) or full


def _bound(
    spec: Spec,
    subject: Any,
    vjp: Function | None,
    pullback: Function | None,
    note: Note,
    tell: Teller,
) -> tuple[Binding, Adapted]:
    """The subject, bound to what it takes, which it is called to see."""
    operation = restricted(operation_at(spec["operation"], {}), spec)
    contract = None if spec["contract"] is None else Contract(**spec["contract"])
    written = libraries(subject)
    if spec["targets"] is None:
        formats = operation.restriction.get("dtypes", USUAL_FORMATS)
        usual = [
            each
            for each in default_targets(formats)
            if each.format.name in operation.dtypes
            and each.library in (written or {each.library})
        ]
        tell("usual", targets=[str(t) for t in usual or default_targets(formats)])
    given = {name: decoded(x) for name, x in spec["given"].items()}
    found = adapted(subject, operation, vjp=vjp, pullback=pullback, given=given)
    phase = Phase.TRYING

    def tried(each: Any) -> Any:
        if not callable(each):
            return each
        entered = partial(note.trying, phase)
        return Guarded(each, entered, partial(note.at, Phase.BINDING))

    def bound(narrowed: Op) -> Binding:
        rule: Function | str = AUTOGRAD if found.vjp is None else tried(found.vjp)
        limits = {"targets": spec["targets"], "contract": contract}
        function = tried(found.function)
        return bind(function, narrowed, vjp=rule, libraries=written, **limits)

    if spec["ranks"]:
        operation = operation.restrict(ranks=tuple(spec["ranks"]))
    binding = bound(operation)
    if fewer := fewer_cotangents(binding):
        operation = operation.restrict(cotangents=fewer)
        binding = bound(operation)
    if spec["ranks"] is None:
        phase = Phase.RANKING
        function = tried(found.function)
        binding = of_taken_ranks(replace(binding, function=function), bound)
        note.at(Phase.BINDING)
    return _unguarded(binding, found), found


def _unguarded(binding: Binding, found: Adapted) -> Binding:
    """The binding of what was found itself: laws are guarded each by itself."""
    vjp = found.vjp
    if isinstance(binding.vjp, Traced):
        vjp = replace(binding.vjp, function=found.function)
    return replace(binding, function=found.function, vjp=vjp)


def _ask_all(
    spec: Spec,
    binding: Binding,
    plan: Iterable[tuple[Law, Target]],
    addresses: Mapping[str, Any],
    note: Note,
    tell: Teller,
) -> list[Result]:
    """Ask what is left of the plan, as `check` does."""
    results: list[Result] = []
    limits = {k: spec[k] for k in ("examples", "seconds")} | {"start": spec["seed"]}
    known = Witnesses()
    lost: set[Target] = set()
    for number, (law, target) in enumerate(plan):
        if number in spec["done"] or target in lost:
            continue
        tell("law", number=number)
        note.begin()
        subject = binding.on(target)
        found = hold(noting(law, note, tell), guarded(subject), known=known, **limits)
        result = replace(found, law=law, subject=subject)
        results.append(result)
        _tell(result, number, addresses, tell)
        if result.verdict == "CRASHES" and target.lost():
            lost.add(target)
            said = f"{target}: {law} has ended its use, no more was asked"
            tell("lost", target=str(target), said=said)
    return results


def _tell(
    result: Result, number: int, addresses: Mapping[str, Any], tell: Teller
) -> None:
    if nothing_left(result):
        said = f"{result.law}: {why_idle(result.subject.operation)}"
        tell("idle", number=number, said=said)
    else:
        found = told(result)
        if found["witness"] is not None:
            found["witness"] |= addresses
        tell("result", number=number, result=found)


def _diagnose(
    spec: Spec, binding: Binding, results: list[Result], note: Note, tell: Teller
) -> None:
    """Say what is broken of it behaves like, where that is known."""
    note.at(Phase.DIAGNOSING)
    entered = partial(note.trying, Phase.DIAGNOSING)
    watched = [
        replace(each, subject=guarded(each.subject, entered)) for each in results
    ]
    report = Report("", binding.operation, tuple(watched), (), spec["seed"])
    if not report.broken:
        return
    said = lines(diagnose(report, seed=spec["seed"]))
    said += by_rank(report.broken, spec["seed"])
    tell("diagnosis", lines=said)


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
