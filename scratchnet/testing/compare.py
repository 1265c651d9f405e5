"""An actual result against its oracle: inside the bound, or not, and how it reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from scratchnet.arrays import array_namespace, device, dtype_name, is_array, to_numpy
from scratchnet.errors import ArgumentError, ArgumentTypeError
from scratchnet.testing.bounded import Bounded
from scratchnet.testing.contract import Contract
from scratchnet.testing.elements import identified, judged
from scratchnet.testing.evaluate import oracle
from scratchnet.testing.formats import BFLOAT16, Reals

#: What is said of an error that is too large for the accepted algorithms alone.
WORSE = "INACCURATE: an algorithm documented as worse may give this"


@dataclass(frozen=True)
class Worst:
    """The element that is furthest out: where, what was found, and what was allowed."""

    index: tuple[int, ...]
    actual: float | int
    expected: float | int
    allowed: float
    off: float


@dataclass(frozen=True, eq=False)
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
    Raises ArgumentTypeError for an oracle that is none, and for an actual that is one.
    """
    _require_kinds(actual, oracle, like, worse)
    if misplaced := _misplaced(actual, oracle, like):
        return Comparison(False, misplaced, np.zeros(()), 0, 0.0, False)
    found = _on_host(actual)
    with np.errstate(all="ignore"):
        good, ratio, told = (
            judged(found.astype(oracle.value.dtype), oracle)
            if oracle.is_real
            else identified(found, oracle)
        )
        wrong = good.size - int(np.count_nonzero(good))
        worst = _worst(found, oracle, ratio, good) if wrong else None
    compared = int(np.count_nonzero(told))
    vacuous = 1 - compared / good.size if good.size else 0.0
    bitwise = bool(good.size) and oracle.is_exact
    inaccurate = worse is not None and worst is not None and bool(within(actual, worse))
    message = _said(oracle, ratio, vacuous, bitwise, worst, wrong, inaccurate)
    return Comparison(
        worst is None, message, ratio, compared, vacuous, bitwise, worst, inaccurate
    )


