"""Codes: the three bytes that each element of a drawn array is made from.

A code of zeros is the simplest element, and each byte shrinks on its own. Every array
has a root, the codes of its first elements, which is drawn however many it has: they
stay what they are while the shape shrinks. Of an array of many the last are like
the first: what makes a test fail is mostly among those that remain in a smaller one.

Hypothesis sorts bytes as it shrinks them, the larger ones to the right. So the first
elements stand on the right, in one row of bytes for each byte of a code: what makes a
test fail moves to the front, out of the way of a smaller shape.
"""

from __future__ import annotations

from functools import cache
from hashlib import shake_128
from math import prod
from typing import Any, TypeAlias

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from scratchnet.testing.strategies.signature import Shape

#: Of dtype uint8, one axis longer than the array that is made of them.
Codes: TypeAlias = Any

#: Bytes of an element: the last is the one to change first.
BYTES = 3
#: Bytes of a root: sixteen elements.
ROOT = 16 * BYTES
#: So many elements are drawn; each further one of a larger array is like one of these.
ONE_BY_ONE = 48


@cache
def octets(length: int, /) -> SearchStrategy[bytes]:
    """So many bytes. Each shrinks to 0."""
    return st.binary(min_size=length, max_size=length)


def drawn_codes(draw: DrawFn, root: bytes, shape: Shape, /) -> Codes:
    """Codes for the elements of an array of this shape, those of the root first."""
    count = prod(shape)
    drawn = _codes(root)
    # Of larger arrays too: they could not shrink to one for which more is drawn.
    if BYTES * count > ROOT:
        more = draw(octets(BYTES * ONE_BY_ONE - ROOT))
        drawn = np.concatenate([drawn, _codes(more)])
        if count > ONE_BY_ONE:
            further = _like(drawn, root + more, count - ONE_BY_ONE)
            drawn = np.concatenate([drawn, further])
    return drawn[:count].reshape(*shape, BYTES)


def _like(drawn: Codes, seed: bytes, count: int) -> Codes:
    """So many codes, each like one of those drawn but for its finest byte, which stays
    0 where it is. Functions of the seed alone, the same for ever: NumPy's are not."""
    which, finest = np.frombuffer(shake_128(seed).digest(2 * count), np.uint8).reshape(
        2, -1
    )
    codes = drawn[which % len(drawn)]
    codes[:, 0] *= finest | 1
    return codes


def _codes(part: bytes) -> Codes:
    """The codes that stand in a row of drawn bytes."""
    return np.frombuffer(part, np.uint8).reshape(BYTES, -1)[:, ::-1].T
