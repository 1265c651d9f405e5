"""A witness as JSON: exactly the case that breaks a law, to be run again."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import fields
from inspect import getsourcefile
from typing import Any, cast

import numpy as np

from scratchnet.testing.case import Case
from scratchnet.testing.contract import ULPS, Contract
from scratchnet.testing.laws import LAWS
from scratchnet.testing.laws.finding import Finding
from scratchnet.testing.laws.law import Law
from scratchnet.testing.op import Op
from scratchnet.testing.ops import OPS
from scratchnet.testing.subject import Subject
from scratchnet.testing.tracing import AUTOGRAD, Traced

SCHEMA = 1


def witness_of(
    law: Law, subject: Subject, case: Case, finding: Finding, /
) -> dict[str, Any]:
    """The case that breaks a law, as what JSON holds.

    Numbers are hexadecimal, so that not a bit is lost; strides are those in which the
    array lay. A function that is no attribute of a module or file has no address, and
    one who replays it has to say where it is. A contract is kept that is not the
    target's, and the address of a law that is no standard one.
    """
    arguments, options = case.on(subject.target)
    return {
        "schema": SCHEMA,
        "law": law.name,
        "own_law": None if LAWS.get(law.name) is law else address_of_law(law),
        "target": str(subject.target),
        "verdict": finding.verdict,
        "message": finding.message,
        "operation": address_of_operation(case.op, subject.function),
        "restriction": restriction_of(case.op),
        "contract": _promised(subject),
        "subject": address(subject.function),
        "vjp": _address_of_vjp(subject.vjp),
        "family": case.family.name,
        "format": case.format.name,
        "root": case.root.hex(),
        "layouts": [each.__name__ for each in case.layouts],
        "arguments": [
            encoded(x, y) for x, y in zip(case.arguments, arguments, strict=True)
        ],
        "options": {k: encoded(x, options[k]) for k, x in case.options.items()},
    }


def encoded(x: Any, lying: Any, /) -> Any:
    """What JSON holds of an argument or option; lying: the same on its target."""
    if isinstance(x, np.ndarray):
        real = x.dtype.kind == "f"
        return {
            "dtype": str(x.dtype),
            "shape": list(x.shape),
            "strides": _strides(lying),
            "values": [float(v).hex() if real else int(v) for v in x.ravel()],
        }
    x = x.item() if isinstance(x, np.generic) else x
    if isinstance(x, float):
        return {"float": x.hex()}
    if isinstance(x, tuple | list):
        return {type(x).__name__: [encoded(each, each) for each in x]}
    # What else there may be is shown, but cannot be read again.
    return x if isinstance(x, str | int | None) else {"shown": repr(x)}


def restriction_of(operation: Op, /) -> dict[str, Any]:
    """What `restrict` is to be called with: options with all values that are left.

    Options that the subject does not have are not: they show when it is bound.
    """
    base = operation.pullback_of or operation
    said = {k: x for k, x in base.restriction.items() if x != "the default"}
    options = {
        k: [encoded(x, x) for x in cast(Sequence[Any], base.parameters[k])]
        for k in said
        if k in base.parameters
    }
    plain = {
        k: list(x) if isinstance(x, tuple) else x
        for k, x in said.items()
        if k not in options
    }
    return {"options": options, **plain} if said else {}


def _promised(subject: Subject) -> dict[str, Any] | None:
    """The contract, where it is another than the target's."""
    contract = subject.contract
    if contract == subject.target.contract:
        return None
    plain = {each.name: getattr(contract, each.name) for each in fields(Contract)}
    wide = contract.accumulator
    return {
        **plain,
        "format": contract.format.name,
        "accumulator": None if wide is None else wide.name,
        "ulps": {k: x for k, x in contract.ulps.items() if x != ULPS[k]},
        "reasons": dict(contract.reasons),
    }


def _strides(x: Any) -> list[int]:
    """Of an array on its target, in bytes."""
    if isinstance(x, np.ndarray):
        return list(x.strides)
    if hasattr(x, "stride") and hasattr(x, "element_size"):
        return [step * x.element_size() for step in x.stride()]
    return []


def _address_of_vjp(vjp: Any) -> str | None:
    return (
        AUTOGRAD if isinstance(vjp, Traced) else None if vjp is None else address(vjp)
    )


def address(function: Any, /) -> str:
    """Where a function, or what it adapts, is found again: `file.py:name`; empty where
    it is nowhere."""
    while hasattr(function, "__adapts__"):
        function = function.__adapts__
    name = getattr(function, "__qualname__", "")
    module = sys.modules.get(getattr(function, "__module__", None) or "")
    if module is None or not name.replace(".", "").isidentifier():
        return ""
    return f"{_place(module)}:{name}" if attribute(module, name) is function else ""


def address_of_law(law: Law, /) -> str:
    """Where a law is found again, as a function is."""
    module = sys.modules.get(getattr(law.check, "__module__", None) or "")
    for name, value in vars(module).items() if module is not None else ():
        if value is law:
            return f"{_place(module)}:{name}"
    return ""


def address_of_operation(operation: Op, function: Any, /) -> str:
    """The name of a standard operation; of another where it is an attribute of the
    module of the function that was judged, empty where it is none."""
    base = operation.pullback_of or operation
    suffix = ".pullback" if operation.pullback_of else ""
    if base.name in OPS and OPS[base.name].reference is base.reference:
        return f"{base.name}{suffix}"
    module = sys.modules.get(getattr(function, "__module__", None) or "")
    for name, value in vars(module).items() if module is not None else ():
        if isinstance(value, Op) and value.reference is base.reference:
            return f"{_place(module)}:{name}{suffix}"
    return ""


def _place(module: Any) -> str:
    """The module's name where it can be imported by it, else its file."""
    found = None
    with suppress(ImportError, ValueError, AttributeError):
        found = importlib.util.find_spec(module.__name__)
    if found is not None and "site-packages" in str(found.origin):
        return str(module.__name__)
    with suppress(TypeError):  # what is built in has no file
        return str(getsourcefile(module) or module.__name__)
    return str(module.__name__)


def attribute(module: Any, name: str, /) -> Any:
    """What a dotted name stands for in a module; None for nothing."""
    found = module
    for part in name.split("."):
        found = getattr(found, part, None)
    return found
