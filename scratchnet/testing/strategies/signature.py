"""Gufunc signatures: which dimensions of its arguments a function names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import zip_longest

from scratchnet.errors import ArgumentError, ArgumentTypeError

Shape = tuple[int, ...]
#: One argument: names, or sizes, of its core dimensions.
Core = tuple[str, ...]

_NAME = r"(?:[A-Za-z_]\w*\??|\d+)"
_CORE = rf"\((?:{_NAME}(?:,{_NAME})*)?\)"
_CORES = rf"{_CORE}(?:,{_CORE})*"
_WRITTEN = re.compile(rf"({_CORES})->({_CORES})")


@dataclass(frozen=True)
class Signature:
    """A gufunc signature, read: `(m?,k),(k,p?)->(m?,p?)`.

    inputs: the core dimensions of each argument; fixed sizes are digits. optional: the
    names that may be missing, in the order in which they first occur.
    """

    text: str
    inputs: tuple[Core, ...]
    optional: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of core dimensions, each once, without fixed sizes."""
        names = (name for core in self.inputs for name in core if not name.isdigit())
        return tuple(dict.fromkeys(names))

    @property
    def summed(self) -> tuple[str, ...]:
        """The names of core dimensions that no result has."""
        results = re.findall(r"\w+", self.text.partition("->")[2])
        return tuple(name for name in self.names if name not in results)

    def accepts(self, shapes: tuple[Shape, ...], /) -> bool:
        """Whether a function of this signature is defined for arguments like these.

        An optional dimension is missing where an argument has too few dimensions for
        it, and is then missing from all.
        """
        if len(shapes) != len(self.inputs):
            return False
        missing: set[str] = set()
        for core, shape in zip(self.inputs, shapes, strict=True):
            droppable = [name for name in core if name in self.optional]
            lacking = max(0, len(core) - len(shape))
            if lacking > len(droppable):
                return False
            missing.update(droppable[:lacking])
        cores = [tuple(n for n in core if n not in missing) for core in self.inputs]
        return _agree(cores, shapes) and _broadcast(
            [
                shape[: len(shape) - len(c)]
                for c, shape in zip(cores, shapes, strict=True)
            ]
        )


def _agree(cores: list[Core], shapes: tuple[Shape, ...]) -> bool:
    """Whether core dimensions are there, and of one size for each name."""
    sizes: dict[str, int] = {}
    for core, shape in zip(cores, shapes, strict=True):
        if len(shape) < len(core):
            return False
        for name, side in zip(core, shape[len(shape) - len(core) :], strict=True):
            wanted = int(name) if name.isdigit() else sizes.setdefault(name, side)
            if side != wanted:
                return False
    return True


def _broadcast(loops: list[Shape]) -> bool:
    """Whether loop dimensions fit: on each axis all sides are one, but for 1."""
    axes = zip_longest(*(reversed(loop) for loop in loops), fillvalue=1)
    return all(len({*axis} - {1}) <= 1 for axis in axes)


def parsed(signature: str, /, *, where: str) -> Signature:
    """The signature that is written there.

    Raises ArgumentTypeError for what is no string, ArgumentError for what is not
    written like `(m?,k),(k,p?)->(m?,p?)`, and for a name that is optional in one place
    and required in another.
    """
    if not isinstance(signature, str):
        raise ArgumentTypeError(
            where,
            f"signature={signature!r}",
            "required a string such as (m,k),(k)->(m)",
        )
    written = _WRITTEN.fullmatch(signature.replace(" ", ""))
    if written is None:
        raise ArgumentError(
            where,
            f"signature={signature!r}",
            "required core dimensions of each argument and result: (m,k),(k,p)->(m,p)",
            "write () for a number; names may end in ?, sizes are digits",
        )
    inputs = tuple(
        tuple(re.findall(_NAME, core)) for core in re.findall(_CORE, written[1])
    )
    names = tuple(dict.fromkeys(name for core in inputs for name in core))
    optional = tuple(name[:-1] for name in names if name.endswith("?"))
    for name in set(optional).intersection(names):
        raise ArgumentError(
            where,
            f"signature={signature!r} has both {name} and {name}?",
            f"required {name}? everywhere, or nowhere",
        )
    bare = tuple(tuple(name.rstrip("?") for name in core) for core in inputs)
    return Signature(signature, bare, optional)
