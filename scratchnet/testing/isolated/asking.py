"""Laws asked of a subject in processes of its own: in another one after each death."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any, NoReturn, cast

from scratchnet import errors
from scratchnet.errors import ArgumentError
from scratchnet.testing.contract import ULPS, Contract
from scratchnet.testing.document import document
from scratchnet.testing.isolated.deaths import as_drawn, case_at, result_of
from scratchnet.testing.isolated.note import Phase, size_of
from scratchnet.testing.isolated.process import (
    Captured,
    Death,
    Worker,
    memory_is_watched,
    require_processes,
    usual_memory,
)
from scratchnet.testing.isolated.request import (
    Began,
    Event,
    Example,
    Found,
    InternalError,
    Outcome,
    Request,
)
from scratchnet.testing.laws import LAWS
from scratchnet.testing.op import Op
from scratchnet.testing.targets import Target
from scratchnet.testing.witness import encoded

#: So many laws on a target may end in the same way, one after another. A choice: each
#: takes a worker, and where it hangs all the time that a law has.
_DEATHS = 3


def outcome(request: Request, /) -> Outcome:
    """What laws find of a subject in a process of its own. Raises as `events` does."""
    every = list(events(request))
    return cast(Outcome, every[-1])


def events(request: Request, /) -> Iterator[Event]:
    """The same as it goes: laws that begin, examples, results, and at last all of it.

    Results are those of `check` for the same seed. What ends the process is CRASHES,
    what gives no result in time HANGS, both with the example that the subject was
    called for; the laws after it are asked in another process, unless three on a
    target ended in the same way. The process is a guard against accidents, not
    against malice: its files, network and processes are the user's own.
    Raises ArgumentError and its like for a subject that is not there, cannot be
    imported or takes other arguments, UnavailableError for targets and on platforms
    without processes such as Linux has, InternalError for an error of ours.
    """
    require_processes()
    operation, output = request.asked(), Captured(request.kept)
    yield from _Asking(request, operation, output, request.targets).events()


@dataclass
class _Asking:
    """What has been asked until now.

    bound: what the first worker told of the subject. number: which law of the plan is
    asked, None before. row: how the last laws on a target ended their workers. shown:
    ends of which the smallest example was looked for. given_up: targets. ranks: those
    that it takes, empty where that is not asked, None before. diagnosis: in words.
    """

    request: Request
    operation: Op
    output: Captured
    targets: tuple[str, ...] | None
    usual: tuple[str, ...] = ()
    bound: dict[str, Any] | None = None
    plan: list[tuple[str, str]] = field(default_factory=list)
    done: set[int] = field(default_factory=set)
    results: dict[int, dict[str, Any]] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    number: int | None = None
    began: float = 0.0
    row: list[tuple[str, str]] = field(default_factory=list)
    shown: set[str] = field(default_factory=set)
    given_up: set[str] = field(default_factory=set)
    ranks: tuple[int, ...] | None = None
    diagnosis: list[str] = field(default_factory=list)

    @property
    def _left(self) -> bool:
        return self.bound is None or len(self.done) < len(self.plan)

    def events(self) -> Iterator[Event]:
        """Workers, one after another, until all is asked."""
        while self._left:
            death = yield from self._worked()
            if death is not None:
                yield from self._died(death)
            elif self._left:
                raise InternalError("a worker was done before all laws were asked")
        yield self._outcome()

    def _worker(self, smaller: dict[str, Any] | None = None) -> Worker:
        request = self.request
        left = {"done": sorted(self.done), "smaller": smaller, "ranks": self.ranks}
        spec = {**request.as_json(), "targets": self.targets, **left}
        memory = usual_memory() if request.memory is None else request.memory
        return Worker(spec, self.output, seconds=request.seconds, memory=memory)

    def _worked(self) -> Generator[Event, None, Death | None]:
        """What one worker tells, and how it died where it was not done."""
        self.number = None
        with self._worker() as worker:
            for message in worker.messages():
                yield from self._heard(message)
        return worker.death

    def _heard(self, message: dict[str, Any]) -> Iterator[Event]:
        event = message["event"]
        if event == "usual":
            self.usual = tuple(message["targets"])
        elif event == "bound":
            self._is_bound(message)
        elif event == "law":
            self.number, self.began = int(message["number"]), monotonic()
            law, target = self.plan[self.number]
            yield Began(law, target, self.number, len(self.plan))
        elif event == "example" and self.number is not None:
            yield Example(message["number"])
        elif event == "result":
            self.row.clear()
            yield self._found(message["result"])
        elif event == "idle":
            self._leave([message["number"]], message["said"])
        elif event == "lost":
            self._leave(self._of(message["target"]), message["said"])
        elif event == "diagnosis":
            self.diagnosis = message["lines"]
        elif event == "error":
            _raise(message)
        elif event == "fault":
            raise InternalError(message["traceback"])

    def _is_bound(self, message: dict[str, Any]) -> None:
        if self.bound is None:
            self.bound = message
            self.plan = [(law, target) for law, target in message["plan"]]
            # Another worker does not have to find out again.
            self.targets = tuple(message["targets"])
            self.ranks = tuple(message["ranks"])
            if (count := message["cotangents"]) is not None:
                self.operation = self.operation.restrict(cotangents=count)
            if self.ranks:
                self.operation = self.operation.restrict(ranks=self.ranks)

    def _found(self, result: dict[str, Any]) -> Found:
        number = cast(int, self.number)
        self.results[number] = result
        self.done.add(number)
        return Found(result)

    def _leave(self, numbers: list[int], said: str) -> None:
        """These laws are not asked any more, for a reason."""
        self.done |= {*numbers}
        self.said.append(said)

    def _of(self, target: str) -> list[int]:
        """The laws on a target."""
        return [i for i, (_, where) in enumerate(self.plan) if where == target]

    def _died(self, death: Death) -> Iterator[Event]:
        if death.noted.phase is Phase.STARTING:
            printed = self.output.text.decode(errors="backslashreplace")
            raise InternalError(f"a worker {death.how} as it started\n{printed}")
        if death.noted.phase is Phase.LOADING:
            said = f"{self.request.subject!r} {death.how} while it is imported"
            error = ArgumentError("check", said, "required a module to import")
            error.details = "\n".join(death.lines)
            raise error
        if death.noted.phase is Phase.DIAGNOSING:
            self.said.append(f"what it behaves like: it {death.how} on the way")
            return
        closed_while_ranked = self.number is None and self.ranks is None
        if death.noted.phase is Phase.RANKING or (
            death.noted.phase is Phase.CLOSED and closed_while_ranked
        ):
            # Then laws are asked of all of them, and say what it does.
            self.ranks = ()
            return
        if self.number is None:
            yield from self._died_unbound(death)
            return
        law, target = self.plan[self.number]
        case = case_at(self.operation, LAWS[law], self._untaken, death)
        seconds = monotonic() - self.began
        shown, which = self._smallest(death, None if case is None else size_of(case))
        # As many as were asked about, whichever is shown.
        noted = replace(shown.noted, number=death.noted.number)
        yield self._result(replace(shown, noted=noted), law, target, which, seconds)
        self._count(target, death.how)

    @property
    def _untaken(self) -> tuple[str, ...]:
        return tuple((self.bound or {}).get("untaken", ()))

    def _result(
        self, death: Death, law: str, target: str, which: str, seconds: float
    ) -> Found:
        request, bound = self.request, self.bound or {}
        told = result_of(
            *(request, self.operation, LAWS[law], Target.named(target), death),
            untaken=self._untaken,
            which=which,
            seconds=seconds,
        )
        if told["witness"] is not None:
            told["witness"] |= bound.get("addresses") or self._unbound()
        return self._found(told)

    def _unbound(self) -> dict[str, Any]:
        """As they were said, where nothing could be asked of the subject."""
        request = self.request
        back = {"vjp": request.vjp or None, "pullback": request.pullback or None}
        given = {name: encoded(x, x) for name, x in request.given.items()}
        return {"subject": request.subject, **back, "given": given}

    def _smallest(self, death: Death, size: int | None) -> tuple[Death, str]:
        """The same death of the smallest example, and what is to be said of it."""
        if size is None:
            return death, "of which example is not known"
        if death.noted.verdict not in ("", "INACCURATE"):
            return death, "the example is the one that was tried last"
        if death.verdict == "HANGS":
            return death, as_drawn("a smaller one was not looked for: each takes long")
        if death.how in self.shown:
            return death, as_drawn("a smaller one was looked for in another law")
        self.shown.add(death.how)
        with self._worker({"number": self.number, "size": size}) as worker:
            for message in worker.messages():
                if message["event"] == "fault":
                    raise InternalError(message["traceback"])
        if (found := worker.death) is not None and found.how == death.how:
            return found, "the smallest example of those that were drawn"
        return death, as_drawn("of those that have fewer numbers none is the end of it")

    def _died_unbound(self, death: Death) -> Iterator[Event]:
        """It died when it was first called, to see what it takes."""
        if self.targets is None and self.usual:
            # A law asks it of one: what it ends for is known then.
            first, *others = self.usual
            self.targets = (first,)
            said = f"not asked, since it {death.how} when it was first called"
            self.said += [f"{', '.join(others)}: {said}"] if others else []
            return
        target = (self.targets or self.usual)[0]
        every = [LAWS[name] for name in self.request.laws or LAWS]
        where = Target.named(target)
        law = next(x.name for x in every if x.applies(self.operation, where))
        self.bound, self.plan, self.number = {}, [(law, target)], 0
        self.said.append(f"all other laws: it {death.how} when it was first called")
        yield self._result(death, law, target, "when it was first called", 0.0)

    def _count(self, target: str, how: str) -> None:
        """Give a target up where laws in a row end in the same way."""
        self.row = [each for each in self.row if each == (target, how)]
        self.row.append((target, how))
        left = [i for i in self._of(target) if i not in self.done]
        # Where one target was given up, another shows soon that it is no better.
        most = 1 if self.given_up else _DEATHS
        if len(self.row) < most or not left:
            return
        self.given_up.add(target)
        count = f"the last {len(left)} laws" if len(left) > 1 else "the last law"
        those = f"the {most} before it" if most > 1 else "the one before"
        self._leave(left, f"{target}: {count} not asked, since it {how} in {those}")

    def _outcome(self) -> Outcome:
        bound = self.bound or {}
        said = [*bound.get("untested", ()), *self.said, *bound.get("rest", ())]
        if not memory_is_watched():
            said.append("memory without end: it is not told on this platform")
        found = document(
            self.request.subject,
            self.operation.without(self._untaken),
            [self.results[i] for i in sorted(self.results)],
            seed=self.request.seed,
            untested=dict.fromkeys(said),
            diagnosis=self.diagnosis,
            notes=[*bound.get("notes", ()), *promised(self.request.promised())],
            versions=bound.get("versions"),
        )
        text = self.output.text.decode(errors="backslashreplace")
        if self.output.dropped:
            text += f"\n... and {self.output.dropped:,} bytes more"
        size = len(self.output.text) + self.output.dropped
        return Outcome({**found, "output": text, "output_size": size})


def promised(contract: Contract | None, /) -> list[str]:
    """What the subject may do beside what its target does, in words."""
    if contract is None:
        return []
    said = [f"{k} within {x:g} ulps" for k, x in contract.ulps.items() if x != ULPS[k]]
    if contract.accumulator is not None:
        said.append(f"sums are added up in {contract.accumulator.name}")
    if contract.input_precision is not None:
        said.append(f"factors of products have {contract.input_precision} bits")
    if contract.flush_to_zero:
        said.append("subnormal numbers may be 0")
    return [f"contract: {', '.join(said)}"] if said else []


def _raise(message: dict[str, Any]) -> NoReturn:
    """Raise what the worker refused the request with."""
    kind = getattr(errors, message["kind"], ArgumentError)
    error: errors.ScratchnetError = kind(*message["told"])
    error.details = message["details"]
    raise error
