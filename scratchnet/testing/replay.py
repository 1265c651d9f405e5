"""A witness read from JSON: exactly that case, run again."""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from scratchnet.errors import ArgumentError, DataError
from scratchnet.testing.case import Case
from scratchnet.testing.formats import FORMATS
from scratchnet.testing.laws import LAWS
from scratchnet.testing.op import Op
from scratchnet.testing.ops import OPS
from scratchnet.testing.report import Result
from scratchnet.testing.strategies.family import FAMILIES
from scratchnet.testing.strategies.layout import OF_LIBRARY
from scratchnet.testing.subject import Function, Subject, untaken
from scratchnet.testing.targets import available
from scratchnet.testing.witness import SCHEMA, attribute

LAYOUTS = {each.__name__: each for each in OF_LIBRARY["numpy"]}


def _decoded(x: Any) -> Any:
    if not isinstance(x, dict):
        return x
    if "float" in x:
        return float.fromhex(x["float"])
    if "tuple" in x:
        return tuple(map(_decoded, x["tuple"]))
    dtype = np.dtype(x["dtype"])
    read: Callable[[Any], Any] = float.fromhex if dtype.kind == "f" else int
    values = [read(v) for v in x["values"]]
    return (
        np.array(values, np.float64 if dtype.kind == "f" else dtype)
        .astype(dtype)
        .reshape(x["shape"])
    )


def loaded(where: str, /) -> Any:
    """What stands at an address: `file.py:name` or `package.module:name`.

    Raises ArgumentError where there is nothing.
    """
    place, _, name = where.rpartition(":")
    if not place:
        raise ArgumentError(
            "replay", f"address {where!r}", "required file.py:name or module:name"
        )
    module = _module(place)
    found = attribute(module, name)
    if found is None:
        raise ArgumentError("replay", f"no {name!r} in {place}", "required it there")
    return found


def _module(place: str) -> Any:
    if not place.endswith(".py"):
        try:
            return importlib.import_module(place)
        except ImportError as error:
            raise ArgumentError(
                "replay", f"module {place!r}: {error}", "required one to import"
            ) from None
    path = Path(place)
    if not path.is_file():
        raise ArgumentError("replay", f"file {place!r}", "which does not exist")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ArgumentError("replay", f"file {place!r}", "required one of Python")
    module = importlib.util.module_from_spec(spec)
    # What the file imports may lie beside it.
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(path.parent))
    return module


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
    function = _function(subject or witness["subject"], "subject")
    back = vjp or witness.get("vjp") or ""
    pulled: Function | None = _function(back, "vjp") if back else None
    operation = _operation(witness["operation"])
    try:
        case = Case(
            operation,
            tuple(map(_decoded, witness["arguments"])),
            {name: _decoded(x) for name, x in witness["options"].items()},
            tuple(LAYOUTS[name] for name in witness["layouts"]),
            FAMILIES[witness["family"]],
            FORMATS[witness["format"]],
            bytes.fromhex(witness["root"]),
        )
        law = LAWS[witness["law"]]
    except (KeyError, ValueError, TypeError) as error:
        raise DataError(
            "replay", f"a witness with {error!r}", "required one as it was written"
        ) from None
    (target,) = available([witness["target"]])
    left = untaken(function, operation, (case.arguments, dict(case.options)))
    bound = Subject(function, operation, target, target.contract, pulled, left)
    began = time.perf_counter()
    finding = law.asked(bound, case)
    numbers = finding.compared, finding.silent, finding.ratio
    spent = time.perf_counter() - began
    families = Counter({case.family.name: 1})
    broken = None if finding.ok else case
    return Result(law, bound, finding, 1, *numbers, spent, families, broken)


def _function(where: str, what: str) -> Function:
    if not where:
        raise ArgumentError(
            "replay",
            f"the {what} has no address: it was no function of a module",
            "required where it is",
            f"--{what} file.py:name",
        )
    found: Function = loaded(where)
    return found


def _operation(where: str) -> Op:
    name = where.removesuffix(".pullback")
    found = OPS[name] if name in OPS else (loaded(name) if name else None)
    if not isinstance(found, Op):
        raise ArgumentError(
            "replay",
            f"operation {where!r}",
            "required a standard one, or one in the module of the subject",
        )
    return found.pullback if where != name else found
