"""A function through torch.compile, fullgraph, or one sentence on why not."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeVar, cast

from scratchnet.arrays import namespace_named
from scratchnet.errors import UnavailableError

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Function through torch.compile: one graph for each set of shapes, no fallback.

    Raises UnavailableError where PyTorch or a C++ compiler is missing.
    """
    namespace_named("torch")
    import torch

    # Dynamo counts compilations by code object and gives up after eight. With one of
    # its own this function does not share the count with its like, as closures do.
    own = FunctionType(
        function.__code__.replace(),
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    options: dict[str, Any] = {
        # What is read more than once is computed once, not again in every inner loop.
        "realize_reads_threshold": 1,
        # Functions and tables of modules stay what they were at compilation: to check
        # all of them anew takes as long as a small step.
        "guard_filter_fn": torch.compiler.skip_guard_on_globals_unsafe,
    }
    graph = torch.compile(own, fullgraph=True, dynamic=False, options=options)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with warnings.catch_warnings():
            # With warnings as errors either of these would end the compilation: that
            # Dynamo traces through the cached look-ups of array_api_compat, and that
            # PyTorch itself still uses torch.jit.
            warnings.filterwarnings(
                "ignore", "Dynamo detected a call to a `functools.lru"
            )
            warnings.filterwarnings("ignore", "`torch.jit.script")
            try:
                return graph(*args, **kwargs)
            except Exception as error:
                if "InvalidCxxCompiler" not in repr(error):
                    raise
                raise UnavailableError(
                    "compile", "there is no C++ compiler", "required by torch.compile"
                ) from None

    return cast(F, call)