def _require_kinds(actual: Any, oracle: Any, like: Any, worse: Any) -> None:
    for name, x in {
        "oracle": oracle,
        "worse": oracle if worse is None else worse,
    }.items():
        if not isinstance(x, Bounded):
            raise ArgumentTypeError(
                "within",
                f"{name} is a {type(x).__name__}",
                "required what `oracle(function, *inputs)` gives",
                "compare the parts of a tuple one by one"
                if isinstance(x, tuple)
                else "assert_within(actual, function, *inputs) makes it itself",
            )
    if isinstance(actual, Bounded):
        raise ArgumentTypeError(
            "within",
            "actual is a bound-carrying array",
            "required the result of the code under test",
            "run it on the plain inputs",
        )
    if like is not None and not is_array(like):
        raise ArgumentTypeError(
            "within", f"like is a {type(like).__name__}", "required an array"
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
    plain = actual if hasattr(actual, "dtype") else np.asarray(actual)
    if not _fits(plain, oracle, python=plain is not actual):
        return f"dtype {dtype_name(plain.dtype)}, expected {dtype_name(oracle.dtype)}"
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


def _fits(actual: Any, oracle: Bounded, *, python: bool) -> bool:
    """Whether the dtype is that of the oracle: of its format, an integer, or a mask.

    Python's numbers are of every format. bfloat16 may come as float32 numbers that it
    holds, which is as far as NumPy gets.
    """
    form = oracle.contract.format
    if oracle.is_real and form == actual.dtype:
        return True
    name = dtype_name(actual.dtype)
    if not oracle.is_real:
        kinds = ("bool",) if oracle.value.dtype == bool else ("int", "uint")
        return name.startswith(kinds)
    if python and name == "float64":
        return True
    if form != BFLOAT16 or name != "float32" or type(actual).__module__ != "numpy":
        return False
    wide = np.asarray(actual, np.float64)
    return bool((form.holds(wide) | np.isnan(wide)).all())


def _worst(found: Reals, oracle: Bounded, ratio: Reals, good: Reals) -> Worst:
    at = np.unravel_index(int(np.argmax(np.where(good, -1.0, ratio))), good.shape)
    value, number = oracle.value[at], float if oracle.is_real else int
    return Worst(
        tuple(map(int, at)),
        number(found[at]),
        number(value),
        float(oracle.error[at]),
        float(abs(found[at].astype(value.dtype) - value)) if oracle.is_real else np.inf,
    )


def _said(
    oracle: Bounded,
    ratio: Reals,
    vacuous: float,
    bitwise: bool,
    worst: Worst | None,
    wrong: int,
    inaccurate: bool,
) -> str:
    """The comparison in words: the worst element first, then what was not said."""
    lines = []
    if worst is not None:
        lines += _accused(oracle, worst)
        if wrong > 1:
            lines.append(f"  and {wrong - 1:,} more of {ratio.size:,} elements")
        if inaccurate:
            lines.append(f"  {WORSE}")
    elif not ratio.size:
        lines.append(f"nothing to compare: shape {oracle.shape}")
    elif bitwise:
        lines.append(f"bitwise equal: {ratio.size:,} elements, nothing has to round")
    elif vacuous != 1:
        share = float(ratio.max())
        lines.append(f"within {share:.3g} of the bound: {ratio.size:,} elements")
    if vacuous:
        lines.append(f"  nothing said about {vacuous:.0%} of the elements")
    return "\n".join(lines).strip()


def _accused(oracle: Bounded, worst: Worst) -> list[str]:
    """The element that is furthest out, and how far."""
    where = f"at {list(worst.index)} of {oracle.shape}" if oracle.shape else "result"
    if not oracle.is_real:
        kind = bool if oracle.value.dtype == bool else int
        found, expected = kind(worst.actual), kind(worst.expected)
        most = f", give or take {worst.allowed:.0f}" if worst.allowed else ""
        return [f"{where}: actual {found}, expected {expected}{most}"]
    first = f"{where}: actual {worst.actual!r}, expected {worst.expected!r}"
    form = oracle.contract.format
    if not np.isfinite(worst.off):
        return [first]
    if abs(worst.expected) - worst.allowed > form.largest:
        return [first, f"  which is beyond {form.name}: it must be infinite"]
    off = f"  off by {worst.off:.3g}"
    if worst.expected:  # 0 has no digits to be counted in
        ulps = worst.off / float(form.ulp(worst.expected))
        off += f", {ulps:.3g} ulps of {form.name}"
    if not worst.allowed:
        return [first, f"{off}, where nothing has to round"]
    times = worst.off / worst.allowed
    return [first, f"{off}, {times:.3g} times the bound {worst.allowed:.3g}"]


def assert_within(
    actual: Any,
    function: Callable[..., Any],
    *inputs: Any,
    contract: Contract | None = None,
    like: Any = None,
    **options: Any,
) -> Comparison:
    """Assert that actual is function(*inputs) but for what rounding can explain.

    The drop-in for assert_allclose, without a tolerance. function: plain NumPy, PyTorch
    or array API code, run once in higher precision with a bound on what any correct
    implementation may be off; or one of `REFERENCES`, with all its algorithms.
    Raises AssertionError with the worst element, and where nothing could be said about
    any element; ArgumentTypeError as `oracle` does. Returns the Comparison.
    """
    _require_no_tolerance(options)
    # A reference knows its algorithms, and those that are documented as worse.
    judge = getattr(function, "oracle", None) or partial(oracle, function)
    judge_worse = getattr(function, "worse_oracle", None)
    expected = _one_array(judge(*inputs, contract=contract, **options))
    found = within(actual, expected, like=like)
    if not found.ok and judge_worse is not None:
        worse = _one_array(judge_worse(*inputs, contract=contract, **options))
        found = within(actual, expected, like=like, worse=worse)
    if not found.ok:
        raise AssertionError(found.message)
    if found.vacuous == 1.0:
        raise AssertionError("vacuous: nothing could be said about any element")
    return found


def _one_array(expected: Any) -> Bounded:
    """What is to be compared with: the one array of a tuple, too."""
    if isinstance(expected, tuple) and len(expected) == 1:
        (expected,) = expected
    if not isinstance(expected, Bounded):
        raise ArgumentTypeError(
            "assert_within",
            f"the function gave a {type(expected).__name__}",
            "required one array computed from the inputs",
            "compare the parts one by one: within(part, oracle(...)[i])"
            if isinstance(expected, tuple | list)
            else "return what is to be compared",
        )
    return expected


def _require_no_tolerance(options: dict[str, Any]) -> None:
    chosen = options.keys() & {"rtol", "atol", "equal_nan", "decimal", "err_msg"}
    if chosen:
        raise ArgumentError(
            "assert_within",
            f"{' and '.join(sorted(chosen))} given",
            "required none: the bound is derived from the inputs and their format",
            "state what the code is allowed to do instead: contract=Contract(...)",
        )
