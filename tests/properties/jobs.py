"""The script that runs jobs of workflows, called here."""

import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[2]


def script():
    """.github/run_job.py, which is in no package."""
    sys.path.insert(0, str(ROOT / ".github"))
    try:
        return import_module("run_job")
    finally:
        sys.path.pop(0)


@pytest.fixture
def run_here(monkeypatch, tmp_path, capfd):
    """Runs a job; its exit code, and what it said."""

    def run(workflow, job, *options, folder=ROOT / ".github" / "workflows"):
        kept = ("--folder", str(folder), "--artifacts", str(tmp_path / "kept"))
        monkeypatch.setattr("sys.argv", ["run_job", workflow, job, *options, *kept])
        code = script().main()
        return SimpleNamespace(code=code, said="".join(capfd.readouterr()))

    return run
