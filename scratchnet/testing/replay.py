"""A witness read from JSON: exactly that case, run again."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from scratchnet.errors import ArgumentError, DataError
from scratchnet.testing.adapters import adapted
from scratchnet.testing.case import Case
from scratchnet.testing.contract import Contract
from scratchnet.testing.formats import FORMATS
from scratchnet.testing.laws import LAWS, Law
from scratchnet.testing.loading import loaded
from scratchnet.testing.numerics import pinned
from scratchnet.testing.op import Op
from scratchnet.testing.ops import OPS
from scratchnet.testing.report import Result
from scratchnet.testing.strategies.family import FAMILIES
from scratchnet.testing.strategies.layout import OF_LIBRARY
from scratchnet.testing.subject import (
    Function,
    Subject,
)
from scratchnet.testing.taken import require_arguments, untaken
from scratchnet.testing.targets import available
from scratchnet.testing.tracing import AUTOGRAD, Traced
from scratchnet.testing.witness import SCHEMA

#: What reading a damaged witness raises.
_WRONG = (KeyError, ValueError, TypeError, AttributeError, OverflowError)
LAYOUTS = {each.__name__: each for each in OF_LIBRARY["numpy"]}


def decoded(x: Any, /) -> Any:
    """What `encoded` made JSON of. Raises ValueError and its like for what is none."""
    if not isinstance(x, dict):
        return x
    if "float" in x:
        return float.fromhex(x["float"])
    if "tuple" in x:
        return tuple(map(decoded, x["tuple"]))
    if "list" in x:
        return list(map(decoded, x["list"]))
    if "shown" in x:
        raise ValueError(f"{x['shown']}, which cannot be read again")
    _require_shape(x["shape"], x.get("strides") or ())
    dtype = np.dtype(x["dtype"])
    if "bytes" in x:
        noted = np.frombuffer(bytes.fromhex(x["bytes"]), dtype)
        return noted.reshape(x["shape"]).copy()
    read: Callable[[Any], Any] = float.fromhex if dtype.kind == "f" else int
    values = [read(v) for v in x["values"]]
    return (
        np.array(values, np.float64 if dtype.kind == "f" else dtype)
        .astype(dtype)
        .reshape(x["shape"])
    )


def _require_shape(shape: Any, strides: Any) -> None:
    """Raise ValueError for what is no shape, and for strides of another one."""
    if not all(type(side) is int and side >= 0 for side in shape):
        raise ValueError(f"shape {shape}")
    if strides and len(strides) != len(shape):
        raise ValueError(f"strides {strides} for shape {shape}")


def read(path: Path, /) -> Mapping[str, Any]:
    """The witness in a file. Raises DataError for a file that is none."""
    try:
        found = json.loads(path.read_text())
    except OSError as error:
        raise DataError(
            "replay", f"{path}: {error.strerror}", "required a file"
        ) from None
    except ValueError as error:
        raise DataError("replay", f"{path}: {error}", "required JSON") from None
    if (
        not isinstance(found, dict)
        or found.get("schema") != SCHEMA
        or "law" not in found
    ):
        raise DataError(
            "replay", f"{path} is no witness of schema {SCHEMA}", "required one"
        )
    return found


def replayed(
    witness: Mapping[str, Any], /, *, subject: str = "", vjp: str = ""
) -> Result:
    """What the law finds of exactly that case now.

    subject, vjp: addresses, where those in the witness are not to be used.
    Raises ArgumentError where the function, the operation or the law is not found and
    DataError for a case that is damaged.
    """
    try:
        names = "subject", "vjp", "pullback", "operation", "target"
        where = {what: _text(witness, what) for what in names}
        modules: dict[str, Any] = {}
        law = _law(witness, modules)
    except (KeyError, TypeError) as error:
        raise _damaged(error) from None
    where |= {k: x for k, x in (("subject", subject), ("vjp", vjp)) if x}
    operation = restricted(operation_at(where["operation"], modules), witness)
    case = case_of(operation, witness)
    function, pulled = _adapted(law, case, where, witness, modules)
    if not law.is_about(operation):
        raise _damaged(ValueError(f"{law}, which is not about {operation.name}"))
    (target,) = available([where["target"]], where="replay")
    given = [x for x in (function, pulled) if not (x is None or isinstance(x, Traced))]
    left = tuple(sorted({n for each in given for n in untaken(each, case, [target])}))
    # What is refused depends on the options that there are.
    operation = operation.without(left)
    case = replace(case, op=operation, _known={})
    for each in given:
        require_arguments(each, [case])
    contract = _contract(witness) or target.contract
    bound = Subject(function, operation, target, contract, pulled, left)
    began = time.perf_counter()
    with pinned(target, contract):
        finding = law.asked(bound, case)
    numbers = finding.compared, finding.silent, finding.ratio
    spent = time.perf_counter() - began
    families = Counter({case.family.name: 1})
    broken = None if finding.ok else case
    return Result(law, bound, finding, 1, *numbers, spent, families, broken)


def case_of(operation: Op, witness: Mapping[str, Any], /) -> Case:
    """The case of a witness. Raises DataError where it is damaged."""
    families = {**FAMILIES, **{each.name: each for each in operation.families}}
    try:
        case = Case(
            operation,
            tuple(map(decoded, witness["arguments"])),
            {name: decoded(x) for name, x in witness["options"].items()},
            tuple(LAYOUTS[name] for name in witness["layouts"]),
            families[witness["family"]],
            FORMATS[witness["format"]],
            bytes.fromhex(witness["root"]),
        )
    except _WRONG as error:
        raise _damaged(error) from None
    if len(case.layouts) != len(case.arrays):
        counts = f"{len(case.layouts)} layouts of {len(case.arrays)} arrays"
        raise _damaged(ValueError(counts))
    return case


def _law(witness: Mapping[str, Any], modules: dict[str, Any]) -> Law:
    """The standard law of this name, or that of one's own at its address."""
    name, where = witness["law"], witness.get("own_law")
    if where is None and name in LAWS:
        return LAWS[name]
    if where is None:
        raise DataError("replay", f"law {name!r}", f"required one of {', '.join(LAWS)}")
    if not isinstance(where, str):
        raise TypeError(f"own_law {where!r}")
    found = loaded(where, modules) if where else None
    if not isinstance(found, Law):
        raise ArgumentError(
            "replay",
            f"law {name!r} of your own, which is no name of a module",
            "required one where it can be found",
            f"give it a name in a file, or ask it again: check(..., laws=[{name}])",
        )
    return found


