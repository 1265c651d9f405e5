"""What is judged of operations that the pipeline does not have: NumPy's formulas and
PyTorch's built-ins, as in subjects.py."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from math import erf, pi, sqrt

import numpy as np

from scratchnet.built_ins import functional, reduced, torchs, with_autograd
from scratchnet.selfcheck import Pair


def bent(x):
    return sqrt(2 / pi) * (x + 0.044715 * x**3)


def numpys_gelu(x, *, approximate):
    erfs = np.vectorize(erf, otypes=[np.float64])
    odd = {"none": lambda: erfs(x / sqrt(2)), "tanh": lambda: np.tanh(bent(x))}
    return 0.5 * x * (1 + odd[approximate]().astype(x.dtype))


def numpys_logsumexp(x, *, axis, keepdims):
    m = np.max(x, axis=axis, keepdims=True)
    m = np.where(np.isinf(m), x.dtype.type(0), m)
    total = np.exp(x - m).sum(axis=axis, keepdims=True, dtype=x.dtype)
    found = m + np.log(total)
    return found if keepdims else np.squeeze(found, axis=axis)


def numpys_spread(name):
    def numpys(x, *, axis, correction, keepdims):
        return getattr(np, name)(x, axis=axis, ddof=correction, keepdims=keepdims)

    return numpys


def numpys_normalized(axis):
    """Over the features of each row, or over the rows of each feature."""

    def numpys(x, weight, bias, *, eps):
        over = {"axis": axis, "keepdims": True}
        return (x - x.mean(**over)) / np.sqrt(x.var(**over) + eps) * weight + bias

    return numpys


def torchs_over(name):
    """PyTorch's function of this name, which takes no None for all axes."""

    def builtin(x, *, axis, **options):
        import torch

        if "keepdims" in options:
            options["keepdim"] = options.pop("keepdims")
        dim = tuple(range(x.ndim)) if axis is None else axis
        return getattr(torch, name)(x, dim=dim, **options)

    return builtin


def far_softplus(x):
    """PyTorch's, with its threshold where not even float64 can tell."""
    return functional("softplus")(x, threshold=40.0)


def gelu_without_onednn(x, *, approximate):
    """PyTorch's own: that of oneDNN, for bfloat16 on some CPUs, overflows too early."""
    import torch

    # Whether it is enabled is told with a warning about other GPUs.
    quiet = warnings.catch_warnings(action="ignore")
    with quiet, torch.backends.mkldnn.flags(enabled=False):
        return functional("gelu")(x, approximate=approximate)


def torchs_tanh(x):
    import torch

    return torch.tanh(x)


def numpys_smooth_l1(x, t, *, beta, reduction):
    d = np.abs(x - t)
    costs = np.where(d < beta, 0.5 * d * d / beta, d - 0.5 * beta)
    return reduced(costs, costs.size, reduction)


def numpys_l1(x, t, *, reduction):
    costs = np.abs(x - t)
    return reduced(costs, costs.size, reduction)


def numpys_bce(p, t, *, reduction):
    """As scipy's xlogy has it: 0 times a logarithm is 0."""
    first, rest = (
        np.where(weight == 0, weight, weight * logarithm)
        for weight, logarithm in ((t, np.log(p)), (1 - t, np.log1p(-p)))
    )
    costs = -(first + rest)
    return reduced(costs, costs.size, reduction)


def existing(indices, count):
    """NumPy itself counts negative indices from the end."""
    if (indices < 0).any() or (indices >= count).any():
        raise IndexError("no such place")
    return indices


def torchs_layer_norm(x, weight, bias, *, eps):
    return functional("layer_norm")(x, weight.shape, weight, bias, eps)


def torchs_batch_norm(x, weight, bias, *, eps):
    """PyTorch's of a batch in training, also of one row; its pullback takes the weight
    for contiguous."""
    import torch

    weight = weight.contiguous()
    return torch.batch_norm(x, weight, bias, None, None, True, 0.0, eps, False)


NUMPYS: Mapping[str, Pair] = {
    name: (function, None)
    for name, function in {
        "tanh": np.tanh,
        "softplus": lambda x: np.logaddexp(x, x.dtype.type(0)),
        "silu": lambda x: x / (1 + np.exp(-x)),
        "gelu": numpys_gelu,
        "logsumexp": numpys_logsumexp,
        "amax": np.amax,
        "argmax": np.argmax,
        "cumsum": lambda x, *, axis: np.cumsum(x, axis, dtype=x.dtype),
        "var": numpys_spread("var"),
        "std": numpys_spread("std"),
        "l1": numpys_l1,
        "smooth_l1": numpys_smooth_l1,
        "bce_of_probabilities": numpys_bce,
        "embedding": lambda i, weight: np.take(weight, existing(i, len(weight)), 0),
        "one_hot": lambda labels, n: np.eye(n)[existing(labels, n)],
        "dot": np.dot,
        "outer": np.outer,
        "layer_norm": numpys_normalized(-1),
        "batch_norm": numpys_normalized(0),
    }.items()
}
PYTORCHS: Mapping[str, Pair] = {
    name: with_autograd(function)
    for name, function in {
        "tanh": torchs_tanh,
        "softplus": far_softplus,
        "silu": functional("silu"),
        "gelu": gelu_without_onednn,
        "logsumexp": torchs_over("logsumexp"),
        "amax": torchs_over("amax"),
        "cumsum": torchs_over("cumsum"),
        "var": torchs_over("var"),
        "std": torchs_over("std"),
        "l1": functional("l1_loss"),
        "smooth_l1": functional("smooth_l1_loss"),
        "bce_of_probabilities": functional("binary_cross_entropy"),
        "embedding": functional("embedding"),
        "dot": torchs("dot"),
        "outer": torchs("outer"),
        "layer_norm": torchs_layer_norm,
        "batch_norm": torchs_batch_norm,
    }.items()
} | {
    "argmax": (torchs_over("argmax"), None),
    "one_hot": (functional("one_hot"), None),
}
