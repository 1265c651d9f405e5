"""Functions through torch.compile, and how often a compiled graph of them has run.

Left alone, torch.compile runs what it does not take as it is, without a word: what
follows the eighth compilation of a function, and whatever Dynamo skips. Here the first
is an error, and of the second it shows that no graph has run.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from types import FunctionType
from typing import Any

Function = Callable[..., Any]
#: Compilations of a function for each kind of call: as many as torch.compile allows
#: for all of them.
LIMIT = 8
#: Functions that are kept compiled: all laws are asked of the same ones.
_KEPT = 64


class RecompiledError(Exception):
    """A function is compiled so often that torch.compile gives up."""


class _Count:
    """How many graphs have run."""

    ran = 0


def graphs_run() -> int:
    """How many graphs have run so far, of all functions that were compiled here."""
    return _Count.ran


def kind_of_call(x: Any, /) -> Hashable:
    """What a graph is compiled for: shapes, strides, dtypes, and all that is no array.

    x: arguments and options, in tuples, lists and mappings.
    """
    if hasattr(x, "stride") and hasattr(x, "shape"):
        return tuple(x.shape), tuple(x.stride()), str(x.dtype)
    if isinstance(x, Mapping):
        return tuple((name, kind_of_call(each)) for name, each in x.items())
    if isinstance(x, tuple | list):
        return tuple(map(kind_of_call, x))
    return repr(x)


class Compiled:
    """A function through torch.compile: static shapes, and graph breaks allowed."""

    def __init__(self, function: Function) -> None:
        def entry(*arguments: Any, **options: Any) -> Any:
            return function(*arguments, **options)

        # Compilations are counted by code object: with one of its own each function
        # is counted by itself.
        code, closure = entry.__code__.replace(), entry.__closure__
        own = FunctionType(code, globals(), "entry", None, closure)
        compiler: Any = import_module("torch").compile
        self._graph = compiler(own, dynamic=False, backend=_counting)
        self._kinds: set[Hashable] = set()

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """What it returns. Raises RecompiledError where torch.compile would give up."""
        self._kinds.add(kind_of_call((arguments, options)))
        allowed = LIMIT * len(self._kinds)
        dynamo: Any = import_module("torch._dynamo")
        try:
            with _strictly(dynamo, allowed):
                return self._graph(*arguments, **options)
        except dynamo.exc.FailOnRecompileLimitHit:
            raise RecompiledError(
                f"compiled {allowed} times, kinds of calls: {len(self._kinds)}; with "
                "dynamic=False torch.compile would run it uncompiled from here on"
            ) from None


def _counting(graph: Any, inputs: Any) -> Function:
    """The backend that is the default, counting."""
    registry: Any = import_module("torch._dynamo.backends.registry")
    kernel = registry.lookup_backend("inductor")(graph, inputs)

    def counted(*arguments: Any) -> Any:
        _Count.ran += 1
        return kernel(*arguments)

    return counted


@contextmanager
def _strictly(dynamo: Any, allowed: int) -> Iterator[None]:
    """So many compilations of a function, and an error where there are more."""
    limits = {
        "recompile_limit": allowed,
        "accumulated_recompile_limit": max(
            allowed, dynamo.config.accumulated_recompile_limit
        ),
        "fail_on_recompile_limit_hit": True,
        "suppress_errors": False,
    }
    with dynamo.config.patch(**limits), warnings.catch_warnings(), _untold():
        # Of PyTorch itself, about how it traces.
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _untold() -> Iterator[None]:
    """Without pytest's part in the trace that PyTorch logs for its own tools: it would
    show hundreds of lines above a failure."""
    trace = logging.getLogger("torch.__trace")
    theirs = [x for x in trace.handlers if type(x).__module__ == "_pytest.logging"]
    for each in theirs:
        trace.removeHandler(each)
    # Where a graph breaks is no news: what is judged is what comes of it.
    dynamo = logging.getLogger("torch._dynamo")
    level = dynamo.level
    dynamo.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        dynamo.setLevel(level)
        for each in theirs:
            trace.addHandler(each)


class _Itself:
    """A function as a key: by identity, since some cannot be hashed."""

    def __init__(self, function: Function) -> None:
        self.function = function

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and self.function is other.function

    def __hash__(self) -> int:
        return id(self.function)


@lru_cache(_KEPT)
def _kept(itself: _Itself, made: Callable[[Function], Function]) -> Compiled:
    return Compiled(made(itself.function))


def compiled(function: Function, /) -> Function:
    """The function, compiled: once, however many laws and tests call it."""
    return _kept(_Itself(function), _unchanged)


def compiled_value(vjp: Function, /) -> Function:
    """The value that a VJP rule returns with a pullback, compiled."""
    return _kept(_Itself(vjp), _value)


def compiled_pullback(vjp: Function, /) -> Function:
    """A function of a cotangent, arguments and options to the value of a VJP rule and
    the cotangents that its pullback gives: compiled as one."""
    return _kept(_Itself(vjp), _pulled)


def _unchanged(function: Function) -> Function:
    return function


def _value(vjp: Function) -> Function:
    def value(*arguments: Any, **options: Any) -> Any:
        y, _ = vjp(*arguments, **options)
        return y

    return value


def _pulled(vjp: Function) -> Function:
    def pulled(g: Any, *arguments: Any, **options: Any) -> Any:
        y, pullback = vjp(*arguments, **options)
        return y, pullback(g)

    return pulled


def uncompiled(x: Any, /) -> str:
    """Why nothing can be compiled where this array is; empty where it can.

    x: 0, 1, 2. Compiles a kernel and reads its result.
    """
    before = graphs_run()
    try:
        doubled = compiled(_doubled)(x)
    except RuntimeError as error:
        inner = getattr(error, "inner_exception", error)
        return str(inner).strip().partition("\n")[0] or type(inner).__name__
    if graphs_run() == before:
        return "torch.compile is disabled"
    return "" if float(doubled) == 6 else "it computes wrongly once compiled"


def _doubled(x: Any) -> Any:
    return (x + x).sum()