def restricted(operation: Op, witness: Mapping[str, Any], /) -> Op:
    """The operation, restricted as it was. Raises DataError where that is damaged."""
    try:
        said = dict(witness.get("restriction") or {})
        options = {k: decoded({"list": x}) for k, x in said.pop("options", {}).items()}
        return operation.restrict(**said, **options) if said or options else operation
    except _WRONG as error:
        raise _damaged(error) from None


def _contract(witness: Mapping[str, Any]) -> Contract | None:
    """The contract, where it was not the target's."""
    try:
        promised = witness.get("contract")
        return None if promised is None else Contract(**promised)
    except (ValueError, TypeError) as error:
        raise _damaged(error) from None


def _text(witness: Mapping[str, Any], what: str) -> str:
    """An address in a witness; empty for none."""
    found = witness.get(what) if what in ("vjp", "pullback") else witness[what]
    if not isinstance(found, str | None):
        raise TypeError(f"{what} {found!r}")
    return found or ""


def _adapted(
    law: Law,
    case: Case,
    where: Mapping[str, str],
    witness: Mapping[str, Any],
    modules: dict[str, Any],
) -> tuple[Function, Function | None]:
    """The subject as it was called, and its way back where that is asked."""
    subject = _function(where["subject"], "subject", modules)
    names = [name for name in ("vjp", "pullback") if where[name] not in ("", AUTOGRAD)]
    back = {name: _function(where[name], name, modules) for name in names}
    try:
        given = {name: decoded(x) for name, x in witness.get("given", {}).items()}
    except _WRONG as error:
        raise _damaged(error) from None
    found = adapted(subject, case.op, given=given, **back)
    if where["vjp"] == AUTOGRAD:
        count = len(case.of_pullback().oracle(Contract(case.format)))
        return found.function, Traced(found.function, count)
    if law.needs_vjp and found.vjp is None:
        _function("", "vjp", modules)
    return found.function, found.vjp


def _damaged(error: Exception) -> DataError:
    return DataError(
        "replay", f"a witness with {error!r}", "required one as it was written"
    )


def _function(where: str, what: str, modules: dict[str, Any]) -> Function:
    if not where:
        raise ArgumentError(
            "replay",
            f"the {what} has no address: it was no function of a module",
            "required where it is",
            f"--{what} file.py:name",
        )
    found: Function = loaded(where, modules)
    return found


def operation_at(where: str, modules: dict[str, Any], /) -> Op:
    """The standard operation of this name, or another at its address; its pullback."""
    name = where.removesuffix(".pullback")
    found = OPS[name] if name in OPS else (loaded(name, modules) if name else None)
    if not isinstance(found, Op):
        raise ArgumentError(
            "replay",
            f"operation {where!r}",
            "required a standard one, or one in the module of the subject",
        )
    return found.pullback if where != name else found
