"""Simulated devices: how each computes, and what it counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from scratchnet.testing.simulated import numerics
from scratchnet.testing.simulated.numerics import Arithmetic, each, faithful, floating


@dataclass(eq=False)
class Device:
    """Where arrays live, and what computes there.

    on_host: the functions that it leaves to the host. allocations: how many arrays were
    given memory on it. read: how many floating numbers of it were read on the host;
    singles: how many of these one by one.
    """

    name: str
    arithmetic: Arithmetic = faithful
    on_host: frozenset[str] = frozenset()
    allocations: int = 0
    read: int = 0
    singles: int = 0

    def __str__(self) -> str:
        return self.name

    def __reduce__(self) -> tuple[Any, ...]:
        # A copy, and one in another process, is the device itself: its arrays mix.
        return named, (self.name,)

    def show(self, x: Any, /) -> None:
        """The host reads something of it."""
        count = floating(x)
        self.read += count
        self.singles += count == 1

    def run(
        self, name: str, function: Arithmetic, /, *args: Any, **options: Any
    ) -> Any:
        """What the function gives here. A device never warns."""
        if name in self.on_host:
            for x in each(args):
                self.show(x)
        with np.errstate(all="ignore"):
            return self.arithmetic(name, function, *args, **options)


#: The host itself: where arrays are made that name no device.
HOST = Device("cpu")
#: Those that can be targets. The first does what all of them promise.
DEVICES: Mapping[str, Device] = MappingProxyType(
    {
        device.name: device
        for device in (
            Device("gpu"),
            Device("tf32", numerics.tf32),
            Device("flushing", numerics.flushing),
            Device("half_sums", numerics.half_sums),
            Device("fallback", on_host=frozenset({"exp", "log", "sum"})),
        )
    }
)


def named(device: Any, /) -> Device:
    """The device itself, or that of a name. Raises ValueError where there is none."""
    if isinstance(device, Device):
        return device
    for known in (HOST, *DEVICES.values()):
        if known.name == str(device):
            return known
    raise ValueError(f"device={device!r}, required one of cpu, {', '.join(DEVICES)}")
