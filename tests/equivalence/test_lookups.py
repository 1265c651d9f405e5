"""Lookups, distances, vectors and probabilities: what is correct holds in every style,
what is wrong is found, and what is free is free."""

import numpy as np
import pytest
from equivalence.drawn import quiet
from equivalence.written import (
    CORRECT,
    MISTAKES,
    SLOPES,
    as_written,
    clipped,
    limited,
    loss,
    of_limits,
    put,
)
from judged import judge, oracle

from scratchnet.errors import ArgumentError
from scratchnet.testing import OPS, check
from scratchnet.testing.compare import within
from scratchnet.testing.contract import Contract
from scratchnet.testing.references import REFERENCES

pytestmark = quiet
TARGETS = ["numpy:float64", "numpy:float16"]
STYLES = [(name, style) for name, each in CORRECT.items() for style in each]


@pytest.mark.parametrize(("name", "style"), STYLES)
def test_what_is_correct_holds_in_every_style(name, style):
    function, vjp = CORRECT[name][style]
    report = check(function, OPS[name], vjp=vjp, targets=TARGETS, examples=20)
    assert report.ok, str(report)


@pytest.mark.parametrize(
    ("name", "mistake"),
    [(name, each) for name, them in MISTAKES.items() for each in them],
)
def test_what_is_wrong_is_found_in_a_small_example(name, mistake):
    function, verdict = MISTAKES[name][mistake]
    laws = ["equals_the_oracle"] + ["what_does_not_fit_is_refused"] * OPS[name].refuses
    report = check(function, OPS[name], targets=TARGETS[:1], laws=laws)
    found = {each.verdict: each for each in report.broken}
    assert verdict in found, str(report)
    witness = found[verdict].witness
    assert sum(x.size for x in witness.arrays) <= 4, witness


@pytest.mark.parametrize("mistake", SLOPES)
def test_wrong_gradients_are_found(mistake):
    name, (function, vjp) = SLOPES[mistake]
    laws = ["gradients_equal_the_oracle"]
    report = check(function, OPS[name], vjp=vjp, targets=TARGETS[:1], laws=laws)
    assert [each.verdict for each in report.broken] == ["WRONG"], str(report)
    assert sum(x.size for x in report.witness.arrays) <= 8


def test_probabilities_at_the_ends_cost_nothing_or_are_free():
    """0 where p = t; of a certain miss PyTorch's 100 and infinity are right; NaN, as
    the formula has it where it meets 0 times infinity, is documented as worse."""
    p, t = np.asarray([0.0, 1.0, 0.0, 1.0, 0.0]), np.asarray([0.0, 1.0, 1.0, 0.0, 0.5])
    reference = REFERENCES["bce_of_probabilities"]
    expected, worse = (
        each(p, t, reduction="none")
        for each in (reference.oracle, reference.worse_oracle)
    )
    judge(expected, limits=of_limits(p, t), PyTorch=limited(p, t))
    assert (expected.value[:2] == 0).all()
    assert np.isinf(expected.error[2:]).all()
    found = within(as_written(p, t), expected, worse=worse)
    assert (found.ok, found.inaccurate, found.worst.expected) == (False, True, 0)


@pytest.mark.parametrize(("exponent", "ok"), [(-6, True), (-8, False), (-40, False)])
def test_probabilities_that_are_clipped_cost_too_little(exponent, ok):
    """Where it shows: for a miss by less than 1e-7. PyTorch's own limit shows later."""
    p, t = np.asarray([10.0**exponent]), np.ones(1)
    reference = REFERENCES["bce_of_probabilities"]
    expected, worse = (
        each(p, t) for each in (reference.oracle, reference.worse_oracle)
    )
    found = within(loss(clipped)(p, t, reduction="mean"), expected, worse=worse)
    assert (found.ok, found.inaccurate) == (ok, not ok)
    judge(expected, PyTorch=loss(limited)(p, t, reduction="mean"))


def test_a_kink_has_any_slope_between_both_sides():
    x, g = np.asarray([1.0, 2.0]), np.asarray([3.0, 3.0])
    expected = oracle("l1.pullback", g, x, np.ones(2), reduction="none")
    slopes = (0.0, 1.0, -1.0, 0.3)
    found = {f"ours{i}": 3 * np.asarray([s, 1.0]) for i, s in enumerate(slopes)}
    judge(expected, **{name: (d, -d) for name, d in found.items()})
    for wrong in ([1.1, 1.0], [-1.1, 1.0], [0.0, 0.9]):
        with pytest.raises(AssertionError, match="ours, part 0"):
            judge(expected, ours=(3 * np.asarray(wrong), -3 * np.asarray(wrong)))


def test_a_number_that_is_no_beta_is_refused():
    for beta in (0.0, -1.0):
        with pytest.raises(
            ArgumentError, match=rf"smooth_l1: beta={beta}, required mo"
        ):
            oracle("smooth_l1", np.ones(2), np.zeros(2), beta=beta)


def test_places_that_there_are_not_are_refused():
    """As docs/checking.md tells of NumPy, which counts -1 from the end, silently."""
    weight = np.eye(3)
    contract = Contract("float64")
    assert (weight[np.asarray(-1)] == np.take(weight, -1, axis=0)).all()
    for i in (-1, 3):
        with pytest.raises(ArgumentError, match=rf"embedding: an index of {i}, requi"):
            oracle("embedding", np.asarray([i]), weight)
        with pytest.raises(ArgumentError, match=rf"one_hot: an index of {i}, requir"):
            REFERENCES["one_hot"].oracle(np.asarray([i]), 3, contract=contract)


def test_numbers_that_are_one_hot_may_be_of_any_dtype():
    for dtype in (np.int64, np.uint8, np.float32):
        law = {"laws": ["results_are_of_their_kind"], "targets": TARGETS}
        function = lambda labels, n: put(labels, n).astype(dtype)  # noqa: B023, E731
        assert check(function, OPS["one_hot"], **law).ok


def test_results_of_another_shape_are_found_by_laws_that_compare_two():
    """Their bound is one of another shape, too: nothing is compared with it."""
    laws = ["the_layout_does_not_matter"]
    flat, _ = MISTAKES["embedding"]["flat"]
    report = check(flat, OPS["embedding"], targets=TARGETS[:1], laws=laws)
    assert [each.verdict for each in report.broken] == ["MISPLACED"]
