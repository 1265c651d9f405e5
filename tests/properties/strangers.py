"""A stranger's repository: an empty folder with a file of tests, and sessions of it.

Each session is one of its own. Those that set up Hypothesis, and those about what is
imported, are processes of their own.
"""

import re

import _pytest.pytester
import pytest

CODE = """
import numpy as np
import pytest
from scratchnet.testing import ops

def softmax(x, axis=-1):
    powers = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return powers / np.sum(powers, axis=axis, keepdims=True)

def softmax_vjp(x, axis=-1):
    y = softmax(x, axis)
    return y, lambda g: (y * (g - np.sum(g * y, axis=axis, keepdims=True)),)

def wrong(x, axis=-1):
    powers = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return powers / np.sum(powers, axis=0, keepdims=True)

"""
THREE_LINES = """
@pytest.mark.verifies(ops.softmax)
def test_mine(law):
    law.holds_for({})
"""
ON_NUMPY = "--scratchnet-targets=numpy:float64"
FEW = "--scratchnet-examples=10"
FEWER = "--scratchnet-examples=3"
ORACLE = "equals_the_oracle-numpy:float64"
NOT_OF_PULLBACKS = [
    *("equals_the_oracle", "results_are_of_their_kind", "rows_are_independent"),
    *("empty_and_0d_are_no_exceptions", "what_does_not_fit_is_refused"),
    *("the_layout_does_not_matter", "inputs_are_untouched", "results_are_new"),
    "two_runs_agree",
]


@pytest.fixture(autouse=True)
def libraries_stay_loaded(request):
    """Pytester forgets what its sessions imported; NumPy can be loaded only once.

    Of itself, and not asked for: pytester takes stock as soon as it is there.
    """
    if "pytester" not in request.fixturenames:
        return
    monkeypatch = request.getfixturevalue("monkeypatch")
    snapshot = _pytest.pytester.SysModulesSnapshot

    def kept(preserve=None):
        del preserve
        return snapshot(lambda name: not name.startswith(("test_it", "test_other")))

    monkeypatch.setattr(_pytest.pytester, "SysModulesSnapshot", kept)


@pytest.fixture
def session(pytester):
    """Runs a file of tests on NumPy, in this process."""

    def run(body, *options, targets=ON_NUMPY):
        pytester.makepyfile(test_it=CODE + body)
        return pytester.runpytest_inprocess(*filter(None, (targets,)), FEW, *options)

    return run


@pytest.fixture
def process(pytester):
    """Runs files of tests on NumPy, in a process of its own."""

    def run(*options, **files):
        for name, body in files.items():
            pytester.makepyfile(**{name: CODE + body})
        return pytester.runpytest_subprocess(ON_NUMPY, FEW, *options)

    return run


def only(law, call="law.holds_for(softmax)"):
    """A test of a single law."""
    return f"""
@pytest.mark.verifies(ops.softmax, laws="{law}")
def test_mine(law):
    {call}
"""


def ids(result):
    """The ids that a verbose session printed, with what came of each."""
    found = re.findall(r"^[^:\s]+::(\S+) ([A-Z]+)", result.stdout.str(), re.M)
    return {name: outcome for name, outcome in found if outcome != "-"}


def summary(result):
    """The table of a session, by operation and heading."""
    table = re.search(r"^operation  .*^in all  .*?$", result.stdout.str(), re.M | re.S)
    heads, *rows = (re.split(r"  +", line) for line in table[0].splitlines())
    return {row[0]: dict(zip(heads, row, strict=True)) for row in rows}
