"""A check gives a verdict on whatever it is given, or says in a sentence why not."""

import itertools
import json
import re
import sys

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from scratchnet.errors import ArgumentError, ArgumentTypeError, UnavailableError
from scratchnet.testing import (
    FLOAT64,
    OPS,
    Algorithm,
    Op,
    Reference,
    Report,
    check,
    engine,
)
from scratchnet.testing.binding import bind
from scratchnet.testing.cases import deck
from scratchnet.testing.strategies import Family
from scratchnet.testing.subject import NUMPY_1

quick = pytest.mark.usefixtures("first_found")
SINGLE = "numpy:float32"
NUMPY = ["numpy:float64"]
ORACLE = ["equals_the_oracle"]


@pytest.fixture
def first_found(monkeypatch):
    """The first example that breaks a law will do, however large it is."""
    monkeypatch.setattr(engine, "_smallest", lambda *found: found[-1])


def reference(function):
    return Reference("mine", (Algorithm("mine", function),))


def twice(x):
    return 2 * x


DOUBLE = Op("double", "()->()", reference(twice))


def relu(x):
    return np.maximum(x, x.dtype.type(0))


def softmax(x, *, axis=-1):
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def too_large_above_one(x):
    return np.where(x > 1, x + 1, relu(x))


def of_the_lesson(x):
    """Over the rows of the batch."""
    e = np.exp(x)
    return e / e.sum(axis=0, keepdims=True)


def asked(subject, operation=OPS["relu"], *, laws=ORACLE, targets=NUMPY, **options):
    """A check of one law, unless others are asked for."""
    return check(subject, operation, laws=laws, targets=targets, **options)


def summary(report):
    return {
        (each.law.name, each.target): (
            each.verdict,
            each.finding.message,
            each.examples,
            each.compared,
            each.silent,
            repr(each.witness),
        )
        for each in report.results
    }


def strict_json(report):
    def refuse(token):
        raise AssertionError(f"{token} is no JSON")

    return json.loads(report.to_json(), parse_constant=refuse)


# What a report says.


def test_a_report_of_right_code_is_ok_and_says_of_how_much():
    report = check(softmax, OPS["softmax"], targets=NUMPY, examples=20)
    assert report.ok
    assert {*report.verdicts.values()} == {"HOLDS"}
    assert report.broken == ()
    assert report.witness is None
    assert report.compared > report.examples > 0
    count = len(report.results)
    last = f"softmax as softmax: all {count} laws hold, {report.examples:,} examples"
    assert str(report).splitlines()[-1].startswith(last)
    assert all(name in str(report) for name, _ in report.verdicts)


@quick
def test_a_report_of_wrong_code_shows_the_gravest_break():
    report = check(of_the_lesson, OPS["softmax"], targets=NUMPY, examples=20)
    assert not report.ok
    assert report.verdicts["equals_the_oracle", NUMPY[0]] == "WRONG"
    assert report.broken[0].witness is report.witness
    for line in ("claim  ", "witness   softmax(", "error  ", "suspect  "):
        assert f"\n{line}" in str(report)
    assert str(report).endswith(f"of {len(report.results)} laws are broken")


def test_a_report_of_nothing_is_not_ok():
    """A run that checked nothing fails."""
    assert not Report("mine", OPS["relu"], (), (), 0).ok
    report = asked(relu, laws=[])
    assert not report.ok
    assert str(report).endswith("relu as relu: nothing was asked")


@quick
@pytest.mark.parametrize("subject", [softmax, of_the_lesson, lambda x: x / 0])
def test_json_holds_all_of_it_in_finite_numbers(subject):
    """Infinite and missing numbers are no JSON for other readers."""
    report = check(subject, OPS["softmax"], targets=NUMPY, examples=10)
    found = strict_json(report)
    assert found["schema"] == 1
    assert found["ok"] is report.ok
    assert (found["operation"], found["seed"]) == ("softmax", 0)
    assert found["untested"] == list(report.untested)
    assert {
        (each["law"], each["target"]): each["verdict"] for each in found["results"]
    } == report.verdicts
    witnesses = [each["witness"] is None for each in found["results"]]
    assert witnesses == [each.witness is None for each in report.results]
    assert "numpy" in found["environment"]


