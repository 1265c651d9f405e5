"""Objects and classes: layers with forward and backward, and what is fitted first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import Parameter, isclass
from typing import Any

from scratchnet.errors import ArgumentTypeError
from scratchnet.testing.adapters.options import (
    keyword,
    renames,
    shown_as,
    takes_of,
    told,
)
from scratchnet.testing.op import Op
from scratchnet.testing.subject import Function

#: Makes the object that is called, of options of its constructor.
Make = Callable[..., Any]


def made(
    subject: Any, operation: Op, given: Mapping[str, Any], /
) -> tuple[Make, dict[str, Any], dict[str, str]]:
    """What makes an object; the options that its constructor takes, by the operation's
    names and with their defaults; and what it calls them, where otherwise.

    Of an object it is that object. given: arguments that the operation does not know.
    Raises ArgumentTypeError for a class that needs
    more than options of the operation.
    """
    if not isclass(subject):
        return (lambda: subject), {}, {}
    takes = told(subject)
    parameters = {} if takes is None else dict(takes.parameters)
    names = renames(parameters, operation)
    back = {here: option for option, here in names.items()}
    options, needed = {}, []
    for name, each in parameters.items():
        option = back.get(name, name)
        if option in operation.parameters:
            options[option] = each.default
        elif _is_needed(each) and name not in given:
            needed.append(name)
    if needed:
        raise ArgumentTypeError(
            "check",
            f"{subject.__name__}{takes} needs {', '.join(needed)}",
            f"required a class that is made of no more than options of "
            f"{operation.name}",
            f"give it: --kwargs {needed[0]}=VALUE; or make one, layer = "
            f"{subject.__name__}(...), and check `layer`",
        )
    chosen = {name: x for name, x in given.items() if name in parameters}

    def make(**own: Any) -> Any:
        return subject(**chosen, **{names.get(k, k): x for k, x in own.items()})

    return make, options, names


def _is_needed(each: Parameter) -> bool:
    kinds = Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD
    return each.default is Parameter.empty and each.kind not in kinds


def of_layer(
    subject: Any, make: Make, takes: Mapping[str, Any], /
) -> tuple[Function, Function | None]:
    """A layer as a function, and its backward as a pullback, where it has one.

    What it keeps for the way back is of its last forward: of a class each call makes an
    object of its own, and an object goes forward again before it goes back.
    """

    def forwards(arguments: Any, options: Any) -> tuple[Any, Any]:
        chosen = {name: options.pop(name) for name in takes if name in options}
        layer = make(**chosen)
        forward = layer.forward if hasattr(layer, "forward") else layer
        return layer, forward(*arguments, **options)

    def function(*arguments: Any, **options: Any) -> Any:
        return forwards(arguments, options)[1]

    def vjp(*arguments: Any, **options: Any) -> tuple[Any, Any]:
        layer, y = forwards(arguments, dict(options))
        if isclass(subject):
            return y, lambda g: _back(layer, g)
        return y, lambda g: _back(forwards(arguments, dict(options))[0], g)

    shown = _parameters(subject, takes)
    back = None
    if hasattr(subject, "backward"):
        back = shown_as(vjp, subject, shown)
        # It is found by adapting the subject again, not at an address.
        del back.__adapts__  # type: ignore[attr-defined]
    return shown_as(function, subject, shown), back


def _back(layer: Any, g: Any) -> Any:
    """What its backward makes of a cotangent: one that takes none is of 1."""
    if takes_of(layer.backward) != []:
        return layer.backward(g)
    found = layer.backward()
    return tuple(g * x for x in found) if isinstance(found, tuple) else g * found


def _parameters(subject: Any, takes: Mapping[str, Any]) -> list[Parameter] | None:
    """Those of forward, or of its call, and the options of the constructor."""
    known = takes_of(getattr(subject, "forward", None) or subject.__call__)
    if known is None:
        return None
    known = known[known[:1] != [] and known[0].name == "self" :]
    taken = {each.name for each in known}
    return [*known, *(keyword(k, x) for k, x in takes.items() if k not in taken)]


def is_layer(subject: Any, /) -> bool:
    """Whether it goes forward, or is a class whose objects do or are called."""
    called = isclass(subject) and any("__call__" in vars(x) for x in subject.__mro__)
    return called or hasattr(subject, "forward")


def of_fitted(subject: Any, operation: Op, /) -> Function:
    """What is fitted to training rows, and then transforms others, as a function.

    `fit` is a method, or one of the class itself that makes an object; what it returns,
    or else the object, has `transform` or is called.
    """
    makes = isclass(subject) and _is_of_class(subject, "fit")
    if makes:
        fit = told(subject.fit)
        known = {} if fit is None else dict(fit.parameters)
        takes = {k: x.default for k, x in known.items() if k in operation.parameters}
    else:
        make, takes, _ = made(subject, operation, {})

    def function(train: Any, rows: Any, **options: Any) -> Any:
        owner = subject if makes else make(**options)
        fitted = owner.fit(train, **(options if makes else {}))
        known = owner if fitted is None else fitted
        return getattr(known, "transform", known)(rows)

    places = [Parameter(x, Parameter.POSITIONAL_ONLY) for x in ("train", "rows")]
    return shown_as(function, subject, [*places, *(keyword(*x) for x in takes.items())])


def _is_of_class(subject: type, name: str) -> bool:
    """Whether a method is one of the class itself, as another way to make it is."""
    for each in subject.__mro__:
        if name in vars(each):
            return isinstance(vars(each)[name], classmethod | staticmethod)
    return False
