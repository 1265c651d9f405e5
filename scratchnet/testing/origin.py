"""Origin: which commit, which run and which versions a report is of."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

#: What decides the figures and verdicts of a session.
PACKAGES = ("scratchnet", "numpy", "torch", "hypothesis", "pytest", "triton")


def facts(root: Path, /) -> dict[str, str]:
    """Those of a session in a folder, by name: `commit`, `run`, `version.numpy`, ..."""
    found = {"commit": commit(root), "run": run()}
    found |= {"version.python": platform.python_version()}
    found |= {f"version.{name}": _version(name) for name in PACKAGES}
    return {name: value for name, value in found.items() if value}


def commit(root: Path, /) -> str:
    """The commit of a checkout; empty where there is none."""
    git = shutil.which("git")
    if git is None:
        return os.environ.get("GITHUB_SHA", "")
    said = subprocess.run(  # noqa: S603 - a fixed command
        [git, "rev-parse", "HEAD"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    return said.stdout.strip() or os.environ.get("GITHUB_SHA", "")


def run() -> str:
    """The run of GitHub Actions, and the attempt; empty elsewhere."""
    names = ("GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT")
    return "-".join(filter(None, map(os.environ.get, names)))


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
