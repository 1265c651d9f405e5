"""What the marker asks for: laws of operations on targets, each a test of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from scratchnet.errors import ArgumentError, ArgumentTypeError
from scratchnet.testing.choice import chosen_laws, waived_laws
from scratchnet.testing.laws import Law
from scratchnet.testing.op import Op
from scratchnet.testing.targets import Target, available, default_targets

#: What a marker takes beside operations.
_KEYWORDS = ("targets", "laws", "examples", "waive")


@dataclass(frozen=True)
class Asked:
    """A law of an operation on a target.

    exactly: whether the target was asked for, so that a subject that does not run there
    is broken. chosen: whether the law was, so that it is not left out. waived: why it
    is not asked, where it is not.
    """

    operation: Op
    law: Law
    target: Target
    exactly: bool = False
    chosen: bool = False
    examples: int | None = None
    waived: str = ""

    def __str__(self) -> str:
        return f"{self.law}-{self.target}"


def asked_of(
    operations: Iterable[Op],
    options: Mapping[str, Any],
    overall: Iterable[str] | None = None,
    /,
) -> list[Asked]:
    """What a marker asks: each law of each operation on each target.

    options: the marker's `targets`, `laws`, `examples` and `waive`. overall: the
    targets of the whole session, instead of the usual ones; a marker's are its own.
    Raises ArgumentTypeError for what is no operation and for other options,
    ArgumentError for what there is not and for nothing at all.
    """
    for each in operations or ("nothing",):
        if not isinstance(each, Op):
            raise ArgumentTypeError(
                "verifies",
                f"{each!r:.60}" if operations else str(each),
                "required an Op, such as scratchnet.testing.ops.softmax",
            )
    for name in options:
        if name not in _KEYWORDS:
            raise ArgumentTypeError(
                "verifies", f"option {name!r}", f"required {', '.join(_KEYWORDS)}"
            )
    targets = _several(options, "targets", (str, Target))
    laws = _several(options, "laws", (str, Law))
    examples = _number(options.get("examples"))
    waive = options.get("waive", {})
    wanted = overall if targets is None else targets
    places = default_targets() if wanted is None else _read(wanted)
    asked = wanted is not None, laws is not None, examples
    found = [
        Asked(operation, law, target, *asked, waived.get(law.name, ""))
        for operation in operations
        for waived in [waived_laws(waive, operation, where="verifies")]
        for target in places
        for law in chosen_laws(laws, operation, where="verifies")
        if law.applies(operation, target)
    ]
    if not found:
        raise ArgumentError(
            "verifies",
            f"{' and '.join(map(str, laws or ('no law',)))} of "
            f"{' and '.join(each.title for each in operations)} on "
            f"{' and '.join(map(str, places)) or 'no target'}",
            "required what can be asked there",
        )
    return found


def _read(targets: Iterable[str | Target]) -> tuple[Target, ...]:
    """The targets, each of which is here; of devices their tests find that out, since
    asking one would initialise it while tests are collected."""
    found = tuple(Target.named(each, where="verifies") for each in targets)
    available((each for each in found if not each.on_device), where="verifies")
    return found


def _several(
    options: Mapping[str, Any], name: str, kinds: tuple[type, ...]
) -> tuple[Any, ...] | None:
    """The one or several that an option names."""
    given = options.get(name)
    if given is None:
        return None
    every = (given,) if isinstance(given, kinds) else given
    if not isinstance(every, Iterable):
        raise ArgumentTypeError("verifies", f"{name}={given!r}", "required names")
    found = tuple(every)
    for each in found:
        if not isinstance(each, kinds):
            raise ArgumentTypeError(
                "verifies", f"{name}={given!r}", f"required names, not {each!r}"
            )
    return found


def _number(examples: Any) -> int | None:
    if examples is None:
        return None
    if not isinstance(examples, int) or isinstance(examples, bool):
        raise ArgumentTypeError(
            "verifies", f"examples={examples!r}", "required a whole number"
        )
    if examples < 1:
        raise ArgumentError("verifies", f"examples={examples}", "required 1 or more")
    return examples


def ids_of(asked: Iterable[Asked], /) -> list[str]:
    """The law and the target; the operation before, where there are several."""
    every = list(asked)
    operations = {each.operation for each in every}
    if len(operations) == 1:
        return [str(each) for each in every]
    same = len({each.name for each in operations}) < len(operations)
    return [
        f"{each.operation.title if same else each.operation.name}-{each}"
        for each in every
    ]
