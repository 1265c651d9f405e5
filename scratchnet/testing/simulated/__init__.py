"""Devices without hardware: arrays that live elsewhere, as those of a GPU do.

What runs on them is written against the array API. One device computes as it promises,
the others break that promise, each in one way that real devices do: whoever gates code
on a GPU can show here, without one, that the gate can close.
"""

from scratchnet.testing.simulated.array import Array, overlap
from scratchnet.testing.simulated.device import DEVICES, HOST, Device
from scratchnet.testing.simulated.namespace import XP, Namespace

__all__ = ["DEVICES", "HOST", "XP", "Array", "Device", "Namespace", "overlap"]
