"""Bindings: a function bound to an operation, and to the targets that it runs on."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass

from scratchnet.errors import ArgumentError, ArgumentTypeError
from scratchnet.testing.case import Case
from scratchnet.testing.cases import deck
from scratchnet.testing.contract import Contract
from scratchnet.testing.formats import FLOAT64
from scratchnet.testing.op import Op
from scratchnet.testing.strategies.requirements import require_some
from scratchnet.testing.subject import Function, Refusal, Subject, named, untaken
from scratchnet.testing.targets import Target, available, default_targets


@dataclass(frozen=True)
class Binding:
    """A function bound to an operation, and to the targets that it runs on.

    untested: what is left out, in words.
    """

    function: Function
    vjp: Function | None
    operation: Op
    targets: tuple[Target, ...]
    contract: Contract | None
    untaken: tuple[str, ...]
    untested: tuple[str, ...]

    def on(self, target: Target, /) -> Subject:
        """The subject on a target."""
        contract = target.contract
        if self.contract is not None:
            contract = self.contract.with_format(target.format)
        return Subject(
            self.function, self.operation, target, contract, self.vjp, self.untaken
        )


def bind(
    function: Function,
    operation: Op,
    /,
    *,
    vjp: Function | None = None,
    targets: Iterable[str | Target] | None = None,
    contract: Contract | None = None,
) -> Binding:
    """The function with those options of the operation that it has, on those targets
    that were asked for; or else on the usual ones that it takes arrays of."""
    if not isinstance(operation, Op):
        raise ArgumentTypeError(
            "check",
            f"the operation is a {type(operation).__name__}",
            "required an Op: one of scratchnet.testing.ops, or one of your own",
        )
    if not (vjp is None or callable(vjp)):
        raise ArgumentTypeError(
            "check",
            f"vjp is a {type(vjp).__name__}",
            "required a function to the value and its pullback",
        )
    if not (contract is None or isinstance(contract, Contract)):
        raise ArgumentTypeError(
            "check",
            f"contract={contract!r}",
            "required a Contract",
            'say what is known: Contract("float32", ulps={"exp": 20})',
        )
    if targets is not None:
        targets = [targets] if isinstance(targets, str | Target) else targets
        targets = require_some("check", targets=targets)
    example = probe(operation)
    call = operation.called_with(example.arguments), dict(example.options)
    left = untaken(function, operation, call)
    if vjp is not None:
        left = tuple({*left, *untaken(vjp, operation, call)})
    for name in left:
        if name not in (operation.pullback_of or operation).parameters:
            raise ArgumentTypeError(
                "check",
                f"{named(function)} has no option {name}",
                f"required a function of {operation.usage}",
            )
    narrowed = operation.without(tuple(sorted(left)))
    untested = [f"{narrowed.title}"] if narrowed.restriction else []
    asked = targets is not None
    every = available(targets) if targets is not None else default_targets()
    fitting = tuple(t for t in every if t.format.name in narrowed.dtypes)
    lacking = [t for t in every if t not in fitting]
    # A target that was asked for is never left out.
    if lacking and (asked or not fitting):
        raise ArgumentError(
            "check",
            f"targets {', '.join(map(str, lacking))}",
            f"but {narrowed.title} leaves {', '.join(narrowed.dtypes)}",
        )
    binding = Binding(function, vjp, narrowed, fitting, contract, left, tuple(untested))
    return binding if asked else _where_it_runs(binding)


def probe(operation: Op, /) -> Case:
    """An example with nothing special about it: moderate values, as many as there are
    among a few."""
    asked = operation.of_families(("moderate",)) or operation
    drawn = deck(asked, FLOAT64, 20, 0)
    return max(drawn, key=lambda case: sum(x.size for x in case.arrays))


def _where_it_runs(binding: Binding) -> Binding:
    """The binding to those targets that the function takes arrays of; to all where it
    takes none: then it is broken, and the laws say how."""
    example = probe(binding.operation)
    reasons = {t: reason_against(binding.on(t), example) for t in binding.targets}
    left = tuple(t for t, reason in reasons.items() if not reason)
    if not left:
        return binding
    said = [f"{t}: {reason}" for t, reason in reasons.items() if reason]
    return Binding(
        binding.function,
        binding.vjp,
        binding.operation,
        left,
        binding.contract,
        binding.untaken,
        (*binding.untested, *said),
    )


def reason_against(subject: Subject, example: Case, /) -> str:
    """Why a subject does not run on its target; empty where it does, right or wrong."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            results = subject(example, laid=False)
        except Refusal as refusal:
            error = refusal.args[0]
            return f"raises {type(error).__name__} for such arrays"
    plain = subject.target.library == "numpy" or subject.operation.kind != "function"
    if plain or all(map(subject.target.holds, results)):
        return ""
    kinds = ", ".join(sorted({type(x).__name__ for x in results}))
    return f"gives {kinds} for such arrays"
