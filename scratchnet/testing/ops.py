"""The standard operations, declared."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from types import MappingProxyType
from typing import Any

from scratchnet.testing import axes, indices, inputs
from scratchnet.testing.op import Op
from scratchnet.testing.references import REFERENCES
from scratchnet.testing.references.extremes import all_shares
from scratchnet.testing.strategies.family import FAMILIES, decaying, families_at


def _op(name: str, signature: str, **declared: Any) -> Op:
    """The operation whose references have this name."""
    gradient = REFERENCES.get(f"{name}.pullback")
    return Op(name, signature, REFERENCES[name], gradient, **declared)


def _over(choices: Any, **options: Any) -> dict[str, Any]:
    """What is declared of a function over axes of one array, each with an entry."""
    return {
        "parameters": {"axis": choices, **options},
        "at_least": {"n": 1},
        "refusals": {"axis": axes.no_such_axis},
        "rows": axes.is_dropped if "keepdims" in options else axes.is_last,
        "lenient": True,
    }


#: Of a mean and a deviation, then a weight and a bias of each feature.
_NORMALIZED = {
    "parameters": {"eps": (1e-5, 0.25, 1e-3)},
    "refusals": {"": inputs.other_weights},
    "lenient": True,
}
_REDUCTION = {"reduction": ("mean", "none", "sum")}
#: Training has no use for what is not finite, and refuses it.
_FINITE = tuple(
    each for each in FAMILIES.values() if each.name not in ("special", "extreme")
)
#: Those that near a limit with exp(-x), as sigmoids do.
_DECAYING = families_at(decaying())
_ALONG_AN_AXIS = {
    "parameters": {"axis": axes.every_axis},
    "at_least": {"c": 1},
    "inputs": axes.along,
    "refusals": {"axis": axes.no_such_axis},
    "rows": axes.is_last,
}
_REDUCED = {
    "parameters": {"axis": axes.some_axes, "keepdims": (False, True)},
    "refusals": {"axis": axes.no_such_axis},
    "rows": axes.is_dropped,
    "lenient": True,
}
_KEPT = {"keepdims": (False, True)}
_SPREAD = {"correction": (0, 1), **_KEPT}
_LABELLED = {
    "parameters": {
        "weights": (None, "drawn"),
        "ignore_index": inputs.ignorable,
        **_REDUCTION,
    },
    "at_least": {"c": 1},
    "inputs": inputs.labelled,
    "called": "(c),()->()",
    "refusals": {"": inputs.wrong_labels},
    "rows": inputs.is_unreduced,
}
_PAIRED = {
    "parameters": _REDUCTION,
    "inputs": inputs.same_shape,
    "refusals": {"": inputs.unequal},
    "rows": inputs.is_unreduced,
    "constants": 1,
}
#: Made together of what is drawn; each can be restricted.
_STEPPED = {
    **dict.fromkeys(("learning_rate", "momentum", "dampening"), ("drawn",)),
    **dict.fromkeys(("nesterov", "weight_decay", "maximize"), ("drawn",)),
}

broadcast_to = _op(
    "broadcast_to",
    "(),()->()",
    inputs=inputs.to_common_shape,
    called="()->()",
    refusals={"": inputs.no_stretch},
    rows=False,
    shares=True,
    exact=True,
)
unbroadcast = _op(
    "unbroadcast",
    "(),()->()",
    inputs=inputs.from_common_shape,
    called="()->()",
    refusals={"": inputs.no_origin},
    rows=False,
    shares=True,
    exact=True,
)
sum = _op("sum", "(n?)->()", **_REDUCED, exact=True)  # noqa: A001
mean = _op("mean", "(n?)->()", **_REDUCED)
matvec = _op("matvec", "(m,k),(k)->(m)", exact=True)
matmul = _op("matmul", "(m?,k),(k,p?)->(m?,p?)", exact=True)
tensordot = _op(
    "tensordot",
    "(m,k,l),(k,l,p)->(m,p)",
    parameters={"axes": (2, 1, 0)},
    batched=0,
    inputs=inputs.contractible,
    rows=False,
    exact=True,
)
linear = _op(
    "linear",
    "(i),(o,i),(o)->(o)",
    batched=1,
    inputs=inputs.unbiased,
    refusals={"": inputs.other_features},
    exact=True,
)
relu = _op("relu", "()->()", exact=True)
leaky_relu = _op("leaky_relu", "()->()", parameters={"slope": (0.01, 0.25, 0.1, 2.0)})
elu = _op("elu", "()->()", parameters={"alpha": (1.0, 0.7, 2.0)}, families=_DECAYING)
sigmoid = _op("sigmoid", "()->()", families=_DECAYING)
sine = _op("sine", "()->()")
softmax = _op("softmax", "(c)->(c)", **_ALONG_AN_AXIS)
log_softmax = _op("log_softmax", "(c)->(c)", **_ALONG_AN_AXIS)
nll = _op("nll", "(c)->()", **_LABELLED)
cross_entropy = _op("cross_entropy", "(c)->()", **_LABELLED)
binary_cross_entropy = _op(
    "binary_cross_entropy",
    "(),()->()",
    **{**_PAIRED, "inputs": inputs.targeted},
    families=_DECAYING,
)
mse = _op("mse", "(),()->()", **_PAIRED)
standardize = _op(
    *("standardize", "(f),(f),(f)->(f)"),
    batched=1,
    inputs=inputs.divided,
    integers=(0,),
)
sgd = _op(
    *("sgd", "(),(),()->()"), parameters=_STEPPED, inputs=inputs.stepped, exact=True
)
tanh = _op("tanh", "()->()", families=families_at(decaying(lambda y: y / 2)))
softplus = _op("softplus", "()->()", families=_DECAYING)
silu = _op("silu", "()->()", families=_DECAYING)
gelu = _op(
    "gelu",
    "()->()",
    parameters={"approximate": ("none", "tanh")},
    families=families_at(decaying(lambda y: sqrt(2 * y))),
)
logsumexp = _op("logsumexp", "(n)->()", **_over(axes.filled_axes, **_KEPT))
amax = _op(
    *("amax", "(n)->()"),
    **_over(axes.filled_axes, **_KEPT),
    exact=True,
    whole=all_shares,
)
argmax = _op("argmax", "(n)->()", **_over(axes.filled_axis), exact=True)
cumsum = _op("cumsum", "(n)->(n)", **_over(axes.every_axis), exact=True)
var = _op("var", "(n)->()", **_over(axes.filled_axes, **_SPREAD))
std = _op("std", "(n)->()", **_over(axes.filled_axes, **_SPREAD))
l1 = _op("l1", "(),()->()", **_PAIRED, exact=True)
smooth_l1 = _op(
    "smooth_l1",
    "(),()->()",
    **{**_PAIRED, "parameters": {"beta": (1.0, 0.5, 0.1, 3.0), **_REDUCTION}},
)
bce_of_probabilities = _op(
    "bce_of_probabilities",
    "(),()->()",
    **{**_PAIRED, "inputs": inputs.probable},
    # A step along a line leads out of what has a logarithm.
    smooth=False,
)
embedding = _op(
    "embedding",
    "(),(v,d)->(d)",
    at_least={"v": 1, "d": 1},
    batched=1,
    inputs=indices.looked_up,
    refusals={"": indices.no_such_row},
    # A row may be a view of the table.
    shares=True,
    exact=True,
)
one_hot = _op(
    "one_hot",
    "()->(c)",
    inputs=indices.numbered,
    refusals={"": indices.no_such_class},
    any_dtype=True,
    exact=True,
)
# Of more dimensions than one NumPy's dot and outer are other operations.
_VECTORS = {"batched": 0, "rows": False, "lenient": True, "exact": True}
dot = _op("dot", "(k),(k)->()", refusals={"": inputs.other_length}, **_VECTORS)
outer = _op("outer", "(m),(p)->(m,p)", **_VECTORS)
layer_norm = _op(
    "layer_norm",
    "(f),(f),(f)->(f)",
    at_least={"f": 1},
    batched=1,
    **_NORMALIZED,
)
batch_norm = _op(
    "batch_norm",
    "(n,f),(f),(f)->(n,f)",
    at_least={"n": 1, "f": 1},
    batched=0,
    rows=False,
    **_NORMALIZED,
)
standardizer = _op(
    "standardizer",
    "(n,f),(m,f)->(m,f)",
    parameters={"per_feature": (False, True)},
    at_least={"n": 1, "f": 1},
    batched=0,
    inputs=inputs.bordered,
    rows=False,
    integers=(0, 1),
    lenient=True,
    families=_FINITE,
)
train_step = _op(
    "train_step",
    "(n,i),(h,i),(c,h)->()",
    parameters={"learning_rate": (0.125, 0.1, 1.0)},
    at_least={"n": 1, "i": 1, "h": 1, "c": 1},
    batched=0,
    inputs=inputs.trained,
    rows=False,
    families=_FINITE,
)
loader = Op(
    "loader",
    "(n,f)->()",
    REFERENCES["sgd"],
    parameters={"shuffle": (False, True), "drop_last": (False, True), "seed": (0, 7)},
    at_least={"n": 1},
    batched=0,
    inputs=inputs.loaded,
    max_side=9,
    kind="loader",
)
optimizer = Op(
    "optimizer",
    "(),(),(),()->()",
    REFERENCES["optimizer"],
    parameters=_STEPPED,
    inputs=inputs.optimized,
    call=inputs.as_a_step,
    families=_FINITE,
    kind="optimizer",
)

#: All operations by name.
OPS: Mapping[str, Op] = MappingProxyType(
    {each.name: each for each in vars().copy().values() if isinstance(each, Op)}
)
