"""A check whose subject runs in a process of its own.

What the user's code does to its process is a verdict with the inputs that it did it
for, never the end of ours: it may crash, hang, exit, print, fork or take all memory.
"""

from scratchnet.testing.isolated.asking import events, outcome
from scratchnet.testing.isolated.request import (
    Began,
    Event,
    Example,
    Found,
    InternalError,
    Outcome,
    Request,
)

__all__ = [
    "Began",
    "Event",
    "Example",
    "Found",
    "InternalError",
    "Outcome",
    "Request",
    "events",
    "outcome",
]