# The same for a seed, whatever surrounds it.


@pytest.mark.parametrize("subject", [relu, too_large_above_one])
def test_a_seed_decides_verdicts_witnesses_and_counts(subject):
    """Drawn anew each time: nothing is left of the first run."""
    found = []
    for _ in range(2):
        deck.cache_clear()
        laws = ["equals_the_oracle", "two_runs_agree"]
        report = asked(subject, laws=laws, examples=50, seed=7)
        found.append(summary(report))
    assert found[0] == found[1]


def test_another_seed_draws_other_examples():
    decks = [
        tuple(repr(case) for case in deck(OPS["softmax"], FLOAT64, 20, seed))
        for seed in (0, 1)
    ]
    assert decks[0] != decks[1]


@pytest.mark.parametrize(
    "profile",
    [
        settings(max_examples=1),
        settings(derandomize=True),
        settings(phases=(Phase.explicit,), deadline=1),
    ],
    ids=["few", "derandomized", "nothing"],
)
def test_the_callers_profile_changes_nothing(profile):
    """Importing another package's test helpers may load a profile of its own."""
    before = settings()
    expected = summary(asked(too_large_above_one, examples=50, seed=3))
    deck.cache_clear()
    settings.register_profile("callers", profile)
    settings.load_profile("callers")
    try:
        report = asked(too_large_above_one, examples=50, seed=3)
    finally:
        settings.register_profile("callers", before)
        settings.load_profile("callers")
    assert summary(report) == expected


@settings(max_examples=2, deadline=None)
@given(st.sampled_from([50, 60]))
def test_a_check_can_be_made_inside_of_a_property(examples):
    deck.cache_clear()
    assert asked(relu, examples=examples).ok
    broken = asked(too_large_above_one, examples=examples)
    assert [each.verdict for each in broken.results] == ["WRONG"]
    assert broken.witness.arguments[0].size == 1


def test_the_softmax_of_the_lesson_falls_at_once_and_small():
    """Within a few examples, and on no more than two rows of two."""
    report = check(of_the_lesson, OPS["softmax"], targets=NUMPY, laws=ORACLE)
    assert report.results[0].examples <= 5
    assert all(side <= 2 for side in report.witness.arguments[0].shape)


# Whatever a subject does, it is a verdict.


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
    assert {*report.verdicts.values()} <= {"WRONG", "REFUSES", "ALIASES", "HOLDS"}


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


# What is left out is said.


@quick
def test_options_that_a_subject_lacks_are_not_tested():
    """They stay what the operation has without them."""
    report = asked(of_the_lesson, OPS["softmax"], examples=10)
    assert "softmax restricted to axis=the default" in report.untested
    assert "not tested: softmax restricted to axis=the default" in str(report)
    assert report.witness.options == {"axis": -1}
    taken = asked(softmax, OPS["softmax"], examples=10)
    assert taken.untested == ("the pullback: no vjp was given",)


def test_a_law_that_no_target_is_for_is_not_tested():
    """Not left out without a word: it is for double precision."""
    report = check(relu, OPS["relu"], targets=[SINGLE], examples=10)
    said = "rows_are_independent: it is asked in float64 only"
    assert said in report.untested
    assert said not in check(relu, OPS["relu"], targets=NUMPY, examples=10).untested


def test_a_vjp_of_what_has_no_gradient_is_not_tested():
    def argmax_vjp(x, *, axis):
        return x.argmax(axis), lambda g: (g,)

    report = asked(
        lambda x, *, axis: x.argmax(axis), OPS["argmax"], vjp=argmax_vjp, examples=10
    )
    assert "the pullback: argmax has no gradient to judge it by" in report.untested


def test_targets_that_a_subject_takes_no_arrays_of_are_not_tested():
    pytest.importorskip("torch")
    report = check(relu, OPS["relu"], examples=10, laws=ORACLE)
    assert report.ok
    assert {target for _, target in report.verdicts} == {NUMPY[0], SINGLE}
    assert [each for each in report.untested if each.startswith("torch:cpu:float64: ")]


