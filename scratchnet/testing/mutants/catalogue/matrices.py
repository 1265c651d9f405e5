"""Mutants of products of matrices, and of matrices and vectors."""

from __future__ import annotations

from functools import partial

from scratchnet.testing.mutants.mutant import Mutant

_planted = partial(Mutant, code="products")

_ADDED = "    return xp.sum(pairs, axis=-1, dtype=rows.dtype)"
_PAIRS = "    pairs = rows[..., :, None, :] * columns[..., None, :, :]"
_REQUIRED = "    if rows.shape[-1] != columns.shape[-1]:"
_MATMUL = "    y = _product(left, _turned(right))\n    y = y[..., 0] if"
_MATVEC = "    return _product(a, x[..., None, :])[..., 0]"
_MATMUL_DB = "        db = _summed_to(_product(_turned(left), _turned(g)), right.shape)"
_SUMS = "    for axis in (*range(added), *ones):"

_MATMULS = (
    _planted(
        "matmul-of-the-first-matrix",
        "matmul",
        "without as many dimensions the other's batch is not walked through",
        law="broadcasting_equals_the_loop",
        shows="a matrix times a batch of two",
        edits={
            _MATMUL: (
                "    if left.ndim == 2 and right.ndim > 2 and right.size:\n"
                "        right = 0 * right + right[(0,) * (right.ndim - 2)]\n" + _MATMUL
            )
        },
    ),
    _planted(
        "matmul-in-tf32",
        "matmul",
        "factors are rounded to 11 bits",
        law="equals_the_oracle",
        shows="factors of more than 11 bits",
        edits={
            "def _product(": (
                "def _rounded(x: Array) -> Array:\n"
                "    # What is added, and taken away again, pushes out the last bits.\n"
                "    pushed = x * (2.0**42 + 1)\n"
                "    return pushed - (pushed - x)\n"
                "\n\n"
                "def _product("
            ),
            _PAIRS: (
                "    rows, columns = _rounded(rows), _rounded(columns)\n" + _PAIRS
            ),
        },
        seen="https://github.com/pytorch/pytorch/issues/61890",
    ),
    _planted(
        "matmul-drops-what-fills-no-tile",
        "matmul",
        "beyond the first tile of 16 the inner side is cut to whole tiles",
        law="equals_the_oracle",
        shows="an inner side of more than 16",
        edits={
            _PAIRS: (
                "    inner = rows.shape[-1]\n"
                "    inner = inner if inner < 16 else inner - inner % 16\n"
                "    rows, columns = rows[..., :inner], columns[..., :inner]\n" + _PAIRS
            )
        },
        seen="https://github.com/tile-ai/tilelang/issues/2381",
    ),
    _planted(
        "matmul-of-an-empty-inner-side",
        "matmul",
        "memory that no product is written to is what it was: here NaN",
        law="equals_the_oracle",
        shows="an inner side of 0",
        edits={
            _ADDED: (
                "    y = xp.full(pairs.shape[:-1], xp.nan, dtype=rows.dtype)\n"
                "    for k in range(pairs.shape[-1]):\n"
                "        y = y + pairs[..., k] if k else pairs[..., 0]\n"
                "    return y"
            )
        },
        seen="https://github.com/pytorch/pytorch/issues/31421",
    ),
    _planted(
        "matmul-stretches-the-inner-side",
        "matmul",
        "an inner side of 1 is stretched to any other",
        law="what_does_not_fit_is_refused",
        verdict="ACCEPTS",
        shows="inner sides of 1 and 2",
        edits={_REQUIRED: "    if False:"},
        seen="https://github.com/tinygrad/tinygrad/pull/1438",
    ),
    _planted(
        "matmul-adds-in-another-order",
        "matmul",
        "every other call adds from the other end",
        law="two_runs_agree",
        verdict="NONDETERMINISTIC",
        shows="three products that round",
        edits={
            "def matmul(": "_calls = [0]\n\n\ndef matmul(",
            "    left, right = _matrices(a, b)\n    y = _product": (
                "    left, right = _matrices(a, b)\n"
                "    _calls[0] += 1\n"
                "    if _calls[0] % 2:\n"
                "        left, right = left[..., ::-1], right[..., ::-1, :]\n"
                "    y = _product"
            ),
        },
        seen="https://github.com/tenstorrent/tt-metal/issues/17143",
    ),
    _planted(
        "matmul-keeps-the-product-of-a-matrix",
        "matmul",
        "the product of the last matrix is kept, whatever it is multiplied with now",
        law="broadcasting_equals_the_loop",
        shows="one matrix, and one after another for it",
        edits={
            "def matmul(": "_kept: dict[Any, Array] = {}\n\n\ndef matmul(",
            "    y = y[..., 0] if b.ndim == 1 else y\n    if a": (
                "    if a.ndim == b.ndim == 2:\n"
                "        key = a.tobytes(), y.shape\n"
                "        if key not in _kept:\n"
                "            _kept.clear()\n"
                "        y = _kept.setdefault(key, y) + 0.0\n"
                "    y = y[..., 0] if b.ndim == 1 else y\n    if a"
            ),
        },
    ),
    _planted(
        "matmul-gradient-stays-a-batch",
        "matmul",
        "the gradient of a matrix that was stretched to a batch is a batch",
        law="gradients_equal_the_oracle",
        verdict="MISPLACED",
        shows="a batch times a matrix",
        edits={
            _MATMUL_DB: "        db = _product(_turned(left), _turned(g))",
            "xp.reshape(db, b.shape)\n\n    return y, pullback\n\n\ndef matvec": (
                "db[..., 0] if b.ndim == 1 else db\n\n    return y, pullback\n\n\n"
                "def matvec"
            ),
        },
        seen="https://github.com/tensorflow/tfjs/issues/8721",
    ),
    _planted(
        "matmul-gradient-of-one-in-a-batch",
        "matmul",
        "only dimensions that were added are summed, of sides of 1 one entry is kept",
        law="gradients_equal_the_oracle",
        shows="batches of one and of two",
        edits={
            _SUMS: (
                "    for axis in ones:\n"
                "        g = g[(*(slice(None),) * axis, slice(1), ...)]\n" + _SUMS
            )
        },
    ),
)

