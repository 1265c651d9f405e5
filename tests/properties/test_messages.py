"""What a broken law says: what was called, what came, and what to do."""

import re

import numpy as np
import pytest
from properties.asking import (
    DOUBLE,
    NUMPY,
    ORACLE,
    asked,
    quick,
    relu,
    softmax,
)

from scratchnet.errors import ArgumentTypeError
from scratchnet.testing import OPS, check
from scratchnet.testing.laws import Finding, law


def said_of(report):
    """What a report says of the gravest broken law."""
    return str(report.broken[0])


@quick
def test_what_cannot_be_written_to_comes_after_what_was_written_to():
    """NumPy refuses to write to what is read-only: a symptom of the same."""

    def in_place(x):
        np.maximum(x, 0, out=x)
        return x.copy()

    report = check(in_place, OPS["relu"], targets=NUMPY)
    assert {"REFUSES", "MUTATES"} <= {each.verdict for each in report.broken}
    assert report.broken[0].verdict != "REFUSES"
    for each in report.broken:
        if each.verdict == "REFUSES":
            assert each.suspect.startswith("it writes to its arguments")


@quick
def test_a_pullback_that_writes_is_said_to_share_memory_before_it_is_said_to_raise():
    def vjp(x):
        def pullback(g):
            g *= x > 0
            return (g,)

        return relu(x), pullback

    laws = ["gradients_equal_the_oracle", "pullbacks_leave_memory_alone"]
    report = check(relu, OPS["relu"], vjp=vjp, targets=NUMPY, laws=laws)
    shared, refused = (each.verdict for each in report.broken)
    # NumPy 1 makes a number of 0-d arrays, which is nobody's memory.
    assert shared in ("ALIASES", "MUTATES")
    assert refused == "REFUSES"


@quick
def test_pytorch_refuses_to_write_to_what_is_expanded():
    pytest.importorskip("torch")

    def in_place(x):
        x[x <= 0] = 0
        x *= 1
        return x.clone()

    report = check(in_place, OPS["relu"], targets=["torch:cpu:float64"])
    assert report.broken[0].verdict == "MUTATES"
    refused = [each for each in report.broken if each.verdict == "REFUSES"]
    assert refused
    for each in refused:
        assert "have one number in several places: MUTATES" in each.suspect


@quick
def test_a_refusal_says_what_may_be_narrowed():
    def of_matrices(x, *, axis=-1):
        if x.ndim < 2:
            raise ValueError("no matrix")
        return softmax(x, axis=axis)

    said = said_of(check(of_matrices, OPS["softmax"], targets=NUMPY, laws=ORACLE))
    assert "ops.softmax.restrict(ranks=, families=, empty=False, axis=)" in said


@quick
def test_an_operation_of_ones_own_is_called_so():
    report = asked(lambda x: 1 / 0 * x, DOUBLE, laws=ORACLE)
    assert "narrow the operation: operation.restrict(" in report.broken[0].suspect


@quick
def test_a_step_says_which_and_of_what():
    def still(parameters, gradients, state, **_):
        del gradients
        return parameters, state

    laws = ["every_step_equals_the_oracle"]
    report = check(still, OPS["optimizer"], targets=NUMPY, laws=laws)
    assert re.match(r"step \d: (first|second): ", report.broken[0].finding.message)


def test_an_error_of_zero_is_not_counted_in_ulps():
    report = asked(lambda x: relu(x) + 1)
    message = report.broken[0].finding.message
    assert "actual 1.0, expected 0.0\n  off by 1, where nothing has to" in message


@quick
def test_a_refusal_of_no_rows_says_so():
    def of_some(x):
        if x.ndim and not len(x):
            raise ValueError("no rows")
        return relu(x)

    laws = ["empty_and_0d_are_no_exceptions"]
    said = said_of(check(of_some, OPS["relu"], targets=NUMPY, laws=laws))
    assert "ValueError: no rows\n          of x[:0]: relu(np.zeros((0,), " in said
    assert said.endswith("ops.relu.restrict(empty=False)")


@quick
def test_a_broken_law_of_integers_says_which():
    def in_bytes(train, rows, *, per_feature):
        del per_feature
        return rows - train.mean().astype(rows.dtype)

    laws = ["integers_stand_for_numbers"]
    said = said_of(check(in_bytes, OPS["standardizer"], targets=NUMPY, laws=laws))
    assert re.search(r"  of standardizer\(np.array\(.*, 'u?int\d+'\), ", said)


@quick
def test_a_broken_law_of_pullbacks_says_under_which_cotangent():
    def vjp(x):
        return relu(x), lambda g: (g * (x >= -1),)

    laws = ["gradients_equal_the_oracle"]
    report = check(relu, OPS["relu"], vjp=vjp, targets=NUMPY, laws=laws)
    assert "\n          under g = np.array(" in said_of(report)
    assert report.broken[0].finding.message.startswith("cotangent: ")


@quick
def test_what_is_accepted_is_told_by_what_does_not_fit():
    def broadcast(x, y):
        return np.matmul(x, y[..., None])[..., 0]

    laws = ["what_does_not_fit_is_refused"]
    report = check(
        lambda a, x: broadcast(a[..., :1], x[..., :1]),
        OPS["matvec"],
        targets=NUMPY,
        laws=laws,
    )
    assert re.search(r"arrays of shape .* do not fit \(", said_of(report))


def test_a_law_that_finds_nothing_is_refused():
    @law()
    def mine(subject, case):
        """Nothing."""

    with pytest.raises(ArgumentTypeError, match=r"mine: returned a NoneType, requ.*"):
        asked(relu, laws=[mine])
    with pytest.raises(ArgumentTypeError, match="without parentheses"):
        law(lambda subject, case: None)  # noqa: ARG005


def test_a_law_that_compared_nothing_is_vacuous_by_its_own_fault():
    @law()
    def mine(subject, case):
        """Nothing."""
        del subject, case
        return Finding()

    (result,) = asked(relu, laws=[mine], examples=5).results
    assert (result.verdict, result.examples) == ("VACUOUS", 5)
    assert "`compared` is 0" in result.suspect


@quick
@pytest.mark.parametrize(
    ("loaded", "said"),
    [
        (lambda x, y, **_: [(x, y, 1)], "a batch is a tuple of 3: .*required"),
        (lambda *_, **__: [1, 2], r"a batch is an int, required \(x, y\)"),
        (lambda *_, **__: 3, "the loader is an int, required batches"),
    ],
    ids=["three", "numbers", "a number"],
)
def test_what_is_no_batch_is_said(loaded, said):
    report = check(loaded, OPS["loader"], targets=NUMPY, examples=2)
    assert {*report.verdicts.values()} == {"MISPLACED"}
    assert all(re.match(said, each.finding.message) for each in report.results)


@quick
@pytest.mark.parametrize(
    ("made", "said"),
    [
        (np.ndarray.tolist, "a list, expected an array: "),
        (lambda y: y.astype(object), "a result is of ndarray of dtype object: "),
    ],
    ids=["a list", "objects"],
)
def test_what_holds_the_numbers_is_said(made, said):
    laws = ["equals_the_oracle"]
    rows = OPS["relu"].restrict(ranks=[1])
    report = check(lambda x: made(relu(x)), rows, targets=NUMPY, laws=laws)
    assert report.broken[0].verdict == "MISPLACED"
    assert report.broken[0].finding.message.startswith(said)
