"""Targets: library, device and format that a subject runs on."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np

from scratchnet.arrays import (
    Array,
    Namespace,
    array_namespace,
    device,
    dtype_name,
    from_numpy,
    library,
    namespace_named,
)
from scratchnet.errors import UnavailableError
from scratchnet.testing.compiling import uncompiled
from scratchnet.testing.contract import Contract
from scratchnet.testing.formats import Format, format_of
from scratchnet.testing.promises import LACKING, parsed
from scratchnet.testing.simulated import DEVICES, XP


@dataclass(frozen=True)
class Target:
    """Where a subject runs, written `library[:device]:dtype[+compiled]`.

    device is empty where the library has but one, or its default is meant. Those of
    `simulated` need no hardware: gpu computes as it promises, tf32, flushing, half_sums
    and fallback do not. compiled: whether it is called through torch.compile.
    """

    library: str
    device: str
    format: Format
    compiled: bool = False

    @classmethod
    def named(cls, text: str | Target, /, *, where: str = "Target") -> Target:
        """The target that is written so: `numpy:float64`, `torch:cuda:float32`.

        PyTorch's device is cpu unless it is named, the simulated one gpu; where: what
        was called, for errors.
        Raises ArgumentError for what is not written so and for what does not exist.
        """
        if isinstance(text, Target):
            return text
        place = parsed(text, where=where)
        named = place.device or _USUAL.get(place.library, "")
        named = named if place.library != "numpy" else ""
        return cls(place.library, named, place.format, place.compiled)

    def __str__(self) -> str:
        plain = ":".join(filter(None, (self.library, self.device, self.format.name)))
        return f"{plain}{'+compiled' * self.compiled}"

    @property
    def dtype(self) -> str:
        """The name of its format."""
        return self.format.name

    @property
    def xp(self) -> Namespace:
        """The namespace of its library."""
        if self.library == "strict":
            return _strict(self.device)[0]
        if self.library == "simulated":
            return XP
        return _namespace(self.library)

    @property
    def contract(self) -> Contract:
        """What is promised here."""
        return _contract(str(self))

    @property
    def is_full(self) -> bool:
        """Whether every law is asked here: in float64, where bounds are sharpest, and
        not of compiled code, which each new shape is compiled for."""
        return self.format.name == "float64" and not self.compiled

    @property
    def on_device(self) -> bool:
        """Whether the host is another place: what computes there leaves the target."""
        return self.device not in ("", "cpu", "CPU_DEVICE")

    def unavailable(self) -> str:
        """Why nothing can run here; empty where a kernel gave the right result."""
        here = self.library, self.device, self.format.name
        return _unavailable(*here, self.compiled)

    def lost(self) -> str:
        """Why a device that has answered does not any more; empty where it does.

        An assertion that fails on CUDA ends every later call of the process.
        """
        asked = _unavailable.__wrapped__
        place = self.library, self.device, self.format.name
        return asked(*place, False) if self.on_device else ""

    def settle(self) -> None:
        """Wait for what was launched: what is wrong with it is raised now, not by a
        later call that has nothing to do with it."""
        if self.library == "torch" and self.device == "cuda":
            sys.modules["torch"].cuda.synchronize()

    def array(self, x: Any, /) -> Array:
        """x on this target: in its format where x is floating, else of x's own dtype.

        Raises UnavailableError where the target is not here.
        """
        x = np.asarray(x)
        if self.library == "numpy":
            kind = self.format.carrier if x.dtype.kind == "f" else x.dtype
            return np.array(x, kind, order="C")
        dtype = self.format.name if x.dtype.kind == "f" else None
        if self.library == "torch":
            on = self.device
            return from_numpy(x, xp=_namespace("torch"), dtype=dtype, device=on)
        if self.library == "simulated":
            return from_numpy(x, xp=XP, dtype=dtype, device=DEVICES[self.device])
        return _strict_array(x, dtype, self.device)

    def holds(self, x: Any, /) -> bool:
        """Whether x is an array of this library, on this device."""
        if self.library == "numpy":
            return isinstance(x, np.ndarray | np.generic)
        if library(x) != _MODULES[self.library]:
            return False
        return not self.device or str(device(x)).partition(":")[0] in (
            self.device,
            f"array_api_strict.Device('{self.device}')",
        )

    def dtype_of(self, x: Any, /) -> str:
        """The name of the dtype of an array."""
        return dtype_name(x.dtype)


#: Where the arrays of each library are from.
_MODULES = {
    "numpy": "numpy",
    "torch": "torch",
    "strict": "array_api_strict",
    "simulated": "scratchnet",
}
#: The devices that are meant where none is named.
_USUAL = {"torch": "cpu", "simulated": "gpu"}


@cache
def _contract(target: str) -> Contract:
    return Contract.for_target(target)


@cache
def _namespace(name: str) -> Any:
    return namespace_named(name)


@cache
def _strict(named: str) -> tuple[Any, Any]:
    """array-api-strict and one of its simulated devices."""
    if find_spec("array_api_strict") is None:
        raise UnavailableError(
            "Target",
            "array_api_strict is not installed",
            "required for strict targets",
            "pip install array-api-strict",
        )
    import array_api_strict as xp

    return xp, xp.Device(named or "CPU_DEVICE")


def _strict_array(x: Any, dtype: str | None, named: str) -> Array:
    xp, on = _strict(named)
    kind = getattr(xp, dtype) if dtype else None
    return xp.asarray(np.array(x, order="C"), dtype=kind, device=on)


@cache
def _unavailable(name: str, on: str, form: str, compiled: bool) -> str:
    if find_spec(_MODULES[name]) is None:
        return f"{_MODULES[name]} is not installed"
    try:
        target = Target(name, on, format_of(form, where="Target"), compiled)
        x = target.array(np.arange(3.0))
        summed = array_namespace(x).sum(x + x)
        if float(summed) != 6:
            return f"{target} adds wrongly"
        return uncompiled(x) if compiled else ""
    except UnavailableError as error:
        return ", ".join(error.args[1:3])
    except (RuntimeError, AssertionError) as error:
        return str(error).splitlines()[0]


def available(
    targets: Iterable[str | Target], /, *, where: str = "Target"
) -> tuple[Target, ...]:
    """The targets, read. Raises UnavailableError for one that is not here: a target
    that was asked for is never skipped."""
    found = tuple(Target.named(each, where=where) for each in targets)
    for each in found:
        if reason := each.unavailable():
            raise UnavailableError(
                where, f"{each} was asked for", f"but it is not available: {reason}"
            )
    return found


#: The formats that every law is for.
USUAL_FORMATS = ("float64", "float32")


def default_targets(formats: Iterable[str] = USUAL_FORMATS, /) -> tuple[Target, ...]:
    """Those of this machine that every law is for: NumPy, and PyTorch on the CPU where
    it is installed, in double and single precision, or in other formats, of which NumPy
    lacks some. Imports neither."""
    libraries = ("numpy", "torch:cpu") if find_spec("torch") else ("numpy",)
    return tuple(
        Target.named(f"{name}:{form}")
        for form in formats
        for name in libraries
        if form not in LACKING.get(name, ())
    )
