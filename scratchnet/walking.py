"""The parameters of a layer, found by walking its attributes, and how to replace them.

Nothing is registered: any frozen dataclass that holds arrays, layers or tuples of
layers will do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass, replace
from typing import Any, TypeVar, cast

from scratchnet.arrays import Array, common_namespace, dtype_name, is_array
from scratchnet.errors import ArgumentError

L = TypeVar("L")


def state(layer: object, /) -> dict[str, Array]:
    """The parameters of a layer by name, found by walking its attributes.

    A name is the path to the array: `layers.0.weight`. Order is that of the fields.
    """
    return dict(_walk(layer, ""))


def parameters(layer: object, /) -> tuple[Array, ...]:
    """The parameters of a layer, in the order of `state`."""
    return tuple(state(layer).values())


def with_state(layer: L, arrays: Mapping[str, Array], /) -> L:
    """The same layer with these arrays for parameters; the inverse of `state`.

    Raises ArgumentError where names, shapes or dtypes are not those of the layer, and
    ArgumentTypeError where libraries or devices are not.
    """
    old = state(layer)
    for name in sorted(old.keys() | arrays.keys()):
        new, required = arrays.get(name), old.get(name)
        if not _alike(new, required):
            raise ArgumentError(
                "with_state",
                f"{name} is {_described(new)}",
                f"required {_described(required)}",
            )
        common_namespace("with_state", **{f"new {name}": new, f"old {name}": required})
    return cast(L, _rebuilt(layer, arrays, ""))


def _alike(x: Array | None, y: Array | None) -> bool:
    if x is None or y is None:
        return False
    return dtype_name(x.dtype) == dtype_name(y.dtype) and x.shape == y.shape


def _described(x: Array | None) -> str:
    if x is None:
        return "nothing"
    return f"{dtype_name(x.dtype)} of shape {tuple(x.shape)}"


def _children(layer: object) -> Iterator[tuple[str, Any]]:
    """Attributes that are arrays, layers, or tuples of layers, by name."""
    if is_dataclass(layer):
        # Not dataclasses.fields: this runs at every step of training.
        yield from ((name, getattr(layer, name)) for name in layer.__dataclass_fields__)
    elif isinstance(layer, tuple):
        yield from ((str(i), part) for i, part in enumerate(layer))


def _walk(node: object, path: str) -> Iterator[tuple[str, Array]]:
    for name, child in _children(node):
        if is_array(child):
            yield path + name, child
        else:
            yield from _walk(child, f"{path}{name}.")


def _rebuilt(node: Any, arrays: Mapping[str, Array], path: str) -> Any:
    changed: dict[str, Any] = {
        name: arrays[path + name]
        if is_array(child)
        else _rebuilt(child, arrays, f"{path}{name}.")
        for name, child in _children(node)
    }
    if isinstance(node, tuple):
        return tuple(changed.values())
    return replace(node, **changed) if changed else node
