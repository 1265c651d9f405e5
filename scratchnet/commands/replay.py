"""scratchnet replay: a witness, run again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scratchnet.commands.console import BROKEN


def replay(
    file: Annotated[Path, typer.Argument(help="What a failing law has left: JSON.")],
    subject: Annotated[
        str, typer.Option(help="The function, if it moved: file.py:name.")
    ] = "",
    vjp: Annotated[
        str, typer.Option(help="Its VJP rule, if it moved: file.py:name.")
    ] = "",
) -> None:
    """Run exactly the case again on which a law was found broken."""
    from scratchnet.testing.replay import read, replayed

    result = replayed(read(file), subject=subject, vjp=vjp)
    typer.echo(str(result))
    raise typer.Exit(0 if result.ok else BROKEN)
