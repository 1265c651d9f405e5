"""Whatever a subject does, it is a verdict."""

import itertools
import re
import sys

import numpy as np
import pytest
from properties.asking import (
    NUMPY,
    SINGLE,
    asked,
    quick,
    reference,
    relu,
    strict_json,
)

from scratchnet.errors import ArgumentTypeError
from scratchnet.testing import (
    OPS,
    Op,
    check,
)
from scratchnet.testing.subject import NUMPY_1


class Unknown:
    """What is no array, but has a shape."""

    def __init__(self, x):
        self.shape = x.shape


class Unreadable:
    """What is nothing and says nothing."""

    def __repr__(self):
        raise RuntimeError("no text")

    def __array__(self, *_, **__):
        raise RuntimeError("no numbers")


class UnreadableError(Exception):
    """What was wrong, it does not say."""

    def __str__(self):
        raise RuntimeError("no text")


def with_exit(x):
    sys.exit(x.ndim)


def with_unreadable_error(x):
    raise UnreadableError(x)


DOING = {
    "raises": (lambda x: x[0, 0, 0, 0, 0], "REFUSES"),
    "exits": (with_exit, "CRASHES"),
    "skips the test": (lambda x: pytest.skip("no GPU"), "CRASHES"),  # noqa: ARG005
    "raises what does not say": (with_unreadable_error, "REFUSES"),
    "returns what does not say": (lambda x: Unreadable(), "MISPLACED"),  # noqa: ARG005
    "returns nothing": (lambda x: None, "MISPLACED"),  # noqa: ARG005
    "returns text": (lambda x: "y", "MISPLACED"),  # noqa: ARG005
    "returns a dictionary": (lambda x: {"y": x}, "MISPLACED"),
    "returns a generator": (lambda x: (y for y in [x]), "MISPLACED"),
    "returns lists": (lambda x: relu(x).tolist(), "MISPLACED"),
    "returns uneven lists": (lambda x: [[[1], [1, 2]]], "MISPLACED"),  # noqa: ARG005
    "returns no results": (lambda x: (), "MISPLACED"),  # noqa: ARG005
    "returns two results": (lambda x: (relu(x), relu(x)), "MISPLACED"),
    "returns objects": (lambda x: relu(x).astype(object), "MISPLACED"),
    "returns complex numbers": (lambda x: relu(x) + 0j, "MISPLACED"),
    "returns what it is": (Unknown, "MISPLACED"),
}


@quick
@pytest.mark.parametrize("doing", DOING)
def test_whatever_a_subject_does_is_a_verdict(doing):
    """Nobody's mistake, a forgotten return least of all, ends in our stack trace."""
    subject, verdict = DOING[doing]
    report = check(subject, OPS["relu"], targets=NUMPY, examples=10)
    assert report.verdicts["equals_the_oracle", NUMPY[0]] == verdict
    assert not report.ok
    assert strict_json(report)["ok"] is False
    assert str(report)


@quick
@pytest.mark.skipif(
    np.finfo(np.longdouble).nmant <= np.finfo(np.float64).nmant,
    reason="no wider numbers here",
)
@pytest.mark.parametrize("wide", [np.longdouble, np.clongdouble])
def test_wider_numbers_are_misplaced_and_nothing_else(wide):
    """Some of their bytes hold nothing, and are whatever was there."""

    def widened(x):
        filled = np.full(x.size * np.dtype(wide).itemsize, next(bytes_), np.uint8)
        y = filled.view(wide).reshape(x.shape)
        np.maximum(x, 0, out=y)
        return y

    bytes_ = itertools.cycle([0, 255])
    laws = ["results_are_of_their_kind", "two_runs_agree"]
    report = asked(widened, laws=laws, examples=10)
    assert [*report.verdicts.values()] == ["MISPLACED", "HOLDS"]


def test_one_that_skips_where_it_has_to_refuse_crashes():
    """Skipped it would be no test at all, and nobody would know."""

    def matvec(a, x):
        if a.shape[-1:] != x.shape[-1:] or a.ndim < 2:
            pytest.skip("shapes that do not fit")
        return np.matmul(a, x[..., None])[..., 0]

    law = "what_does_not_fit_is_refused"
    report = asked(matvec, OPS["matvec"], laws=law, examples=10)
    assert [each.verdict for each in report.results] == ["CRASHES"]


