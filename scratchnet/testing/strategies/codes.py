"""Codes: the three bytes that each element of a drawn array is made from.

A code of zeros is the simplest element, and each byte shrinks on its own. Every array
has a root, the codes of its first elements, which is drawn however many it has: they
stay what they are while the shape shrinks, and are the seed of an array of many.

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
#: An array of more elements is made from its root alone.
ONE_BY_ONE = 48


@cache
def octets(length: int, /) -> SearchStrategy[bytes]:
    """So many bytes. Each shrinks to 0."""
    return st.binary(min_size=length, max_size=length)


def drawn_codes(draw: DrawFn, root: bytes, shape: Shape, /) -> Codes:
    """Codes for the elements of an array of this shape, those of the root first."""
    count = prod(shape)
    parts = [root]
    if count > ONE_BY_ONE:
        # A function of the seed alone, the same for ever: NumPy's are not.
        parts.append(shake_128(root).digest(BYTES * count - ROOT))
    elif BYTES * count > ROOT:
        parts.append(draw(octets(BYTES * ONE_BY_ONE - ROOT)))
    flat = [np.frombuffer(part, np.uint8).reshape(BYTES, -1)[:, ::-1] for part in parts]
    joined = flat[0] if len(flat) == 1 else np.concatenate(flat, axis=1)
    return joined[:, :count].T.reshape(*shape, BYTES)
