"""What a function takes: which options it has, and whether its arguments fit."""

from __future__ import annotations

import re
from collections.abc import Iterable
from inspect import Parameter, Signature, signature

from scratchnet.errors import ArgumentTypeError
from scratchnet.testing.case import Case
from scratchnet.testing.subject import Function, Refusal, named, run, said
from scratchnet.testing.targets import Target


def untaken(
    function: Function, case: Case, targets: Iterable[Target], /
) -> tuple[str, ...]:
    """The options of an example that the function does not have.

    Where its signature does not tell, as `**options` does not, the example is tried on
    the targets. Raises ArgumentTypeError for what is no function.
    """
    if not callable(function):
        raise ArgumentTypeError(
            "check",
            f"the subject is a {type(function).__name__}",
            f"required a function that computes {case.op.name}",
        )
    told = _told(function)
    takes = {} if told is None else told.parameters
    open_ended = told is None or _is_open(told)
    unnamed = tuple(name for name in case.options if name not in takes)
    return _tried(function, case, unnamed, targets) if open_ended else unnamed


def _told(function: Function) -> Signature | None:
    """What a function says that it takes; None for a built-in that does not. What a
    module of PyTorch takes is said by its `forward`."""
    try:
        told = signature(function)
        forward = getattr(function, "forward", None)
        return signature(forward) if _is_open(told) and callable(forward) else told
    except (TypeError, ValueError):
        return None


def _is_open(told: Signature) -> bool:
    kinds = (each.kind for each in told.parameters.values())
    return Parameter.VAR_KEYWORD in kinds


def _tried(
    function: Function, case: Case, names: tuple[str, ...], targets: Iterable[Target]
) -> tuple[str, ...]:
    """Those of the options that the function refuses by name where it first runs; or
    anywhere, where it runs nowhere."""
    every: dict[str, None] = {}
    for target in targets if names else ():
        left, ran = _refused(function, case, names, target)
        if ran:
            return left
        every |= dict.fromkeys(left)
    return tuple(every)


def _refused(
    function: Function, case: Case, names: tuple[str, ...], target: Target
) -> tuple[tuple[str, ...], bool]:
    """Those of the options that it refuses by name, and whether it runs without."""
    left: tuple[str, ...] = ()
    while True:
        arguments, options = case.on(target, laid=False)
        given = {name: x for name, x in options.items() if name not in left}
        try:
            run(function, *case.op.called_with(arguments), **given)
        except Refusal as refusal:
            known = tuple(name for name in names if name not in left)
            found = _unexpected(refusal.args[0], known)
            if not found:
                return left, False
            left = (*left, *found)
        else:
            return left, True


def _unexpected(error: BaseException, names: tuple[str, ...]) -> tuple[str, ...]:
    """The options that an error says it does not expect, among these."""
    text = said(error) if isinstance(error, TypeError) else ""
    if "takes no keyword arguments" in text:
        return names
    found = re.search(
        r"unexpected keyword argument '(\w+)'|'(\w+)' is an invalid keyword", text
    )
    return tuple(name for name in names if found and name in found.groups())


def require_arguments(function: Function, examples: Iterable[Case], /) -> None:
    """Raise ArgumentTypeError, in a sentence, for a function that cannot be called as
    in the examples, the first of which has all arguments."""
    told = _told(function)
    if told is None:
        return
    most = 0
    for case in examples:
        arguments = case.op.called_with(case.arguments)
        known = told.parameters if not _is_open(told) else case.options
        most = max(most, len(arguments))
        try:
            told.bind(
                *arguments, **{k: x for k, x in case.options.items() if k in known}
            )
        except TypeError as error:
            raise ArgumentTypeError(
                "check",
                f"{named(function)}{told} as {case.op.name}: {error}",
                f"required a function of {case.op.usage}",
                _fix(case.op.usage, fewer=len(arguments) < most),
            ) from None


def _fix(usage: str, *, fewer: bool) -> str:
    if fewer and re.search(r"\*\w", usage):
        return _MANY
    return _ABSENT if fewer else _WRAP


_WRAP = (
    "wrap it: lambda with these arguments, or restrict the operation; scratchnet check "
    "gives it an argument of its own by --kwargs NAME=VALUE"
)
_ABSENT = (
    "some calls leave the last argument out: wrap it in a function that has a default "
    "for it, such as None"
)
_MANY = (
    "calls differ in how many there are: wrap it in a function that takes them as *args"
)
