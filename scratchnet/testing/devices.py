"""Devices: which are required, what they are, and how much was allocated on them.

A device is written `library:device`: `torch:cuda`, of which `cuda` is short.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from scratchnet.errors import ArgumentError, UnavailableError

if TYPE_CHECKING:
    from scratchnet.testing.targets import Target

#: What is short for what.
SHORT = {"cuda": "torch:cuda"}
_FORM = "required library:device, such as torch:cuda, of which cuda is short"


def named(text: str, /, *, where: str = "--scratchnet-require") -> tuple[str, ...]:
    """The devices that are named, separated by commas: each in full, each once.

    Raises ArgumentError for what is not written so, and for what there is not.
    """
    parts = [part.strip() for part in text.split(",")]
    full = [SHORT.get(part, part) for part in parts]
    for part, name in zip(parts, full, strict=True):
        if name.count(":") != 1:
            raise ArgumentError(where, f"{part!r}", _FORM)
        target_on(name, where=where)
    return tuple(dict.fromkeys(full))


def target_on(name: str, /, *, where: str = "--scratchnet-require") -> Target:
    """A target on a device, in a format that every device has."""
    from scratchnet.testing.targets import Target

    return Target.named(f"{name}:float32", where=where)


def require(name: str, /, *, where: str = "--scratchnet-require") -> None:
    """Run a kernel on the device, and read its result.

    Raises UnavailableError where it does not answer, or answers wrongly.
    """
    if reason := target_on(name, where=where).unavailable():
        raise UnavailableError(
            where, f"{name} is required", f"but it does not answer: {reason}"
        )


def of_target(target: Target, /) -> str:
    """The device of a target, as it is required; empty for the host."""
    return f"{target.library}:{target.device}" if target.on_device else ""


def of_item(item: Any, /) -> str:
    """The device that a test of pytest runs on: that of its target, or of its marker
    `device`; empty for the host. Imports nothing heavy for tests of neither.

    Raises ArgumentError for a marker that names no device.
    """
    params = getattr(getattr(item, "callspec", None), "params", {})
    for found in filter(None, map(_of_value, params.values())):
        return found
    marker = item.get_closest_marker("device")
    return "" if marker is None else named(*marker.args, where="device")[0]


def _of_value(value: Any) -> str:
    """The device of a target, or of what is asked on one."""
    targets = sys.modules.get("scratchnet.testing.targets")
    target = getattr(value, "target", value)
    known = targets is not None and isinstance(target, targets.Target)
    return of_target(target) if known else ""


def allocated(name: str, /) -> int | None:
    """How many arrays were allocated on the device in this process so far; None where
    its library does not count them. Does not initialise it."""
    library, _, device = name.partition(":")
    if library == "torch" and device == "cuda":
        torch = sys.modules.get("torch")
        if torch is None or not torch.cuda.is_initialized():
            return 0
        return int(torch.cuda.memory_stats().get("allocation.all.allocated", 0))
    if library == "simulated":
        from scratchnet.testing import simulated

        return simulated.DEVICES[device].allocations
    return None


def facts(names: Iterable[str], /) -> dict[str, str]:
    """What the devices are, for reports: `torch:cuda.name`, `.capability`, ..."""
    found: dict[str, str] = {}
    for name in names:
        told = _of_cuda() if name == "torch:cuda" else {"name": "a simulated device"}
        found |= {f"{name}.{key}": value for key, value in told.items()}
    return found


def _of_cuda() -> dict[str, str]:
    import torch

    device = torch.cuda.get_device_properties(torch.cuda.current_device())
    return {
        "name": device.name,
        "capability": f"{device.major}.{device.minor}",
        "memory": f"{device.total_memory} bytes",
        "driver": _driver(),
        "cuda": str(torch.version.cuda),
    }


def _driver() -> str:
    """The version of the driver, as its own tool says it."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return "not known: nvidia-smi is not here"
    query = [tool, "--query-gpu=driver_version", "--format=csv,noheader"]
    said = subprocess.run(  # noqa: S603 - a fixed command
        query, capture_output=True, text=True, check=False, timeout=30
    )
    return (said.stdout.splitlines() or ["not known"])[0].strip()