def test_who_interrupts_is_obeyed():
    def interrupted(x):
        raise KeyboardInterrupt(x)

    with pytest.raises(KeyboardInterrupt):
        asked(interrupted)


def test_a_matrix_is_judged_by_its_numbers():
    """Its rows stay matrices, whatever is taken of them."""

    def as_matrix(x):
        return np.asmatrix(relu(x)) if x.ndim == 2 else relu(x)

    assert check(as_matrix, OPS["relu"], targets=NUMPY, examples=20).ok


@quick
@pytest.mark.skipif(NUMPY_1, reason="NumPy 1 makes such numbers of float32 itself")
def test_a_number_of_numpy_has_a_dtype():
    """That one of them is a float of Python makes it none of float32."""

    def wide_mean(x, *, axis=None, keepdims=False):
        return np.float64(x.mean(axis=axis, keepdims=keepdims))

    def as_number(x, *, axis=None, keepdims=False):
        y = x.mean(axis=axis, keepdims=keepdims)
        return y if y.ndim else float(y)

    law, mean = "results_are_of_their_kind", OPS["mean"].restrict(axis=None)
    whole = mean.restrict(keepdims=False)
    assert asked(as_number, whole, laws=law, targets=[SINGLE], examples=10).ok
    wide = asked(wide_mean, whole, laws=law, targets=[SINGLE], examples=10)
    assert [each.verdict for each in wide.results] == ["MISPLACED"]


def test_what_nothing_can_be_said_of_is_vacuous():
    """1 divided by a zero of unknown sign: right code and wrong code look alike."""
    unknown = Op("unknown", "()->()", reference(lambda x: 1 / (x * 0)))
    numbers = unknown.restrict(families="moderate", empty=False)
    report = asked(relu, numbers, examples=10)
    assert [each.verdict for each in report.results] == ["VACUOUS"]
    (result,) = report.results
    said = f"nothing was said about {result.silent:,} numbers"
    assert (result.examples, result.finding.message) == (10, said)
    assert not report.ok


@pytest.mark.parametrize("period", [3, 7])
def test_what_breaks_a_law_at_times_only_is_found(period):
    """Unseeded noise, memory that was never written: no example breaks it twice."""
    calls = itertools.count()

    def wavering(x):
        return relu(x) + (next(calls) % period == 2)

    report = check(wavering, OPS["relu"], targets=NUMPY, examples=30)
    assert report.verdicts["equals_the_oracle", NUMPY[0]] == "WRONG"
    assert report.verdicts["two_runs_agree", NUMPY[0]] == "NONDETERMINISTIC"
    assert report.witness is not None


PULLED = {
    "nothing": lambda g: None,  # noqa: ARG005
    "text": lambda g: ("dx",),  # noqa: ARG005
    "no cotangent": lambda g: (),  # noqa: ARG005
    "one too many": lambda g: (g, g),
    "what does not say": lambda g: (Unreadable(),),  # noqa: ARG005
    "another shape": lambda g: (np.ones((2, 3, *g.shape)),),
}


@quick
@pytest.mark.parametrize("pulled", PULLED)
def test_whatever_a_pullback_gives_is_a_verdict(pulled):
    def vjp(x):
        return relu(x), PULLED[pulled]

    report = check(relu, OPS["relu"], vjp=vjp, targets=NUMPY, examples=10)
    laws = ("gradients_equal_the_oracle", "pullbacks_are_derivatives")
    assert {report.verdicts[law, NUMPY[0]] for law in laws} == {"MISPLACED"}


@quick
def test_a_gradient_for_one_of_two_arguments_is_misplaced():
    def matvec(a, x):
        return np.matmul(a, x[..., None])[..., 0]

    def vjp(a, x):
        return matvec(a, x), lambda g: (g[..., None] * x[..., None, :],)

    report = check(matvec, OPS["matvec"], vjp=vjp, targets=NUMPY, examples=10)
    for law in ("gradients_equal_the_oracle", "pullbacks_are_derivatives"):
        assert report.verdicts[law, NUMPY[0]] == "MISPLACED"


def sine_vjp(x):
    return np.sin(x), lambda g: (g * np.cos(x),)


def sum_vjp(x):
    """A thousandth off: of a sum nothing else is in the remainder."""
    return np.sum(x), lambda g: (np.full_like(x, g * (1 + 2**-10)),)


SLOPES = {
    "a derivative": (np.sin, OPS["sine"], sine_vjp, "HOLDS"),
    "nearly one": (
        np.sum,
        OPS["sum"].restrict(axis=None, keepdims=False),
        sum_vjp,
        "WRONG",
    ),
}