def test_a_waived_law_is_not_asked_and_its_reason_is_printed():
    report = check(
        relu,
        OPS["relu"],
        targets=NUMPY,
        examples=10,
        waive={"results_are_new": "it may be a view"},
    )
    assert ("results_are_new", NUMPY[0]) not in report.verdicts
    assert "not tested: results_are_new: waived, it may be a view" in str(report)


def test_only_the_laws_that_are_named_are_asked():
    report = asked(relu, laws=["two_runs_agree", "equals_the_oracle"], examples=10)
    assert {law for law, _ in report.verdicts} == {"two_runs_agree", *ORACLE}
    alone = asked(relu, laws="two_runs_agree", targets=NUMPY[0], examples=10)
    assert [*alone.verdicts] == [("two_runs_agree", NUMPY[0])]


# What is restricted is not drawn, and is said.


def drawn(operation):
    return deck(operation, FLOAT64, 60, 0)


def shapes(operation):
    return [x.shape for case in drawn(operation) for x in case.arrays]


def test_ranks_restrict_how_many_dimensions_are_drawn():
    assert {len(shape) for shape in shapes(OPS["softmax"])} > {1, 2}
    assert {len(x) for x in shapes(OPS["softmax"].restrict(ranks=2))} == {2}
    assert {len(x) for x in shapes(OPS["softmax"].restrict(ranks=[1, 3]))} == {1, 3}


def test_a_side_is_no_larger_than_it_may_be():
    sides = {side for shape in shapes(OPS["relu"]) for side in shape}
    assert sides > {1, 2, 3}
    small = OPS["relu"].restrict(max_side=2)
    assert {side for shape in shapes(small) for side in shape} <= {0, 1, 2}


def test_nothing_empty_is_drawn_where_that_is_asked_for():
    assert [shape for shape in shapes(OPS["relu"]) if 0 in shape]
    assert not [x for x in shapes(OPS["relu"].restrict(empty=False)) if 0 in x]


def test_families_restrict_which_values_are_drawn():
    few = OPS["relu"].restrict(families=["ties", "grid"])
    assert {case.family.name for case in drawn(few)} == {"ties", "grid"}
    assert {case.family.name for case in drawn(OPS["relu"])} > {"ties", "grid"}


def test_options_restrict_what_is_passed():
    one = OPS["elu"].restrict(alpha=0.7)
    assert {case.options["alpha"] for case in drawn(one)} == {0.7}
    two = OPS["elu"].restrict(alpha=[0.7, 2.0])
    assert {case.options["alpha"] for case in drawn(two)} == {0.7, 2.0}
    assert 1.0 in {case.options["alpha"] for case in drawn(OPS["elu"])}


def test_dtypes_restrict_the_targets():
    single = OPS["relu"].restrict(dtypes="float32")
    report = check(relu, single, examples=10, laws=ORACLE)
    assert {target.rpartition(":")[2] for _, target in report.verdicts} == {"float32"}


@pytest.mark.parametrize(
    ("restriction", "said"),
    [
        ({"ranks": 2}, "ranks=(2,)"),
        ({"max_side": 2}, "max_side=2"),
        ({"empty": False}, "empty=False"),
        ({"families": "ties"}, "families=('ties',)"),
        ({"dtypes": ["float64"]}, "dtypes=('float64',)"),
        ({"axis": -1}, "axis=-1"),
    ],
    ids=str,
)
def test_a_restriction_is_printed(restriction, said):
    report = asked(softmax, OPS["softmax"].restrict(**restriction), examples=10)
    assert f"not tested: softmax restricted to {said}" in str(report)
    assert [*strict_json(report)["restriction"]] == [*restriction]


# Whatever cannot be checked is said in a sentence.

