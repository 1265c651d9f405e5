"""Bindings: a function bound to an operation, and to the targets that it runs on."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from scratchnet.errors import ArgumentError, ArgumentTypeError, ScratchnetError
from scratchnet.testing.case import Case
from scratchnet.testing.cases import deck
from scratchnet.testing.contract import Contract
from scratchnet.testing.formats import FLOAT64
from scratchnet.testing.op import Op
from scratchnet.testing.promises import LACKING
from scratchnet.testing.strategies.requirements import require_some
from scratchnet.testing.subject import (
    Function,
    Refusal,
    Subject,
    named,
    run,
)
from scratchnet.testing.taken import require_arguments, untaken
from scratchnet.testing.targets import (
    USUAL_FORMATS,
    Target,
    available,
    default_targets,
)
from scratchnet.testing.tracing import AUTOGRAD, Traced, why_untraced


@dataclass(frozen=True)
class Binding:
    """A function bound to an operation, and to the targets that it runs on.

    untested: what is left out, in words. traced: whether the pullback is autograd's,
    which there is on PyTorch alone, and not of compiled code.
    """

    function: Function
    vjp: Function | None
    operation: Op
    targets: tuple[Target, ...]
    contract: Contract | None
    untaken: tuple[str, ...]
    untested: tuple[str, ...]
    traced: bool = False

    def on(self, target: Target, /) -> Subject:
        """The subject on a target."""
        contract = target.contract
        if self.contract is not None:
            contract = self.contract.beside(contract)
        vjp = self.vjp if self.pulls(target) else None
        return Subject(
            self.function, self.operation, target, contract, vjp, self.untaken
        )

    def pulls(self, target: Target, /) -> bool:
        """Whether there is a pullback on a target."""
        plain = target.library == "torch" and not target.compiled
        return self.vjp is not None and (plain or not self.traced)


def bind(
    function: Function,
    operation: Op,
    /,
    *,
    vjp: Function | str | None = None,
    targets: Iterable[str | Target] | None = None,
    contract: Contract | None = None,
    libraries: frozenset[str] = frozenset(),
) -> Binding:
    """The function with those options of the operation that it has, on those targets
    that were asked for; or else on the usual ones that it takes arrays of.

    vjp: its VJP rule, or "autograd", which PyTorch has where it can be traced.
    libraries: those that it is written for, of which the usual targets are; all of them
    where it is empty.
    """
    if not isinstance(operation, Op):
        raise ArgumentTypeError(
            "check",
            f"the operation is a {type(operation).__name__}",
            "required an Op: one of scratchnet.testing.ops, or one of your own",
        )
    if not (vjp is None or vjp == AUTOGRAD or callable(vjp)):
        raise ArgumentTypeError(
            "check",
            f"vjp is a {type(vjp).__name__}",
            f"required a function to the value and its pullback, or {AUTOGRAD!r}",
        )
    rule = vjp if callable(vjp) else None
    if not (contract is None or isinstance(contract, Contract)):
        raise ArgumentTypeError(
            "check",
            f"contract={contract!r}",
            "required a Contract",
            'say what is known: Contract("float32", ulps={"exp": 20})',
        )
    asked = targets is not None
    formats = operation.restriction.get("dtypes", USUAL_FORMATS)
    every = _asked_for(targets) if targets is not None else default_targets(formats)
    meant = [x for x in every if asked or x.library in (libraries or {x.library})]
    places = _fitting(operation, tuple(meant) or every, asked)
    narrowed, left = _narrowed((function, rule), operation, places)
    untested = [f"{narrowed.title}"] if narrowed.restriction else []
    binding = Binding(function, rule, narrowed, places, contract, left, tuple(untested))
    if not asked:
        binding = _where_it_runs(binding)
        others = {x.library for x in every} - {x.library for x in places}
        said = [f"{x}: not written for it; --targets asks all the same" for x in others]
        binding = replace(binding, untested=(*binding.untested, *said))
    return _traced(binding) if vjp == AUTOGRAD else binding


def _traced(binding: Binding) -> Binding:
    """The binding with autograd's pullback where the function can be traced; it says
    why where it cannot."""
    with_it = replace(binding, vjp=binding.function, traced=True)
    operation = binding.operation
    pulling = [x for x in binding.targets if with_it.pulls(x)]
    if operation.gradient is None:
        return binding
    if not pulling:
        said = "the pullback: no vjp was given, and autograd is PyTorch's"
        return replace(binding, untested=(*binding.untested, said))
    example, target = probe(operation), pulling[0]
    arguments, options = example.on(target, laid=False)
    taken = {k: x for k, x in options.items() if k not in binding.untaken}
    called = operation.called_with(arguments)
    if why := why_untraced(binding.function, called, taken):
        said = f"the pullback: no vjp was given, and {why}"
        return replace(binding, untested=(*binding.untested, said))
    others = ", ".join(str(x) for x in binding.targets if x not in pulling)
    untested = [f"the pullback on {others}: autograd is PyTorch's"] if others else []
    return replace(
        with_it,
        vjp=Traced(binding.function, cotangents(operation)),
        untested=(*binding.untested, *untested),
    )


def fewer_cotangents(binding: Binding, /) -> int:
    """How many cotangents the pullback of a function gives, the first ones, where it
    leaves out such as the operation says that it may: of targets of a loss. 0 where it
    gives all of them, or others are missing, which is a verdict, or it raises."""
    operation = binding.operation
    pulling = [x for x in binding.targets if binding.pulls(x)]
    if not pulling or binding.traced or operation.gradient is None:
        return 0
    subject, case = binding.on(pulling[0]), probe(operation).of_pullback()
    (g, *arguments), options = case.on(subject.target, laid=False)
    expected = len(case.oracle(Contract(case.format)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = len(subject.pulled(g, arguments, options)[1])
        except (Refusal, ScratchnetError):
            return 0
    return found if expected - operation.constants <= found < expected else 0


def cotangents(operation: Op, /) -> int:
    """How many arguments have a cotangent, of the calls that have most."""
    contract = Contract(FLOAT64)
    every = (each.of_pullback().oracle(contract) for each in probes(operation))
    return max(map(len, every))


def _asked_for(targets: Any) -> tuple[Target, ...]:
    """The targets that were asked for, each of which is here."""
    targets = [targets] if isinstance(targets, str | Target) else targets
    if not isinstance(targets, Iterable):
        raise ArgumentTypeError(
            "check", f"targets={targets!r}", "required names", _asking_for("float64")
        )
    return available(require_some("check", targets=targets), where="check")


def _fitting(
    operation: Op, every: tuple[Target, ...], asked: bool, /
) -> tuple[Target, ...]:
    """Those targets whose format the operation has. Raises ArgumentError for none, and
    for one that was asked for and has not: it is never left out."""
    fitting = tuple(t for t in every if t.format.name in operation.dtypes)
    lacking = [t for t in every if t not in fitting]
    if lacking and (asked or not fitting):
        raise ArgumentError(
            "check",
            f"{'' if asked else 'the usual '}targets {', '.join(map(str, lacking))}",
            f"but {operation.title} leaves {', '.join(operation.dtypes)}",
            "" if asked else f"ask for one: {_asking_for(operation.dtypes[0])}",
        )
    return fitting


def _asking_for(dtype: str) -> str:
    library = "torch:cpu" if dtype in LACKING["numpy"] else "numpy"
    return f'targets=["{library}:{dtype}"]'


def _narrowed(
    functions: tuple[Function, Function | None],
    operation: Op,
    targets: tuple[Target, ...],
) -> tuple[Op, tuple[str, ...]]:
    """The operation without those options that one of the functions does not have.

    Raises ArgumentTypeError where they cannot do without, or take other arguments.
    """
    function, vjp = functions
    given = [function] if vjp is None else [function, vjp]
    example = probe(operation)
    left = {name for each in given for name in untaken(each, example, targets)}
    for name in sorted(left):
        if operation.needs(name):
            raise ArgumentTypeError(
                "check",
                f"{named(given[0])} has no option {name}",
                f"required a function of {operation.usage}",
            )
    narrowed = operation.without(tuple(sorted(left)))
    for each in given:
        require_arguments(each, probes(narrowed))
    return narrowed, tuple(sorted(left))


def probes(operation: Op, /) -> tuple[Case, ...]:
    """An example for each number of arguments: the one with most comes first."""
    every = {len(case.arguments): case for case in _moderate(operation)}
    return tuple(every[count] for count in sorted(every, reverse=True))


def probe(operation: Op, /) -> Case:
    """An example with nothing special about it: moderate values, as many as there are
    among a few."""
    return max(_moderate(operation), key=_numbers)


def _moderate(operation: Op) -> tuple[Case, ...]:
    """A few examples. Raises ArgumentError for a value of an option that does not fit
    some of them, where it is the operation that is restricted to it."""
    chosen = [
        name
        for name, x in operation.restriction.items()
        if name in operation.parameters and x != "the default"
    ]
    try:
        drawn = deck(operation.of_families(("moderate",)) or operation, FLOAT64, 20, 0)
        for case in drawn if chosen and operation.kind == "function" else ():
            case.oracle(Contract(FLOAT64))
    except ScratchnetError as error:
        if not chosen:
            raise
        cause = error.__cause__ or error
        said = str(cause).partition("\n")[0]
        raise ArgumentError(
            "check",
            f"{operation.title}: an example raises {type(cause).__name__}: {said}",
            f"required values of {' and '.join(chosen)} that fit every example",
            "give another value, or restrict the ranks as well: ranks=2",
        ) from None
    return drawn


def _where_it_runs(binding: Binding) -> Binding:
    """The binding to those targets that the function takes arrays of; to all where it
    takes none: then it is broken, and the laws say how.

    It does not where it raises for every example that it answers elsewhere, or misses
    an attribute of arrays that another library's have: code is written for that one.
    """
    examples = _several(binding.operation)
    reasons = {
        target: [reason_against(binding.on(target), each) for each in examples]
        for target in binding.targets
    }
    left = {
        target: why for target, why in reasons.items() if not _is_out(target, reasons)
    }
    # Where it runs nowhere, what it returned says more than what it raised.
    if not any(not x for why in reasons.values() for x in why):
        left = {t: why for t, why in reasons.items() if any(map(_returned, why))}
    if not left or len(left) == len(reasons):
        return binding
    out = {t: next(filter(None, why)) for t, why in reasons.items() if t not in left}
    said = tuple(f"{target}: {reason}" for target, reason in out.items())
    untested = (*binding.untested, *said)
    return replace(binding, targets=tuple(left), untested=untested)


def _is_out(target: Target, reasons: Mapping[Target, list[str]]) -> bool:
    """Whether the function is not for a target, as what it does elsewhere tells."""
    mine = reasons[target]
    others = [why for t, why in reasons.items() if t.library != target.library]
    lacks = any(
        "AttributeError" in x and any(not why[i] for why in others)
        for i, x in enumerate(mine)
    )
    answered = any(not x for t, why in reasons.items() if t != target for x in why)
    return lacks or (answered and all(mine))


def _returned(reason: str) -> bool:
    return reason.startswith("gives")


def _several(operation: Op) -> list[Case]:
    """A few moderate examples, the largest first, none of them of sides of 0 and 1
    where there are such: what options may be differs among them."""
    every = sorted(_moderate(operation), key=lambda case: -_numbers(case))
    full = [x for x in every if all(min(a.shape, default=2) > 1 for a in x.arrays)]
    return (full or every)[:6]


def _numbers(case: Case) -> int:
    return sum(x.size for x in case.arrays)


def reason_against(subject: Subject, example: Case, /) -> str:
    """Why a subject does not run on its target; empty where it does, right or wrong."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            results = subject(example, laid=False)
            if subject.operation.kind == "loader":
                run(lambda: next(iter(results[0])))
        except Refusal as refusal:
            error = refusal.args[0]
            return f"raises {type(error).__name__} for such arrays"
    plain = subject.target.library == "numpy" or subject.operation.kind != "function"
    if plain or all(map(subject.target.holds, results)):
        return ""
    kinds = ", ".join(sorted({type(x).__name__ for x in results}))
    return f"gives {kinds} for such arrays"
