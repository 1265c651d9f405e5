"""Findings: what a law found of one example, and what compares results for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from scratchnet.arrays import is_array
from scratchnet.testing.bounded import Bounded
from scratchnet.testing.case import Case
from scratchnet.testing.compare import WORSE, Comparison, within
from scratchnet.testing.compiling import RecompiledError
from scratchnet.testing.subject import Listed, Refusal, Subject, host, said, shown

Verdict = Literal[
    "HOLDS",
    "WRONG",
    "INACCURATE",
    "REFUSES",
    "ACCEPTS",
    "MUTATES",
    "ALIASES",
    "NONDETERMINISTIC",
    "MISPLACED",
    "CRASHES",
    "HANGS",
    "VACUOUS",
]


@dataclass(frozen=True)
class Finding:
    """What a law found of one example.

    verdict: HOLDS, or how it is broken. message: where and by how much. compared: how
    many numbers, bytes or facts were told from wrong ones; silent: of how many numbers
    nothing could be said. ratio: the largest error in parts of its bound.
    """

    verdict: Verdict = "HOLDS"
    message: str = ""
    compared: int = 0
    silent: int = 0
    ratio: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether the law holds for this example."""
        return self.verdict == "HOLDS"

    def noted(self, more: str, /) -> Finding:
        """The same, with a line more in its message."""
        return replace(self, message=f"{self.message}\n  {more}")


class Misplaced(Exception):  # noqa: N818 - a finding, not an error
    """A result is of no use to a law: what was found of it."""


def together(findings: Iterable[Finding], /) -> Finding:
    """Several findings as one: the first that is broken, or the sum of all."""
    every = list(findings)
    for each in every:
        if not each.ok:
            return each
    return Finding(
        compared=sum(each.compared for each in every),
        silent=sum(each.silent for each in every),
        ratio=max((each.ratio for each in every), default=0.0),
    )


def found(comparison: Comparison, /, name: str = "") -> Finding:
    """What a comparison of numbers found; a name tells results apart."""
    size = comparison.ratio.size
    if comparison.ok:
        ratio = float(comparison.ratio.max()) if size else 0.0
        # A result without elements still has a shape that was looked at.
        return Finding(
            compared=comparison.compared if size else 1,
            silent=size - comparison.compared,
            ratio=ratio,
        )
    verdict: Verdict = "WRONG" if comparison.worst is not None else "MISPLACED"
    if comparison.inaccurate:
        verdict = "INACCURATE"
    ratio = float(comparison.ratio.max()) if comparison.ratio.size else 0.0
    return Finding(
        verdict, f"{name}{comparison.message}", comparison.compared, 0, ratio
    )


def inside(
    results: tuple[Any, ...],
    oracles: tuple[Bounded, ...],
    worse: Callable[[], tuple[Bounded, ...]] | None = None,
    *,
    what: str = "result",
) -> Finding:
    """Whether each result is inside its bound; of what kind it is, another law asks."""
    if wrong := miscounted(results, oracles, what):
        return wrong
    several = len(oracles) > 1
    findings = []
    for i, (actual, oracle) in enumerate(zip(results, oracles, strict=True)):
        name = f"{what} {i}: " if several else "" if what == "result" else f"{what}: "
        numbers = comparable(actual, oracle)
        comparison = within(numbers, oracle)
        if comparison.worst is not None and worse is not None:
            comparison = within(numbers, oracle, worse=worse()[i])
        findings.append(found(comparison, name))
    return together(findings)


def judged(subject: Subject, case: Case, results: tuple[Any, ...], /) -> Finding:
    """Whether results of an example are inside their bounds, or in those of algorithms
    documented as worse: then they are INACCURATE."""
    contract = subject.contract
    oracles = case.oracle(contract)
    return inside(results, oracles, lambda: case.worse_oracle(contract))


def miscounted(
    results: tuple[Any, ...], oracles: tuple[Bounded, ...], what: str
) -> Finding | None:
    """MISPLACED where there are more or fewer results than there are to be, or such as
    hold no numbers."""
    if isinstance(results, Listed) and len(oracles) == 1 and not _is_one(results):
        given = shown(list(results), 200)
        return Finding("MISPLACED", f"a list, expected an array: {given}")
    if len(results) != len(oracles):
        said = f"{len(results)} {what}{'s' * (len(results) != 1)}"
        given = shown(tuple(results), 200)
        return Finding("MISPLACED", f"{said}, expected {len(oracles)}: {given}")
    for x in results:
        if not _holds_numbers(x):
            kind = f"{type(x).__name__}{_dtype_said(x)}"
            return Finding("MISPLACED", f"a {what} is of {kind}: {shown(x)}")
    return None


