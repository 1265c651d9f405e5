"""A verification as a page of HTML: one file, which needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Any

from scratchnet.testing.document import environment
from scratchnet.testing.page import MARKS, require, templates
from scratchnet.verification import WHO, Verified, verdict, where, worst


def sheet(found: Sequence[Verified], accuracy: float | None, seed: int, /) -> str:
    """The page, to be written as UTF-8.

    accuracy: of the net that was trained, None where none was. Raises UnavailableError
    where Jinja2 or Matplotlib are not installed.
    """
    require()
    ours = [each for each in found if each.who == "ours"]
    ok = bool(found) and all(each.ok for each in found)
    shown = [who for who in WHO if any(each.who == who for each in found)]
    return (
        templates("scratchnet")
        .get_template("verify.html.jinja")
        .render(
            word="HOLDS" if ok else "BROKEN",
            ok=ok,
            marks=MARKS,
            sentence=verdict(found),
            targets=where(each.target for each in ours),
            examples=f"{sum(each.examples for each in ours):,}",
            compared=f"{sum(each.compared for each in ours):,}",
            accuracy=None if accuracy is None else f"{accuracy:.2%}",
            seed=seed,
            broken=[each for each in found if not each.ok],
            shown=shown,
            rows=list(_rows(found, shown)),
            environment=environment(),
        )
    )


def _rows(found: Sequence[Verified], shown: Sequence[str]) -> Iterator[dict[str, Any]]:
    """What is shown of each operation, all targets together."""
    known = worst(found)
    for name in dict.fromkeys(each.operation for each in found):
        ours = known[name, "ours"]
        yield {
            "operation": name,
            "ok": ours.ok,
            "held": f"{ours.held} of {ours.asked}",
            "width": round(100 * min(ours.ratio, 1.0), 1),
            "errors": [_error(known.get((name, who))) for who in shown],
            "examples": f"{ours.examples:,}",
            "seconds": f"{ours.seconds:.1f}",
        }


def _error(x: Verified | None) -> str:
    if x is None:
        return ""
    return f"{x.ratio:.2f}" if isfinite(x.ratio) else "inf"
