"""How fast training, products and checks are on a GPU, beside PyTorch's own.

    python benchmarks/on_gpu.py --json gpu.json
    python benchmarks/on_gpu.py --read gpu.json --write

Within five minutes. Prints Markdown, its progress on stderr; `--json` keeps every
round, also of a run that is stopped. Exit codes: 1 where a part failed, 2 where the
device does not answer or the options do not fit.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from device import checking, products, training
from device.clock import Clock
from device.facts import facts_of, pinned
from device.plan import QUICK, WHOLE, Plan
from device.tables import sections
from measure import rewrite

from scratchnet.testing import Target

README = Path(__file__).parent / "README.md"
SCHEMA = 1
Figures = dict[str, Any]
Rows = Iterator[dict[str, Any]]
Keep = Callable[[Figures], None]


def measured(plan: Plan, device: str, *, keep: Keep = lambda _: None) -> Figures:
    """All figures. keep: is told what there is of them after every row.

    A part that raises is noted among the failures, and the others go on.
    """
    with pinned() as flags:
        failures: list[str] = []
        figures: Figures = {
            "schema": SCHEMA,
            "whole": plan == WHOLE,
            "facts": facts_of(device),
            "flags": flags,
            "failures": failures,
        }
        _fill(figures, _parts(plan, Clock(device), failures), keep)
    return figures


def _parts(plan: Plan, clock: Clock, failures: list[str]) -> dict[str, Rows]:
    return {
        "training": training.measured(plan, clock, failures),
        "products": products.measured(plan, clock),
        "checks": checking.measured(plan, clock, failures),
    }


def _fill(figures: Figures, parts: dict[str, Rows], keep: Keep) -> None:
    """Measure each part, row by row."""
    began = time.perf_counter()
    figures |= {"seconds": 0.0, **{name: [] for name in parts}}
    for name, rows in parts.items():
        try:
            for row in rows:
                figures[name].append(row)
                figures["seconds"] = time.perf_counter() - began
                keep(figures)
        except Exception as error:  # noqa: BLE001 - what is left is worth having
            figures["failures"].append(f"{name}: {training.said(error)}")
    figures["seconds"] = time.perf_counter() - began
    keep(figures)


def unanswered(device: str) -> str:
    """Why nothing can be measured there, in a sentence; empty where it answers."""
    reason = Target.named(f"torch:{device}:float32").unavailable()
    return reason and f"--device {device}: required one that answers, but {reason}"


def unwritable(*, on_gpu: bool, whole: bool) -> str:
    """Why figures are not fit for the page, in a sentence; empty where they are."""
    if not on_gpu:
        return "--write: required figures of a GPU, but these are of a CPU"
    if not whole:
        return "--write: required figures of a whole run, but these are of a quick one"
    return ""


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    parser.add_argument("--quick", action="store_true", help="whether it runs at all")
    parser.add_argument("--json", type=Path, help="keep the figures in this file")
    parser.add_argument("--read", type=Path, help="figures kept before, not new ones")
    parser.add_argument("--write", action="store_true", help="rewrite README.md")
    return parser.parse_args(arguments)


def _progress(path: Path | None) -> Keep:
    """Says on stderr that there is more, and keeps it in the file."""

    def keep(figures: Figures) -> None:
        rows = {name: len(x) for name, x in figures.items() if isinstance(x, list)}
        print(f"{figures['seconds']:4.0f} s: {rows}", file=sys.stderr, flush=True)
        if path is not None:
            path.write_text(json.dumps(figures, indent=1) + "\n")

    return keep


def _refused(reason: str) -> int:
    print(reason, file=sys.stderr)
    return 2


def _figures(asked: argparse.Namespace) -> Figures:
    if asked.read is not None:
        found: Figures = json.loads(asked.read.read_text())
        return found
    torch.set_num_threads(1)
    plan = QUICK if asked.quick else WHOLE
    return measured(plan, asked.device, keep=_progress(asked.json))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure or read, print, and put it into README.md; the exit code."""
    asked = _asked(arguments)
    fresh = asked.read is None
    if fresh and (reason := unanswered(asked.device)):
        return _refused(reason)
    # Before it is measured as well: minutes are not to be in vain.
    kind = {"on_gpu": asked.device != "cpu", "whole": not asked.quick}
    if fresh and asked.write and (reason := unwritable(**kind)):
        return _refused(reason)
    figures = _figures(asked)
    found = sections(figures)
    print("\n\n".join(found))
    kind = {"on_gpu": "capability" in figures["facts"], "whole": figures["whole"]}
    if asked.write and (reason := unwritable(**kind)):
        return _refused(reason)
    if asked.write:
        rewrite(README, *found, mark="on a gpu")
    return 1 if figures["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
