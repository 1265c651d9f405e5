"""Built-ins of well-known libraries, and the operation that each of them is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType

from scratchnet.errors import ArgumentError


@dataclass(frozen=True)
class Counterpart:
    """A built-in: its full name, the operation that it is, and what to mind of it."""

    name: str
    operation: str
    mind: str = ""


_DIM = "dim is axis, keepdim is keepdims"
_ALONG = "dim is axis"
_EVERYTHING = "without axis it is over everything, here over the last axis"
_CLASS = "an object: check the function that it is called as"
_TARGETS = "classes are along axis 1, here the last; ignore_index is -100, here None"
_KERAS = "a class of losses, which takes the targets first"
_SPREAD = "correction is 1 without being given, here 0"
_DDOF = "ddof is correction"
_VECTORS = "of more dimensions it is another operation; here vectors alone"
_RULE = "one step as a function is sgd; optimizer is step(parameters, gradients, state)"

#: By operation: names, all with the same to mind.
_ROWS: tuple[tuple[str, str, str], ...] = (
    ("broadcast_to", "numpy.broadcast_to torch.broadcast_to", ""),
    ("broadcast_to", "jax.numpy.broadcast_to", ""),
    ("broadcast_to", "torch.Tensor.expand", "-1 keeps a side, here sides are said"),
    ("unbroadcast", "torch.Tensor.sum_to_size", "sides may come one by one"),
    ("sum", "numpy.sum jax.numpy.sum", ""),
    ("sum", "torch.sum", _DIM),
    ("mean", "numpy.mean jax.numpy.mean", ""),
    ("mean", "torch.mean", _DIM),
    ("matvec", "numpy.matvec", ""),
    ("matvec", "torch.mv", "one matrix and one vector: restrict(ranks=2)"),
    ("matmul", "numpy.matmul torch.matmul jax.numpy.matmul operator.matmul", ""),
    ("matmul", "torch.mm", "two matrices alone: restrict(ranks=2)"),
    ("matmul", "torch.bmm", "two batches of one size alone: it does not broadcast"),
    ("tensordot", "numpy.tensordot jax.numpy.tensordot", "axes as a number"),
    ("tensordot", "torch.tensordot", "dims is axes, as a number"),
    ("linear", "torch.nn.functional.linear", ""),
    ("linear", "torch.nn.Linear", f"{_CLASS}, with its weight and bias"),
    ("linear", "keras.layers.Dense", "its kernel is the weight transposed"),
    ("relu", "torch.nn.functional.relu torch.relu jax.nn.relu tensorflow.nn.relu", ""),
    ("relu", "keras.activations.relu", "negative_slope and threshold stay 0"),
    ("relu", "torch.nn.ReLU", _CLASS),
    ("leaky_relu", "torch.nn.functional.leaky_relu", "negative_slope is slope"),
    ("leaky_relu", "jax.nn.leaky_relu", "negative_slope is slope"),
    ("leaky_relu", "keras.activations.leaky_relu", "its slope is 0.2, here 0.01"),
    ("leaky_relu", "tensorflow.nn.leaky_relu", "alpha is slope, 0.2 there"),
    ("leaky_relu", "torch.nn.LeakyReLU", f"{_CLASS}; negative_slope is slope"),
    ("elu", "torch.nn.functional.elu jax.nn.elu keras.activations.elu", ""),
    ("elu", "torch.nn.ELU", _CLASS),
    ("sigmoid", "torch.sigmoid torch.nn.functional.sigmoid torch.special.expit", ""),
    ("sigmoid", "scipy.special.expit jax.nn.sigmoid keras.activations.sigmoid", ""),
    ("sigmoid", "torch.nn.Sigmoid", _CLASS),
    ("sine", "numpy.sin torch.sin jax.numpy.sin", ""),
    ("softmax", "torch.nn.functional.softmax torch.softmax torch.special.softmax",
     f"{_ALONG}; its logarithm is log_softmax"),
    ("softmax", "torch.nn.Softmax", f"{_CLASS}; {_ALONG}"),
    ("softmax", "scipy.special.softmax", _EVERYTHING),
    ("softmax", "jax.nn.softmax keras.activations.softmax tensorflow.nn.softmax", ""),
    ("log_softmax", "torch.nn.functional.log_softmax torch.log_softmax", _ALONG),
    ("log_softmax", "torch.special.log_softmax", _ALONG),
    ("log_softmax", "torch.nn.LogSoftmax", f"{_CLASS}; {_ALONG}"),
    ("log_softmax", "scipy.special.log_softmax", _EVERYTHING),
    ("log_softmax", "jax.nn.log_softmax keras.activations.log_softmax", ""),
    ("log_softmax", "tensorflow.nn.log_softmax", ""),
    ("nll", "torch.nn.functional.nll_loss",
     f"it takes logarithms of probabilities; weight is weights; {_TARGETS}"),
    ("nll", "torch.nn.NLLLoss", f"{_CLASS}; weight is weights; {_TARGETS}"),
    ("cross_entropy", "torch.nn.functional.cross_entropy",
     f"it takes logits, not probabilities; weight is weights; {_TARGETS}"),
    ("cross_entropy", "torch.nn.CrossEntropyLoss",
     f"{_CLASS}; it takes logits; weight is weights; {_TARGETS}"),
    ("cross_entropy", "optax.softmax_cross_entropy_with_integer_labels",
     "reduction is none there"),
    ("cross_entropy", "keras.losses.SparseCategoricalCrossentropy",
     f"{_KERAS}; of logits with from_logits=True alone"),
    ("binary_cross_entropy", "torch.nn.functional.binary_cross_entropy_with_logits",
     "it takes logits; of probabilities it is bce_of_probabilities"),
    ("binary_cross_entropy", "torch.nn.BCEWithLogitsLoss", f"{_CLASS}; of logits"),
    ("binary_cross_entropy", "optax.sigmoid_binary_cross_entropy",
     "reduction is none there"),
    ("binary_cross_entropy", "tensorflow.nn.sigmoid_cross_entropy_with_logits",
     "the targets go first; reduction is none there"),
    ("bce_of_probabilities", "torch.nn.functional.binary_cross_entropy",
     "it takes probabilities; of logits it is binary_cross_entropy"),
    ("bce_of_probabilities", "torch.nn.BCELoss", f"{_CLASS}; of probabilities"),
    ("bce_of_probabilities", "keras.losses.BinaryCrossentropy",
     f"{_KERAS}; of logits, with from_logits=True, it is binary_cross_entropy"),
    ("mse", "torch.nn.functional.mse_loss", "its pairs broadcast, here they do not"),
    ("mse", "torch.nn.MSELoss", _CLASS),
    ("mse", "keras.losses.MeanSquaredError", _KERAS),
    ("mse", "sklearn.metrics.mean_squared_error", "the targets go first"),
    ("l1", "torch.nn.functional.l1_loss", "its pairs broadcast, here they do not"),
    ("l1", "torch.nn.L1Loss", _CLASS),
    ("l1", "keras.losses.MeanAbsoluteError", _KERAS),
    ("l1", "sklearn.metrics.mean_absolute_error", "the targets go first"),
    ("smooth_l1", "torch.nn.functional.smooth_l1_loss", ""),
    ("smooth_l1", "torch.nn.SmoothL1Loss", _CLASS),
    ("smooth_l1", "torch.nn.functional.huber_loss",
     "delta is beta, and it is delta times as large"),
    ("smooth_l1", "torch.nn.HuberLoss",
     f"{_CLASS}; delta is beta, and it is delta times as large"),
    ("standardize", "torchvision.transforms.functional.normalize",
     "its features are channels, before rows and columns; here they are last"),
    ("standardizer", "sklearn.preprocessing.StandardScaler",
     "of each feature: restrict(per_feature=True); fit is given the training rows"),
    ("sgd", "torch.optim.sgd.sgd",
     "of lists of parameters, in place; lr is learning_rate"),
    ("optimizer", "torch.optim.SGD", f"in place; lr is learning_rate; {_RULE}"),
    ("optimizer", "optax.sgd", f"it gives what is to be added; {_RULE}"),
    ("loader", "torch.utils.data.DataLoader",
     "of a data set; here a function of rows, labels, batch_size, shuffle and seed"),
    ("tanh", "numpy.tanh torch.tanh torch.nn.functional.tanh jax.numpy.tanh", ""),
    ("tanh", "keras.activations.tanh tensorflow.nn.tanh", ""),
    ("tanh", "torch.nn.Tanh", _CLASS),
    ("softplus", "torch.nn.functional.softplus",
     "beta stays 1; above threshold it is x: INACCURATE, but threshold=40 holds"),
    ("softplus", "torch.nn.Softplus", f"{_CLASS}; beta stays 1"),
    ("softplus", "jax.nn.softplus keras.activations.softplus", ""),
    ("silu", "torch.nn.functional.silu jax.nn.silu jax.nn.swish", ""),
    ("silu", "keras.activations.silu tensorflow.nn.silu", ""),
    ("silu", "torch.nn.SiLU", _CLASS),
    ("gelu", "torch.nn.functional.gelu", ""),
    ("gelu", "torch.nn.GELU", _CLASS),
    ("gelu", "jax.nn.gelu", "approximate=True, its default, is approximate='tanh'"),
    ("gelu", "keras.activations.gelu", "approximate=True is approximate='tanh'"),
    ("logsumexp", "torch.logsumexp torch.special.logsumexp", _DIM),
    ("logsumexp", "scipy.special.logsumexp jax.scipy.special.logsumexp", _EVERYTHING),
    ("amax", "numpy.max numpy.amax jax.numpy.max", _EVERYTHING),
    ("amax", "torch.amax", _DIM),
    ("amax", "torch.max", "with dim it gives values and indices: take the values"),
    ("argmax", "numpy.argmax jax.numpy.argmax", _EVERYTHING),
    ("argmax", "torch.argmax", f"{_ALONG}; {_EVERYTHING}"),
    ("cumsum", "numpy.cumsum jax.numpy.cumsum", "without axis it flattens"),
    ("cumsum", "torch.cumsum", _ALONG),
    ("var", "numpy.var jax.numpy.var", f"{_DDOF}; {_EVERYTHING}"),
    ("var", "torch.var", f"{_DIM}; {_SPREAD}"),
    ("std", "numpy.std jax.numpy.std", f"{_DDOF}; {_EVERYTHING}"),
    ("std", "torch.std", f"{_DIM}; {_SPREAD}"),
    ("embedding", "torch.nn.functional.embedding", ""),
    ("embedding", "torch.nn.Embedding", f"{_CLASS}, with its weight"),
    ("embedding", "numpy.take jax.numpy.take",
     "the table goes first, with axis=0; NumPy counts an index below 0 from the end"),
    ("one_hot", "torch.nn.functional.one_hot jax.nn.one_hot", "num_classes is classes"),
    ("one_hot", "numpy.eye", "numpy.eye(classes)[labels]; a label below 0 is a class"),
    ("dot", "torch.dot numpy.vdot", "vectors alone"),
    ("dot", "numpy.dot jax.numpy.dot", f"{_VECTORS}; of matrices it is matmul"),
    ("dot", "numpy.inner torch.inner", _VECTORS),
    ("outer", "torch.outer", "vectors alone"),
    ("outer", "numpy.outer jax.numpy.outer", _VECTORS),
    ("layer_norm", "torch.nn.functional.layer_norm",
     "normalized_shape is the last side"),
    ("layer_norm", "torch.nn.LayerNorm", f"{_CLASS}, with its weight and bias"),
    ("layer_norm", "keras.layers.LayerNormalization",
     "gamma is weight, beta bias; epsilon is eps, 1e-3 there"),
    ("batch_norm", "torch.nn.functional.batch_norm",
     "with training=True; of rows and features alone"),
    ("batch_norm", "torch.nn.BatchNorm1d",
     f"{_CLASS}, in training, with its weight and bias; of rows and features alone"),
    ("batch_norm", "keras.layers.BatchNormalization",
     "called with training=True; epsilon is eps, 1e-3 there"),
)  # fmt: skip

#: Every built-in by its full name.
COUNTERPARTS: Mapping[str, Counterpart] = MappingProxyType(
    {
        name: Counterpart(name, operation, mind)
        for operation, names, mind in _ROWS
        for name in names.split()
    }
)
#: How modules are called where they are imported.
_SHORT = {
    "F.": "torch.nn.functional.",
    "nn.": "torch.nn.",
    "np.": "numpy.",
    "jnp.": "jax.numpy.",
    "tf.": "tensorflow.",
}


def counterpart(name: str, /) -> Counterpart:
    """The built-in of this name, as it is imported: `F.softmax`, `np.max`.

    Raises ArgumentError for one that is not known, with the closest names.
    """
    full = next(
        (long + name[len(short) :] for short, long in _SHORT.items()
         if name.startswith(short)),
        name,
    )  # fmt: skip
    if full in COUNTERPARTS:
        return COUNTERPARTS[full]
    raise ArgumentError(
        "ops",
        f"--like={name!r}",
        "required a built-in that is known",
        suggested(full, COUNTERPARTS),
    )


def suggested(name: str, known: Iterable[str], /) -> str:
    """The closest of the known names, in a sentence; those that end alike go first."""
    every = tuple(known)
    last = name.rpartition(".")[2]
    ends = [each for each in every if each.rpartition(".")[2] == last]
    close = get_close_matches(name, every, n=3)
    # A name without its module is close to none that has one.
    by_end = {each.rpartition(".")[2]: each for each in reversed(every)}
    also = [by_end[end] for end in get_close_matches(last, by_end, n=3)]
    found = list(dict.fromkeys((*ends[:4], *close, *also)))[:6]
    if not found:
        return "`scratchnet ops` lists the operations"
    return f"the closest: {', '.join(found)}"
