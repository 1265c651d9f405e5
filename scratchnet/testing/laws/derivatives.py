"""The law that a pullback is the derivative of its function."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise
from typing import Any

import numpy as np

from scratchnet.testing.case import Case, codes_of
from scratchnet.testing.laws.finding import Finding, misshapen, together
from scratchnet.testing.laws.law import law
from scratchnet.testing.strategies.family import MODERATE
from scratchnet.testing.subject import Subject, host

#: Steps, from coarse to fine: powers of two, so that they are exact.
_STEPS = (2.0**-5, 2.0**-12, 2.0**-19)
#: How many times the rounding a remainder must be to be told from it.
_CLEAR = 16.0


def _is_smooth(subject: Subject, case: Case) -> bool:
    oracles = case.oracle(subject.contract)
    return (
        len(oracles) == 1
        and oracles[0].value.size > 0
        and bool(np.isfinite(oracles[0].value).all())
    )


@law(
    needs_vjp=True,
    accepts=_is_smooth,
    families=("moderate", "ties", "constant"),
    of=lambda op: op.gradient is not None and op.smooth,
)
def pullbacks_are_derivatives(subject: Subject, case: Case) -> Finding:
    """What the pullback leaves out of a small change is of second order.

    Claim   r(h) = <g, f(x + h t) - f(x)> - h <pullback(g), t> falls at least as h^1.5
            wherever it is larger than rounding: as h^2 if it is the derivative, as h
            if it is not. Steps at which the oracle's own remainder does not fall are
            kinks, and counted as silent.
    Kills   a pullback that is no derivative of this forward, right or wrong
    Misses  derivatives at kinks; a wrong function with its own right derivative; a
            derivative that is less than a millionth off: finer steps drown in rounding
    """
    line = _Line(subject, case, case.of_pullback())
    if wrong := line.misshapen():
        return wrong
    return together(_falls(*pair) for pair in pairwise(line.remainders()))


@dataclass(frozen=True)
class _Remainder:
    """A remainder of first order: ours, the oracle's own, and how far both round."""

    step: float
    ours: float
    oracle: float
    rounding: float


@dataclass(frozen=True)
class _Line:
    """A subject along a drawn line through an example."""

    subject: Subject
    case: Case
    there: Case

    def misshapen(self) -> Finding | None:
        """MISPLACED where value or cotangents are such that there is no remainder."""
        contract = self.subject.contract
        return misshapen(
            self._results, self.case.oracle(contract), "result"
        ) or misshapen(self._cotangents, self.there.oracle(contract), "cotangent")

    def remainders(self) -> list[_Remainder]:
        """The remainders of first order, each step away."""
        contract = self.subject.contract
        start, slopes = self.case.oracle(contract)[0], self.there.oracle(contract)
        g = np.asarray(self.there.arguments[0], np.longdouble)
        first, pulled = _kept(self._results[0]), [*map(_kept, self._cotangents)]
        found = []
        for h in _STEPS:
            moved, steps = self.case.once(("moved", h), partial(self._moved, h))
            end = moved.oracle(contract)[0]
            last = _kept(self.subject(moved, laid=False)[0])
            with np.errstate(all="ignore"):
                change = (end.value - start.value).astype(np.longdouble)
                ours = np.sum(g * (last - first)) - _inner(pulled, steps)
                own = np.sum(g * change) - _inner([x.value for x in slopes], steps)
                rounding = np.sum(np.abs(g) * (start.error + end.error)) + _inner(
                    [x.error for x in slopes], [np.abs(x) for x in steps]
                )
            numbers = abs(float(ours)), abs(float(own)), float(rounding)
            found.append(_Remainder(h, *numbers))
        return found

    @cached_property
    def _results(self) -> tuple[Any, ...]:
        return self.subject(self.case, laid=False)

    @cached_property
    def _cotangents(self) -> tuple[Any, ...]:
        (g, *arguments), options = self.there.on(self.subject.target, laid=False)
        _, pullback = self.subject.back_at(arguments, options)
        found: tuple[Any, ...] = pullback(g)
        return found

    def _moved(self, h: float) -> tuple[Case, list[Any]]:
        """The example a step along the line, and the steps that were really made."""
        count = len(self.there.oracle(self.subject.contract))
        steps, arguments = [], list(self.case.arguments)
        # Indices before them do not move.
        numbers = [i for i, x in enumerate(arguments) if _is_real(x)][:count]
        for i in numbers:
            x = arguments[i]
            t = MODERATE.values(_direction(self.case, i), self.case.format)
            end = np.asarray(x + h * t)
            # Not h t: what was added is what the sum, rounded, is more than x.
            steps.append(end.astype(np.longdouble) - x.astype(np.longdouble))
            arguments[i] = end
        return self.case.with_calls(arguments), steps


def _kept(x: Any) -> Any:
    """A copy in long double: the next call may write to what it returned."""
    return np.array(host(x), np.longdouble)


def _is_real(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype.kind == "f"


def _direction(case: Case, i: int) -> Any:
    return codes_of(case.root, f"tangent {i}", case.arguments[i].shape)


def _inner(xs: list[Any], ys: list[Any]) -> Any:
    return sum((np.sum(x * y) for x, y in zip(xs, ys, strict=True)), np.longdouble(0))


def _falls(coarse: _Remainder, fine: _Remainder) -> Finding:
    """Whether the remainder of the finer step is as much smaller as it has to be."""
    most = (fine.step / coarse.step) ** 1.5
    clear = _CLEAR * max(coarse.rounding, fine.rounding)
    if not np.isfinite([coarse.ours, fine.ours, clear, coarse.oracle]).all():
        return Finding(silent=1)
    if fine.ours <= clear:
        return Finding(compared=1)
    if fine.oracle > most * coarse.oracle:
        return Finding(silent=1)
    if fine.ours <= most * coarse.ours:
        return Finding(compared=1)
    return Finding(
        "WRONG",
        f"the remainder is {coarse.ours:.3g} at h = {coarse.step:.3g} and "
        f"{fine.ours:.3g} at h = {fine.step:.3g}: of first order, not of second",
    )
