"""The adapter to hypothesis-gufunc: shapes for the arguments of a gufunc signature.

hypothesis-gufunc 0.0.6 asks NumPy for one private name, the parser of signatures, where
NumPy 1 kept it. NumPy 2 keeps it elsewhere: the old address is there while
hypothesis-gufunc is imported, and gone afterwards.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from hypothesis.strategies import SearchStrategy

from scratchnet.errors import ArgumentError, UnavailableError
from scratchnet.testing.strategies.requirements import require_count
from scratchnet.testing.strategies.signature import Shape, parsed

_OLD, _NEW = "numpy.lib.function_base", "numpy.lib._function_base_impl"


def gufunc_shapes(
    signature: str, /, *, max_side: int = 4, max_dims: int = 2
) -> SearchStrategy[tuple[Shape, ...]]:
    """Tuples of shapes, one for each argument of a function with this signature.

    Core dimensions of one name share a size. Before them stand up to max_dims loop
    dimensions, which broadcast: any may be missing on the left of an argument, or be 1.
    Sides are 0 to max_side. Shrinks to no loop dimensions and smaller sides.

    These are the other generator's, beside those of `operand_shapes`, which are faster
    and stretch more often; the tests hold both to the same shapes. Raises ArgumentError
    for optional core dimensions (`m?`), which hypothesis-gufunc does not know.
    """
    where = "gufunc_shapes"
    require_count(where, 0, max_side=max_side, max_dims=max_dims)
    if parsed(signature, where=where).optional:
        raise ArgumentError(
            where,
            f"signature={signature!r} has optional dimensions",
            "required none",
            "use operand_shapes",
        )
    drawn: SearchStrategy[list[Shape]] = library().gufunc_arg_shapes(
        signature, max_side=max_side, max_dims_extra=max_dims
    )
    return drawn.map(tuple)


@cache
def library() -> Any:
    """The module hypothesis_gufunc.gufunc.

    Raises UnavailableError where it no longer fits NumPy or Hypothesis.
    """
    try:
        moved = find_spec(_OLD) is None
        if moved:
            sys.modules[_OLD] = import_module(_NEW)
        try:
            return import_module("hypothesis_gufunc.gufunc")
        finally:
            if moved:
                del sys.modules[_OLD]
    except (AttributeError, ImportError) as error:
        raise UnavailableError(
            __name__,
            f"hypothesis-gufunc does not import ({error})",
            "required private names of NumPy and Hypothesis that it was written for",
            "install an older Hypothesis, or provide the name in this adapter, "
            "as it does for NumPy's",
        ) from error
