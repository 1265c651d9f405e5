"""What commands have in common: where they speak, and how they end."""

from __future__ import annotations

from rich.console import Console

stderr = Console(stderr=True)
#: Codes that commands exit with, beside 0.
INTERRUPTED, INTERNAL, UNUSABLE, BROKEN = 130, 70, 2, 1


def say(text: str, *, style: str = "") -> None:
    """One sentence to stderr, never broken into lines."""
    stderr.print(text, style=style, markup=False, highlight=False, soft_wrap=True)
