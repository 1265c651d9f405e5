"""The targets that the tests of this repository run on: library, device and dtype."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from scratchnet.arrays import Array, Namespace, from_numpy, namespace_named
from scratchnet.errors import UnavailableError


@dataclass(frozen=True)
class Target:
    """Where a subject runs, written `library:device:dtype`."""

    library: str
    device: str
    dtype: str

    def __str__(self) -> str:
        return f"{self.library}:{self.device}:{self.dtype}"

    @property
    def xp(self) -> Namespace:
        return namespace_named(self.library)

    def unavailable(self) -> str:
        """Why nothing can run here; empty where a kernel gave the right result."""
        return _unavailable(self.library, self.device)

    def array(self, x: Any) -> Array:
        """x on this target: of its dtype where x is floating, else of x's own."""
        x = np.asarray(x)
        dtype = self.dtype if x.dtype.kind == "f" else None
        return from_numpy(x, xp=self.xp, dtype=dtype, device=self.device)


@cache
def _unavailable(library: str, device: str) -> str:
    try:
        x = from_numpy(np.arange(3), xp=namespace_named(library), device=device)
        return "" if (x + x).tolist() == [0, 2, 4] else f"{device} adds wrongly"
    except UnavailableError as error:
        return str(error).splitlines()[0]


CPU = tuple(
    Target(library, "cpu", dtype)
    for library in ("numpy", "torch")
    for dtype in ("float32", "float64")
)
#: Half precision: for claims about single operations, whose bounds still say something.
HALF = tuple(Target(library, "cpu", "float16") for library in ("numpy", "torch"))
CUDA = tuple(Target("torch", "cuda", dtype) for dtype in ("float32", "float64"))
