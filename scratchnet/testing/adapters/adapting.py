"""What stands at an address, as a function of an operation's arguments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from inspect import isclass
from typing import Any

from scratchnet.testing.adapters import modules as pytorch
from scratchnet.testing.adapters.batches import of_one_epoch
from scratchnet.testing.adapters.objects import is_layer, made, of_fitted, of_layer
from scratchnet.testing.adapters.options import bound, renamed, shown_as, takes_of, told
from scratchnet.testing.adapters.steps import is_optimiser, of_optimiser
from scratchnet.testing.op import Op
from scratchnet.testing.subject import Function, named


@dataclass(frozen=True)
class Adapted:
    """A function, and its VJP rule where there is one: what `check` takes.

    notes: how it is called, where that is not as it stands. waived: laws that are not
    to be asked, each with its reason.
    """

    function: Function
    vjp: Function | None = None
    notes: tuple[str, ...] = ()
    waived: Mapping[str, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Any]:
        """The function and its VJP rule, to be unpacked."""
        return iter((self.function, self.vjp))

    def noted(self, *notes: str) -> Adapted:
        """The same, and more to be said of it."""
        return replace(self, notes=(*self.notes, *notes))


def adapted(
    subject: Any,
    operation: Op,
    /,
    *,
    vjp: Function | None = None,
    pullback: Function | None = None,
    given: Mapping[str, Any] | None = None,
) -> Adapted:
    """A subject, however it is written, as a function of the operation's arguments.

    A function stays what it is; options by other names (`dim`, `keepdim`, `lr`, ...)
    get the operation's. A layer is called by `forward` and, on the way back,
    `backward`; a class is made anew for each call, of options alone. So are modules of
    PyTorch, whose parameters are the arguments of the same names, and its
    autograd.Functions. Optimisers have `step` or `update`, standardizers `fit` and
    `transform`. A loader that yields its batches is called for each epoch.
    vjp: its VJP rule. pullback: a function of the cotangent and the arguments.
    given: arguments that the operation does not know.
    Raises ArgumentTypeError, in a sentence, for a class that needs more than options.
    """
    made_of = {x.name for x in takes_of(subject) or ()} if isclass(subject) else set()
    given = {} if given is None else given
    found = _as_a_function(subject, operation, given)
    # What a class is made of is not given to its methods.
    given = {name: x for name, x in given.items() if name not in made_of}
    function, names = renamed(bound(found.function, given), operation)
    own = found.vjp and renamed(bound(found.vjp, given), operation)[0]
    found = replace(found, function=function, vjp=own)
    if names:
        found = found.noted(*(f"its {here} is {x}" for x, here in names.items()))
    if operation.kind == "loader":
        return _loader(found)
    return _with_pullback(found, operation, vjp, pullback, given)


def _as_a_function(subject: Any, operation: Op, given: Mapping[str, Any]) -> Adapted:
    if operation.kind == "optimizer" and is_optimiser(subject):
        function, waived = of_optimiser(subject, operation)
        note = "an object: each step is one of a copy of it, with copies of arrays"
        return Adapted(function, notes=(note,), waived=waived)
    if operation.kind == "loader" or not (callable(subject) or is_layer(subject)):
        return Adapted(subject)
    if operation.name == "standardizer" and hasattr(subject, "fit"):
        note = "fitted to the training rows, then it transforms others"
        return Adapted(of_fitted(subject, operation), notes=(note,))
    if pytorch.is_a(subject, "autograd.Function"):
        function = pytorch.of_function(subject, operation)
        return Adapted(function, notes=("called by its apply",))
    if pytorch.is_a(subject, "nn.Module"):
        return _module(subject, operation, given)
    if is_layer(subject):
        return _layer(subject, operation, given)
    return _method(subject, operation, given)


def _module(subject: Any, operation: Op, given: Mapping[str, Any]) -> Adapted:
    make, takes, names = made(subject, operation, given)
    function = pytorch.of_module(subject, operation, make, takes)
    said = [f"its {here} is {x}" for x, here in names.items()]
    owned = pytorch.given_to(subject, operation)
    how = f", whose {' and '.join(owned)} are the arguments of these names"
    return Adapted(function, notes=(f"a module{how if owned else ''}", *said))


def _layer(subject: Any, operation: Op, given: Mapping[str, Any]) -> Adapted:
    make, takes, names = made(subject, operation, given)
    function, vjp = of_layer(subject, make, takes)
    how = "made anew for each call" if isclass(subject) else "the same for each call"
    called = "forward" if hasattr(subject, "forward") else "its call"
    back = " and backward" if vjp is not None else ""
    said = [f"its {here} is {x}" for x, here in names.items()]
    return Adapted(function, vjp, notes=(f"{called}{back} of an object, {how}", *said))


def _method(subject: Any, operation: Op, given: Mapping[str, Any]) -> Adapted:
    """A function; of `forward` of a layer that has a way back, that too."""
    owner = getattr(subject, "__self__", None)
    is_forward = getattr(subject, "__name__", "") in ("forward", "__call__")
    if owner is None or not is_forward or not hasattr(owner, "backward"):
        return Adapted(subject)
    return _layer(owner, operation, given)


def _loader(found: Adapted) -> Adapted:
    takes = told(found.function)
    waived = {}
    if takes is not None and "seed" not in takes.parameters:
        waived["seeds_reproduce"] = f"{named(found.function)} takes no seed"
    return replace(found, function=of_one_epoch(found.function), waived=waived)


def _with_pullback(
    found: Adapted,
    operation: Op,
    vjp: Function | None,
    pullback: Function | None,
    given: Mapping[str, Any],
) -> Adapted:
    """What was found with the way back that was given, or that it has."""
    if vjp is not None:
        rule, _ = renamed(bound(vjp, given), operation)
        return replace(found, vjp=rule)
    if pullback is not None:
        known = {x.name for x in takes_of(pullback) or ()}
        shared = {name: x for name, x in given.items() if name in known}
        back, _ = renamed(bound(pullback, shared), operation)
        return replace(found, vjp=_rule(found.function, back))
    return found


def _rule(function: Function, pullback: Function) -> Function:
    """The VJP rule of a function of the cotangent and the arguments."""

    def vjp(*arguments: Any, **options: Any) -> tuple[Any, Function]:
        y = function(*arguments, **options)
        return y, lambda g: pullback(g, *arguments, **options)

    return shown_as(vjp, pullback, takes_of(function))
