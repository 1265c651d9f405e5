"""What a benchmark ran on: the device and its driver, versions, flags, commit, date."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import torch
from measure import processor

Facts = dict[str, str]
_HERE = Path(__file__).parent


@contextmanager
def pinned() -> Iterator[Facts]:
    """Within, full float32 in products and no sums in half; gives what is set.

    What tests pin beside (`scratchnet.testing.numerics`: deterministic algorithms)
    stays as it is: it costs time, and nobody trains so.
    """
    cuda, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    off = {
        "TF32 in CUDA matmul": (cuda, "allow_tf32"),
        "TF32 in cuDNN": (cudnn, "allow_tf32"),
        "float16 sums in half": (cuda, "allow_fp16_reduced_precision_reduction"),
        "bfloat16 sums in half": (cuda, "allow_bf16_reduced_precision_reduction"),
        "cuDNN chooses by timing": (cudnn, "benchmark"),
    }
    before = {name: getattr(*place) for name, place in off.items()}
    try:
        for owner, flag in off.values():
            setattr(owner, flag, False)
        yield {name: str(getattr(*place)) for name, place in off.items()} | {
            "float32 matmul precision": torch.get_float32_matmul_precision(),
            "deterministic": str(torch.are_deterministic_algorithms_enabled()),
            "cuBLAS workspace": os.environ.get("CUBLAS_WORKSPACE_CONFIG", "not set"),
        }
    finally:
        for name, (owner, flag) in off.items():
            setattr(owner, flag, before[name])


def facts_of(device: str) -> Facts:
    """Where, when and with what: each fact in words, `unknown` where nobody says."""
    now = datetime.datetime.now(datetime.UTC)
    return {
        **(_of_cuda(device) if device.startswith("cuda") else _of_the_host()),
        "CPU": f"{processor()}, {os.cpu_count()} cores",
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        **{name: version(name) for name in ("scratchnet", "torch", "numpy")},
        "threads": str(torch.get_num_threads()),
        "commit": _commit(),
        "date": now.isoformat(timespec="seconds"),
    }


def _of_the_host() -> Facts:
    return {"device": f"no GPU: {processor()}"}


def _of_cuda(device: str) -> Facts:
    major, minor = torch.cuda.get_device_capability(device)
    query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    return {
        "device": torch.cuda.get_device_name(device),
        "capability": f"{major}.{minor}",
        # One line a device, all of one driver.
        "driver": _said(query).partition("\n")[0],
        "CUDA of torch": str(torch.version.cuda),
    }


def _commit() -> str:
    """The commit of this checkout, and whether files differ from it. A copy without
    its history is of the commit that GITHUB_SHA names."""
    commit = _said(["git", "rev-parse", "HEAD"])
    if commit == "unknown":
        return os.environ.get("GITHUB_SHA", commit)
    changed = _said(["git", "status", "--porcelain", "--untracked-files=no"])
    return f"{commit}, changed" if changed not in ("", "unknown") else commit


def _said(command: Sequence[str]) -> str:
    """What a command prints; `unknown` where it is not there or fails."""
    try:
        ran = subprocess.run(
            command, cwd=_HERE, check=True, capture_output=True, text=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return ran.stdout.strip()
