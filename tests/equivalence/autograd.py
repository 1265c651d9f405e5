"""PyTorch's built-ins and its autograd, in float64: what ours are held equal to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from interim import wide

from scratchnet.arrays import Array


def autograd(
    f: Callable[..., Any], arguments: Sequence[Array], g: Array
) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """The value of f(torch, *arguments) and its gradients under the cotangent g.

    Skips the test where there is no PyTorch.
    """
    torch = pytest.importorskip("torch")
    leaves = [torch.tensor(wide(x), requires_grad=True) for x in arguments]
    value = f(torch, *leaves)
    gradients = torch.autograd.grad(value, leaves, torch.tensor(wide(g)))
    return value.detach().numpy(), tuple(dx.numpy() for dx in gradients)
