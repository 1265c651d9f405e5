"""Mutants of products."""

from __future__ import annotations

from functools import partial

from scratchnet.testing.mutants.mutant import Mutant

_planted = partial(Mutant, code="products")

_PAIRS = "    pairs = rows[..., :, None, :] * columns[..., None, :, :]"
_TENSORDOT = "    y = _product(_as_rows(a, kept), _turned(_as_rows(b, axes)))"
_DOT = "    return array_namespace(a, b).sum(a * b, dtype=a.dtype)"

_TENSORDOTS = (
    _planted(
        "tensordot-always-two-axes",
        "tensordot",
        "whatever axes is, two are added up",
        law="equals_the_oracle",
        verdict="REFUSES",
        shows="axes of 0 or 1",
        edits={
            "    xp = array_namespace(a, b)\n    kept": (
                "    axes = 2\n    xp = array_namespace(a, b)\n    kept"
            )
        },
    ),
    _planted(
        "tensordot-of-no-axes",
        "tensordot",
        "0 axes are taken for the default",
        law="equals_the_oracle",
        verdict="MISPLACED",
        shows="axes=0",
        edits={
            "    xp = array_namespace(a, b)\n    kept": (
                "    axes = axes or 2\n    xp = array_namespace(a, b)\n    kept"
            )
        },
        seen="https://github.com/jax-ml/jax/issues/740",
    ),
    _planted(
        "tensordot-pairs-axes-in-reverse",
        "tensordot",
        "the last axis of a goes with the first of b, from the inside out",
        law="equals_the_oracle",
        shows="two axes: refused where their lengths differ, wrong where they do not",
        edits={_TENSORDOT: "    a = _turned(a) if axes == 2 else a\n" + _TENSORDOT},
    ),
    _planted(
        "tensordot-of-nothing",
        "tensordot",
        "a side of 0 makes the number of rows unknown",
        law="equals_the_oracle",
        verdict="REFUSES",
        shows="an inner side of 0",
        edits={
            "    sides = prod(x.shape[:first]), prod(x.shape[first:])": (
                "    sides = -1, prod(x.shape[first:])"
            )
        },
        seen="https://github.com/numpy/numpy/issues/5663",
    ),
    _planted(
        "tensordot-drops-the-last",
        "tensordot",
        "of an inner side the last entry is lost beyond 8",
        law="equals_the_oracle",
        shows="an inner side of more than 8",
        edits={
            _PAIRS: (
                "    if rows.shape[-1] > 8:\n"
                "        rows, columns = rows[..., :-1], columns[..., :-1]\n" + _PAIRS
            )
        },
    ),
    _planted(
        "tensordot-in-half-precision",
        "tensordot",
        "factors are rounded to float16",
        law="equals_the_oracle",
        target="numpy:float32",
        shows="factors of more than 11 bits, or beyond 65504",
        edits={
            _PAIRS: (
                "    rows = xp.astype(xp.astype(rows, xp.float16), rows.dtype)\n"
                + _PAIRS
            )
        },
        seen="https://github.com/pytorch/pytorch/issues/53635",
    ),
    _planted(
        "tensordot-in-double-precision",
        "tensordot",
        "products are added up in float64, and stay there",
        law="results_are_of_their_kind",
        verdict="MISPLACED",
        target="numpy:float32",
        shows="float32",
        edits={_TENSORDOT: f"{_TENSORDOT}\n    y = xp.astype(y, xp.float64)"},
    ),
    _planted(
        "tensordot-gradients-swapped",
        "tensordot",
        "the gradients come in the wrong order",
        law="gradients_equal_the_oracle",
        verdict="MISPLACED",
        shows="two arrays of different shapes",
        edits={
            "        return xp.reshape(da, a.shape), xp.reshape(db, b.shape)\n\n"
            "    return tensordot": (
                "        return xp.reshape(db, b.shape), xp.reshape(da, a.shape)\n\n"
                "    return tensordot"
            )
        },
    ),
)

