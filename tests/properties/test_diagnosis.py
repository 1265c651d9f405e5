"""Diagnosis: what broken code is said to behave like, and of what nothing is said."""

import numpy as np
import pytest

from scratchnet.errors import ArgumentTypeError
from scratchnet.testing import LAWS, OPS, Subject, Target, check, diagnosis, ops
from scratchnet.testing.binding import bind
from scratchnet.testing.candidates import Candidate
from scratchnet.testing.diagnosis import diagnose, lines
from scratchnet.testing.mutants import MUTANTS

NUMPY = Target.named("numpy:float64")


def bound(function, operation, vjp=None, target=NUMPY):
    return bind(function, operation, vjp=vjp, targets=[target]).on(target)


def named(found):
    """What was named: planted bugs by id, the rest by what is said."""
    return [each.id or each.says for each in found]


# The same bugs, written again by somebody who does not know of ours.


def powers(x, axis=-1):
    return np.exp(x - x.max(axis=axis, keepdims=True))


def softmax(x, axis=-1):
    return powers(x, axis) / powers(x, axis).sum(axis=axis, keepdims=True)


def softmax_of_columns(x):
    return softmax(x, axis=0)


def softmax_shifted_by_one_number(x, axis=-1):
    e = np.exp(x - (x.max() if x.size else 0))
    return e / e.sum(axis=axis, keepdims=True)


def softmax_as_in_a_textbook(x, *, axis=-1):
    return np.exp(x) / np.exp(x).sum(axis, keepdims=True)


def softmax_with_an_epsilon(x, axis=-1):
    e = powers(x, axis)
    return e / np.add(e.sum(axis=axis, keepdims=True), 1e-12)


def log_of_softmax(x, axis=-1):
    return np.log(softmax(x, axis))


def relu_by_comparison(x):
    return np.where(x > 0, x, 0)


def relu_by_mask(x):
    return (x > 0) * x


def relu_in_double(x):
    return np.maximum(x, 0).astype(np.float64)


def sigmoid_by_growth(x):
    e = np.exp(x)
    return e * (1 / (1 + e))


def elu(x, alpha=1.0):
    del alpha
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def leaky_relu(x, slope=0.01):
    return np.maximum(slope * x, x)


STRANGERS = [
    (softmax_of_columns, "softmax", "softmax with axis=0"),
    (softmax_shifted_by_one_number, "softmax", "softmax-shift-of-everything"),
    (softmax_as_in_a_textbook, "softmax", "softmax-without-a-shift"),
    (softmax_with_an_epsilon, "softmax", "softmax-total-and-a-little"),
    (log_of_softmax, "log_softmax", "log-softmax-of-softmax"),
    (relu_by_comparison, "relu", "relu-nan-becomes-zero"),
    (relu_by_mask, "relu", "relu-times-mask"),
    (sigmoid_by_growth, "sigmoid", "sigmoid-overflows"),
    (elu, "elu", "elu-alpha-forgotten"),
    (leaky_relu, "leaky_relu", "leaky-relu-is-a-maximum"),
]


@pytest.mark.parametrize(("function", "operation", "expected"), STRANGERS)
def test_a_strangers_bug_is_named(function, operation, expected):
    assert expected in named(diagnose(bound(function, OPS[operation])))


def test_a_wrong_dtype_is_a_likeness_too():
    """In float32, where it shows."""
    subject = bound(relu_in_double, ops.relu, target=Target.named("numpy:float32"))
    assert "relu-in-double-precision" in named(diagnose(subject))


def test_the_same_numbers_in_another_dtype_are_not_the_same():
    """Wrong twice, as none that is known; on ordinary numbers but once."""
    subject = bound(
        lambda x: relu_by_mask(x).astype(np.float64),
        ops.relu,
        target=Target.named("numpy:float32"),
    )
    found = diagnose(subject)
    assert all(each.ordinary for each in found)
    assert "relu-in-double-precision" in [each.id for each in found]


def gradient_of(pulled):
    """A VJP rule of softmax with another pullback."""
    return lambda x, axis=-1: (
        softmax(x, axis),
        lambda g: (pulled(g, softmax(x, axis), axis),),
    )


def diagonal(g, y, axis):
    del axis
    return (y - y * y) * g


def right(g, y, axis):
    return y * g - y * (y * g).sum(axis=axis, keepdims=True)


def test_a_strangers_pullback_is_named():
    (found,) = diagnose(bound(softmax, ops.softmax, gradient_of(diagonal)))
    assert found.id == "softmax-gradient-of-the-diagonal"
    assert str(found).startswith("the pullback behaves exactly like: the Jacobian's")


def test_a_pullback_that_is_a_function_is_named():
    """Of the cotangent and the inputs, as an operation of its own."""

    def backward(g, x, axis=-1):
        return (diagonal(g, softmax(x, axis), axis),)

    (found,) = diagnose(bound(backward, ops.softmax.pullback))
    assert found.id == "softmax-gradient-of-the-diagonal"
    assert not found.pullback