BAD_OPERATIONS = {
    r"Op: signature='\(n->\(n\)', required core dimensions": (
        lambda: Op("mine", "(n->(n)", reference(twice))
    ),
    "Op: signature=3, required a string": lambda: Op("mine", 3, reference(twice)),
    "Op: reference of 'mine' is a function, required a Reference": (
        lambda: Op("mine", "()->()", twice)
    ),
    "Op: parameter 'slope' of 'mine', but its reference takes no options": (
        lambda: Op("mine", "()->()", reference(twice), parameters={"slope": (1,)})
    ),
    "Op: by of 'mine' has no choices, required one": (
        lambda: Op(
            "mine", "()->()", reference(lambda x, *, by: by * x), parameters={"by": ()}
        )
    ),
    "Op: by of 'mine' is 'no', required a sequence of choices": (
        lambda: Op(
            *("mine", "()->()", reference(lambda x, *, by: by * x)),
            parameters={"by": "no"},
        )
    ),
    "Op: no families, required at least one": (
        lambda: Op("mine", "()->()", reference(twice), families=())
    ),
    "Op: family 'ties' of 'mine', required a Family": (
        lambda: Op("mine", "()->()", reference(twice), families=("ties",))
    ),
    "Reference: 'mine' has no algorithms, required at least one": (
        lambda: Reference("mine", ())
    ),
    "cases: by has no choices for arrays of shape .*, required one": (
        lambda: asked(
            lambda x, *, by: by * x,
            Op(
                *("mine", "()->()", reference(lambda x, *, by: by * x)),
                parameters={"by": lambda x: ()},  # noqa: ARG005
            ),
        )
    ),
    "restrict: rank=2.0, required an int": lambda: DOUBLE.restrict(ranks=2.0),
    "restrict: rank=-1, required 0 or more": lambda: DOUBLE.restrict(ranks=-1),
    r"restrict: ranks=\(0,\) of softmax leave nothing to draw": (
        lambda: OPS["softmax"].restrict(ranks=0)
    ),
    "Op: max_side=0, required 1 or more": lambda: DOUBLE.restrict(max_side=0),
    "restrict: no families, required at least one": (
        lambda: DOUBLE.restrict(families=[])
    ),
    "restrict: families='nice', required one of moderate, grid": (
        lambda: DOUBLE.restrict(families="nice")
    ),
    "restrict: no dtypes, required at least one": lambda: DOUBLE.restrict(dtypes=()),
    "restrict: dtypes=<class 'float'>, required one of float16": (
        lambda: DOUBLE.restrict(dtypes=float)
    ),
    "restrict: option='slope', required one of alpha": (
        lambda: OPS["elu"].restrict(slope=1)
    ),
    r"restrict: alpha=\[\], required a value": lambda: OPS["elu"].restrict(alpha=[]),
    "Op.pullback: argmax has no pullback, required a differentiable": (
        lambda: OPS["argmax"].pullback
    ),
}


@pytest.mark.parametrize("said", BAD_OPERATIONS)
def test_an_operation_that_is_none_is_refused(said):
    with pytest.raises((ArgumentError, ArgumentTypeError), match=said):
        BAD_OPERATIONS[said]()


def declared(name, /, function=twice, **hooks):
    return Op(name, "()->()", reference(function), **hooks)


def astray(*_, **__):
    raise KeyError("astray")


ASTRAY = {
    "the reference of 'mine' raises KeyError": lambda: declared("mine", astray),
    "the reference of 'mine.pullback' raises KeyError": (
        lambda: declared("mine", gradient=reference(astray)).pullback
    ),
    "the inputs hook of 'mine' raises": lambda: declared("mine", inputs=astray),
    "the inputs hook of 'mine' gives a list": (
        lambda: declared("mine", inputs=lambda *_: [])
    ),
    "the rows hook of 'mine' raises": lambda: declared("mine", rows=astray),
    "the refusals hook 'by' of 'mine' raises": (
        lambda: declared("mine", refusals={"by": astray})
    ),
    "the call hook of 'mine' raises": lambda: declared("mine", call=astray),
    "the choices hook 'by' of 'mine' raises": (
        lambda: declared("mine", lambda x, *, by: by * x, parameters={"by": astray})
    ),
    "the family astray of 'mine' raises": (
        lambda: declared("mine", families=(Family("astray", "nothing", astray),))
    ),
}


