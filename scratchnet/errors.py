"""What scratchnet raises, and how it is worded.

Every message is one sentence: where, what was found, what was required; a fix, where
there is one, stands on a line of its own.
"""

from __future__ import annotations


class ScratchnetError(Exception):
    """Base of all errors that scratchnet raises on purpose.

    details: the user's own lines of a traceback, where it is their code that raised.
    """

    details: str = ""

    def __init__(self, where: str, found: str, required: str, fix: str = "") -> None:
        # All four to the base class, so that the exception survives pickling
        # between worker processes.
        super().__init__(where, found, required, fix)

    def __str__(self) -> str:
        where, found, required, fix = self.args
        sentence = f"{where}: {found}, {required}"
        return f"{sentence}\n  {fix}" if fix else sentence


class ArgumentError(ScratchnetError, ValueError):
    """An argument has a value or a shape that the function is not defined for."""


class ArgumentTypeError(ScratchnetError, TypeError):
    """An argument has a type, dtype, device or library that does not fit."""


class DataError(ScratchnetError, ValueError):
    """A data file is missing, truncated, mislabelled, or not the one expected."""


class CheckpointError(ScratchnetError, ValueError):
    """A checkpoint cannot be written, read, or resumed from."""


class UnavailableError(ScratchnetError, RuntimeError):
    """Something that was asked for (a device, a library, a compiler) is not here."""
