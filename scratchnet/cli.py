"""The command line: results to stdout, trouble to stderr, the verdict last."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from pathlib import Path

import typer

from scratchnet.commands.check import check
from scratchnet.commands.console import INTERNAL, UNUSABLE, say
from scratchnet.commands.doctor import doctor
from scratchnet.commands.gate import gate
from scratchnet.commands.mutants import mutants
from scratchnet.commands.ops import ops
from scratchnet.commands.replay import replay
from scratchnet.commands.train import train
from scratchnet.commands.verify import verify
from scratchnet.errors import ScratchnetError

app = typer.Typer(
    help="Hold hand-written array code to the laws of what it computes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for command in (check, verify, train, mutants, gate, replay, ops, doctor):
    app.command()(command)


def main() -> None:
    """Run the command line; an error of the user is a sentence, never a traceback."""
    _open_standard_files()
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *_: say(f"note: {message}")
            app()
    except ScratchnetError as error:
        if error.details:
            say(error.details.rstrip())
        say(f"error: {error}", style="bold red")
        sys.exit(UNUSABLE)
    except Exception:  # noqa: BLE001
        traceback.print_exc()
        say("error: this is a defect of scratchnet, please report it", style="bold red")
        sys.exit(INTERNAL)


def _open_standard_files() -> None:
    """Where the caller has closed them: else the next file that is opened has the
    number of one, and what is printed is written to it."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
            mode = "w" if number else "r"
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115 - for good
