"""Faults planted in the harness itself: each is found by a test of the harness.

What finds faults in everybody's code has to be right, and only its own tests say so.
Each fault is one edit in a copy of the package. One test is named for it, which must
fail about that copy, and pass about one without it.
"""

import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from properties.harness_faults import FAULTS

import scratchnet

ROOT = Path(__file__).parents[2]
PACKAGE = Path(scratchnet.__file__).parent
#: What would reach into a session: another one's options, workers and measurements.
FOREIGN = ("PYTEST_", "COV", "HYPOTHESIS_")


@pytest.fixture
def copied(tmp_path):
    """The package in a folder of its own, with what says that it is installed there:
    the plugin refuses to test any other than the one that is."""
    # Other processes may be about to write what they have compiled.
    unfinished = shutil.ignore_patterns("*.pyc.*")
    shutil.copytree(PACKAGE, tmp_path / PACKAGE.name, ignore=unfinished)
    installed = metadata.distribution("scratchnet")
    about = tmp_path / f"scratchnet-{installed.version}.dist-info"
    about.mkdir()
    for name in ("METADATA", "entry_points.txt"):
        (about / name).write_text(installed.read_text(name))
    return tmp_path


def planted(fault, folder):
    """The fault, in the package that lies there."""
    file = folder / PACKAGE.name / fault.file
    text = file.read_text()
    assert text.count(fault.was) == 1
    file.write_text(text.replace(fault.was, fault.becomes))


def session(folder, *arguments):
    """A session about the package that lies there: always of the same examples."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)}
    places = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    # The working directory, of which Python thinks first otherwise, has a package too.
    ours = {"PYTHONPATH": os.pathsep.join(places), "PYTHONSAFEPATH": "1", "CI": "true"}
    options = ("-p", "no:cacheprovider", "--color=no", *arguments)
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=ROOT,
        env=plain | ours,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.says)
def test_a_fault_of_the_harness_is_found_by_its_tests(fault, copied):
    """By one that fails: not by a session that does not even begin."""
    planted(fault, copied)
    found = session(copied, "-x", "-q", fault.test)
    assert found.returncode == pytest.ExitCode.TESTS_FAILED, found.stdout + found.stderr
    assert f"FAILED {fault.test}" in found.stdout


def test_without_a_fault_they_pass(copied):
    """The control: what fails anyway, or is skipped, finds nothing; nor does what asks
    the package that is installed, whose plugin pytest would load."""
    tests = {fault.test: None for fault in FAULTS}
    found = session(copied, "--trace-config", "-rA", *tests)
    assert found.returncode == pytest.ExitCode.OK, found.stdout + found.stderr
    assert {test for test in tests if f"PASSED {test}" not in found.stdout} == set()
    plugin = copied / PACKAGE.name / "testing" / "plugin.py"
    assert f": {plugin}\n" in found.stdout


def test_every_part_of_the_harness_has_a_fault():
    parts = {fault.file.split("/")[1] for fault in FAULTS}
    assert {"bounded", "elements.py", "search.py", "strategies", "laws"} <= parts
    assert {"numerics.py", "devices.py", "requirement.py", "gate.py"} <= parts
    assert len(FAULTS) >= 10
