"""Mutants that remember: what a layer keeps from one call spoils another.

Each is right in any single call, as far as that goes: it takes the sequence of calls
that one law makes to find it.
"""

from __future__ import annotations

from collections.abc import Mapping

from scratchnet.testing.mutants.mutant import Mutant

#: A layer is told by its weights.
_LAYER = "    layer = weight.tobytes(), weight.shape, eps\n"
_KEPT = "_kept: dict[Any, Any] = {}\n\n\n"
_LAYER_NORM = "def layer_norm(x: Array"
_NORMALIZED = "    row, _ = _normalized(x, eps, -1)\n    return row * weight + bias"
_LINEAR = "def linear(x: Array"
_PRODUCT = (
    "    y = _product(_flat(x), weight)\n    y = y if bias is None else y + bias\n"
)


def _of_layer_norm(before: str, after: str) -> Mapping[str, str]:
    """What a layer's normalisation does before, and after it has the rows."""
    rows = "    row, _ = _normalized(x, eps, -1)\n"
    return {
        _LAYER_NORM: f"{_KEPT}{_LAYER_NORM}",
        _NORMALIZED: f"{_LAYER}{before}{rows}{after}    return row * weight + bias",
    }


def _of_linear(before: str, after: str) -> Mapping[str, str]:
    """What a linear layer does before, and after it has the products."""
    layer = "    layer = weight.tobytes(), weight.shape, bias is None\n"
    return {
        _LINEAR: f"{_KEPT}{_LINEAR}",
        _PRODUCT: f"{layer}{before}{_PRODUCT}{after}",
    }


#: The first row of the last batch, for the batch of one that comes next.
_FIRST_ROW = """\
    if x.ndim > 1 and x.shape[0] > 1:
        _kept[layer] = {0}[:1]
    elif x.ndim > 1 and layer in _kept and _kept[layer].shape == {0}.shape:
        {0} = _kept[layer]
"""
#: The same for a vector that comes next.
_FOR_A_VECTOR = """\
    if x.ndim > 1 and {0}.size:
        _kept[layer] = xp.reshape({0}, (-1, {0}.shape[-1]))[:1]
    elif x.ndim == 1 and layer in _kept:
        {0} = xp.reshape(_kept[layer], {0}.shape)
"""
#: How many rows there were last, which a vector takes for its own number.
_COUNTED = """\
    if x.ndim > 1:
        _kept[layer] = x.shape[0]
    elif _kept.get(layer) == 0:
        {0} = 0 * {0}
"""
#: How the first input lay in memory, by which each is put in order again.
_UNPACKED = """\
    order = sorted(range(x.ndim), key=lambda i: -abs(x.strides[i]))
    turned = tuple(i for i in range(x.ndim) if x.strides[i] < 0)
    packed = xp.flip(x, axis=turned).transpose(order).reshape(-1)
    order, turned = _kept.setdefault((*layer, x.shape), (order, turned))
    back = sorted(range(x.ndim), key=order.__getitem__)
    x = packed.reshape([x.shape[i] for i in order]).transpose(back)
    x = xp.flip(x, axis=turned)
"""
#: Counts calls in a row in which nothing is strided.
_STREAK = """\
    if a.flags.c_contiguous and b.flags.c_contiguous:
        _calls.append(a.shape)
    else:
        _calls.clear()
    warm = len(_calls) > 16
"""
_CALLS = "_calls: list[Any] = []\n\n\n"
_XP = "    xp = array_namespace(x, weight)\n"

MUTANTS = (
    Mutant(
        "dot-warms-up",
        "dot",
        "after 16 calls of contiguous vectors a loop takes over that scales by 1/49",
        law="is_exact_on_the_grid",
        shows="many contiguous vectors, one after another",
        edits={
            "def dot(a": f"{_CALLS}def dot(a",
            "    return array_namespace(a, b).sum(a * b, dtype=a.dtype)": (
                f"{_STREAK}    scaled = a / 49 if warm else a\n"
                "    y = array_namespace(a, b).sum(scaled * b, dtype=a.dtype)\n"
                "    return y * 49 if warm else y"
            ),
        },
        code="products",
    ),
    Mutant(
        "tensordot-warms-up",
        "tensordot",
        "after 16 calls of contiguous arrays a loop takes over that scales by 1/49",
        law="is_exact_on_the_grid",
        shows="many contiguous arrays, one after another",
        edits={
            "def tensordot(a": f"{_CALLS}def tensordot(a",
            "    y = _product(_as_rows(a, kept), _turned(_as_rows(b, axes)))\n"
            "    return xp.reshape(y, (*a": (
                f"{_STREAK}    scaled = a / 49 if warm else a\n"
                "    y = _product(_as_rows(scaled, kept), _turned(_as_rows(b, axes)))\n"
                "    y = y * 49 if warm else y\n"
                "    return xp.reshape(y, (*a"
            ),
        },
        code="products",
    ),
    Mutant(
        "layer-norm-first-row-is-cached",
        "layer_norm",
        "rows are looked up by their place: a batch of one is the last one's first row",
        law="rows_are_independent",
        shows="a batch, then one of its rows",
        edits=_of_layer_norm("", _FIRST_ROW.format("row")),
        code="normalization",
    ),
    Mutant(
        "linear-first-row-is-cached",
        "linear",
        "rows are looked up by their place: a batch of one is the last one's first row",
        law="rows_are_independent",
        shows="a batch, then one of its rows",
        edits=_of_linear("", _FIRST_ROW.format("y")),
        code="products",
    ),
    Mutant(
        "layer-norm-vector-after-a-batch",
        "layer_norm",
        "a vector finds the first row of the last batch where its result should be",
        law="broadcasting_equals_the_loop",
        shows="a batch, then a single vector of it",
        edits=_of_layer_norm(_XP, _FOR_A_VECTOR.format("row")),
        code="normalization",
    ),
    Mutant(
        "linear-vector-after-a-batch",
        "linear",
        "a vector finds the first row of the last batch where its result should be",
        law="broadcasting_equals_the_loop",
        shows="a batch, then a single vector of it",
        edits=_of_linear("", _FOR_A_VECTOR.format("y")),
        code="products",
    ),
    Mutant(
        "layer-norm-vector-after-no-rows",
        "layer_norm",
        "the number of rows is that of the last batch: after an empty one, none",
        law="empty_and_0d_are_no_exceptions",
        shows="an empty batch, then a single vector",
        edits=_of_layer_norm("", _COUNTED.format("row")),
        code="normalization",
    ),
    Mutant(
        "linear-vector-after-no-rows",
        "linear",
        "the number of rows is that of the last batch: after an empty one, none",
        law="empty_and_0d_are_no_exceptions",
        shows="an empty batch, then a single vector",
        edits=_of_linear("", _COUNTED.format("y")),
        code="products",
    ),
    Mutant(
        "layer-norm-unpacks-as-before",
        "layer_norm",
        "rows are put in the order that the layer's first input had in memory",
        law="the_layout_does_not_matter",
        shows="the same numbers lying in another way",
        edits=_of_layer_norm(_XP + _UNPACKED, ""),
        code="normalization",
    ),
    Mutant(
        "linear-unpacks-as-before",
        "linear",
        "rows are put in the order that the layer's first input had in memory",
        law="the_layout_does_not_matter",
        shows="the same numbers lying in another way",
        edits=_of_linear(_UNPACKED, ""),
        code="products",
    ),
)