def misshapen(
    results: tuple[Any, ...], oracles: tuple[Bounded, ...], what: str
) -> Finding | None:
    """MISPLACED where results are miscounted, or one has another shape."""
    if wrong := miscounted(results, oracles, what):
        return wrong
    shapes = [
        (host(x).shape, each.shape) for x, each in zip(results, oracles, strict=True)
    ]
    return next(
        (
            Finding("MISPLACED", f"{what} of shape {shape}, expected {expected}")
            for shape, expected in shapes
            if shape != expected
        ),
        None,
    )


def _is_one(results: tuple[Any, ...]) -> bool:
    """Whether a list is one array in brackets, as a pullback may give it."""
    return len(results) == 1 and is_array(results[0])


def _dtype_said(x: Any) -> str:
    return f" of dtype {x.dtype}" if isinstance(x, np.ndarray) else ""


def _holds_numbers(x: Any) -> bool:
    try:
        return host(x).dtype.kind in "biufc"
    except Refusal:  # a list of lists of several lengths
        return False


def comparable(actual: Any, oracle: Bounded, /) -> Any:
    """A result on the host, numbers in the carrier of the oracle's format."""
    x = host(actual)
    if oracle.is_real and x.dtype.kind in "fiu":
        with np.errstate(all="ignore"):
            return x.astype(oracle.contract.format.carrier)
    return x


def agree(first: Any, second: Any, oracle: Bounded, /, *, what: str) -> Finding:
    """Whether two results, each of which may be anywhere inside the oracle's bound, are
    no further apart than two such results can be.

    Both sides round, so both bounds add. Where the oracle may overflow, either may.
    """
    one, other = comparable(first, oracle), comparable(second, oracle)
    for x, shape in ((one, np.shape(other)), (other, oracle.shape)):
        if np.shape(x) != shape:
            said = f"{what}: shape {np.shape(x)}, expected {shape}"
            return Finding("MISPLACED", said)
    value = np.asarray(other, oracle.value.dtype)
    with np.errstate(all="ignore"):
        bound = 2 * oracle.error
        if oracle.is_real:
            form = oracle.contract.format
            edge = np.abs(oracle.value) + oracle.error >= form.largest
            free = np.isfinite(oracle.value) & edge
            # Two that are NaN alike, outside their own bound, are another law's to
            # find. Where one is, it is not what the other is either.
            alike = np.isnan(value) == np.isnan(one)
            free |= alike & (np.isnan(value) != np.isnan(oracle.value))
            bound = np.where(free, np.inf, bound)
        comparison = within(one, Bounded(value, oracle.contract, bound))
    return found(comparison, f"{what}: ")


def compared_with(
    subject: Subject, case: Case, compare: Callable[[tuple[Bounded, ...]], Finding], /
) -> Finding:
    """What a comparison of results with each other finds by the bounds of the oracle;
    INACCURATE where by those of algorithms documented as worse it finds nothing."""
    finding = compare(case.oracle(subject.contract))
    if finding.verdict != "WRONG":
        return finding
    if not compare(case.worse_oracle(subject.contract)).ok:
        return finding
    return replace(finding, verdict="INACCURATE").noted(WORSE)


def of_kind(x: Any, oracle: Bounded, subject: Subject, /) -> Finding:
    """Whether a result is an array of the target, of the oracle's shape and dtype."""
    target = subject.target
    # A number of Python is as good as a 0-d array of NumPy. Of NumPy's own numbers
    # float64 is a float as well.
    if type(x) in (float, int, bool) and target.library == "numpy":
        x = np.asarray(x, target.format.carrier if oracle.is_real else None)
    if not hasattr(x, "dtype") or not target.holds(x):
        where = getattr(x, "device", "")
        return Finding(
            "MISPLACED",
            f"a {type(x).__module__}.{type(x).__name__} {where}".strip()
            + f", expected an array on {target}",
        )
    if tuple(x.shape) != oracle.shape:
        return Finding("MISPLACED", f"shape {tuple(x.shape)}, expected {oracle.shape}")
    dtype = target.dtype_of(x)
    if subject.operation.any_dtype and dtype != "bool":
        return Finding(compared=1)
    if oracle.is_real and dtype != target.format.name:
        return Finding("MISPLACED", f"dtype {dtype}, expected {target.format.name}")
    if not oracle.is_real and dtype.startswith(("float", "bfloat", "complex")):
        return Finding("MISPLACED", f"dtype {dtype}, expected {oracle.value.dtype}")
    return Finding(compared=1)


def raised(error: BaseException, /) -> Finding:
    """What a subject that raised is found to be."""
    if isinstance(error, RecompiledError):
        return Finding("VACUOUS", str(error))
    verdict: Verdict = "REFUSES" if isinstance(error, Exception) else "CRASHES"
    return Finding(verdict, said(error))
