"""What `scratchnet doctor` finds: versions, devices, numeric flags."""

from __future__ import annotations

import os
import platform
import shutil
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from scratchnet.arrays import from_numpy, namespace_named, to_numpy
from scratchnet.errors import UnavailableError
from scratchnet.testing import numerics

PACKAGES = (
    "scratchnet",
    "numpy",
    "torch",
    "array-api-compat",
    "array-api-strict",
    "hypothesis",
    "hypothesis-gufunc",
    "safetensors",
    "matplotlib",
)

Findings = dict[str, dict[str, str]]


def findings() -> Findings:
    """All findings, by heading and name, as text."""
    found: Findings = {
        "versions": {"python": platform.python_version()}
        | {package: _version(package) for package in PACKAGES},
        "devices": {
            f"{library}:{device}": _answer(library, device)
            for library, device in (
                ("numpy", "cpu"),
                ("torch", "cpu"),
                ("torch", "cuda"),
            )
        },
    }
    if found["devices"]["torch:cpu"] == "answers":
        found["numeric flags"] = _flags()
    return found


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _answer(library: str, device: str) -> str:
    """Whether a kernel run on the device gives the right result."""
    try:
        x = from_numpy(np.arange(3.0), xp=namespace_named(library), device=device)
        right = bool((to_numpy(x + x) == np.arange(3.0) * 2).all())
    except UnavailableError as error:
        return f"unavailable: {error.args[2]}"
    return "answers" if right else "answers wrongly: 1 + 1 is not 2"


def _flags() -> dict[str, str]:
    """What decides rounding in PyTorch, and what compiling needs."""
    import torch

    compiler = os.environ.get("CXX", "g++")
    flags = {
        "threads": torch.get_num_threads(),
        "vector instructions": torch.backends.cpu.get_cpu_capability(),
        **numerics.now("torch:cuda:float32"),
        "C++ compiler for --compile": shutil.which(compiler) or f"{compiler} not found",
    }
    return {name: str(value) for name, value in flags.items()}