@pytest.mark.parametrize("said", ASTRAY)
def test_a_declaration_that_raises_is_named(said):
    """Whose mistake it is, and what it was: not a stack trace of what draws."""
    operation = ASTRAY[said]()
    with pytest.raises((ArgumentError, ArgumentTypeError), match=f"^Op: {said}") as at:
        check(lambda *_, **__: 0.0, operation, targets=NUMPY, examples=5)
    assert (at.value.__cause__ is None) == said.endswith("list")
    assert "astray" in str(at.value) or said.endswith("list")


BAD_CHECKS = {
    "check: the subject is a int, required a function that computes relu": {
        "subject": 3
    },
    "check: vjp is a str, required a function to the value": {"vjp": "f"},
    r"check: <lambda>\(x, y\) as relu: missing a required argument: 'y'": {
        "subject": lambda x, y: x  # noqa: ARG005
    },
    r"check: <lambda>\(\) as relu: too many positional arguments": {
        "subject": lambda: 0
    },
    "check: the operation is a str, required an Op": {"operation": "relu"},
    "check: no targets, required at least one": {"targets": []},
    "target=3, required library": {"targets": [3]},
    "target='jax:float32', required a library among": {"targets": ["jax:float32"]},
    "check: targets numpy:float64, but relu restricted to .* leaves float32": {
        "operation": OPS["relu"].restrict(dtypes="float32")
    },
    "check: law 'is_nice', required laws among equals_the_oracle": {
        "laws": ["is_nice"]
    },
    "check: law 'broadcasting_equals_the_loop', which is not about relu": {
        "laws": ["broadcasting_equals_the_loop"]
    },
    "check: law 'every_row_comes_once', which is not about relu": {
        "laws": ["every_row_comes_once"]
    },
    "check: law 'it_is_slow', required laws among": {"waive": {"it_is_slow": "so"}},
    r"check: waive=\['two_runs_agree'\], required a reason for each": {
        "waive": ["two_runs_agree"]
    },
    "check: contract='float64', required a Contract": {"contract": "float64"},
    "check: examples=0, required 1 or more": {"examples": 0},
    "check: examples=1.5, required an int": {"examples": 1.5},
    "check: seed='now', required an int": {"seed": "now"},
    "check: seed=-1, required 0 or more": {"seed": -1},
    r"vjp: relu returned a float64, required the value and its pullback: \(y, g -> ": {
        "vjp": relu,
        "laws": ["gradients_equal_the_oracle"],
    },
    "vjp: <lambda> returned a tuple of 2: float64, ndarray, required the value": {
        "vjp": lambda x: (relu(x), x),
        "laws": ["gradients_equal_the_oracle"],
    },
}


@pytest.mark.parametrize("said", BAD_CHECKS)
def test_what_cannot_be_checked_is_refused(said):
    options = {"subject": relu, "operation": OPS["relu"], **BAD_CHECKS[said]}
    with pytest.raises((ArgumentError, ArgumentTypeError), match=said):
        asked(options.pop("subject"), options.pop("operation"), **options)


def test_a_target_that_is_not_here_is_refused():
    """Never skipped: it was asked for."""
    said = "Target: strict:device9:float64 was asked for|device"
    with pytest.raises((UnavailableError, ArgumentError), match=said):
        asked(relu, targets=["strict:device9:float64"])
    with pytest.raises(UnavailableError, match="which laws do not run on yet"):
        asked(relu, targets=["torch:cpu:float32+compiled"])


def test_a_law_of_values_that_are_restricted_away_cannot_be_held():
    """Asked for it directly, the engine says so; a check leaves it out."""
    ties = OPS["relu"].restrict(families="ties")
    bound = bind(relu, ties, targets=NUMPY)
    (law,) = engine.chosen_laws(["is_exact_on_the_grid"], ties)
    with pytest.raises(ArgumentError, match="which is about values that are grid"):
        engine.hold(law, bound.on(bound.targets[0]))