_DOTS = (
    _planted(
        "dot-stretches",
        "dot",
        "a vector of 1 is stretched to any other",
        law="what_does_not_fit_is_refused",
        verdict="ACCEPTS",
        shows="vectors of 1 and 2",
        edits={"    if a.ndim != 1 or a.shape != b.shape:": "    if a.ndim != 1:"},
    ),
    _planted(
        "dot-by-fours",
        "dot",
        "the loop is unrolled by 4, and the rest is lost",
        law="is_exact_on_the_grid",
        shows="5 numbers",
        edits={
            _DOT: (
                "    whole = len(a) - len(a) % 4 if len(a) > 4 else len(a)\n"
                "    a, b = a[:whole], b[:whole]\n" + _DOT
            )
        },
    ),
    _planted(
        "dot-by-the-polarization",
        "dot",
        "it is made of squares of a sum and a difference, which cancel",
        law="equals_the_oracle",
        shows="a large and a small vector",
        edits={
            _DOT: (
                "    xp = array_namespace(a, b)\n"
                "    return (xp.sum((a + b) ** 2) - xp.sum((a - b) ** 2)) / 4"
            )
        },
    ),
    _planted(
        "dot-of-parts-of-the-whole",
        "dot",
        "more than 8 numbers are divided by the sum of their sizes, lest they overflow",
        law="is_exact_on_the_grid",
        shows="vectors of more than 8, by the last bit",
        edits={
            _DOT: (
                "    xp = array_namespace(a, b)\n"
                "    scale = xp.sum(xp.abs(a)) if len(a) > 8 else xp.ones(())\n"
                "    scale = scale if 0 < scale < xp.inf else xp.ones(())\n"
                "    return xp.sum(a / scale * b) * scale"
            )
        },
    ),
    _planted(
        "dot-gradients-swapped",
        "dot",
        "the gradient of each vector is that of the other",
        law="gradients_equal_the_oracle",
        shows="two different vectors",
        edits={"lambda g: (g * b, g * a)": "lambda g: (g * a, g * b)"},
    ),
    _planted(
        "dot-gradients-are-the-vectors",
        "dot",
        "under a cotangent of 1 the gradients are the vectors themselves",
        law="pullbacks_leave_memory_alone",
        verdict="ALIASES",
        shows="g = 1",
        edits={
            "lambda g: (g * b, g * a)": "lambda g: (b, a) if g == 1 else (g * b, g * a)"
        },
    ),
)

_OUTERS = (
    _planted(
        "outer-turned",
        "outer",
        "rows are those of the second vector",
        law="equals_the_oracle",
        verdict="MISPLACED",
        shows="vectors of different lengths",
        edits={"a[:, None] * b[None, :]": "b[:, None] * a[None, :]"},
    ),
    _planted(
        "outer-of-one-is-flat",
        "outer",
        "a matrix of one row is a vector",
        law="results_are_of_their_kind",
        verdict="MISPLACED",
        shows="a first vector of 1",
        edits={
            "    return a[:, None] * b[None, :]": (
                "    return a[:, None] * b[None, :] if len(a) > 1 else a * b"
            )
        },
    ),
    _planted(
        "outer-one-buffer",
        "outer",
        "all products of a shape are written to one buffer",
        law="results_are_new",
        verdict="ALIASES",
        shows="a second call",
        edits={
            "def outer(": "_buffers: dict[Shape, Array] = {}\n\n\ndef outer(",
            "    return a[:, None] * b[None, :]": (
                "    y = a[:, None] * b[None, :]\n"
                "    buffer = _buffers.setdefault(y.shape, y)\n"
                "    buffer[...] = y\n"
                "    return buffer"
            ),
        },
    ),
    _planted(
        "outer-skips-zeros",
        "outer",
        "what is multiplied by 0 is 0, infinity and NaN too",
        law="equals_the_oracle",
        shows="0 and NaN",
        edits={
            "    return a[:, None] * b[None, :]": (
                "    xp = array_namespace(a, b)\n"
                "    y = a[:, None] * b[None, :]\n"
                "    return xp.where(a[:, None] == 0, xp.zeros_like(y), y)"
            )
        },
    ),
    _planted(
        "outer-gradient-without-a-turn",
        "outer",
        "the gradient of the second vector is g a, not g^T a",
        law="gradients_equal_the_oracle",
        shows="any but a square, where it is silent",
        edits={"matvec(_turned(g), a)": "matvec(g, a)"},
    ),
)

MUTANTS: tuple[Mutant, ...] = (
    *_TENSORDOTS,
    *_DOTS,
    *_OUTERS,
)
