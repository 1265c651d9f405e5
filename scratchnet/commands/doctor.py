"""scratchnet doctor: what is here."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from scratchnet.doctor import findings


def doctor() -> None:
    """Say what is installed here, which devices answer, and the numeric flags."""
    console = Console()
    for title, rows in findings().items():
        table = Table(title=title, title_justify="left", show_header=False)
        for name, value in rows.items():
            table.add_row(name, value)
        console.print(table)
