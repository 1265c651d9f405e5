"""What plain tests trust: for each operation NumPy's own function or PyTorch's.

For values NumPy's where it has the function, else PyTorch's; for gradients PyTorch's
autograd, as of `.sum()`: the cotangent is all ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - as everybody calls it

from scratchnet.built_ins import PYTORCHS

Function = Callable[..., Any]


def _over(function: Function) -> Function:
    """PyTorch's axes are `dim`, and all of them have to be told to some functions."""

    def builtin(x: Any, *, axis: Any, keepdims: bool, **options: Any) -> Any:
        axes = tuple(range(x.ndim)) if axis is None else axis
        return function(x, dim=axes, keepdim=keepdims, **options)

    return builtin


def _named(function: Function) -> Function:
    """The weight and the bias of a normalization by their names."""
    return lambda x, weight, bias, *, eps: function(x, weight, bias, eps)


def _step(p: Any, g: Any, velocity: Any = None, /, **options: Any) -> tuple[Any, ...]:
    """One step of torch.optim.SGD: the parameter and, with momentum, the velocity."""
    parameter = torch.nn.Parameter(p.clone())
    parameter.grad = g.clone()
    rate = options.pop("learning_rate")
    sgd = torch.optim.SGD([parameter], lr=rate, **options)
    if velocity is not None:
        sgd.state[parameter]["momentum_buffer"] = velocity.clone()
    sgd.step()
    moved = sgd.state[parameter].get("momentum_buffer")
    return (parameter.detach(),) if moved is None else (parameter.detach(), moved)


#: On tensors.
_PYTORCHS: Mapping[str, Function] = MappingProxyType(
    {
        **{name: function for name, (function, _) in PYTORCHS.items()},
        "tanh": torch.tanh,
        "softplus": F.softplus,
        "silu": F.silu,
        "gelu": F.gelu,
        "logsumexp": _over(torch.logsumexp),
        "amax": _over(torch.amax),
        "argmax": lambda x, *, axis: torch.argmax(x, dim=axis),
        "cumsum": lambda x, *, axis: torch.cumsum(x, dim=axis),
        "var": _over(torch.var),
        "std": _over(torch.std),
        "l1": F.l1_loss,
        "smooth_l1": F.smooth_l1_loss,
        "bce_of_probabilities": F.binary_cross_entropy,
        "sgd": _step,
        "embedding": F.embedding,
        "one_hot": F.one_hot,
        "dot": torch.dot,
        "outer": torch.outer,
        "layer_norm": _named(lambda x, w, b, eps: F.layer_norm(x, w.shape, w, b, eps)),
        "batch_norm": _named(
            lambda x, w, b, eps: F.batch_norm(x, None, None, w, b, True, eps=eps)
        ),
    }
)


def _spread(function: Function) -> Function:
    """NumPy's correction has had its name since NumPy 2 only."""
    return lambda x, *, correction, **options: function(x, ddof=correction, **options)


#: On arrays: where NumPy has the function itself.
_NUMPYS: Mapping[str, Function] = MappingProxyType(
    {
        "broadcast_to": np.broadcast_to,
        "sum": np.sum,
        "mean": np.mean,
        "matvec": lambda a, x: np.matmul(a, x[..., None])[..., 0],
        "matmul": np.matmul,
        "tensordot": np.tensordot,
        "sine": np.sin,
        "tanh": np.tanh,
        "amax": np.max,
        "argmax": np.argmax,
        "cumsum": np.cumsum,
        "var": _spread(np.var),
        "std": _spread(np.std),
        "dot": np.dot,
        "outer": np.outer,
        "one_hot": lambda labels, classes: np.eye(classes)[labels],
    }
)


def _tensor(x: Any) -> Any:
    # Copied: PyTorch would warn of an array that is read-only.
    return torch.from_numpy(np.array(x)) if isinstance(x, np.ndarray) else x


def _tensors(arguments: Any, options: Any) -> tuple[list[Any], dict[str, Any]]:
    return [_tensor(x) for x in arguments], {k: _tensor(x) for k, x in options.items()}


def value(operation: str, arguments: Any, options: Any, /) -> Any:
    """The trusted result of a call with arrays: an array, or a tuple of them."""
    if operation in _NUMPYS:
        return _NUMPYS[operation](*arguments, **options)
    placed, named = _tensors(arguments, options)
    found = _PYTORCHS[operation](*placed, **named)
    if isinstance(found, tuple):
        return tuple(each.numpy() for each in found)
    return found.numpy()


#: Arguments that the gradient is not asked of: they are constants.
_CONSTANT = {"standardize": (1, 2)}


def gradient(operation: str, arguments: Any, options: Any, /) -> tuple[Any, ...]:
    """The trusted gradients of the sum of the result, one for each float array."""
    placed, named = _tensors(arguments, options)
    leaves = [
        x.requires_grad_()
        for i, x in enumerate(placed)
        if torch.is_tensor(x)
        and x.is_floating_point()
        and i not in _CONSTANT.get(operation, ())
    ]
    _PYTORCHS[operation](*placed, **named).sum().backward()
    return tuple(_of(leaf).numpy() for leaf in leaves)


def _of(leaf: Any) -> Any:
    """Its gradient, which PyTorch leaves out where nothing depends on it."""
    return torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
