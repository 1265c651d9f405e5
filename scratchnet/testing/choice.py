"""Which laws are asked, and in words why others are not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from scratchnet.errors import ArgumentError, ArgumentTypeError
from scratchnet.testing.binding import Binding
from scratchnet.testing.laws import LAWS, Law
from scratchnet.testing.op import Op
from scratchnet.testing.report import Result
from scratchnet.testing.strategies.requirements import require_some
from scratchnet.testing.subject import Function, named
from scratchnet.testing.targets import Target


def waived_laws(
    waive: Any, operation: Op, /, *, where: str = "check"
) -> dict[str, str]:
    """The laws that are not to be asked, each with its reason.

    Raises ArgumentTypeError for other words, and as `chosen_laws` does.
    """
    if not isinstance(waive, Mapping):
        raise ArgumentTypeError(
            where, f"waive={waive!r}", "required a reason for each law, by its name"
        )
    for name, reason in waive.items():
        if not (isinstance(reason, str) and reason.strip()):
            raise ArgumentTypeError(
                where, f"{name!r} is waived for {reason!r}", "required a reason"
            )
    if waive:
        chosen_laws(waive, operation, where=where)
    return dict(waive)


def restricted_away(laws: Iterable[Law], binding: Binding) -> Iterator[Law]:
    """The laws that are about the operation, but not where it is so restricted."""
    operation = binding.operation
    whole = operation.unrestricted or operation
    for law in laws:
        pulled = binding.vjp is not None or not law.needs_vjp
        left = law.is_about(operation) and law.asks(operation) is not None
        if law.is_about(whole) and pulled and not left:
            yield law


def of_full_targets(laws: Iterable[Law], binding: Binding) -> Iterator[Law]:
    """The laws that are asked on none of the targets, since these are not full."""
    if any(target.is_full for target in binding.targets):
        return
    for law in laws:
        pulled = binding.vjp is not None or not law.needs_vjp
        if not law.everywhere and law.is_about(binding.operation) and pulled:
            yield law


def why_not_full(targets: Iterable[Target], /) -> str:
    """Why such laws are not asked there."""
    if any(target.compiled for target in targets):
        return "it is asked in float64 only, and not of compiled code"
    return "it is asked in float64 only"


def untested_pullback(
    vjp: Function | None, operation: Op, untested: Iterable[str] = (), /
) -> list[str]:
    """Why no law of pullbacks is asked; nothing where they are, or it was said."""
    if any(each.startswith("the pullback: ") for each in untested):
        return []
    if vjp is None and operation.gradient is not None:
        return ["the pullback: no vjp was given"]
    if vjp is not None and operation.gradient is None:
        return [f"the pullback: {operation.name} has no gradient to judge it by"]
    return []


def nothing_left(result: Result, /) -> bool:
    """Whether a restriction leaves no example that the law is about: it is then not
    asked, which is said; without a restriction it is vacuous."""
    return not result.examples and bool(result.subject.operation.restriction)


def why_idle(operation: Op, /) -> str:
    """Why a law is not asked of a restricted operation."""
    return f"{operation.title} leaves nothing that it is about"


def chosen_laws(
    laws: Iterable[str | Law] | None, operation: Op, /, *, where: str = "check"
) -> tuple[Law, ...]:
    """The laws of these names, and such as are given themselves; all of LAWS for None.

    Raises ArgumentError for a name that is none, or no law of the operation.
    """
    if laws is None:
        return tuple(LAWS.values())
    found = []
    single = isinstance(laws, str | Law)
    for each in (laws,) if single else require_some(where, laws=laws):
        if not isinstance(each, Law) and not (isinstance(each, str) and each in LAWS):
            near = get_close_matches(str(each), LAWS)
            raise ArgumentError(
                where,
                f"law {each!r}",
                f"required laws among {', '.join(LAWS)}",
                f"the closest: {', '.join(near)}" if near else "",
            )
        law = each if isinstance(each, Law) else LAWS[each]
        if not law.is_about(operation):
            raise ArgumentError(
                where, f"law {law.name!r}", f"which is not about {operation.title}"
            )
        found.append(law)
    return tuple(found)


def asked_laws(
    laws: Iterable[str | Law] | None, binding: Binding, /
) -> tuple[Law, ...]:
    """The laws that a check of a function asks: `chosen_laws` of its operation.

    Raises ArgumentError as well for one that is asked for and cannot be: without a vjp,
    or on none of the targets.
    """
    chosen = chosen_laws(laws, binding.operation)
    for law in () if laws is None else chosen:
        if law.needs_vjp and binding.vjp is None:
            raise ArgumentError(
                "check",
                f"law {law.name!r} of {named(binding.function)}",
                "required its pullback",
                "pass vjp: a function to the value and its pullback",
            )
        if not any(law.applies(binding.operation, x) for x in binding.targets):
            raise ArgumentError(
                "check",
                f"law {law.name!r} of {binding.operation.title}",
                f"which cannot be asked on {' and '.join(map(str, binding.targets))}",
            )
    return chosen
