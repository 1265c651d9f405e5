"""A sum of products by a loop and by whole arrays."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median
from typing import Any

import numpy as np
import torch
from measure import interleaved, ratio, table

ELEMENTS = 10_000
ROUNDS = 7
SECONDS = 0.05


def looped(x: Iterable[Any], y: Iterable[Any]) -> Any:
    """The sum of x * y, element by element."""
    total: Any = 0.0
    for a, b in zip(x, y, strict=True):
        total += a * b
    return total


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, ELEMENTS), dtype=np.float32)
    tx, ty = torch.from_numpy(x), torch.from_numpy(y)
    lx, ly = x.tolist(), y.tolist()
    works = {
        "loop over a list": lambda: looped(lx, ly),
        "loop over a NumPy array": lambda: looped(x, y),
        "loop over a tensor": lambda: looped(tx, ty),
        "PyTorch, `(x * y).sum()`": lambda: (tx * ty).sum(),
        "NumPy, `(x * y).sum()`": lambda: (x * y).sum(),
    }
    times = interleaved(list(works.values()), rounds=ROUNDS, seconds=SECONDS)
    rows = [
        [name, f"{median(mine) / ELEMENTS * 1e9:,.2f}", ratio(mine, times[-1])]
        for name, mine in zip(works, times, strict=True)
    ]
    print(f"{ELEMENTS:,} elements, float32; {ROUNDS} interleaved rounds.\n")
    print(table(("sum of products", "ns an element", "ratio to the last row"), rows))


if __name__ == "__main__":
    main()
