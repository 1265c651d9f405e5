"""What a worker notes before each example, in memory that outlives it."""

from __future__ import annotations

import json
import mmap
import os
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np

from scratchnet.testing.case import Case
from scratchnet.testing.witness import encoded

#: Phase, verdict that was found before, bytes of the example, how many examples.
_HEAD = struct.Struct("<B16sxxxIQ")
#: An example takes a few hundred bytes; one of more than a megabyte is not kept.
ROOM = 1 << 20


class Phase(IntEnum):
    """What a worker is at."""

    #: Our own code is imported.
    STARTING = 0
    BINDING = 1
    TRYING = 2
    BETWEEN = 3
    ASKING = 4
    #: It found that the subject has closed its files.
    CLOSED = 5
    #: It is called to see which ranks it takes, and what it behaves like.
    RANKING = 6
    DIAGNOSING = 7
    #: The user's code is imported.
    LOADING = 8


@dataclass(frozen=True)
class Noted:
    """What was noted last. verdict: that of an example before which breaks the law;
    example: the one that was asked about, None where it was none or too large."""

    phase: Phase
    verdict: str
    number: int
    example: dict[str, Any] | None


class Note:
    """The memory that a worker shares with its parent: a file without a name."""

    def __init__(self, file: int) -> None:
        size = _HEAD.size + ROOM
        if os.fstat(file).st_size < size:
            os.ftruncate(file, size)
        self._memory = mmap.mmap(file, size)
        self._number, self._verdict, self._size = 0, b"", 0

    def at(self, phase: Phase) -> None:
        """Note the phase; the example stays."""
        said = self._verdict, self._size, self._number
        _HEAD.pack_into(self._memory, 0, phase, *said)

    def begin(self) -> None:
        """A law is asked, of no example yet."""
        self._number, self._verdict, self._size = 0, b"", 0
        self.at(Phase.BETWEEN)

    def asking(self, example: bytes) -> None:
        """The subject is called for an example."""
        self._number += 1
        self._size = len(example) if len(example) <= ROOM else 0
        # The example first: what the head says is then there.
        self._memory[_HEAD.size : _HEAD.size + self._size] = example[: self._size]
        self.at(Phase.ASKING)

    def answered(self, verdict: str) -> None:
        """It was not the end of it; a verdict of what is broken is kept."""
        if verdict != "HOLDS":
            self._verdict = verdict.encode()
        self.at(Phase.BETWEEN)

    def trying(self, phase: Phase = Phase.TRYING) -> None:
        """The subject is called, and no law is asked."""
        self._number += 1
        self.at(phase)

    def position(self) -> tuple[int, int]:
        """Phase and number, which change while it goes on."""
        phase, _, _, number = _HEAD.unpack_from(self._memory)
        return int(phase), int(number)

    def read(self) -> Noted:
        """What was noted last."""
        phase, verdict, size, number = _HEAD.unpack_from(self._memory)
        text = self._memory[_HEAD.size : _HEAD.size + size]
        example = json.loads(text) if size else None
        return Noted(Phase(phase), verdict.rstrip(b"\0").decode(), number, example)

    def close(self) -> None:
        """Let go of the memory."""
        self._memory.close()


def example_of(case: Case, /) -> bytes:
    """An example as `replay.case_of` reads it."""
    return json.dumps(
        {
            "arguments": list(map(_noted, case.arguments)),
            "options": {name: _noted(x) for name, x in case.options.items()},
            "layouts": [each.__name__ for each in case.layouts],
            "family": case.family.name,
            "format": case.format.name,
            "root": case.root.hex(),
        }
    ).encode()


def _noted(x: Any) -> Any:
    """As a witness has it, but for arrays: their bytes, which is quicker."""
    if isinstance(x, np.ndarray):
        plain = {"dtype": str(x.dtype), "shape": list(x.shape)}
        return {**plain, "bytes": x.tobytes().hex()}
    if isinstance(x, tuple | list):
        return {type(x).__name__: [_noted(each) for each in x]}
    return encoded(x, x)


def size_of(case: Case, /) -> int:
    """How many numbers an example has."""
    return sum(x.size for x in case.arrays)
