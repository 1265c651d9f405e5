"""PyTorch's own ways to write an operation: modules and autograd.Functions."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from inspect import Parameter, signature
from typing import Any

from scratchnet.errors import ArgumentTypeError
from scratchnet.testing.adapters.options import keyword, shown_as, takes_of, told
from scratchnet.testing.op import Op
from scratchnet.testing.subject import Function


def is_a(subject: Any, kind: str, /) -> bool:
    """Whether it is an object or a class of PyTorch's `nn.Module`, say: never where
    PyTorch is not loaded, which the subject would have done."""
    torch = sys.modules.get("torch")
    if torch is None:
        return False
    known = torch
    for name in kind.split("."):
        known = getattr(known, name)
    either: Any = known
    if isinstance(subject, type):
        return issubclass(subject, either)
    return isinstance(subject, either)


def of_function(subject: Any, operation: Op, /) -> Function:
    """An autograd.Function as a function: options go by their place, as `apply` has
    it."""
    has_context = subject.setup_context is _torch().autograd.Function.setup_context
    parameters = list(signature(subject.forward).parameters.values())[has_context:]
    places = [x for x in parameters if x.name in operation.parameters]

    def call(*arguments: Any, **options: Any) -> Any:
        by_place = parameters[len(arguments) :]
        rest = [options.get(each.name, each.default) for each in by_place]
        while rest and rest[-1] is Parameter.empty:
            rest.pop()
        return subject.apply(*arguments, *rest)

    names = {each.name for each in places}
    first = [each for each in parameters if each.name not in names]
    return shown_as(
        call, subject, [*first, *(keyword(x.name, x.default) for x in places)]
    )


def _torch() -> Any:
    return sys.modules["torch"]


def of_module(
    subject: Any, operation: Op, make: Callable[..., Any], takes: Mapping[str, Any], /
) -> Function:
    """A module as a function: its parameters are the arguments of their names.

    make: an object for options of the constructor, which `takes` names. A bias that a
    call leaves out is 0. Raises ArgumentTypeError for a module of which an argument is
    neither a parameter nor an input.
    """
    names = _arguments(operation)
    inputs = takes_of(subject.forward) or []
    inputs = [x for x in inputs if x.name not in ("self", *operation.parameters)]

    def call(*arguments: Any, **options: Any) -> Any:
        chosen = {name: options.pop(name) for name in takes if name in options}
        module = make(**chosen)
        owned = {name for name, _ in module.named_parameters()}
        given = dict(zip(names, arguments, strict=False))
        if not owned & {*names}:
            return module(*arguments, **options)
        replaced = {name: x for name, x in given.items() if name in owned}
        if "bias" in owned and "bias" not in given:
            replaced["bias"] = arguments[0].new_zeros(replaced["weight"].shape[0])
        left = tuple(x for name, x in given.items() if name not in owned)
        return _torch().func.functional_call(module, replaced, left, options)

    _require_parameters(subject, operation, names, len(inputs))
    places = [
        Parameter(x, Parameter.POSITIONAL_ONLY, default=_default(operation, x))
        for x in names
    ]
    taken = takes_of(subject.forward) or []
    optional = [
        keyword(x.name, x.default) for x in taken if x.name in operation.parameters
    ]
    chosen = [keyword(name, each) for name, each in takes.items()]
    return shown_as(call, subject, [*places, *optional, *chosen])


def given_to(subject: Any, operation: Op, /) -> list[str]:
    """Which parameters of an object are arguments of the operation."""
    if isinstance(subject, type):
        return []
    names = _arguments(operation)
    return [name for name, _ in subject.named_parameters() if name in names]


def _require_parameters(
    subject: Any, operation: Op, names: list[str], inputs: int
) -> None:
    """Raise for an object that has not all of the arguments that it does not take among
    its parameters."""
    if isinstance(subject, type):
        return
    owned = {name for name, _ in subject.named_parameters()}
    lacking = [name for name in names[inputs:] if name not in owned]
    needed = [x for x in lacking if _default(operation, x) is Parameter.empty]
    if needed or (owned & {*names} and lacking):
        raise ArgumentTypeError(
            "check",
            f"a {type(subject).__name__} without {' and '.join(lacking)}",
            f"required a module whose parameters are {', '.join(names[inputs:])}",
            "wrap it in a function of all arguments",
        )


def _reference(operation: Op) -> list[Parameter]:
    takes = told((operation.pullback_of or operation).reference.algorithms[0].function)
    return [] if takes is None else list(takes.parameters.values())


def _arguments(operation: Op) -> list[str]:
    """The names of the operation's arguments, by position."""
    kinds = Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD
    return [x.name for x in _reference(operation) if x.kind in kinds]


def _default(operation: Op, name: str) -> Any:
    return next(x.default for x in _reference(operation) if x.name == name)
