"""How far apart two results may be that are each inside the oracle's bound."""

import numpy as np
import pytest

from scratchnet.testing import OPS, Bounded, Contract
from scratchnet.testing.laws.finding import agree

SINGLE = Contract("float32")


def sums():
    """An oracle of long sums: its errors are many units in the last place."""
    x = np.linspace(-1, 2, 3000, dtype=np.float32).reshape(3, 1000)
    exact = Bounded.exact(x, SINGLE)
    options = {"axis": -1, "keepdims": False}
    return OPS["sum"].reference.oracle(exact, contract=SINGLE, **options)


def apart(oracle, errors, at):
    """Two results of which one element lies so many of its errors apart."""
    off = np.where(np.arange(oracle.value.size) == at, errors / 2, 0) * oracle.error
    return ((oracle.value + sign * off).astype(np.float32) for sign in (1, -1))


@pytest.mark.parametrize("at", range(3))
@pytest.mark.parametrize(
    ("errors", "verdict"),
    [(1.9, "HOLDS"), (-1.9, "HOLDS"), (2.1, "WRONG"), (-2.1, "WRONG")],
)
def test_two_results_may_be_two_errors_apart_and_no_further(errors, verdict, at):
    oracle = sums()
    # A tenth of an error has to be more than what rounding the results adds.
    assert (oracle.error / 10 > 2 * np.spacing(np.abs(oracle.value), dtype="f4")).all()
    found = agree(*apart(oracle, errors, at), oracle, what="results")
    assert found.verdict == verdict
    assert found.compared == oracle.value.size
