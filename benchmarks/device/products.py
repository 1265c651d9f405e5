"""The matrix product by hand beside the library's, in time and in memory."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from operator import matmul as library_matmul
from typing import Any

import numpy as np

from device.clock import Clock, side_by_side
from device.plan import Plan, Product
from scratchnet.arrays import Array, from_numpy, namespace_named
from scratchnet.products import matmul

HAND, LIBRARY = "by hand", "@"
WORKS = {HAND: matmul, LIBRARY: library_matmul}
BYTES = 4  # of a float32


def measured(plan: Plan, clock: Clock) -> Iterator[dict[str, Any]]:
    """A row for each product: seconds, and bytes at the peak beyond the operands."""
    for shape in plan.products:
        a, b = _operands(shape, clock.device)
        works = {name: partial(work, a, b) for name, work in WORKS.items()}
        peaks = {name: clock.peak(work) for name, work in works.items()}
        m, k, p = shape
        yield {
            "shape": shape,
            "seconds": side_by_side(clock, works, seconds=plan.seconds),
            "peak": peaks,
            "result": BYTES * m * p,
            "broadcast": BYTES * m * k * p,
        }


def _operands(shape: Product, device: str) -> tuple[Array, Array]:
    """Two matrices of float32 whose product is of this shape."""
    m, k, p = shape
    rng, xp = np.random.default_rng(0), namespace_named("torch")
    left = rng.standard_normal((m, k), dtype=np.float32)
    right = rng.standard_normal((k, p), dtype=np.float32)
    return from_numpy(left, xp=xp, device=device), from_numpy(
        right, xp=xp, device=device
    )