def test_what_is_much_larger_than_right_rounds_by_more():
    """e^x for softmax(x): far from what is right the same sums in another order are
    further apart than right results may be."""

    def backward(g, x, axis=-1):
        total = np.flip(g, axis).sum(axis=axis, keepdims=True)
        return (g - np.exp(x) * total,)

    (found,) = diagnose(bound(backward, ops.log_softmax.pullback))
    assert found.id == "log-softmax-gradient-of-the-logits"


def test_bounds_that_hold_the_right_result_too_name_nothing():
    """What loses all digits of small results would allow whatever is small."""

    def clipped(x):
        power = np.exp(-np.abs(np.clip(x, -500.0, 500.0)))
        return np.where(x >= 0, np.ones_like(x), power) / (power + 1)

    found = diagnose(bound(clipped, ops.sigmoid))
    assert named(found) == ["sigmoid-clips-its-input"]


# Of what nothing is said.


def warm_softmax(x, axis=-1):
    return softmax(2 * x, axis)


def noisy_softmax(x, axis=-1):
    return softmax(x, axis) * (1 + 1e-9)


@pytest.mark.parametrize("function", [softmax, warm_softmax, noisy_softmax])
def test_what_is_right_or_wrong_in_another_way_is_like_nothing(function):
    assert diagnose(bound(function, ops.softmax, gradient_of(right))) == ()


def refuses(*_):
    raise RuntimeError("never")


def exits(*_):
    raise SystemExit


@pytest.mark.parametrize(
    "function",
    [
        refuses,
        exits,
        lambda *_: None,
        lambda *_: "word",
        lambda *_: [[1.0], [2.0, 3.0]],
        lambda x: (x, x),
        lambda x: x * 1j,
        lambda x: {"x": x},
    ],
)
def test_nothing_that_a_subject_does_is_an_error(function):
    assert diagnose(bound(function, ops.softmax, lambda x: function(x))) == ()


def test_loaders_optimisers_and_foreign_operations_are_like_nothing():
    subject = bound(lambda p, _, s, **__: (p, s), ops.optimizer)
    assert diagnose(subject) == ()


# Not a word without enough evidence.


def seldom(x, axis=-1):
    y = softmax(x, axis)
    wrong = x.shape == (2, 3) and float(x[0, 0]) > 0
    return np.flip(y) if wrong else y


def as_a_candidate(function):
    """A bug that is known, as the function has it."""

    def compared(case, _, oracles):
        other = diagnosis.seen(bound(function, ops.softmax), case, oracles)
        return True, diagnosis.is_wrong(other, oracles)

    return Candidate("", "the same", compared)


@pytest.mark.parametrize(("function", "count"), [(warm_softmax, 1), (seldom, 0)])
def test_it_takes_50_examples_on_which_both_are_wrong(function, count, monkeypatch):
    """Of a bug that shows seldom nothing is said, though nothing speaks against it."""
    known = as_a_candidate(function)
    monkeypatch.setattr(diagnosis, "candidates", lambda *_, **__: (known,))
    found = diagnose(bound(function, ops.softmax))
    assert len(found) == count
    assert all(each.examples >= 50 for each in found)


def test_agreement_where_both_are_right_is_no_evidence(monkeypatch):
    """A candidate that is wrong everywhere, and agrees with everything: a right subject
    is not like it."""
    known = Candidate("", "anything", lambda *_: (True, True))
    monkeypatch.setattr(diagnosis, "candidates", lambda *_, **__: (known,))
    assert diagnose(bound(softmax, ops.softmax)) == ()
    assert named(diagnose(bound(warm_softmax, ops.softmax))) == ["anything"]


def test_one_disagreement_is_enough(monkeypatch):
    calls = iter(range(10**6))
    known = Candidate("", "nearly", lambda *_: (next(calls) != 70, True))
    monkeypatch.setattr(diagnosis, "candidates", lambda *_, **__: (known,))
    monkeypatch.setattr(diagnosis, "ORDINARY", ())
    assert diagnose(bound(refuses, ops.softmax)) == ()
    assert next(calls) == 71


# Several candidates, and restrictions.


def test_two_candidates_are_both_named():
    """A planted bug, and the option that it amounts to."""

    def of_the_last_axis(x, axis=-1):
        del axis
        return softmax(x)

    found = diagnose(bound(of_the_last_axis, ops.softmax))
    assert {*named(found)} == {"softmax-of-the-last-axis-only", "softmax with axis=-1"}


