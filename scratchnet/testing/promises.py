"""What is known of the places that code under test runs on: the reasons of contracts.

A target is written `library[:device]:dtype[+compiled]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from scratchnet.errors import ArgumentError, ArgumentTypeError
from scratchnet.testing.formats import BFLOAT16, FLOAT64, Format, format_of

#: The devices that may be named for each library.
DEVICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "numpy": ("cpu",),
        "torch": ("cpu", "cuda"),
        "strict": ("CPU_DEVICE", "device1", "device2", "no_float64"),
        # All promise what the first does; each of the others breaks it in one way.
        "simulated": ("gpu", "tf32", "flushing", "half_sums", "fallback"),
    }
)
#: The formats that they lack; a device of the strict library lacks one more.
LACKING: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "numpy": ("bfloat16",),
        "torch": (),
        "strict": ("bfloat16", "float16"),
        "simulated": ("bfloat16",),
        "no_float64": ("float64",),
    }
)
#: Said in the source of its kernel, BinaryDivTrueKernel.
RECIPROCALS = (
    "PyTorch on CUDA divides by a number of the host as it multiplies by its reciprocal"
)
_FORM = "library[:device]:dtype[+compiled]"
_YOURSELF = 'say yourself what is known of others: Contract("float32", ulps={...})'


@dataclass(frozen=True)
class Place:
    """A target, read: its device is empty where none is named."""

    library: str
    device: str
    format: Format
    compiled: bool

    @property
    def on_gpu(self) -> bool:
        """Whether CUDA computes."""
        return self.device == "cuda"

    @property
    def onednn(self) -> bool:
        """Whether oneDNN computes some of it: PyTorch's bfloat16 on CPUs."""
        on_cpu = self.library == "torch" and not self.on_gpu
        return on_cpu and self.format == BFLOAT16

    @property
    def flushes(self) -> bool:
        """Whether subnormal numbers may be taken for 0: the reason says why."""
        return self.onednn or (self.on_gpu and self.compiled)

    @property
    def half(self) -> str:
        """What PyTorch's options call the format; empty where it is not a half."""
        return {"float16": "fp16", "bfloat16": "bf16"}.get(self.format.name, "")


def parsed(target: Any, /, *, where: str = "Contract.for_target") -> Place:
    """The place that a target names.

    Raises ArgumentError for what is not written so and for what does not exist, and
    ArgumentTypeError for a dtype without a format; where: what was called.
    """
    try:
        return _place(target)
    except (ArgumentError, ArgumentTypeError) as error:
        raise type(error)(where, *error.args[1:]) from None


def _place(target: Any) -> Place:
    written, plus, suffix = str(target).partition("+")
    library, *devices = written.split(":")
    dtype = devices.pop() if devices else ""
    if not all((library, *devices, dtype)) or len(devices) > 1:
        raise _unfit(
            target, f"required {_FORM}", "write numpy:float32 or torch:cuda:float32"
        )
    device = "".join(devices)
    _require_device(target, library, device)
    if plus and suffix != "compiled":
        raise _unfit(target, f"required no other suffix than +compiled, not +{suffix}")
    if plus and library != "torch":
        raise _unfit(target, f"required torch for +compiled: {library} has no compiler")
    return Place(library, device, _format(target, library, device, dtype), bool(plus))


def _require_device(target: str, library: str, device: str) -> None:
    if library not in DEVICES:
        known = ", ".join(DEVICES)
        raise _unfit(target, f"required a library among {known}", _YOURSELF)
    known = ", ".join(DEVICES[library])
    if device and device not in DEVICES[library]:
        raise _unfit(target, f"required a device of {library} among {known}", _YOURSELF)


def _format(target: str, library: str, device: str, dtype: str) -> Format:
    """That of a dtype by its full name: `float` is not the same in all libraries."""
    form = format_of(dtype, where="Contract.for_target")
    if form.name != dtype:
        raise _unfit(target, f"required the name in full, {form.name}")
    for part in (library, device):
        if dtype in LACKING.get(part, ()):
            raise _unfit(
                target, f"required a dtype that {part} has", f"write torch:{dtype}"
            )
    return form


def _unfit(target: Any, required: str, fix: str = "") -> ArgumentError:
    return ArgumentError("Contract.for_target", f"target={target!r}", required, fix)


def reasons_for(place: Place, /) -> Mapping[str, str]:
    """Why a contract promises there what it does, by the name of each choice."""
    return {
        "accumulator": f"none is promised: {_additions(place)}{_fused(place)}",
        "flush_to_zero": _subnormals(place),
        "reciprocals": RECIPROCALS if place.on_gpu else "no kernel divides so",
        "input_precision": _factors(place),
        "ulps": _functions(place),
        "oracle": "long double where it is wider than double"
        if place.format == FLOAT64
        else "double, with more than twice the bits",
    }


def _additions(place: Place) -> str:
    form = place.format.name
    if place.library == "simulated" and place.half:
        # Products by hand are rounded before they are added up: no accumulator helps.
        return f"a simulated device adds {form} up in float32, code by hand need not"
    if place.library != "torch":
        how = " along any axis but the last" if place.half else ", and so does its BLAS"
        return f"NumPy adds {form} up in {form}{how}"
    if place.half and place.on_gpu:
        return (
            f"torch.backends.cuda.matmul.allow_{place.half}_reduced_precision_reduction"
            f" is on by default: products may be reduced in {form}"
        )
    if place.half:
        return "kernels for half precision differ from one CPU to the next"
    if place.on_gpu:
        return f"PyTorch on CUDA adds {form} up in {form}, in an order of its own"
    return f"PyTorch and its BLAS add {form} up in {form}, in orders of their own"


def _fused(place: Place) -> str:
    """What a compiler does beside: never more roundings than the bound counts."""
    if not place.compiled:
        return ""
    kept = " and keep intermediates in float32" if place.half else ""
    return (
        f"; a compiler may make one FMA of a product and a sum{kept}: it then rounds "
        "less often than the bound counts"
    )


def _subnormals(place: Place) -> str:
    if place.on_gpu and place.compiled:
        return (
            "Triton, which compiles for CUDA, flushes subnormal numbers in its "
            "functions by default (enable_reflect_ftz)"
        )
    if place.onednn:
        return (
            "oneDNN, which computes products and GELU, takes subnormal numbers for 0 "
            "on CPUs with AVX512_BF16 (VDPBF16PS, VCVTNEPS2BF16)"
        )
    if place.on_gpu:
        return "subnormal numbers are kept unless a kernel was built with fast math"
    switch = "torch.set_flush_denormal or " if place.library == "torch" else ""
    return f"subnormal numbers are kept unless {switch}a fast-math build says otherwise"


def _factors(place: Place) -> str:
    if place.library != "torch":
        return "NumPy and its BLAS multiply the numbers as they are"
    if place.on_gpu:
        return "TF32 is off by default: it is a contract of its own (`tf32`)"
    return "torch.set_float32_matmul_precision is 'highest' by default"


def _functions(place: Place) -> str:
    if place.on_gpu:
        documented = "4 covers what CUDA documents for every function"
        unknown = "; what Triton puts in their place was not measured"
        return documented + unknown * place.compiled
    measured = "4 covers every function measured on CPUs (at most 3.4)"
    if place.library != "torch":
        return measured
    return f"{measured}; torch.sqrt is not correctly rounded (0.75)"
