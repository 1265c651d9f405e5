"""Importing scratchnet is cheap: what is heavy is loaded when it is first needed."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "hypothesis", "pytest", "matplotlib", "rich", "typer", "numpy")
HEAVY += ("jinja2",)


def loaded_after(statement):
    """Which of the heavy modules a fresh interpreter has loaded after a statement."""
    program = f"import sys; {statement}; print(*({HEAVY!r} & sys.modules.keys()))"
    program = program.replace(repr(HEAVY), repr(set(HEAVY)))
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(ran.stdout.split())


@pytest.mark.parametrize(
    "package", ["scratchnet", "scratchnet.testing", "scratchnet.testing.strategies"]
)
def test_importing_the_package_loads_nothing_heavy(package):
    assert loaded_after(f"import {package}") == set()


def test_the_pipeline_needs_neither_torch_nor_hypothesis_nor_pytest():
    every = "from scratchnet import *"
    assert loaded_after(every) <= {"numpy", "rich"}


@pytest.mark.parametrize("module", ["report", "page", "figures"])
def test_what_draws_a_page_is_loaded_when_one_is_drawn(module):
    loaded = loaded_after(f"import scratchnet.testing.{module}")
    assert not loaded & {"jinja2", "matplotlib"}


@pytest.mark.parametrize("module", ["hypothesis", "numpy", "rich", "jinja2"])
def test_the_probe_sees_what_is_loaded(module):
    """The control: a probe that saw nothing would let everything pass."""
    assert module in loaded_after(f"import {module}")
