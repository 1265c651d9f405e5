"""What the options of `scratchnet check` state, as a request."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from scratchnet.errors import ArgumentError

if TYPE_CHECKING:
    from scratchnet.testing.op import Op

#: Numbers that are no number, and infinities.
_NOT_FINITE = "special"
#: Bits of each factor of a product on tensor cores, as float16 has them.
_TF32 = 11


def operation_named(text: str | None, subject: str, /) -> Op:
    """The operation of this name, or of a built-in's; without one that of the subject.

    Raises ArgumentError with the closest names where there is none.
    """
    from scratchnet.testing.counterparts import COUNTERPARTS, counterpart, suggested
    from scratchnet.testing.ops import OPS

    name = subject.rpartition(":")[2] if text is None else text
    base = name.removesuffix(".pullback")
    if base in OPS:
        return OPS[base] if base == name else OPS[base].pullback
    if text is not None and (text in COUNTERPARTS or "." in text):
        return OPS[counterpart(text).operation]
    found = f"--as {text!r}" if text is not None else f"no --as, and {name!r} is none"
    fix = suggested(base, OPS)
    every = "`scratchnet ops` lists the operations"
    fix = fix if fix == every else f"{fix}; {every}"
    raise ArgumentError("check", found, "required an operation", fix)


def pairs(option: str, texts: Iterable[str], of: str, /) -> dict[str, str]:
    """NAME=VALUE, several times. Raises ArgumentError for what is not written so."""
    found = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not (sign and name.strip() and value.strip()):
            raise ArgumentError("check", f"{option} {text!r}", f"required {of}")
        found[name.strip()] = value.strip()
    return found


def listed(text: str | None, /) -> tuple[str, ...] | None:
    """What is written with commas; None for nothing."""
    return None if text is None else tuple(x.strip() for x in text.split(","))


def ranks(text: str | None, /) -> tuple[int, ...] | None:
    """Numbers of dimensions. Raises ArgumentError for what is none."""
    names = listed(text)
    if names is None:
        return None
    if not all(each.isdecimal() for each in names):
        raise ArgumentError(
            "check", f"--dims {text!r}", "required numbers of dimensions, as 1,2"
        )
    return tuple(map(int, names))


def arguments(texts: Iterable[str], operation: Op, /) -> tuple[dict[str, Any], ...]:
    """The options of the operation among NAME=VALUE, under its names; and the rest,
    which the operation does not know."""
    from scratchnet.testing.adapters.options import meant

    stated, given = dict[str, Any](), dict[str, Any]()
    for name, text in pairs("--kwargs", texts, "NAME=VALUE, as axis=0").items():
        option = meant(name, operation)
        value = _value(text)
        if option:
            _require_like(
                operation.parameters[option], f"--kwargs {name}={text}", value
            )
        (stated if option else given)[option or name] = value
    return stated, given


def _require_like(choices: Any, found: str, value: Any) -> None:
    """Raise ArgumentError for a text in place of a number, say."""
    if callable(choices) or value is None:
        return
    kinds = {type(each) for each in choices if each is not None}
    numbers = kinds <= {int, float, bool} and isinstance(value, int | float)
    if kinds and type(value) not in kinds and not numbers and "drawn" not in choices:
        names = " or ".join(sorted(kind.__name__ for kind in kinds))
        raise ArgumentError("check", found, f"required a value of type {names}")


def _value(text: str) -> Any:
    """A number, a tuple, None, or else the text itself. Raises ArgumentError for what a
    witness could not hold."""
    try:
        value = literal_eval(text)
    except (ValueError, SyntaxError):
        return text
    if isinstance(value, dict | set | bytes | complex):
        raise ArgumentError(
            "check",
            f"--kwargs {text}",
            "required numbers, texts, None, lists or tuples",
            "give it in a function of your own",
        )
    return value


def restriction(
    operation: Op,
    /,
    *,
    dims: str | None,
    dtypes: str | None,
    empty: bool,
    finite: bool,
) -> dict[str, Any]:
    """What `Op.restrict` is called with."""
    stated: dict[str, Any] = {"ranks": ranks(dims), "dtypes": listed(dtypes)}
    found = {name: x for name, x in stated.items() if x is not None}
    if not empty:
        found["empty"] = False
    if finite:
        names = (each.name for each in operation.families)
        found["families"] = tuple(x for x in names if x != _NOT_FINITE)
    return found


def contract(
    ulps: Iterable[str], *, accumulate: str | None, tf32: bool, ftz: bool
) -> dict[str, Any] | None:
    """What Contract is called with; None where nothing is stated.

    Raises ArgumentError for ulps that are no number.
    """
    found: dict[str, Any] = {}
    if known := pairs("--ulp", ulps, "NAME=K, as exp=20"):
        found["ulps"] = {name: _ulp(name, x) for name, x in known.items()}
    if accumulate is not None:
        found["accumulator"] = accumulate
    if tf32:
        found["input_precision"] = _TF32
    if ftz:
        found["flush_to_zero"] = True
    # The narrowest: in each target's format what is promised of it is kept.
    return {"format": "float16", **found} if found else None


def _ulp(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ArgumentError(
            "check", f"--ulp {name}={text}", "required a number of ulps"
        ) from None
