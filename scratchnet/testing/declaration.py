"""What a declaration of an operation may say: a sentence for each thing that it may
not, where it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from inspect import Parameter, signature
from typing import Any

from scratchnet.errors import ArgumentError, ArgumentTypeError
from scratchnet.testing.references import Reference
from scratchnet.testing.strategies.family import Family
from scratchnet.testing.strategies.requirements import require_one_of, require_some

#: The choices for a parameter, the simplest first; or what gives them for the arrays.
Choices = Sequence[Any] | Callable[..., Sequence[Any]]


def require_name(name: Any, kind: Any, kinds: Iterable[str], /) -> None:
    """Raise ArgumentTypeError for a name that is no text, ArgumentError for a kind of
    operation that has no laws."""
    if not isinstance(name, str):
        raise ArgumentTypeError("Op", f"name={name!r}", "required a string")
    require_one_of("Op", kinds, kind=kind)


def require_reference(op: str, reference: Any, what: str = "reference", /) -> None:
    """Raise ArgumentTypeError for what is right in other words than a Reference."""
    if not isinstance(reference, Reference):
        raise ArgumentTypeError(
            "Op",
            f"{what} of {op!r} is a {type(reference).__name__}",
            "required a Reference: what is right, in array code",
            'Reference("mine", (Algorithm("x * 2", lambda x: x * 2),))',
        )


def require_parameters(op: str, names: Iterable[str], reference: Reference, /) -> None:
    """Raise ArgumentError for parameters that the reference does not take."""
    takes = signature(reference.algorithms[0].function).parameters
    if any(each.kind == Parameter.VAR_KEYWORD for each in takes.values()):
        return
    known = [n for n, each in takes.items() if each.kind == Parameter.KEYWORD_ONLY]
    for name in names:
        if name not in known:
            raise ArgumentError(
                "Op",
                f"parameter {name!r} of {op!r}",
                f"but its reference takes {', '.join(known) or 'no options'}",
            )


def require_choices(op: str, name: str, choices: Any, /) -> None:
    """Raise ArgumentTypeError for what gives no choices, ArgumentError for none."""
    if callable(choices):
        return
    if isinstance(choices, str) or not isinstance(choices, Sequence):
        raise ArgumentTypeError(
            "Op",
            f"{name} of {op!r} is {choices!r}",
            "required a sequence of choices, or a function from the arrays to one",
        )
    if not choices:
        raise ArgumentError("Op", f"{name} of {op!r} has no choices", "required one")


def require_families(op: str, families: Any, /) -> None:
    """Raise ArgumentTypeError for values that are no Family, ArgumentError for none."""
    for family in require_some("Op", families=families):
        if not isinstance(family, Family):
            raise ArgumentTypeError(
                "Op", f"family {family!r} of {op!r}", "required a Family"
            )
