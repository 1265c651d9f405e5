"""Numerics: the switches of a library that decide how it rounds, pinned while laws ask.

A switch that is off elsewhere and on here makes two runs incomparable: what a bound is
derived from is set before the first call, and seen to be so after the last.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from scratchnet.testing.contract import Contract
from scratchnet.testing.targets import Target
from scratchnet.testing.workspace import set_workspace, workspace, workspace_now


@dataclass(frozen=True)
class Switch:
    """One setting: what it is pinned to, how it is read, and how it is written."""

    name: str
    pinned: Any
    read: Callable[[], Any]
    write: Callable[[Any], Any]


class Pins:
    """The switches of a target while they are pinned."""

    def __init__(self, switches: tuple[Switch, ...]) -> None:
        self._switches = switches
        self._before = self.now()

    def now(self) -> dict[str, Any]:
        """What each of them is set to."""
        return {each.name: each.read() for each in self._switches}

    def set(self) -> None:
        """Set each of them to what it is pinned to."""
        _write(self._switches, {each.name: each.pinned for each in self._switches})

    def restore(self) -> None:
        """Set each of them to what it was before."""
        _write(self._switches, self._before)

    def changed(self) -> str:
        """Which of them somebody has changed since, in words; empty for none."""
        now = self.now()
        return ", ".join(
            f"{each.name} from {each.pinned} to {now[each.name]}"
            for each in self._switches
            if now[each.name] != each.pinned
        )


def _write(switches: tuple[Switch, ...], values: Mapping[str, Any]) -> None:
    # One may set another as well: the last to be written are the finest.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for each in switches:
            if each.read() != values[each.name]:
                each.write(values[each.name])


@contextmanager
def pinned(target: Target, contract: Contract | None = None, /) -> Iterator[Pins]:
    """The numerics of a target pinned to what its contract is derived from, and put
    back at the end.

    Where the contract promises the factors of TF32 (`Contract.tf32`), TF32 is on.
    """
    pins = Pins(switches(target, contract or target.contract))
    pins.set()
    try:
        yield pins
    finally:
        pins.restore()


def switches(target: Target, contract: Contract, /) -> tuple[Switch, ...]:
    """Those that matter on a target: none but PyTorch's."""
    if target.library != "torch":
        return ()
    tf32 = contract.input_precision is not None
    on_cuda = _of_cuda(tf32) if target.device == "cuda" else ()
    return (*_of_torch(tf32), *on_cuda)


def _of_torch(tf32: bool) -> tuple[Switch, ...]:
    """Those of every device."""
    import torch

    onednn: Any = torch.backends.mkldnn
    # Made of its bits: where subnormals are flushed, reading the number would be, too.
    tiny = torch.tensor(1, dtype=torch.int32).view(torch.float32)
    return (
        Switch(
            "float32 matmul precision",
            "high" if tf32 else "highest",
            torch.get_float32_matmul_precision,
            torch.set_float32_matmul_precision,
        ),
        _precision("oneDNN matmul", onednn.matmul, tf32),
        Switch(
            "subnormals flushed to zero",
            False,
            lambda: bool(tiny * 1 == 0),
            torch.set_flush_denormal,
        ),
    )


def _of_cuda(tf32: bool) -> tuple[Switch, ...]:
    """Those of CUDA, cuBLAS and cuDNN. Asking for them does not initialise CUDA."""
    import torch

    cuda, cudnn = torch.backends.cuda, torch.backends.cudnn
    halves = (
        ("float16 products reduced in float16", "fp16_reduced_precision_reduction"),
        ("bfloat16 products reduced in bfloat16", "bf16_reduced_precision_reduction"),
        ("float16 products added up in float16", "fp16_accumulation"),
    )
    return (
        _precision("CUDA matmul", cuda.matmul, tf32),
        _of_cudnn(cudnn, tf32),
        *(_attribute(name, cuda.matmul, f"allow_{key}", False) for name, key in halves),
        Switch("cuBLAS workspace", workspace(), workspace_now, set_workspace),
        _attribute("cuDNN chooses by timing", cudnn, "benchmark", False),
        _attribute("cuDNN is deterministic", cudnn, "deterministic", True),
        Switch(
            "deterministic algorithms",
            True,
            torch.are_deterministic_algorithms_enabled,
            # Where there is none, the operation runs: a law says what comes of it.
            partial(torch.use_deterministic_algorithms, warn_only=True),
        ),
    )


def _precision(of: str, operation: Any, tf32: bool) -> Switch:
    """What the float32 factors of an operation may be rounded to."""
    return Switch(
        f"{of} precision",
        "tf32" if tf32 else "ieee",
        partial(_rounded, operation),
        partial(_set, operation, "fp32_precision"),
    )


def _rounded(operation: Any) -> str:
    """Where nothing was ever set, PyTorch rounds as the standard of IEEE says."""
    return str(operation.fp32_precision).replace("none", "ieee")


def _of_cudnn(cudnn: Any, tf32: bool) -> Switch:
    """Both operations of cuDNN at once, by the older switch: PyTorch refuses to read
    that one where they are set one by one."""

    def read() -> str:
        return f"{_rounded(cudnn.conv)}, {_rounded(cudnn.rnn)}"

    def write(value: str) -> None:
        cudnn.allow_tf32 = value == "tf32, tf32"
        for operation, each in zip(
            (cudnn.conv, cudnn.rnn), value.split(", "), strict=True
        ):
            if _rounded(operation) != each:
                operation.fp32_precision = each

    name = "cuDNN conv and rnn precision"
    return Switch(name, "tf32, tf32" if tf32 else "ieee, ieee", read, write)


def _attribute(name: str, holder: Any, key: str, pinned: Any) -> Switch:
    return Switch(
        name, pinned, partial(getattr, holder, key), partial(_set, holder, key)
    )


def _set(holder: Any, key: str, value: Any) -> None:
    setattr(holder, key, value)


def settings(target: Target, contract: Contract, /) -> str:
    """What every switch of a device is pinned to, on one line; empty for the host."""
    every = switches(target, contract) if target.on_device else ()
    return ", ".join(f"{each.name}: {each.pinned}" for each in every)


def now(target: str | Target, /) -> dict[str, Any]:
    """What every switch of a target is set to now, by its name."""
    where = Target.named(target)
    return Pins(switches(where, where.contract)).now()
