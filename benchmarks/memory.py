"""The largest memory that a matrix product by hand needs beside operands and result.

Each product runs in a process of its own, whose peak is Linux' (VmHWM), reset once the
operands are there.
"""

from __future__ import annotations

import subprocess
import sys
from math import prod
from pathlib import Path

import numpy as np
from measure import table

from scratchnet.arrays import namespace_named
from scratchnet.products import matmul

#: Shapes of the left and of the right operand.
PRODUCTS = (
    ((2048, 2048), (2048, 2048)),
    ((1, 10_000_000), (10_000_000, 1)),
    ((100_000, 1), (1, 1000)),
    ((64, 256, 256), (256, 256)),
)
LIBRARIES = ("numpy", "torch")
MB = 1e6


def peak_beside(library: str, product: int) -> float:
    """Megabytes at the peak of this product, beyond operands and result."""
    xp, rng = namespace_named(library), np.random.default_rng(0)
    # Not by way of a copy: what it leaves free in the heap would hide later needs.
    left, right = (
        xp.asarray(rng.standard_normal(shape, dtype=np.float32))
        for shape in PRODUCTS[product]
    )
    one = xp.ones((1, 1), dtype=left.dtype)
    matmul(one, one)  # what a first call loads is not the product's
    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    result = matmul(left, right)
    return (_status("VmHWM") - before - prod(result.shape) * 4) / MB


def _status(name: str) -> int:
    """A line of this process' status, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def in_a_process(library: str, product: int) -> str:
    """The peak that a new process measures."""
    command = [sys.executable, __file__, library, str(product)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def megabytes(*shape: int) -> str:
    """The size of a float32 array of this shape."""
    return f"{prod(shape) * 4 / MB:,.0f}"


def main() -> None:
    """Print the table."""
    rows = []
    for i, (left, right) in enumerate(PRODUCTS):
        result = (*left[:-1], right[-1])
        peaks = [f"{float(in_a_process(library, i)):,.1f}" for library in LIBRARIES]
        rows.append(
            [
                f"{left} @ {right}",
                megabytes(*left),
                megabytes(*right),
                megabytes(*result),
                *peaks,
                megabytes(*result, right[-2]),
            ]
        )
    print("float32, in MB; the peaks are above operands and result.\n")
    peaks = [f"peak, {library}" for library in ("NumPy", "PyTorch")]
    header = ["product", "left", "right", "result", *peaks, "a plain broadcast"]
    print(table(header, rows))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(peak_beside(sys.argv[1], int(sys.argv[2])))
    else:
        main()
