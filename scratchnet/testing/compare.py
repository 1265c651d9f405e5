"""An actual result against its oracle: inside the bound, or not, and how it reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from scratchnet.arrays import array_namespace, device, dtype_name, is_array, to_numpy
from scratchnet.errors import ArgumentTypeError
from scratchnet.testing.bounded import Bounded, selection
from scratchnet.testing.contract import Contract
from scratchnet.testing.formats import Format, Reals, format_of


@dataclass(frozen=True)
class Worst:
    """The element that is furthest out: where, what was found, and what was allowed."""

    index: tuple[int, ...]
    actual: float
    expected: float
    allowed: float
    off: float


@dataclass(frozen=True)
class Comparison:
    """What `within` found.

    ok: every element is inside its bound; shape, dtype and place are as they should be.
    inaccurate: not ok, but inside the bound of an algorithm documented as worse.
    ratio: error / bound of each element, 0 where nothing is claimed; infinite where the
    bound is 0 and the error is not.
    compared: how many elements were told from a wrong one; vacuous: the share about
    which nothing could be said.
    bitwise: the bound was 0 everywhere, so that not one bit may differ in value.
    """

    ok: bool
    message: str
    ratio: Reals = field(repr=False)
    compared: int
    vacuous: float
    bitwise: bool
    worst: Worst | None = None
    inaccurate: bool = False

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        return self.message


def within(
    actual: Any,
    oracle: Bounded,
    /,
    *,
    like: Any = None,
    worse: Bounded | None = None,
) -> Comparison:
    """Whether actual is what the oracle allows, element by element.

    NaN must be NaN and infinities of their sign, where they are certain. A result that
    certainly overflows must be infinite; where it may overflow it may be. The sign of a
    zero is nobody's promise. Subnormal numbers are covered by the contract. Where the
    oracle's error is infinite nothing is said, and the comparison counts it.

    like: an array whose library, dtype and device actual must have.
    worse: the oracle of algorithms documented as less accurate.
    """
    if misplaced := _misplaced(actual, oracle, like):
        return Comparison(False, misplaced, np.zeros(()), 0, 0.0, False)
    found = _on_host(actual)
    with np.errstate(all="ignore"):
        good, ratio, told = (
            _judged(found.astype(oracle.value.dtype), oracle)
            if oracle.is_real
            else _identified(found, oracle)
        )
        worst = None if good.all() else _worst(found, oracle, ratio, good)
    compared = int(np.count_nonzero(told))
    vacuous = 1 - compared / good.size if good.size else 0.0
    bitwise = bool(good.size) and oracle.is_exact
    inaccurate = worse is not None and worst is not None and bool(within(actual, worse))
    message = _said(oracle, ratio, vacuous, bitwise, worst)
    return Comparison(
        worst is None, message, ratio, compared, vacuous, bitwise, worst, inaccurate
    )


def _on_host(x: Any) -> Reals:
    if type(x) is np.ndarray:
        return x
    return to_numpy(x) if is_array(x) else np.asarray(x)


def _misplaced(actual: Any, oracle: Bounded, like: Any) -> str:
    """What is wrong with the shape, dtype, library or device; empty if nothing is."""
    shape = tuple(actual.shape) if hasattr(actual, "shape") else np.shape(actual)
    if shape != oracle.shape:
        return f"shape {shape}, expected {oracle.shape}"
    if hasattr(actual, "dtype") and not _fits(actual, oracle):
        return f"dtype {dtype_name(actual.dtype)}, expected {dtype_name(oracle.dtype)}"
    if like is None:
        return ""
    found, expected = (
        (
            array_namespace(x).__name__.rpartition(".")[2],
            dtype_name(x.dtype),
            str(device(x)),
        )
        for x in (actual, like)
    )
    if found == expected:
        return ""
    return f"{' '.join(found)}, expected {' '.join(expected)}"


def _fits(actual: Any, oracle: Bounded) -> bool:
    """Whether the dtype is that of the oracle: of its format, an integer, or a mask.

    bfloat16 and float16 may come as float32, which is as far as NumPy gets.
    """
    name = dtype_name(actual.dtype)
    if not oracle.is_real:
        boolean = oracle.value.dtype == bool
        return (name == "bool") == boolean and "float" not in name
    form = oracle.contract.format
    return name == form.name or (name == "float32" and form.precision < 24)


def _identified(found: Reals, oracle: Bounded) -> tuple[Reals, Reals, Reals]:
    """Labels and masks: the same, wherever the oracle is decided."""
    told = oracle.error == 0
    good = ~told | (found == oracle.value)
    return good, np.where(good, 0.0, np.inf), told


def _judged(found: Reals, oracle: Bounded) -> tuple[Reals, Reals, Reals]:
    """Which elements are good, error / bound, and which could have been found wrong."""
    value, error = oracle.value, oracle.error
    off = np.abs(found - value)
    good = off <= error
    told = error < np.inf
    if oracle.is_tame and bool(np.isfinite(off).all()):
        return good, _share(off, error), told
    good, vague = _beyond(found, oracle, good)
    share = np.where(np.isfinite(off), _share(off, error), np.inf)
    # What must be infinite is wrong, however close it is to the largest number.
    share = np.where(~good & (share <= 1), np.inf, share)
    ratio = np.where(vague | (good & ~np.isfinite(value)), 0.0, share)
    return good, np.asarray(ratio, np.float64), told


def _share(off: Reals, error: Reals) -> Reals:
    """error / bound; where both are 0 it is 0."""
    share = off / error
    return np.asarray(np.where(off == 0, 0.0, share), np.float64)


def _beyond(found: Reals, oracle: Bounded, good: Reals) -> tuple[Reals, Reals]:
    """Which elements are good, and of which of them no error can be told, where
    infinities, NaN and overflow come in."""
    value, error, form = oracle.value, oracle.error, oracle.contract.format
    finite = np.isfinite(value)
    same = (found == value) | (np.isnan(found) & np.isnan(value))
    # Rounding to nearest overflows from half an ulp above the largest number.
    limit = np.asarray(form.largest, value.dtype) * (1 + form.unit_roundoff)
    must = finite & (np.abs(value) - error > limit)
    # An infinity is allowed at the end of the line that the bound reaches beyond.
    end = np.isinf(found) & (np.sign(found) * value + error > form.largest)
    silent = np.isinf(error)
    vague = silent | (finite & end)
    return vague | np.where(finite, good & ~must, same), vague


def _worst(found: Reals, oracle: Bounded, ratio: Reals, good: Reals) -> Worst:
    ranked = np.where(good, -1.0, ratio)
    at = np.unravel_index(int(np.argmax(ranked)), good.shape)
    value = oracle.value[at]
    return Worst(
        tuple(map(int, at)),
        float(found[at]),
        float(value),
        float(oracle.error[at]),
        float(abs(found[at].astype(value.dtype) - value)) if oracle.is_real else np.inf,
    )


def _said(
    oracle: Bounded,
    ratio: Reals,
    vacuous: float,
    bitwise: bool,
    worst: Worst | None,
) -> str:
    """The comparison in words: the worst element first, then what was not said."""
    lines = []
    if worst is not None:
        lines += _accused(oracle, worst)
    elif bitwise:
        lines.append(f"bitwise equal: {ratio.size:,} elements, nothing has to round")
    else:
        share = float(ratio.max()) if ratio.size else 0.0
        lines.append(f"within {share:.3g} of the bound: {ratio.size:,} elements")
    if vacuous:
        lines.append(f"  nothing said about {vacuous:.0%} of the elements")
    return "\n".join(lines)


def _accused(oracle: Bounded, worst: Worst) -> list[str]:
    """The element that is furthest out, and how far."""
    where = f"at {list(worst.index)} of {oracle.shape}" if oracle.shape else "result"
    first = f"{where}: actual {worst.actual!r}, expected {worst.expected!r}"
    form = oracle.contract.format
    if not np.isfinite(worst.off):
        return [first]
    if abs(worst.expected) - worst.allowed > form.largest:
        return [first, f"  which is beyond {form.name}: it must be infinite"]
    ulps = worst.off / float(form.ulp(worst.expected))
    off = f"  off by {worst.off:.3g}, {ulps:.3g} ulps of {form.name}"
    if not worst.allowed:
        return [first, f"{off}, where nothing has to round"]
    times = worst.off / worst.allowed
    return [first, f"{off}, {times:.3g} times the bound {worst.allowed:.3g}"]


def accepted(*algorithms: Bounded) -> Bounded:
    """The oracle of an operation that several algorithms compute, each acceptable.

    Its value is that of the first, its bound the largest of all, each widened by how
    far its own value is from the first.
    """
    with np.errstate(all="ignore"):
        return selection.accepted(*algorithms)


def oracle(
    function: Callable[..., Any],
    *inputs: Any,
    contract: Contract | None = None,
    **options: Any,
) -> Any:
    """What the function gives for these inputs, as bound-carrying arrays.

    inputs: arrays of one format, and integers or masks. The contract is that of their
    format unless it is given. Raises ArgumentTypeError for mixed formats.
    """
    contract = contract or _plain(_common_format(inputs))
    wrapped = [Bounded.exact(x, contract) if is_array(x) else x for x in inputs]
    return function(*wrapped, **options)


@cache
def _plain(form: Format) -> Contract:
    """The contract that promises nothing but the format: the same one each time."""
    return Contract(form)


def _common_format(inputs: tuple[Any, ...]) -> Format:
    formats = {
        x.dtype if isinstance(x, Bounded) else format_of(x.dtype, where="oracle")
        for x in inputs
        if is_array(x) and not _is_integral(x)
    }
    if len(formats) != 1:
        names = " and ".join(sorted(each.name for each in formats))
        raise ArgumentTypeError(
            "oracle",
            f"inputs of {names or 'no floating dtype'}",
            "required one format for all",
        )
    return formats.pop()


def _is_integral(x: Any) -> bool:
    if isinstance(x, np.ndarray):
        return x.dtype.kind in "iub"
    return bool(array_namespace(x).isdtype(x.dtype, ("bool", "integral")))


def assert_within(
    actual: Any,
    function: Callable[..., Any],
    *inputs: Any,
    contract: Contract | None = None,
    like: Any = None,
    **options: Any,
) -> Comparison:
    """Assert that actual is function(*inputs) but for what rounding can explain.

    The drop-in for assert_allclose, without a tolerance: function, in plain NumPy,
    PyTorch or array API code, is run once in higher precision with a bound on what any
    correct implementation may be off. Raises AssertionError with the worst element,
    and where nothing could be said about any element; returns the Comparison.
    """
    expected = oracle(function, *inputs, contract=contract, **options)
    if not isinstance(expected, Bounded):
        raise ArgumentTypeError(
            "assert_within",
            f"the function gave a {type(expected).__name__}",
            "required one array computed from the inputs",
            "compare the parts of a tuple one by one: within(part, oracle(...)[i])",
        )
    found = within(actual, expected, like=like)
    if not found.ok:
        raise AssertionError(found.message)
    if found.vacuous == 1.0:
        raise AssertionError("vacuous: nothing could be said about any element")
    return found