_MATVECS = (
    _planted(
        "matvec-of-the-first-vector",
        "matvec",
        "one of several vectors is taken for all",
        law="equals_the_oracle",
        shows="two vectors",
        edits={
            _MATVEC: (
                "    y = _product(a, x[..., None, :])[..., 0]\n"
                "    first = x[(slice(1),) * (x.ndim - 1)]\n"
                "    if not first.size or a.ndim > 2:\n"
                "        return y\n"
                "    return y * 0 + _product(a, first[..., None, :])[..., 0]"
            )
        },
    ),
    _planted(
        "matvec-keeps-the-column",
        "matvec",
        "the result is a matrix of one column",
        law="results_are_of_their_kind",
        verdict="MISPLACED",
        shows="any vector",
        edits={_MATVEC: "    return _product(a, x[..., None, :])"},
    ),
    _planted(
        "matvec-squeezes",
        "matvec",
        "all sides of 1 are dropped, not only that of the column",
        law="equals_the_oracle",
        verdict="MISPLACED",
        shows="a matrix of one row",
        edits={
            _MATVEC: (
                "    y = _product(a, x[..., None, :])\n"
                "    sides = tuple(side for side in y.shape if side != 1)\n"
                "    return array_namespace(y).reshape(y, sides)"
            )
        },
    ),
    _planted(
        "matvec-reads-without-strides",
        "matvec",
        "the matrix is read as if its rows were one after the other",
        law="the_layout_does_not_matter",
        shows="strided and transposed matrices",
        edits={
            _MATVEC: (
                "    xp = array_namespace(a)\n"
                "    owner = a\n"
                "    while isinstance(owner.base, type(owner)):\n"
                "        owner = owner.base\n"
                "    first = (a.ctypes.data - owner.ctypes.data) // a.itemsize\n"
                "    memory, places = owner.ravel(order='K'), xp.arange(a.size)\n"
                "    flat = memory.take(first + places, mode='wrap')\n"
                "    a = xp.reshape(flat, a.shape)\n" + _MATVEC
            )
        },
        seen="https://github.com/mateogianolio/vectorious/issues/223",
    ),
    _planted(
        "matvec-scales-long-products",
        "matvec",
        "sums of more than 4 are scaled by a root and back, which rounds",
        law="is_exact_on_the_grid",
        shows="inner sides above 4, by the last bit",
        edits={
            _MATVEC: (
                "    inner = a.shape[-1]\n"
                "    scale = 1 / inner**0.5 if inner > 4 else 1.0\n"
                "    return _product(a, x[..., None, :])[..., 0] * scale / scale"
            )
        },
    ),
    _planted(
        "matvec-gradient-is-an-inner-product",
        "matvec",
        "the gradient of the matrix is g x, element by element",
        law="gradients_equal_the_oracle",
        verdict="REFUSES",
        shows="any matrix but squares, where it is silent",
        edits={
            "        da = g[..., :, None] * x[..., None, :]": (
                "        da = (g * x)[..., :, None] + 0 * a"
            )
        },
        seen="https://github.com/harvard-edge/cs249r_book/pull/1781",
    ),
    _planted(
        "matvec-gradient-without-a-turn",
        "matvec",
        "the gradient of the vector is a g, not a^T g",
        law="gradients_equal_the_oracle",
        verdict="REFUSES",
        shows="any matrix but squares, where it is silent",
        edits={"        dx = matvec(_turned(a), g)": "        dx = matvec(a, g)"},
    ),
    _planted(
        "matvec-gradient-in-double-precision",
        "matvec",
        "the gradient of the matrix is added up in float64, and stays there",
        law="gradients_are_of_their_kind",
        verdict="MISPLACED",
        target="numpy:float32",
        shows="float32",
        edits={
            "        dx = matvec(_turned(a), g)\n": (
                "        dx = matvec(_turned(a), g)\n        da = da.astype(float)\n"
            )
        },
    ),
)

MUTANTS: tuple[Mutant, ...] = (*_MATMULS, *_MATVECS)
