"""Laws as a whole: each is asked, each says what it claims, and no limit is reached too
early for them. That each finds a fault that no other does is asked by
`scratchnet mutants`."""

from types import ModuleType

import numpy as np
import pytest

from scratchnet.testing import LAWS, OPS, Law, check, laws

FLOAT64 = "numpy:float64"


def laws_in(module):
    return {x for x in vars(module).values() if isinstance(x, Law)}


def test_every_law_that_is_written_is_asked():
    """One that is left out of the list would hold for everything."""
    modules = [x for x in vars(laws).values() if isinstance(x, ModuleType)]
    written = {each for module in modules for each in laws_in(module)}
    assert written == set(LAWS.values())
    assert list(LAWS) == [each.name for each in LAWS.values()]


@pytest.mark.parametrize("name", LAWS)
def test_a_law_says_what_it_claims_kills_and_misses(name):
    assert LAWS[name].claim
    assert LAWS[name].kills
    assert LAWS[name].misses


# What nears a limit, and is there too early.


def sigmoid(x):
    z = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, z) / (1 + z)


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


TOO_EARLY = {
    "tanh": (lambda x: np.where((x > 10) | (x < -10), np.sign(x), np.tanh(x)), "WRONG"),
    # As in PyTorch, unless it is told another threshold.
    "softplus": (lambda x: np.where(x > 20, x, softplus(x)), "INACCURATE"),
    "silu": (lambda x: np.where(x > 20, x, x * sigmoid(x)), "WRONG"),
}


@pytest.mark.parametrize("name", TOO_EARLY)
def test_a_limit_that_is_reached_too_early_is_found(name):
    subject, verdict = TOO_EARLY[name]
    law = "equals_the_oracle"
    report = check(subject, OPS[name], targets=[FLOAT64], laws=[law])
    assert report.verdicts[law, FLOAT64] == verdict