@quick
@pytest.mark.parametrize("slope", SLOPES)
def test_what_is_no_derivative_leaves_a_remainder_of_first_order(slope):
    """However little it is off; that of a derivative is of second order."""
    subject, operation, vjp, verdict = SLOPES[slope]
    law = "pullbacks_are_derivatives"
    report = asked(subject, operation, vjp=vjp, laws=[law])
    assert [each.verdict for each in report.results] == [verdict]


def labels_elsewhere(x, y, **options):
    del options
    return [(x, y + len(x))]


LOADED = {
    "nothing": lambda *_, **__: None,
    "one list of batches": lambda x, y, **_: [(x, y)],
    "no batches": lambda *_, **__: (),
    "no pairs": lambda *_, **__: [1, 2],
    "labels of no row": labels_elsewhere,
    "rows of several lengths": lambda x, y, **_: [([[0], [0, 1]], y)],  # noqa: ARG005
    "labels that do not say": lambda x, y, **_: [(x, Unreadable())],  # noqa: ARG005
    "labels as text": lambda x, y, **_: [(x, y.astype(str))],
    "labels that are not whole": lambda x, y, **_: [(x, y + 0.5)],
    "one row without an axis": lambda x, y, **_: [(x[0], y[0])],
    "batches without an end": lambda x, y, **_: itertools.repeat((x, y)),
}


@quick
@pytest.mark.parametrize("loaded", LOADED)
def test_whatever_a_loader_gives_is_a_verdict(loaded):
    report = check(LOADED[loaded], OPS["loader"], targets=NUMPY, examples=10)
    assert not report.ok
    assert {*report.verdicts.values()} <= {
        *("WRONG", "REFUSES", "ALIASES", "HOLDS", "MISPLACED")
    }


@quick
def test_a_list_of_batches_is_a_loader():
    """As is whatever has a length and can be iterated again."""

    def batches(x, y, *, batch_size, drop_last, **_):
        parts = [slice(i, i + batch_size) for i in range(0, len(x), batch_size)]
        parts = parts[:-1] if drop_last and len(x) % batch_size else parts
        return [(x[part].copy(), y[part].copy()) for part in parts]

    plain = OPS["loader"].restrict(shuffle=False)
    report = check(batches, plain, targets=NUMPY, examples=20)
    holding = {
        law for (law, _), verdict in report.verdicts.items() if verdict == "HOLDS"
    }
    assert {"every_row_comes_once", "pairs_stay_together", "seeds_reproduce"} <= holding


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (lambda *_, **__: None, "a step returned a NoneType, required the parameters"),
        (lambda p, *_, **__: p, "a step returned a dict, required the parameters"),
        (
            lambda p, g, s, **_: ({"first": p["first"]}, s),  # noqa: ARG005
            "a step returned parameters first, required first, second",
        ),
        (
            lambda p, g, s, **_: (p.update(more=1) or p, s),  # noqa: ARG005
            "a step returned parameters first, second, more, required first, second",
        ),
    ],
    ids=["nothing", "no state", "one too few", "one too many"],
)
def test_a_step_of_another_structure_is_refused(step, said):
    with pytest.raises(ArgumentTypeError, match=f"optimizer: {said}"):
        check(step, OPS["optimizer"], targets=NUMPY, examples=10)


def making(function):
    """A step to what becomes of each parameter."""
    return lambda parameters, gradients, state, **_: (  # noqa: ARG005
        {name: function(p) for name, p in parameters.items()},
        state,
    )


STEPPED = {
    "another dtype": (making(lambda p: p.astype(np.float64)), "dtype float64"),
    "another shape": (making(lambda p: p[None]), r"shape \(1,"),
    "lists": (making(lambda p: p.tolist()), "a builtins.list, expected an array on"),
    "nothing": (making(lambda p: None), "a builtins.NoneType, expected an array on"),  # noqa: ARG005
}


@quick
@pytest.mark.parametrize("stepped", STEPPED)
def test_whatever_a_step_makes_of_parameters_is_a_verdict(stepped):
    step, said = STEPPED[stepped]
    report = check(step, OPS["optimizer"], targets=[SINGLE], examples=10)
    assert {*report.verdicts.values()} == {"MISPLACED"}
    for each in report.results:
        assert re.match(f"first: {said}", each.finding.message)
