"""What `check` promises: reports that tell all, and sentences for what cannot be."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnet.errors import ArgumentError, ArgumentTypeError, UnavailableError
from scratchnet.testing import OPS, REFERENCES, Contract, Op, check, ops
from scratchnet.testing.cases import deck
from scratchnet.testing.formats import FLOAT32, FLOAT64

NUMPY = ["numpy:float64"]
RELU = REFERENCES["relu"]


def relu(x):
    return np.maximum(x, 0)


def plain(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def wrong(x):
    return np.where(x > 1, x, 0).astype(x.dtype)


def summary(report):
    return [
        (each.law.name, each.verdict, each.examples, each.compared, repr(each.witness))
        for each in report.results
    ]


def test_a_report_tells_verdicts_counts_and_what_was_not_tested():
    report = check(plain, ops.softmax, targets=NUMPY)
    assert report.ok
    assert report.examples == sum(each.examples for each in report.results)
    assert set(report.verdicts.values()) == {"HOLDS"}
    assert report.witness is None
    text = str(report)
    assert "equals_the_oracle" in text
    assert "not tested: softmax restricted to axis=the default" in text
    assert "not tested: the pullback: no vjp was given" in text


def test_json_is_of_schema_1_and_has_nothing_that_json_has_not():
    def refuse(constant):
        raise AssertionError(constant)

    text = check(wrong, ops.relu, targets=NUMPY).to_json()
    found = json.loads(text, parse_constant=refuse)
    assert (found["schema"], found["ok"]) == (1, False)
    assert found["results"][0]["witness"]["arguments"][0]["dtype"] == "float64"


def test_a_seed_gives_the_same_and_another_seed_other_examples():
    first, again = (summary(check(wrong, ops.relu, targets=NUMPY)) for _ in range(2))
    assert first == again
    decks = [[repr(case) for case in deck(ops.relu, FLOAT64, 50, i)] for i in (0, 1)]
    assert decks[0] != decks[1]


@settings(max_examples=1, derandomize=True)
@given(start=st.just(0))
def test_the_callers_profile_does_not_count(start):
    """Here one of a single example; and check is called inside a test of Hypothesis."""
    report = check(relu, ops.relu, targets=NUMPY, seed=start)
    assert report.ok
    assert min(each.examples for each in report.results) >= 50


def test_in_float64_every_law_has_fifty_examples_or_more():
    report = check(plain, ops.softmax, targets=NUMPY)
    assert min(each.examples for each in report.results) >= 50


def test_every_family_is_drawn():
    families = {case.family.name for case in deck(ops.relu, FLOAT64, 100, 0)}
    assert families == {each.name for each in ops.relu.families}


def test_a_restriction_narrows_what_is_drawn_and_is_said():
    narrow = ops.softmax.restrict(
        ranks=2, max_side=3, empty=False, families=["moderate", "ties"], axis=-1
    )
    for case in deck(narrow, FLOAT64, 100, 0):
        (x,) = case.arguments
        assert x.ndim == 2
        assert min(x.shape) > 0
        assert max(x.shape) <= 3
        assert case.family.name in ("moderate", "ties")
        assert case.options == {"axis": -1}
    report = check(plain, narrow, targets=NUMPY)
    assert report.ok
    assert "restricted to ranks=(2,), max_side=3, empty=False" in str(report)


def test_an_option_that_a_subject_lacks_stays_what_it_is_restricted_to():
    """A constant in the code is said by `restrict`: the default is another."""

    def leaky(x):
        return np.where(x > 0, x, 0.25 * x)

    asked = {"targets": NUMPY, "laws": ["equals_the_oracle"]}
    assert not check(leaky, ops.leaky_relu, **asked).ok
    report = check(leaky, ops.leaky_relu.restrict(slope=0.25), **asked)
    assert report.ok
    assert "not tested: leaky_relu restricted to slope=0.25" in str(report)
    first = check(leaky, ops.leaky_relu.restrict(slope=[0.25, 0.5]), **asked)
    assert first.ok
    assert "not tested: leaky_relu restricted to slope=0.25" in str(first)


def test_a_law_that_is_waived_is_not_asked_and_said():
    reason = {"results_are_new": "it is its argument"}
    report = check(lambda x: x, ops.relu, targets=NUMPY, waive=reason)
    assert "results_are_new" not in {each.law.name for each in report.results}
    assert "not tested: results_are_new: waived, it is its argument" in str(report)


def test_a_contract_is_the_subjects_own():
    """A sine in single precision is right in double where that was promised."""

    def coarse(x):
        return np.sin(x).astype(np.float32).astype(x.dtype)

    finite = ops.sine.restrict(families=["moderate", "ties"])
    asked = {"targets": NUMPY, "laws": ["equals_the_oracle"]}
    assert not check(coarse, finite, **asked).ok
    coarser = FLOAT32.unit_roundoff / FLOAT64.unit_roundoff
    promise = Contract("float64", ulps={"sin": coarser})
    assert check(coarse, finite, contract=promise, **asked).ok


WHAT_CANNOT_BE = {
    "Op.*signature": lambda: Op("mine", "(m,k", RELU),
    "required a Reference": lambda: Op("mine", "()->()", relu),
    "but its reference takes no options": lambda: Op(
        "mine", "()->()", RELU, parameters={"slope": (1,)}
    ),
    "alpha of 'mine' has no choices": lambda: Op(
        "mine", "()->()", REFERENCES["elu"], parameters={"alpha": ()}
    ),
    r"required a function of matmul\(a, b\)": lambda: check(relu, ops.matmul),
    "required a function that computes relu": lambda: check(3, ops.relu),
    "required an Op": lambda: check(relu, "relu"),
    "required the value and its pullback": lambda: check(
        relu, ops.relu, vjp=relu, targets=NUMPY
    ),
    "leave nothing to draw": lambda: ops.matmul.restrict(ranks=0).planner,
    "required one of moderate": lambda: ops.relu.restrict(families="nice"),
    "required one of float16": lambda: ops.relu.restrict(dtypes="int8"),
    "required one of axis": lambda: ops.softmax.restrict(dim=1),
    "required laws among": lambda: check(relu, ops.relu, laws=["gravity"]),
    "which is not about relu": lambda: check(relu, ops.relu, laws=["epochs_differ"]),
    "law 'gravity'": lambda: check(relu, ops.relu, waive={"gravity": "none"}),
    "leaves float16": lambda: check(
        relu, ops.relu.restrict(dtypes="float16"), targets=NUMPY
    ),
    "required a library among": lambda: check(relu, ops.relu, targets=["jax:float32"]),
    "required a function of sgd": lambda: check(lambda p, *_: (p,), ops.sgd),
}


@pytest.mark.parametrize("said", WHAT_CANNOT_BE)
def test_what_cannot_be_is_said_in_a_sentence(said):
    with pytest.raises((ArgumentError, ArgumentTypeError), match=said):
        WHAT_CANNOT_BE[said]()


def test_a_target_that_is_not_here_is_an_error_and_no_skip():
    with pytest.raises(UnavailableError, match="was asked for"):
        check(relu, ops.relu, targets=["torch:cuda:float64"])


def test_a_function_is_asked_where_it_runs_and_the_rest_is_said():
    report = check(lambda x: np.maximum.outer(x, 0.0), ops.relu)
    assert {each.target.partition(":")[0] for each in report.results} == {"numpy"}
    assert OPS["relu"] is ops.relu
