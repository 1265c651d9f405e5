"""What is asked of operations on devices: of whom, where, and on how many examples.

Where the session requires CUDA it is asked there, of ours and of PyTorch's; elsewhere
of ours, on devices that stand in for it: of one in full, of the others briefly.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from equivalence import beyond
from equivalence.subjects import OPERATIONS, OURS, PYTORCHS
from targets import STANDIN, STRICT, Devices

from scratchnet.testing import Op, Target

THEIRS = PYTORCHS | beyond.PYTORCHS
FORMATS = ("float64", "float32", "float16", "bfloat16")
CUDA = tuple(Target.named(f"torch:cuda:{form}") for form in FORMATS)
#: Examples where it does not matter which: on CPUs tests/equivalence asks in full.
FEW, MORE = 10, 40
#: PyTorch leaves it to an assertion on the device to refuse a label, or a row, that is
#: none: no call of the process is answered after that, and no law could be asked.
LOOKUPS = ("nll", "cross_entropy", "embedding", "one_hot")
ASSERTED = {"what_does_not_fit_is_refused": "its refusal ends the use of the device"}
#: Once for a data set, in float64: a device would take longer for it.
FITTED = {"nothing_is_computed_on_the_host": "it fits on the host, by design"}


@dataclass(frozen=True)
class Asked:
    """Operations, targets, and what of the laws is left out or narrowed there."""

    operations: tuple[Op, ...]
    targets: tuple[Target, ...]
    waive: dict[str, str]
    examples: int | None = None

    @property
    def mark(self) -> pytest.MarkDecorator:
        """As a marker of the plugin."""
        options: dict[str, Any] = {"targets": self.targets, "waive": self.waive}
        if self.examples is not None:
            options["examples"] = self.examples
        return pytest.mark.verifies(*self.operations, **options)


def of_ours() -> Iterator[Asked]:
    """What is asked of ours."""
    fitted = dict.fromkeys(("standardizer",), FITTED)
    if Devices.on_cuda():
        yield from _asked(OURS, CUDA, fitted)
        return
    yield from _asked(OURS, (*STANDIN, *STRICT[1:]), fitted, FEW)
    if STRICT:
        yield from _asked(OURS, STRICT[:1], fitted, MORE)


def of_pytorchs() -> Iterator[Asked]:
    """What is asked of PyTorch's: on CPUs tests/equivalence does."""
    yield from _asked(THEIRS, CUDA, dict.fromkeys(LOOKUPS, ASSERTED))


def _asked(
    table: dict[str, Any],
    targets: tuple[Target, ...],
    waived: dict[str, dict[str, str]],
    examples: int | None = None,
) -> Iterator[Asked]:
    """One for all operations, and one for those of which something is waived."""
    for waive in ({}, *{id(x): x for x in waived.values()}.values()):
        names = [name for name in table if waived.get(name, {}) == waive]
        operations = tuple(OPERATIONS[name] for name in names)
        yield Asked(operations, targets, waive, examples)


def marked(every: Iterator[Asked], /) -> Any:
    """A decorator: a test with a marker for each of what is asked."""

    def decorated(test: Any) -> Any:
        for each in every:
            test = each.mark(test)
        return test

    return decorated
