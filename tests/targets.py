"""The targets that the tests of this repository run on."""

from __future__ import annotations

from scratchnet.testing.targets import Target


def _named(*names: str) -> tuple[Target, ...]:
    return tuple(map(Target.named, names))


CPU = _named(
    *("numpy:float32", "numpy:float64", "torch:cpu:float32", "torch:cpu:float64")
)
#: Half precision: for claims about single operations, whose bounds still say something.
HALF = _named("numpy:float16", "torch:cpu:float16")
CUDA = _named("torch:cuda:float32", "torch:cuda:float64")
