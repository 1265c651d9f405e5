"""The targets that the tests of this repository run on."""

from __future__ import annotations

from importlib.util import find_spec

from scratchnet.testing.targets import Target


def _named(*names: str) -> tuple[Target, ...]:
    return tuple(map(Target.named, names))


CPU = _named(
    *("numpy:float32", "numpy:float64", "torch:cpu:float32", "torch:cpu:float64")
)
#: Half precision: for claims about single operations, whose bounds still say something.
HALF = _named("numpy:float16", "torch:cpu:float16")
CUDA = _named("torch:cuda:float32", "torch:cuda:float64")
#: Where there is no GPU the same is claimed of devices that stand in for it.
STANDIN = _named("simulated:gpu:float32")
#: array-api-strict's devices refuse each other's arrays, and one has no float64.
STRICT = _named(
    *("strict:device1:float64", "strict:device2:float32", "strict:no_float64:float32")
) * bool(find_spec("array_api_strict"))


class Devices:
    """Where tests/gpu runs: on CUDA where the session requires it, else on what stands
    in for it. Nobody asks whether a device is here: collecting would initialise it."""

    required: tuple[str, ...] = ()

    @classmethod
    def on_cuda(cls) -> bool:
        """Whether CUDA is required."""
        return "torch:cuda" in cls.required

    @classmethod
    def targets(cls) -> tuple[Target, ...]:
        """Those of a test that takes a `target`."""
        return CUDA if cls.on_cuda() else STANDIN
