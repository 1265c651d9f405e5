"""Run every benchmark, one thread each, and rewrite the tables in README.md."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
PARTS = {
    "Epochs": "epochs.py",
    "Matrix products": "matmul.py",
    "Peak memory": "memory.py",
    "Loops and whole arrays": "loops.py",
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


def provenance() -> str:
    """What ran, when, where and on what."""
    versions = ", ".join(
        f"{name} {version(name)}" for name in ("scratchnet", "numpy", "torch")
    )
    return (
        f"`tox -e bench` on {datetime.date.today()}: {_processor()}, "
        f"{os.cpu_count()} cores, one thread; {platform.platform(terse=True)}, "
        f"Python {platform.python_version()}, {versions}."
    )


def _processor() -> str:
    """The processor's name, which `platform` does not know on Linux."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2] for line in lines if line.startswith("model name")]
    return (names or [platform.processor()])[0].strip()


def main() -> None:
    """Measure, print, and put the tables into README.md."""
    sections = [provenance()]
    for title, script in PARTS.items():
        print(f"{title} ...", flush=True)
        sections.append(f"## {title}\n\n{measured(script)}")
        print(sections[-1], flush=True)
    readme = HERE / "README.md"
    before, _, rest = readme.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    body = "\n\n".join((before + BEGIN, *sections, END))
    readme.write_text(body + after)


if __name__ == "__main__":
    main()