def test_what_shows_most_comes_first(monkeypatch):
    counts = iter(range(10**6))

    def seldom_wrong(*_):
        return True, next(counts) % 2 == 0

    known = (
        Candidate("", "half", seldom_wrong),
        Candidate("", "all", lambda *_: (True, True)),
    )
    monkeypatch.setattr(diagnosis, "candidates", lambda *_, **__: known)
    found = diagnose(bound(refuses, ops.softmax))
    assert named(found) == ["all", "half"]
    assert found[0].examples == 100


def test_a_restricted_operation_is_compared_where_it_is_restricted_to():
    """Rows of matrices along one axis, by code that knows no other."""

    def of_matrices(x):
        e = np.exp(x - np.max(x, axis=1)[:, None])
        return e / e.sum(axis=0)[None, :]

    flat = ops.softmax.restrict(ranks=2, empty=False, axis=1)
    found = diagnose(bound(of_matrices, flat))
    assert "softmax-over-the-batch" in named(found)


def test_another_operation_is_recognised():
    (found,) = diagnose(bound(softmax, ops.log_softmax))
    assert found.says == "softmax"


# Reports.


def test_a_report_is_diagnosed_where_it_is_broken():
    report = check(
        softmax_of_columns,
        ops.softmax,
        targets=["numpy:float32"],
        laws=["equals_the_oracle", "inputs_are_untouched"],
        examples=20,
    )
    found = diagnose(report)
    assert named(found) == ["softmax with axis=0"]
    (line,) = lines(found)
    assert line.startswith("behaves exactly like: softmax with axis=0 (")
    assert line.endswith(f"{found[0].examples} fresh examples)")


def test_planted_bugs_are_told_by_their_words_and_id():
    found = diagnose(bound(relu_by_mask, ops.relu))
    mutant = MUTANTS["relu-times-mask"]
    assert lines(found)[0].startswith(
        f"behaves exactly like: {mutant.says} (planted bug {mutant.id}, "
    )


def test_of_a_report_without_a_broken_law_nothing_is_said():
    laws = ["equals_the_oracle"]
    report = check(softmax, ops.softmax, targets=[NUMPY], laws=laws, examples=5)
    assert diagnose(report) == ()


def test_something_else_is_refused():
    with pytest.raises(ArgumentTypeError, match="diagnose: a function, required the"):
        diagnose(softmax)


# All planted bugs of four operations, as subjects.

#: What a single call does not show: memory that is shared or written to, calls that
#: must raise, another forward in between; and what shows on long sides alone.
UNSEEN = {
    "softmax-shifts-in-place",
    "softmax-of-sixteen",
    "softmax-axis-beyond-the-last",
    "log-softmax-gradient-a-view",
    "relu-uses-its-input-up",
    "relu-flattens-its-input",
    "relu-returns-its-input",
    "relu-returns-its-tensor",
    "relu-one-buffer",
    "relu-gradient-adds-up",
    "relu-gradient-of-the-last-forward",
    "relu-gradient-writes-to-the-cotangent",
    "relu-gradient-in-one-buffer",
    "matmul-drops-what-fills-no-tile",
    "matmul-stretches-the-inner-side",
    "matmul-adds-in-another-order",
    "matmul-keeps-the-product-of-a-matrix",
}
SHOWN = [
    each
    for each in MUTANTS.values()
    if each.operation in ("softmax", "log_softmax", "relu", "matmul")
    and each.target.startswith("numpy")
    and each.id not in UNSEEN
]


def planted(mutant):
    """The function with the fault: that from the cotangent on where it is there."""
    pair, operation = mutant.broken(), OPS[mutant.operation]
    target = Target.named(mutant.target)
    if not LAWS[mutant.law].needs_vjp:
        return bound(pair.function, operation, target=target)

    def backward(g, *arguments, **options):
        return pair.vjp(*arguments, **options)[1](g)

    return bound(backward, operation.pullback, target=target)


@pytest.mark.parametrize("mutant", SHOWN, ids=lambda each: each.id)
def test_planted_bugs_are_like_themselves(mutant, monkeypatch):
    """For one deck or two: that it takes 50 examples is another claim's to hold."""
    monkeypatch.setattr(diagnosis, "ENOUGH", 10)
    assert mutant.id in named(diagnose(planted(mutant)))


def test_the_subject_is_called_as_it_is_bound():
    """An option that it does not have is not passed to it."""
    subject = bound(softmax_of_columns, ops.softmax)
    assert isinstance(subject, Subject)
    assert subject.untaken == ("axis",)


def test_code_with_two_faults_is_known_on_ordinary_numbers():
    """The softmax of the lesson overflows, and is of the batch."""

    def of_the_lesson(x):
        return np.exp(x) / np.exp(x).sum(axis=0)

    said = lines(diagnose(bound(of_the_lesson, ops.softmax)))
    expected = "on ordinary numbers it behaves exactly like: softmax with axis=0"
    assert [each.partition(" (")[0] for each in said] == [expected]
