"""Mutants of reductions."""

from __future__ import annotations

from functools import partial

from scratchnet.testing.mutants.mutant import Mutant

_planted = partial(Mutant, code="reductions")

#: The sum, as it is without its docstring.
_SUMMED = "    total = _added(_in_rows(x, axes))"
_HALVED = "        rows = xp.concat([pairs, rows[..., 2 * half :]], axis=-1)"
_DIVIDED = "    return total / _count(x, _axes(axis, x.ndim))"
_AXES = "    axes = _axes(axis, x.ndim)\n    total"
_COPIED = "    return xp.asarray(xp.broadcast_to(kept, x.shape), copy=True)"
_SHARED = "lambda g: (_repeated(g / _count(x, axes), x, axes),)"

_SUM = (
    _planted(
        "sum-axis-zero-is-none",
        "sum",
        "axis 0 is taken for no axis, and all is summed",
        law="equals_the_oracle",
        verdict="MISPLACED",
        shows="axis=0 of two dimensions",
        edits={_AXES: "    axes = _axes(axis or None, x.ndim)\n    total"},
        seen="https://github.com/apache/tvm/pull/3422",
    ),
    _planted(
        "sum-drops-the-odd-one",
        "sum",
        "the number that has no partner is lost",
        law="equals_the_oracle",
        shows="three numbers",
        edits={_HALVED: "        rows = pairs"},
    ),
    _planted(
        "sum-drops-what-fills-no-tile",
        "sum",
        "beyond the first tile of 16 what fills no other is lost",
        law="equals_the_oracle",
        shows="more than 16 numbers",
        edits={
            _SUMMED: (
                "    rows = _in_rows(x, axes)\n"
                "    count = rows.shape[-1]\n"
                "    whole = count if count < 16 else count - count % 16\n"
                "    total = _added(rows[..., :whole])"
            )
        },
    ),
    _planted(
        "sum-in-single-precision",
        "sum",
        "it is made in float32",
        law="equals_the_oracle",
        shows="numbers of more than 24 bits",
        edits={
            _SUMMED: (
                "    rows = xp.astype(_in_rows(x, axes), xp.float32)\n"
                "    total = xp.astype(_added(rows), x.dtype)"
            )
        },
    ),
    _planted(
        "sum-in-half-precision",
        "sum",
        "it is made in float16, where 2048 + 1 is 2048",
        law="equals_the_oracle",
        target="numpy:float32",
        shows="numbers of more than 11 bits",
        edits={
            _SUMMED: (
                "    rows = xp.astype(_in_rows(x, axes), xp.float16)\n"
                "    total = xp.astype(_added(rows), x.dtype)"
            )
        },
        seen="https://github.com/numpy/numpy/issues/22208",
    ),
    _planted(
        "sum-is-count-times-mean",
        "sum",
        "it is the mean, times how many there are: the division has underflowed",
        law="equals_the_oracle",
        shows="subnormal numbers",
        edits={
            _SUMMED: (
                "    count = max(1, _count(x, axes))\n"
                "    total = _added(_in_rows(x, axes)) / count * count"
            )
        },
    ),
    _planted(
        "sum-of-nothing",
        "sum",
        "a sum without numbers is refused",
        law="equals_the_oracle",
        verdict="REFUSES",
        shows="an empty axis",
        edits={
            "        return xp.zeros(rows.shape[:-1], dtype=rows.dtype)": (
                '        raise ValueError("nothing to add up")'
            )
        },
    ),
    _planted(
        "sum-wraps-axes",
        "sum",
        "an axis beyond the last one starts again at the first",
        law="what_does_not_fit_is_refused",
        verdict="ACCEPTS",
        shows="axis=2 of two dimensions",
        edits={"if any(not -rank <= each < rank for": "if any(not rank for"},
    ),
    _planted(
        "sum-of-one-is-a-view",
        "sum",
        "where there is nothing to add, the result is the caller's memory",
        law="results_are_new",
        verdict="ALIASES",
        shows="a side of 1",
        edits={"xp.asarray(rows[..., 0], copy=True)": "rows[..., 0]"},
    ),
    _planted(
        "sum-gradient-without-the-axis",
        "sum",
        "g is stretched as it is: the axis that was summed is not put back",
        law="gradients_equal_the_oracle",
        verdict="REFUSES",
        shows="axis=1 of a square",
        edits={
            "    kept = xp.reshape(g, _sides(x, axes))": "    kept = g",
        },
    ),
    _planted(
        "sum-gradient-is-a-view",
        "sum",
        "the gradient is the caller's array, seen with strides of 0",
        law="pullbacks_leave_memory_alone",
        verdict="ALIASES",
        shows="any cotangent",
        edits={_COPIED: "    return xp.broadcast_to(kept, x.shape)"},
    ),
)

