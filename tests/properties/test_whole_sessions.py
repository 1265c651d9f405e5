"""A session of the whole suite fails where a law of an operation compared nothing."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from equivalence import reported
from properties.strangers import ON_NUMPY

ROOT = Path(__file__).parents[2]
HELD = {"compared": 1, "test": f"{reported.WHERE}::test_ours"}


@pytest.fixture
def hooks(pytestconfig):
    """The conftest.py of this repository."""
    return pytestconfig.pluginmanager.get_plugin(str(ROOT / "conftest.py"))


def told():
    """What tests tell of which each law of each operation compared something."""
    return [{"operation": name, "law": law, **HELD} for name, law in reported.claimed()]


@pytest.fixture
def finished(hooks, pytester, monkeypatch):
    """What comes of a session of these arguments, whose tests told this."""

    def finish(told, *arguments, worker=False):
        monkeypatch.chdir(ROOT)
        monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
        config = pytester.parseconfig(*arguments)
        plugin = SimpleNamespace(told=told, wrong=[])
        monkeypatch.setattr(config.pluginmanager, "get_plugin", lambda _: plugin)
        if worker:
            config.workerinput = {}
        session = SimpleNamespace(config=config, exitstatus=pytest.ExitCode.OK)
        hooks.pytest_sessionfinish(session)
        return session.exitstatus, plugin.wrong

    return finish


WHOLE = [(), ("tests",), (".",), ("tests/..",), (".", "tests"), ("-q", "tests")]
NARROWED = [
    ("-k", "relu"),
    ("-m", "not mnist"),
    ("--lf",),
    ("-x",),
    ("--maxfail=3",),
    ("--collect-only",),
    ("--deselect=tests/properties/test_imports.py",),
    ("--ignore=tests/properties/test_imports.py",),
    ("--ignore-glob=tests/gpu/*",),
    ("tests/equivalence",),
    ("tests/equivalence", "tests/properties", "tests/gpu"),
    (f"{reported.WHERE}::test_ours",),
]


@pytest.mark.parametrize("arguments", WHOLE, ids=str)
def test_a_whole_session_fails_where_a_law_is_missing(finished, arguments):
    lost, *others = told()
    status, wrong = finished([*others, lost | {"compared": 0}], *arguments)
    assert status == pytest.ExitCode.TESTS_FAILED
    assert wrong == [f"{lost['law']} of {lost['operation']} compared nothing"]


@pytest.mark.parametrize("arguments", WHOLE, ids=str)
def test_a_whole_session_of_all_laws_is_ok(finished, arguments):
    assert finished(told(), *arguments) == (pytest.ExitCode.OK, [])


@pytest.mark.parametrize("arguments", NARROWED, ids=str)
def test_a_part_of_the_suite_may_miss_laws(finished, arguments):
    assert finished([], *arguments) == (pytest.ExitCode.OK, [])


def test_a_worker_leaves_it_to_its_controller(finished):
    assert finished([], worker=True) == (pytest.ExitCode.OK, [])


# Sessions of a copy of this repository, with hardly a test in it.

NEEDED = ("targets.py", "equivalence/reported.py", "equivalence/beyond.py")
NEEDED += ("properties/asking.py", "properties/strangers.py")
NEEDED += ("gpu/gated.py", "properties/jobs.py")
ONE = """
import numpy as np
import pytest
from scratchnet.testing import ops

@pytest.mark.verifies(ops.relu, laws="equals_the_oracle")
def test_ours(law):
    law.holds_for(lambda x: np.maximum(x, 0))
"""


@pytest.fixture
def copy(pytester):
    """Runs a copy whose only tests are of one law of an operation."""
    for name in ("pyproject.toml", "conftest.py", *(f"tests/{x}" for x in NEEDED)):
        (pytester.path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, pytester.path / name)
    (pytester.path / reported.WHERE).write_text(ONE)
    return lambda *options: pytester.runpytest_subprocess(
        *(ON_NUMPY, "-p", "no:cacheprovider", *options)
    )


@pytest.mark.parametrize("options", [(), ("-n1",)], ids=str)
def test_a_session_that_lacks_laws_says_so_once_and_fails(copy, options):
    if options:
        pytest.importorskip("xdist")
    result = copy(*options)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert result.parseoutcomes() == {"passed": 1}
    said = [x for x in result.outlines if x.endswith("compared nothing")]
    lost = reported.claimed() - {("relu", "equals_the_oracle")}
    wanted = [f"ERROR: {law} of {name} compared nothing" for name, law in sorted(lost)]
    assert said == wanted


def test_a_session_of_one_file_lacks_nothing(copy):
    result = copy(reported.WHERE)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.no_fnmatch_line("*compared nothing")
