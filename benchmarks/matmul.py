"""The matrix product by hand beside the library's own."""

from __future__ import annotations

from operator import matmul as library_matmul
from statistics import median

import numpy as np
import torch
from measure import interleaved, ratio, table

from scratchnet.arrays import Array
from scratchnet.products import TILE, matmul

CUBES = tuple((side, side, side) for side in (16, 32, 64, 128, 256, 512))
LAYERS = ((64, 784, 10), (64, 784, 100))
ROUNDS = 7
SECONDS = 0.05


def compared(a: Array, b: Array) -> list[str]:
    """Microseconds by hand and by the library, and their ratio."""
    works = (lambda: matmul(a, b), lambda: library_matmul(a, b))
    hand, theirs = interleaved(works, rounds=ROUNDS, seconds=SECONDS)
    return [
        f"{median(hand) * 1e6:,.0f}",
        f"{median(theirs) * 1e6:,.1f}",
        ratio(hand, theirs),
    ]


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    rows = []
    for m, k, p in CUBES + LAYERS:
        a = rng.standard_normal((m, k), dtype=np.float32)
        b = rng.standard_normal((k, p), dtype=np.float32)
        of_torch = compared(torch.from_numpy(a), torch.from_numpy(b))
        rows.append([f"{m} x {k} x {p}", *compared(a, b), *of_torch])
    print(
        f"(m, k) times (k, p), float32, tiles of {TILE:,} elements; "
        f"{ROUNDS} interleaved rounds.\n"
    )
    header = ["m x k x p"]
    for library in ("NumPy", "PyTorch"):
        header += [f"{library} hand, us", f"{library} `@`, us", "ratio"]
    print(table(header, rows))


if __name__ == "__main__":
    main()
