"""PyTorch's built-ins and its autograd, on the same arrays, where there is a PyTorch:
{} where there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from scratchnet.arrays import is_array, to_numpy


def tensor(x: Any) -> Any:
    """A tensor of PyTorch as it lies, another array as a copy; all else as it is."""
    import torch

    if isinstance(x, torch.Tensor):
        return x.detach()
    return torch.tensor(to_numpy(x)) if is_array(x) else x


def autograd(
    f: Callable[..., Any],
    inputs: Sequence[Any],
    g: Any,
    /,
    *,
    count: int | None = None,
    options: Mapping[str, Any] | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """{"PyTorch": f(torch, *inputs, **options)}, and the same of its gradients.

    They are the gradients of the first `count` inputs, of all where it is None, under
    the cotangent g. Both are empty where there is no PyTorch.
    """
    if find_spec("torch") is None:
        return {}, {}
    import torch

    tensors = [tensor(x) for x in inputs]
    leaves = [x.requires_grad_() for x in tensors[:count]]
    options = {name: tensor(x) for name, x in (options or {}).items()}
    value = f(torch, *tensors, **options)
    gradients = torch.autograd.grad(value, leaves, tensor(g))
    return {"PyTorch": value}, {"PyTorch": gradients}
