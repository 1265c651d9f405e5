"""What is asked of operations on devices: of whom, where, and on how many examples.

Where the session requires CUDA it is asked there, of ours and of PyTorch's; elsewhere
of ours, on devices that stand in for it: of one in full, of the others briefly.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from equivalence import beyond
from targets import STANDIN, STRICT

from scratchnet.built_ins import PYTORCHS
from scratchnet.selfcheck import OPERATIONS, OURS
from scratchnet.testing import Op, Target

THEIRS = PYTORCHS | beyond.PYTORCHS
FORMATS = ("float64", "float32", "float16", "bfloat16")
CUDA = tuple(Target.named(f"torch:cuda:{form}") for form in FORMATS)
#: Each kind of call is compiled anew: of these, what a training step is made of.
COMPILED = Target.named("torch:cuda:float32+compiled")
STEP = ("softmax", "cross_entropy", "linear", "sgd", "train_step")
#: Examples of what tests/equivalence asks in full on CPUs, or of PyTorch's on CUDA.
FEW, MORE = 10, 40
#: PyTorch leaves it to an assertion on the device to refuse a label, or a row, that is
#: none: no call of the process is answered after that, and no law could be asked.
LOOKUPS = ("nll", "cross_entropy", "embedding", "one_hot")
ASSERTED = {"what_does_not_fit_is_refused": "its refusal ends the use of the device"}
#: Once for a data set, in float64: a device would take longer for it.
FITTERS = ("standardizer",)
FITTED = {"nothing_is_computed_on_the_host": "it fits on the host, by design"}


@dataclass(frozen=True)
class Asked:
    """Subjects by operation, targets, and the laws that are waived there."""

    table: Mapping[str, Any]
    names: tuple[str, ...]
    targets: tuple[Target, ...]
    waive: Mapping[str, str]
    examples: int | None = None

    @property
    def operations(self) -> tuple[Op, ...]:
        """The operations of the subjects."""
        return tuple(OPERATIONS[name] for name in self.names)

    @property
    def mark(self) -> pytest.MarkDecorator:
        """As a marker of the plugin."""
        options: dict[str, Any] = {"targets": self.targets, "waive": self.waive}
        if self.examples is not None:
            options["examples"] = self.examples
        return pytest.mark.verifies(*self.operations, **options)


def on_cuda() -> Iterator[Asked]:
    """All that is asked on CUDA."""
    yield from ours_on_cuda()
    yield from theirs_on_cuda()


def ours_on_cuda() -> Iterator[Asked]:
    """What is asked of ours on CUDA."""
    yield from _asked(OURS, CUDA, FITTERS, FITTED)
    yield Asked(OURS, STEP, (COMPILED,), {})


def theirs_on_cuda() -> Iterator[Asked]:
    """What is asked of PyTorch's: on CPUs tests/equivalence does."""
    yield from _asked(THEIRS, CUDA, LOOKUPS, ASSERTED, MORE)


def on_standins() -> Iterator[Asked]:
    """What is asked of ours on devices that stand in for CUDA."""
    yield from _asked(OURS, (*STANDIN, *STRICT[1:]), FITTERS, FITTED, FEW)
    if STRICT:
        yield from _asked(OURS, STRICT[:1], FITTERS, FITTED, MORE)


def _asked(
    table: Mapping[str, Any],
    targets: tuple[Target, ...],
    names: tuple[str, ...],
    waive: Mapping[str, str],
    examples: int | None = None,
) -> Iterator[Asked]:
    """One for those operations of which something is waived, and one for the others."""
    others = tuple(name for name in table if name not in names)
    yield Asked(table, others, targets, {}, examples)
    yield Asked(table, names, targets, waive, examples)


def marked(every: Iterator[Asked], /) -> Any:
    """A decorator: a test with a marker for each of what is asked."""

    def decorated(test: Any) -> Any:
        for each in every:
            test = each.mark(test)
        return test

    return decorated
