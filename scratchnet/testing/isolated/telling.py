"""What a worker tells its parent, and nobody else."""

from __future__ import annotations

import json
import os
from typing import Any

from scratchnet.testing.isolated.note import Note, Phase


def leave_if_forked(pid: int, /) -> None:
    """End a process that the subject has forked: one is enough to ask the laws."""
    if os.getpid() != pid:
        os._exit(0)


class Teller:
    """Writes events as lines of JSON, where only the parent reads them."""

    def __init__(self, file: int, note: Note) -> None:
        self._file, self._note, self._pid = file, note, os.getpid()
        self._pipe = os.fstat(file)

    def require_open(self) -> None:
        """End the process where the subject has closed its files, and may have opened
        one of its own with the same number."""
        try:
            same = os.path.samestat(os.fstat(self._file), self._pipe)
        except OSError:
            same = False
        if not same:
            self._note.at(Phase.CLOSED)
            os._exit(1)

    def __call__(self, event: str, **told: Any) -> None:
        """Tell of an event."""
        leave_if_forked(self._pid)
        line = json.dumps({"event": event, **told}).encode() + b"\n"
        self.require_open()
        while line:
            line = line[os.write(self._file, line) :]