_MEAN = (
    _planted(
        "mean-over-one-less",
        "mean",
        "it is divided by one less, as a variance may be",
        law="equals_the_oracle",
        shows="two numbers",
        edits={
            _DIVIDED: "    return total / max(1, _count(x, _axes(axis, x.ndim)) - 1)"
        },
    ),
    _planted(
        "mean-over-everything",
        "mean",
        "it is divided by how many numbers there are, over whichever axis",
        law="equals_the_oracle",
        shows="two rows",
        edits={_DIVIDED: "    return total / prod(x.shape)"},
    ),
    _planted(
        "mean-over-rows",
        "mean",
        "it is divided by the first side, whatever was summed",
        law="equals_the_oracle",
        shows="two dimensions that are no square",
        edits={_DIVIDED: "    return total / (x.shape[0] if x.ndim else 1)"},
    ),
    _planted(
        "mean-of-nothing-is-zero",
        "mean",
        "a division by 0 is avoided",
        law="equals_the_oracle",
        shows="an empty axis",
        edits={_DIVIDED: "    return total / max(1, _count(x, _axes(axis, x.ndim)))"},
    ),
    _planted(
        "mean-with-a-guard",
        "mean",
        "a little is added to the divisor, lest it be 0",
        law="equals_the_oracle",
        shows="any numbers but zeros",
        edits={_DIVIDED: "    return total / (_count(x, _axes(axis, x.ndim)) + 1e-12)"},
    ),
    _planted(
        "mean-by-a-short-reciprocal",
        "mean",
        "1 / n is a number of float32",
        law="equals_the_oracle",
        shows="three numbers",
        edits={
            _DIVIDED: (
                "    count = array_namespace(x).asarray(_count(x, _axes(axis, x.ndim)),"
                ' dtype="float32")\n'
                "    return total * float(1 / count)"
            )
        },
    ),
    _planted(
        "mean-in-double-precision",
        "mean",
        "the divisor is an array of integers, and with it float32 becomes float64",
        law="results_are_of_their_kind",
        verdict="MISPLACED",
        target="numpy:float32",
        shows="float32",
        edits={
            _DIVIDED: (
                "    count = _count(x, _axes(axis, x.ndim))\n"
                "    return total / array_namespace(x).asarray(count)"
            )
        },
    ),
    _planted(
        "mean-gradient-axis-zero-is-none",
        "mean",
        "for axis 0 the gradient is divided by the number of all entries",
        law="gradients_equal_the_oracle",
        shows="axis=0 of two columns",
        edits={
            _SHARED: (
                "lambda g: (_repeated(g / _count(x, _axes(axis or None, x.ndim)), x,"
                " axes),)"
            )
        },
        seen="https://github.com/swiftlang/swift/pull/23033",
    ),
    _planted(
        "mean-gradient-in-double-precision",
        "mean",
        "the divisor is an array of integers, and with it float32 becomes float64",
        law="gradients_are_of_their_kind",
        verdict="MISPLACED",
        target="numpy:float32",
        shows="float32",
        edits={
            _SHARED: (
                "lambda g: (_repeated(g / array_namespace(g).asarray(_count(x, axes)),"
                " x, axes),)"
            )
        },
    ),
    _planted(
        "mean-gradient-adds-up",
        "mean",
        "what earlier calls of the pullback gave is added",
        law="pullbacks_are_linear",
        shows="a second call",
        edits={
            "    y = mean(x, axis=axis, keepdims=keepdims)": (
                "    y = mean(x, axis=axis, keepdims=keepdims)\n"
                "    kept = [array_namespace(x).zeros_like(x)]"
            ),
            f"    return y, {_SHARED}": (
                "\n"
                "    def pullback(g: Array) -> tuple[Array]:\n"
                "        share = g / _count(x, axes)\n"
                "        kept[0] = kept[0] + _repeated(share, x, axes)\n"
                "        return (kept[0],)\n"
                "\n"
                "    return y, pullback"
            ),
        },
    ),
)

MUTANTS: tuple[Mutant, ...] = (*_SUM, *_MEAN)
