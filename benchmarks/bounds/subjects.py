"""What is held to the references: the pipeline, the libraries' built-ins, hand orders.

A subject is an operation with its cases, its oracle, and implementations that each give
what the oracle gives: an array, or a tuple of them; or None for a case that is not
theirs. Every implementation of an operation in a format is a cell of the campaign.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from draws import Case, Draw

from scratchnet.testing import REFERENCES, Contract, Format

try:
    import torch
except ModuleNotFoundError:  # the rest is measured all the same
    torch = None

Implementation = Callable[[Case], Any]
NUMPY_1 = np.lib.NumpyVersion(np.__version__) < "2.0.0"


@dataclass(frozen=True)
class Subject:
    """An operation with everything that computes it.

    drawn: a case, of a Draw; oracle: what is allowed, of a case and a contract;
    contract: what is promised in a format, None where the operation does not exist.
    """

    name: str
    drawn: Callable[[Draw], Case]
    oracle: Callable[[Case, Contract], Any]
    implementations: Mapping[str, Implementation]
    contract: Callable[[Format], Contract | None] = Contract

    def cells(self, form: Format) -> tuple[str, ...]:
        """The implementations that there are in this format.

        bfloat16 is PyTorch's alone.
        """
        if torch is None and form.name == "bfloat16":
            return ()
        return tuple(
            name
            for name in self.implementations
            if form.name in FORMATS_OF.get(name.partition(",")[0], EVERY)
            and (torch is not None or "PyTorch" not in name)
        )


FMA = "FMA"
HALF = "PyTorch in half"
EVERY = ("float16", "bfloat16", "float32", "float64")
#: Where an implementation does not have all formats.
FORMATS_OF: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "NumPy": ("float16", "float32", "float64"),
        FMA: ("float16", "bfloat16", "float32"),
        HALF: ("float16", "bfloat16"),
    }
)


def on_numpy(function: Callable[..., Any]) -> Implementation:
    """The function of NumPy's arrays."""

    def run(case: Case) -> Any:
        found = function(*case.inputs, **case.options)
        if isinstance(found, tuple):
            return tuple(_in_format(part, case.inputs[0].dtype) for part in found)
        return _in_format(found, case.inputs[0].dtype)

    return run


def _in_format(x: Any, dtype: Any) -> Any:
    """x, but rounded back where NumPy 1 made float64 of a 0-d array and a number."""
    promoted = np.ndim(x) == 0 and NUMPY_1 and np.asarray(x).dtype == np.float64
    return np.asarray(x).astype(dtype) if promoted else x


def on_torch(function: Callable[..., Any]) -> Implementation:
    """The function of PyTorch's tensors, computed by PyTorch itself.

    oneDNN, which has some functions and products, takes subnormal numbers of bfloat16
    for 0 on some CPUs, which a format by itself does not promise, and its GELU
    overflows too early.
    """

    def run(case: Case) -> Any:
        with without_onednn():
            return function(*case.tensors.inputs, **case.tensors.options)

    return run


@contextmanager
def without_onednn() -> Iterator[None]:
    """PyTorch computes what oneDNN would."""
    # To ask whether it is enabled is answered with a warning about other GPUs.
    quiet = warnings.catch_warnings(action="ignore")
    with quiet, torch.backends.mkldnn.flags(enabled=False):
        yield


def of_rule(rule: Callable[..., Any]) -> Callable[..., Any]:
    """The value of a VJP rule."""
    return lambda *inputs, **options: rule(*inputs, **options)[0]


def of_pullback(rule: Callable[..., Any]) -> Callable[..., Any]:
    """Its pullback, of the cotangent and the inputs."""
    return lambda g, *inputs, **options: rule(*inputs, **options)[1](g)


def autograd(function: Callable[..., Any]) -> Callable[..., Any]:
    """PyTorch's own pullback of a function of tensors."""

    def pullback(g: Any, *inputs: Any, **options: Any) -> Any:
        inputs = tuple(x.detach().clone() if torch.is_tensor(x) else x for x in inputs)
        leaves = [x for x in inputs if torch.is_tensor(x) and x.is_floating_point()]
        for leaf in leaves:
            leaf.requires_grad_()
        return torch.autograd.grad(function(*inputs, **options), leaves, g)

    return pullback


def referenced(name: str) -> Callable[[Case, Contract], Any]:
    """The oracle of the reference of this name."""

    def oracle(case: Case, contract: Contract) -> Any:
        return REFERENCES[name].oracle(*case.inputs, contract=contract, **case.options)

    return oracle


def with_pullback(
    name: str,
    drawn: Callable[[Draw], Case],
    rule: Callable[..., Any],
    builtin: Callable[..., Any],
    *,
    values: Mapping[str, Implementation] = MappingProxyType({}),
    pullbacks: Mapping[str, Implementation] = MappingProxyType({}),
) -> tuple[Subject, Subject]:
    """An operation and its pullback: ours in both libraries, and PyTorch's own.

    values and pullbacks: other implementations of the two.
    """

    def drawn_back(draw: Draw) -> Case:
        case = drawn(draw)
        with np.errstate(all="ignore"):
            y, _ = rule(*case.inputs, **case.options)
        return case.with_inputs(draw.others(*y.shape), *case.inputs)

    value = {
        "NumPy, ours": on_numpy(of_rule(rule)),
        "PyTorch, ours": on_torch(of_rule(rule)),
        "PyTorch": on_torch(builtin),
        **values,
    }
    pullback = {
        "NumPy, ours": on_numpy(of_pullback(rule)),
        "PyTorch, ours": on_torch(of_pullback(rule)),
        "PyTorch autograd": on_torch(autograd(builtin)),
        **pullbacks,
    }
    back = f"{name}.pullback"
    return (
        Subject(name, drawn, referenced(name), value),
        Subject(back, drawn_back, referenced(back), pullback),
    )
