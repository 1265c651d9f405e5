"""What a check found as one document: what JSON, HTML and a terminal show."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from scratchnet.testing import suspects

if TYPE_CHECKING:
    from scratchnet.testing.op import Op
    from scratchnet.testing.report import Result

SCHEMA = 2
#: A document, and what it has of each law on a target, as JSON holds them.
Document = dict[str, Any]
Told = Mapping[str, Any]


def told(result: Result, /) -> dict[str, Any]:
    """What a document has of a law on a target.

    error_by_bound is None where the error is infinite or nothing was allowed; seconds
    are of asking and of looking for the smallest example.
    """
    return {
        "law": result.law.name,
        "claim": result.law.claim,
        "of_pullback": result.law.needs_vjp,
        "target": result.target,
        "verdict": result.verdict,
        "message": result.finding.message,
        "text": str(result),
        "examples": result.examples,
        "compared": result.compared,
        "silent": result.silent,
        "error_by_bound": float(result.ratio) if isfinite(result.ratio) else None,
        "seconds": round(result.seconds, 4),
        "families": dict(result.families),
        **result.spread.as_json(),
        "witness": result.recorded(),
    }


def document(
    subject: str,
    operation: Op,
    results: Iterable[Told],
    /,
    *,
    seed: int,
    untested: Iterable[str],
    diagnosis: Sequence[str] = (),
    notes: Sequence[str] = (),
    versions: Mapping[str, str] | None = None,
) -> Document:
    """All that was found of a subject, the keys in the order in which they are read.

    diagnosis: what it behaves like. notes: how it was called, and what its contract is.
    versions: those of the process that it ran in; of this one without them.
    """
    every = list(results)
    held = [each["verdict"] == "HOLDS" for each in every]
    return {
        "schema": SCHEMA,
        "subject": subject,
        "operation": operation.name,
        "restriction": {k: repr(v) for k, v in operation.restriction.items()},
        "ok": bool(held) and all(held),
        "seed": seed,
        "results": every,
        "diagnosis": list(diagnosis),
        "notes": list(notes),
        "untested": list(untested),
        "environment": environment() if versions is None else dict(versions),
    }


def broken(results: Iterable[Told], /) -> list[Told]:
    """Those of the laws that do not hold, the gravest first."""
    wrong = [each for each in results if each["verdict"] != "HOLDS"]
    return sorted(wrong, key=_gravity, reverse=True)


def _gravity(each: Told) -> tuple[int, bool, int]:
    witness = each["witness"]
    family, shapes = "", []
    if witness is not None:
        family = witness["family"]
        every = (*witness["arguments"], *witness["options"].values())
        shapes = [x["shape"] for x in every if isinstance(x, dict) and "shape" in x]
    known = each["verdict"], each["message"], family, shapes
    return suspects.gravity(*known, pullback=each["of_pullback"])


def environment() -> dict[str, str]:
    """The versions that a verdict depends on."""
    found = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "numpy": np.__version__,
    }
    torch = sys.modules.get("torch")
    return found if torch is None else {**found, "torch": torch.__version__}
