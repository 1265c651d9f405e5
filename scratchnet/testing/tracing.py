"""Pullbacks by PyTorch's autograd: those of functions that come without one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scratchnet.testing.subject import Function, Refusal, run

#: What a pullback is asked for as, where it is to be autograd's.
AUTOGRAD = "autograd"


@dataclass(frozen=True)
class Traced:
    """The VJP rule of a function of tensors: its value, and autograd's way back.

    count: of the first so many floating arguments; None for all of them. A cotangent
    is copied, since autograd hands it on as it is where nothing happens to it;
    arguments are, so that what writes to them is traced as it is in the middle of a
    net.
    """

    function: Function
    count: int | None = None

    def __call__(
        self, *arguments: Any, **options: Any
    ) -> tuple[Any, Callable[..., Any]]:
        """The value, and its pullback."""
        import torch

        leaves = [_leaf(x) for x in arguments]
        y = self.function(*map(_inner, leaves), **options)
        wanted = [x for x in leaves if _is_traced(x)][: self.count]

        def pullback(g: Any) -> tuple[Any, ...]:
            found = torch.autograd.grad(
                y, wanted, g, retain_graph=True, allow_unused=True
            )
            parts = zip(found, wanted, strict=True)
            return tuple(
                torch.zeros_like(x) if d is None else d.clone() for d, x in parts
            )

        return y.detach(), pullback


def _leaf(x: Any) -> Any:
    import torch

    if isinstance(x, torch.Tensor) and x.is_floating_point():
        return x.detach().clone().requires_grad_()
    return x


def _inner(x: Any) -> Any:
    """A copy that may be written to, as a leaf may not."""
    return x.clone() if _is_traced(x) else x


def _is_traced(x: Any) -> bool:
    return bool(getattr(x, "requires_grad", False))


def why_untraced(function: Function, arguments: Any, options: Any, /) -> str:
    """Why autograd does not go back through a function from such arguments, in words;
    empty where it does. What the way back itself makes of it is a verdict."""
    leaves = [_inner(_leaf(x)) for x in arguments]
    try:
        y = run(function, *leaves, **options)
    except Refusal as refusal:
        name = type(refusal.args[0]).__name__
        return f"it raises {name} where a gradient is asked for"
    return "" if _is_traced(y) else "autograd finds no way from its result back"
