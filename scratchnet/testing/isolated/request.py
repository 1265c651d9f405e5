"""What is asked of a subject in a process of its own, and what is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scratchnet.errors import ArgumentError, ArgumentTypeError
from scratchnet.testing.contract import Contract
from scratchnet.testing.document import Document, Told
from scratchnet.testing.op import Op
from scratchnet.testing.ops import OPS
from scratchnet.testing.strategies.requirements import (
    require_above_0,
    require_count,
    require_one_of,
)
from scratchnet.testing.witness import encoded, restriction_of

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

    subject, vjp, pullback: addresses, `file.py:name` or `package.module:name`; a vjp
    gives the value and its pullback, a pullback takes the cotangent and the arguments;
    without either that is autograd's, where there is one. operation: the name of a
    standard one, or with `.pullback` that of its pullback; restriction: what
    `Op.restrict` is called with. given: arguments that the operation does not know.
    targets, laws: names; None for those that `check` asks.
    examples, seed, waive: as in `check`. seconds: see SECONDS. contract: what Contract
    is called with. memory: bytes that the subject's process may take; by default half
    of the machine's. kept: bytes of its output that are kept. diagnosed: whether what
    is broken is compared with what is known.
    """

    subject: str
    operation: str
    vjp: str = ""
    pullback: str = ""
    restriction: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    targets: tuple[str, ...] | None = None
    laws: tuple[str, ...] | None = None
    examples: int | None = None
    seconds: float = SECONDS
    seed: int = 0
    contract: Mapping[str, Any] | None = None
    waive: Mapping[str, str] = field(default_factory=dict)
    memory: int | None = None
    kept: int = KEPT
    diagnosed: bool = True

    def asked(self) -> Op:
        """The operation, restricted. Raises ArgumentError for what there is not."""
        base = self.operation.removesuffix(".pullback")
        require_one_of("check", OPS, operation=base)
        require_above_0("check", seconds=self.seconds)
        require_count("check", 0, seed=self.seed)
        for name in ("examples", "memory"):
            if (given := getattr(self, name)) is not None:
                require_count("check", 1, **{name: given})
        self.promised()
        operation = OPS[base]
        operation = operation if base == self.operation else operation.pullback
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
        names = "subject", "vjp", "pullback", "operation", "targets", "laws", "examples"
        told = {name: getattr(self, name) for name in names}
        return told | {
            "restriction": restriction_of(self.asked()),
            "contract": None if self.contract is None else dict(self.contract),
            "waive": dict(self.waive),
            "given": {name: encoded(x, x) for name, x in self.given.items()},
            "diagnosed": self.diagnosed,
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

    document: what a report has, and as "output" what the subject printed: its first
    bytes, and how many more it was.
    """

    document: Document

    @property
    def results(self) -> list[Told]:
        """As in `Found`, in the order in which the laws are asked."""
        return list(self.document["results"])

    @property
    def output(self) -> str:
        """What the subject printed."""
        return str(self.document["output"])

    @property
    def untested(self) -> list[str]:
        """What was left out, in words."""
        return list(self.document["untested"])

    @property
    def ok(self) -> bool:
        """Whether every law holds, and there was one."""
        return bool(self.document["ok"])


Event = Began | Example | Found | Outcome
