"""Options by other names, arguments that are given once, and signatures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from inspect import Parameter, Signature, signature
from typing import Any

from scratchnet.errors import ArgumentTypeError
from scratchnet.testing.op import Op
from scratchnet.testing.subject import Function, named

#: What options are called elsewhere, where it is the same thing.
SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "axis": ("dim",),
    "keepdims": ("keepdim",),
    "correction": ("ddof",),
    "slope": ("negative_slope", "alpha", "leak"),
    "eps": ("epsilon",),
    "weights": ("weight", "class_weights"),
    "learning_rate": ("lr", "eta", "step_size", "learningrate"),
    "batch_size": ("batchsize", "bs"),
    "reduction": ("reduce",),
    "seed": ("random_state",),
}


def told(function: Any, /) -> Signature | None:
    """What a function says that it takes; None for a built-in that does not."""
    try:
        return signature(function)
    except (TypeError, ValueError):
        return None


def takes_of(function: Any, /) -> list[Parameter] | None:
    """Its parameters, in their order; None where they are not told."""
    known = told(function)
    return None if known is None else list(known.parameters.values())


def meant(name: str, operation: Op, /) -> str:
    """The option of the operation that has this name, or is called so elsewhere; empty
    where there is none."""
    if name in operation.parameters:
        return name
    return next((x for x in operation.parameters if name in SYNONYMS.get(x, ())), "")


def renames(takes: Iterable[str], operation: Op, /) -> dict[str, str]:
    """Options of the operation, each with what it is called here, where it is called
    otherwise."""
    known = list(takes)
    found = {}
    for option in operation.parameters:
        others = [each for each in SYNONYMS.get(option, ()) if each in known]
        if option not in known and others:
            found[option] = others[0]
    return found


def renamed(function: Function, operation: Op, /) -> tuple[Function, dict[str, str]]:
    """The function with the operation's names of its options, and which have others."""
    takes = told(function)
    names = {} if takes is None else renames(takes.parameters, operation)
    if takes is None or not names:
        return function, {}
    back = {here: option for option, here in names.items()}

    def call(*arguments: Any, **options: Any) -> Any:
        return function(*arguments, **{names.get(k, k): x for k, x in options.items()})

    parameters = [
        each.replace(name=back.get(each.name, each.name))
        for each in takes.parameters.values()
    ]
    return shown_as(call, function, parameters), names


def bound(function: Function, given: Mapping[str, Any], /) -> Function:
    """The function with these arguments given, which the operation does not know.

    Raises ArgumentTypeError for one that the function does not have.
    """
    if not given:
        return function
    takes = told(function)
    parameters = {} if takes is None else dict(takes.parameters)
    open_ended = any(x.kind is Parameter.VAR_KEYWORD for x in parameters.values())
    for name in given:
        if takes is not None and name not in parameters and not open_ended:
            raise ArgumentTypeError(
                "check",
                f"{named(function)}{takes} has no argument {name!r}",
                "required one that it has, or an option of the operation",
            )

    def call(*arguments: Any, **options: Any) -> Any:
        return function(*arguments, **given, **options)

    left = [each for name, each in parameters.items() if name not in given]
    # A default does not go before what has none, once a later one is given.
    return shown_as(call, function, _ordered(left))


def shown_as(
    call: Function, like: Any, parameters: Iterable[Parameter] | None, /
) -> Function:
    """The call under the name of what it adapts, with a signature of its own; a witness
    has the address of that."""
    shown: Any = call
    shown.__adapts__ = like
    for name in ("__name__", "__qualname__", "__module__", "__doc__"):
        setattr(shown, name, getattr(like, name, getattr(type(like), name, None)))
    if parameters is not None:
        shown.__signature__ = Signature(_ordered(parameters))
    return call


def keyword(name: str, default: Any = Parameter.empty, /) -> Parameter:
    """An option by this name."""
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default)


def _ordered(parameters: Iterable[Parameter]) -> list[Parameter]:
    """Such as a signature may have: by kind, and without a default before with one."""
    known = {each.name: each for each in parameters}
    return sorted(
        known.values(), key=lambda x: (x.kind, x.default is not Parameter.empty)
    )
