"""What is asked of a subject in a process of its own, and what is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scratchnet.errors import ArgumentError, ArgumentTypeError
from scratchnet.testing.contract import Contract
from scratchnet.testing.op import Op
from scratchnet.testing.ops import OPS
from scratchnet.testing.strategies.requirements import (
    require_above_0,
    require_count,
    require_one_of,
)
from scratchnet.testing.witness import restriction_of

#: Seconds that a law is asked for, and as many again for the smallest example; no
#: single example may take longer either. A choice: a law of a plain function of arrays
#: takes a tenth of a second, so that what is a hundred times slower is still judged.
SECONDS = 10.0
#: So many bytes of what the subject prints are kept. A choice: some screens of text.
KEPT = 1 << 16


class InternalError(Exception):
    """An error of ours in the process of the subject, with its traceback."""


@dataclass(frozen=True)
class Request:
    """A check: of what, as what, and for how long.

    subject, vjp: addresses, `file.py:name` or `package.module:name`; no vjp where it
    is empty. operation: the name of a standard one; restriction: what `Op.restrict`
    is called with. targets, laws: names; None for those that `check` asks.
    examples, seed, waive: as in `check`. seconds: see SECONDS. contract: what Contract
    is called with. memory: bytes that the subject's process may take; by default half
    of the machine's. kept: bytes of its output that are kept.
    """

    subject: str
    operation: str
    vjp: str = ""
    restriction: Mapping[str, Any] = field(default_factory=dict)
    targets: tuple[str, ...] | None = None
    laws: tuple[str, ...] | None = None
    examples: int | None = None
    seconds: float = SECONDS
    seed: int = 0
    contract: Mapping[str, Any] | None = None
    waive: Mapping[str, str] = field(default_factory=dict)
    memory: int | None = None
    kept: int = KEPT

    def asked(self) -> Op:
        """The operation, restricted. Raises ArgumentError for what there is not."""
        require_one_of("check", OPS, operation=self.operation)
        require_above_0("check", seconds=self.seconds)
        require_count("check", 0, seed=self.seed)
        for name in ("examples", "memory"):
            if (given := getattr(self, name)) is not None:
                require_count("check", 1, **{name: given})
        self.promised()
        operation = OPS[self.operation]
        return operation.restrict(**self.restriction) if self.restriction else operation

    def promised(self) -> Contract | None:
        """The contract. Raises ArgumentError for one that is none."""
        if self.contract is None:
            return None
        try:
            return Contract(**self.contract)
        except TypeError as error:
            if isinstance(error, ArgumentTypeError):
                raise
            said = f"contract={dict(self.contract)}: {error}"
            raise ArgumentError("check", said, "required what Contract takes") from None

    def as_json(self) -> dict[str, Any]:
        """What a worker is told."""
        names = "subject", "vjp", "operation", "targets", "laws", "examples"
        told = {name: getattr(self, name) for name in names}
        return told | {
            "restriction": restriction_of(self.asked()),
            "contract": None if self.contract is None else dict(self.contract),
            "waive": dict(self.waive),
            "seconds": self.seconds,
            "seed": self.seed,
        }


@dataclass(frozen=True)
class Began:
    """A law is asked on a target: which of how many."""

    law: str
    target: str
    number: int
    count: int


@dataclass(frozen=True)
class Example:
    """So many examples of the law that began last have been tried until now."""

    number: int


@dataclass(frozen=True)
class Found:
    """What a law found on a target, as a document has it."""

    result: Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """All that was found.

    results: as in `Found`, in the order in which the laws are asked. untested: what was
    left out, in words. output: what the subject printed, its first bytes; dropped: how
    many bytes more it was.
    """

    subject: str
    operation: str
    results: tuple[Mapping[str, Any], ...]
    untested: tuple[str, ...]
    output: str
    dropped: int

    @property
    def ok(self) -> bool:
        """Whether every law holds, and there was one."""
        held = [each["verdict"] == "HOLDS" for each in self.results]
        return bool(held) and all(held)


Event = Began | Example | Found | Outcome
