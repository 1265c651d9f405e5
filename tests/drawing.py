"""What a strategy draws, as a list; and what it shrinks to."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, find, given, seed, settings
from hypothesis.strategies import SearchStrategy

#: Every example is to be counted, and none is worth shrinking.
COUNTED = {
    "database": None,
    "deadline": None,
    "phases": [Phase.generate],
    "suppress_health_check": list(HealthCheck),
}


def drawn(strategy: SearchStrategy[Any], *, count: int, start: int | None = None):
    """So many examples, the same in every run; from this seed, if there is one."""
    examples = []

    @settings(**COUNTED, max_examples=count, derandomize=start is None)
    @given(strategy)
    def draw(example):
        examples.append(example)

    (draw if start is None else seed(start)(draw))()
    return examples


def smallest(strategy: SearchStrategy[Any], wanted, *, start: int):
    """The smallest example found that is wanted, in a search from this seed."""
    searched = settings(max_examples=5000, database=None, deadline=None)
    return find(strategy, wanted, settings=searched, random=Random(start))
