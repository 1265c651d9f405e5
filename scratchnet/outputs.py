"""Where a run leaves its files: tried before any work, written after it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scratchnet.errors import ArgumentError, CheckpointError
from scratchnet.experiment import CHECKPOINT, unfinished

STDOUT = Path("-")


def require_writable(out: Path | None, *, resume: bool, json: Path | None) -> None:
    """Raise before any work for what could not be written after it."""
    if resume and out is None:
        raise ArgumentError("train", "--resume without --out", "required the folder")
    beside = None if json == STDOUT else json and json.parent
    for option, folder in (("--out", out), ("--json", beside)):
        if folder is not None and not _can_write_below(folder):
            raise ArgumentError(
                "train", f"{option} in {folder}", "required a folder to write to"
            )
    if out is None or resume or not exists(path := out / CHECKPOINT):
        return
    if left := unfinished(path):
        raise CheckpointError(
            str(path),
            f"holds an unfinished run ({left})",
            "required another --out, or --resume to go on with it",
        )


def _can_write_below(folder: Path) -> bool:
    """Whether folder, or the nearest folder above it that exists, takes files."""
    nearest = next(path for path in (folder, *folder.parents) if exists(path))
    return nearest.is_dir() and os.access(nearest, os.R_OK | os.W_OK | os.X_OK)


def exists(path: Path) -> bool:
    """Whether path is there, as far as we may look; Path.exists may raise instead."""
    return os.access(path, os.F_OK)


def try_to_write(path: Path, /, *, where: str = "train") -> None:
    """Raise where path could not be written; what is there stays as it is."""
    with _writing(path, where):
        is_new = not path.exists()
        # A reader of a pipe would take a first opening and closing for all of it.
        if is_new or path.is_file() or path.is_dir():
            path.open("ab").close()
        if is_new:
            path.resolve().unlink()  # a link to what was not there stays


def write(path: Path, text: str, /, *, where: str = "train") -> None:
    """Write the text to the file, whose folder is made, or to stdout for `-`."""
    if path == STDOUT:
        sys.stdout.write(text)
        return
    with _writing(path, where):
        path.write_text(text)


@contextmanager
def _writing(path: Path, where: str) -> Iterator[None]:
    """Within, with the folder made, what the system refuses is one sentence."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise ArgumentError(
            where, f"{path} ({error.strerror})", "required a writable file"
        ) from None
