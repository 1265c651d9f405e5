"""Devices: which are required, what they are, and how much was allocated on them.

A device is written `library:device`: `torch:cuda`, of which `cuda` is short.
"""

from __future__ import annotations

import os
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


def of_item(item: Any, /) -> tuple[str, ...]:
    """The devices that a test of pytest runs on: those of its targets, and of its
    markers `device`; none for the host. Imports nothing heavy for tests of neither.

    Raises ArgumentError for a marker that names no device.
    """
    params = getattr(getattr(item, "callspec", None), "params", {})
    found = [name for value in params.values() for name in _of_value(value)]
    for marker in item.iter_markers("device"):
        found += _of_marker(*marker.args, **marker.kwargs)
    return tuple(dict.fromkeys(found))


def _of_value(value: Any) -> list[str]:
    """The devices of a target, of what is asked on one, or of several."""
    if isinstance(value, tuple | list):
        return [name for each in value for name in _of_value(each)]
    targets = sys.modules.get("scratchnet.testing.targets")
    target = getattr(value, "target", value)
    known = targets is not None and isinstance(target, targets.Target)
    return list(filter(None, [of_target(target)])) if known else []


def _of_marker(*names: Any, **options: Any) -> list[str]:
    given = [*names, *options.values()]
    if not given or {*options} - {"name"} or not all(isinstance(x, str) for x in given):
        said = f"@pytest.mark.device with {given!r}"
        raise ArgumentError("device", said, 'required a name: device("cuda")')
    return [name for text in given for name in named(text, where="device")]


def allocated(name: str, /) -> int | None:
    """How many arrays were allocated on the device in this process so far; None where
    its library does not count them. Does not initialise it."""
    library, _, device = name.partition(":")
    if library == "torch" and device == "cuda":
        torch = sys.modules.get("torch")
        if torch is None or not torch.cuda.is_initialized():
            return 0
        return _allocated_on_cuda(torch.cuda)
    if library == "simulated":
        from scratchnet.testing import simulated

        return simulated.DEVICES[device].allocations
    return None


def _allocated_on_cuda(cuda: Any) -> int | None:
    """On all devices together; None where another allocator than PyTorch's own counts
    nothing."""
    uncached = os.environ.get("PYTORCH_NO_CUDA_MEMORY_CACHING")
    if uncached or cuda.get_allocator_backend() != "native":
        return None
    stats = map(cuda.memory_stats, range(cuda.device_count()))
    return sum(int(each.get("allocation.all.allocated", 0)) for each in stats)


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
    try:
        said = subprocess.run(  # noqa: S603 - a fixed command
            query, capture_output=True, text=True, check=False, timeout=30
        )
    except (OSError, subprocess.SubprocessError) as error:
        return f"not known: nvidia-smi: {type(error).__name__}"
    return (said.stdout.splitlines() or ["not known"])[0].strip()
