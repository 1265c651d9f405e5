"""A worker as its parent sees it: started, heard, watched and ended."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pooch

from scratchnet.errors import UnavailableError
from scratchnet.testing.isolated.note import Note, Noted, Phase

#: What the worker runs. Its paths are the parent's, but for the folder that it is in:
#: a file of the user's there may be called as a module that we import.
_START = """\
import json, sys
spec = json.load(sys.stdin)
sys.path[:] = spec["path"]
import os, faulthandler, signal
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
faulthandler.enable(spec["trace"])
faulthandler.register(signal.SIGUSR1, spec["trace"])
from scratchnet.testing.isolated.worker import main
main(spec)
"""
#: Seconds between two looks at a worker: it can take little memory in that time.
_LOOK = 0.02
#: Seconds that what is no call of the subject may take, beside its own: to import
#: libraries, to draw examples. A choice, as of a slow disk.
_PATIENCE = 60.0
#: Phases in which it may take long without a call of the subject.
_BETWEEN = (
    *(Phase.STARTING, Phase.LOADING, Phase.BINDING),
    *(Phase.BETWEEN, Phase.CLOSED),
)
#: Seconds for a traceback to be written, and for what was printed to arrive.
_LAST = 0.2
#: The share of the machine's memory that a subject may take, unless it is said. A
#: choice: what is running beside it keeps the other half.
_SHARE = 0.5


@dataclass(frozen=True)
class Death:
    """How a worker ended that was not done: a verdict, in words, and what was noted.

    lines: where its code was, the innermost call first.
    """

    verdict: str
    how: str
    noted: Noted
    lines: tuple[str, ...] = ()


@dataclass
class Captured:
    """What was printed: the first bytes of it, and how many more there were."""

    room: int
    text: bytearray = field(default_factory=bytearray)
    dropped: int = 0

    def add(self, more: bytes) -> None:
        """So much more was printed."""
        kept = more[: max(0, self.room - len(self.text))]
        self.text += kept
        self.dropped += len(more) - len(kept)


def require_processes() -> None:
    """Raise UnavailableError where processes cannot be watched."""
    if os.name != "posix":
        raise UnavailableError(
            "check",
            f"a subject in a process of its own on {sys.platform}",
            "required Linux or macOS",
            "call scratchnet.testing.check, which runs it in this process",
        )


def memory_is_watched() -> bool:
    """Whether this platform tells how much memory another process takes."""
    return Path("/proc/self/statm").exists()


def usual_memory() -> int:
    """Bytes that a subject may take: half of what there is, also in a container."""
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with suppress(OSError, ValueError):  # not there, or "max"
        there = min(there, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return int(there * _SHARE)


class Worker:
    """A process that asks laws of a subject. To be used as a context: it ends with it.

    death: how it ended, once `messages` has no more; None where it was done.
    """

    def __init__(
        self, spec: dict[str, Any], output: Captured, *, seconds: float, memory: int
    ) -> None:
        self.death: Death | None = None
        self._output, self._seconds, self._memory = output, seconds, memory
        self._done, self._why = False, ("", "")
        # Both are closed with the context that this is.
        self._shared = tempfile.TemporaryFile()  # noqa: SIM115
        self._trace = tempfile.TemporaryFile()  # noqa: SIM115
        self._note = Note(self._shared.fileno())
        self._results, there = os.pipe()
        self._process = self._started(spec, there)
        os.close(there)
        self._last = self._note.position()
        self._since = time.monotonic()

    def _started(self, spec: dict[str, Any], results: int) -> subprocess.Popen[bytes]:
        files = {"note": self._shared.fileno(), "trace": self._trace.fileno()}
        files["results"] = results
        paths = [os.path.abspath(each) for each in sys.path if each]  # noqa: PTH100 - strings, of which some are no folders
        told = {**spec, **files, "path": paths, "parent": os.getpid()}
        with tempfile.TemporaryFile() as description:
            description.write(json.dumps(told).encode())
            description.seek(0)
            return subprocess.Popen(  # noqa: S603 - our own interpreter
                [sys.executable, "-P", "-c", _START],
                stdin=description,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=tuple(files.values()),
                start_new_session=True,
                env=_environment(),
            )

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self._kill()
        for each in (self._shared, self._trace, self._stdout):
            each.close()
        self._note.close()
        os.close(self._results)

    @property
    def _stdout(self) -> IO[bytes]:
        assert self._process.stdout is not None  # noqa: S101 - it was asked for
        return self._process.stdout

    def messages(self) -> Iterator[dict[str, Any]]:
        """What the worker tells, until it ends; how many examples it has tried."""
        with selectors.DefaultSelector() as chosen:
            chosen.register(self._results, selectors.EVENT_READ)
            chosen.register(self._stdout, selectors.EVENT_READ)
            lines = _Lines()
            while not self._done:
                exited = self._process.poll() is not None
                read = self._read(chosen, _LOOK)
                for message in lines.of(read):
                    self._since = time.monotonic()
                    self._done |= message["event"] == "end"
                    yield message
                if exited and not read:
                    break
                yield from self._watch()
                if self._why[0]:
                    break
            self._end(chosen)

    def _read(self, chosen: selectors.BaseSelector, seconds: float) -> bytes:
        """What is there of results; what was printed is kept."""
        told = b""
        for key, _ in chosen.select(seconds):
            more = os.read(key.fd, 1 << 16)
            if not more:
                chosen.unregister(key.fileobj)
            elif key.fd == self._results:
                told += more
            else:
                self._output.add(more)
        if not chosen.get_map():  # else it would not wait at all
            time.sleep(seconds)
        return told

    def _watch(self) -> Iterator[dict[str, Any]]:
        """Whether it goes on; why it is to be ended, where it is."""
        position, now = self._note.position(), time.monotonic()
        if position != self._last:
            self._last, self._since = position, now
            if position[0] in (Phase.ASKING, Phase.BETWEEN):
                yield {"event": "example", "number": position[1]}
        calls = position[0] not in _BETWEEN
        patience = self._seconds + (0 if calls else _PATIENCE)
        if now - self._since > patience:
            self._why = "HANGS", f"gave no result within {patience:g} s"
        elif self._resident() > self._memory:
            self._why = "CRASHES", f"took more than {_sized(self._memory)} of memory"

    def _resident(self) -> int:
        """Bytes of memory that it takes; 0 where that is not told."""
        with suppress(OSError, ValueError, IndexError):
            statm = Path(f"/proc/{self._process.pid}/statm").read_text()
            return int(statm.split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return 0

    def _end(self, chosen: selectors.BaseSelector) -> None:
        """How it ended, and what it has printed until then."""
        if self._why[0]:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGUSR1)
            time.sleep(_LAST)
        if not self._done:
            self.death = self._died()
        self._kill()
        until = time.monotonic() + _LAST
        with suppress(KeyError):
            chosen.unregister(self._results)
        # What it has forked may have left, and hold the pipe open.
        while chosen.get_map() and time.monotonic() < until:
            self._read(chosen, _LOOK)

    def _died(self) -> Death:
        noted, (verdict, how) = self._note.read(), self._why
        if not verdict:
            verdict, how = "CRASHES", self._ended(noted)
        self._trace.seek(0)
        return Death(verdict, how, noted, _lines(self._trace.read().decode()))

    def _ended(self, noted: Noted) -> str:
        """How it ended by itself, in words."""
        code = self._process.wait()
        if noted.phase is Phase.CLOSED:
            return "closed the files of its process"
        if code >= 0:
            return f"exited with code {code} (os._exit)"
        name = signal.Signals(-code).name if -code in _SIGNALS else "unknown"
        return f"ended with signal {-code} ({name})"

    def _kill(self) -> None:
        """End it, and what it has forked."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        if self._process.poll() is None:  # it has left its group
            self._process.kill()
        self._process.wait()


def _environment() -> dict[str, str]:
    """In which nothing is written beside the user's files, and what is printed before
    the end is not lost."""
    return {
        "HYPOTHESIS_STORAGE_DIRECTORY": str(pooch.os_cache("scratchnet/hypothesis")),
        **os.environ,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }


_SIGNALS = {int(each) for each in signal.Signals}


class _Lines:
    """Lines of JSON out of parts."""

    def __init__(self) -> None:
        self._rest = b""

    def of(self, more: bytes) -> Iterator[dict[str, Any]]:
        """Those that are complete."""
        *lines, self._rest = (self._rest + more).split(b"\n")
        for line in lines:
            yield json.loads(line)


def _sized(count: int) -> str:
    if count >= 1e9:
        return f"{count / 1e9:.3g} GB"
    return f"{count / 1e6:.3g} MB"


def _lines(trace: str) -> tuple[str, ...]:
    """The calls in what faulthandler wrote, as `file, line in function`."""
    shown = [line.strip() for line in trace.splitlines()]
    return tuple(x for x in shown if x.startswith('File "'))
