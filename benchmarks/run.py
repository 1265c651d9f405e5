"""Run every benchmark, one thread each, and rewrite the tables in README.md."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from measure import provenance, rewrite

HERE = Path(__file__).parent
PARTS = {
    "Epochs": "epochs.py",
    "Matrix products": "matmul.py",
    "Peak memory": "memory.py",
    "Loops and whole arrays": "loops.py",
    "Drawing small cases": "strategies.py",
    "Whole checks": "checks.py",
    "Checks with their oracles": "bounds/cost.py",
}
#: Read by the libraries when they load, hence a process for each part.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


def measured(script: str) -> str:
    """What a benchmark prints."""
    return subprocess.run(
        [sys.executable, HERE / script],
        env=os.environ | ONE_THREAD,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout.strip()


def main() -> None:
    """Measure, print, and put the tables into README.md."""
    sections = [provenance("tox -e bench", "scratchnet", "numpy", "torch")]
    for title, script in PARTS.items():
        print(f"{title} ...", flush=True)
        sections.append(f"## {title}\n\n{measured(script)}")
        print(sections[-1], flush=True)
    rewrite(HERE / "README.md", *sections)


if __name__ == "__main__":
    main()
