"""What is left out, or restricted away, is not drawn, and is said."""

from math import prod

import numpy as np
import pytest
from properties.asking import (
    NUMPY,
    ORACLE,
    SINGLE,
    asked,
    of_the_lesson,
    quick,
    relu,
    softmax,
    strict_json,
)

from scratchnet.errors import ArgumentError
from scratchnet.testing import (
    FLOAT64,
    LAWS,
    OPS,
    Algorithm,
    Op,
    Reference,
    check,
)
from scratchnet.testing.cases import deck


@quick
def test_options_that_a_subject_lacks_are_not_tested():
    """They stay what the operation has without them."""
    report = asked(of_the_lesson, OPS["softmax"], examples=10)
    assert "softmax restricted to axis=the default" in report.untested
    assert "not tested: softmax restricted to axis=the default" in str(report)
    assert report.witness.options == {"axis": -1}
    taken = asked(softmax, OPS["softmax"], examples=10)
    assert taken.untested == ("the pullback: no vjp was given",)


def passing_all_on(function):
    """A decorator as most are written: without functools.wraps."""

    def wrapped(*arguments, **options):
        return function(*arguments, **options)

    return wrapped


@quick
def test_options_that_a_decorated_subject_lacks_are_not_tested():
    """`**options` says nothing: the function behind refuses them, by name."""
    last = passing_all_on(lambda x: softmax(x))
    report = check(last, OPS["softmax"], targets=NUMPY, examples=10)
    assert report.ok
    assert "softmax restricted to axis=the default" in report.untested
    some = passing_all_on(lambda x, *, axis: np.asarray(np.sum(x, axis)))
    report = asked(some, OPS["sum"], examples=10)
    assert report.ok
    assert "sum restricted to keepdims=the default" in report.untested
    taken = asked(passing_all_on(softmax), OPS["softmax"], examples=10)
    assert taken.untested == ("the pullback: no vjp was given",)


def test_a_subject_that_breaks_of_another_keyword_has_its_options():
    """Only a refusal of the option itself says that it is not there."""
    broken = passing_all_on(lambda x, *, axis: np.sum(x, axis=axis, keepdim=True))
    report = asked(broken, OPS["softmax"], examples=10)
    assert report.untested == ("the pullback: no vjp was given",)
    assert [*report.verdicts.values()] == ["REFUSES"]


def test_a_module_of_pytorch_is_asked_what_its_forward_takes():
    torch = pytest.importorskip("torch")
    report = check(torch.nn.Softmax(-1), OPS["softmax"], examples=10, laws=ORACLE)
    assert report.ok
    assert "softmax restricted to axis=the default" in report.untested
    assert {target for _, target in report.verdicts} == {
        "torch:cpu:float64",
        "torch:cpu:float32",
    }


def test_the_target_that_it_returned_something_on_is_the_one_that_is_judged():
    """Where it runs nowhere as it should: a number says more than what NumPy raised."""
    torch = pytest.importorskip("torch")
    whole = OPS["sum"].restrict(axis=None, keepdims=False)
    report = check(lambda x: torch.sum(x).item(), whole, examples=10)
    assert not report.ok
    assert {target.partition(":")[0] for _, target in report.verdicts} == {"torch"}
    assert [
        each for each in report.untested if each.startswith("numpy:float64: raises")
    ]


def test_plain_sgd_is_sgd_with_every_option_as_it_is_without():
    def plain(p, g, *, learning_rate):
        return p - learning_rate * g

    report = check(plain, OPS["sgd"], targets=NUMPY, examples=30)
    assert report.ok
    assert "momentum=the default" in str(report)
    wrong = asked(lambda p, g, *, learning_rate: p + learning_rate * g, OPS["sgd"])
    assert [*wrong.verdicts.values()] == ["WRONG"]


@pytest.mark.parametrize("name", ["sgd", "optimizer"])
def test_hyper_parameters_can_be_restricted_and_the_others_fit_them(name):
    plain = drawn(OPS[name].restrict(momentum=0.0))
    assert {case.options["momentum"] for case in plain} == {0.0}
    assert not any(case.options["nesterov"] for case in plain)
    ahead = drawn(OPS[name].restrict(nesterov=True))
    assert all(case.options["momentum"] > 0 for case in ahead)
    assert {case.options["dampening"] for case in ahead} == {0.0}
    assert len({case.options["learning_rate"] for case in ahead}) > 5


def test_what_takes_any_shape_refuses_none():
    """With several results, too: the law had nothing to ask, and was broken."""
    two = Op(
        "two", "()->(),()", Reference("two", (Algorithm("", lambda x: (x + 1, x * 2)),))
    )
    assert check(lambda x: (x + 1, x * 2), two, targets=NUMPY, examples=10).ok
    assert not two.refuses
    assert OPS["mse"].refuses


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


def drawn(operation):
    return deck(operation, FLOAT64, 60, 0)


def shapes(operation):
    return [x.shape for case in drawn(operation) for x in case.arrays]


def test_ranks_restrict_how_many_dimensions_are_drawn():
    assert {len(shape) for shape in shapes(OPS["softmax"])} > {1, 2}
    assert {len(x) for x in shapes(OPS["softmax"].restrict(ranks=2))} == {2}
    assert {len(x) for x in shapes(OPS["softmax"].restrict(ranks=[1, 3]))} == {1, 3}


@pytest.mark.parametrize(("rank", "longest"), [(2, 40), (3, 40), (4, 15), (8, 5)])
def test_long_sides_of_many_dimensions_make_no_more_numbers(rank, longest):
    """Of eight dimensions an example had 33**8 numbers, and took minutes."""
    arrays = shapes(OPS["softmax"].restrict(ranks=rank))
    assert min(longest, 5) <= max(max(shape) for shape in arrays) <= longest
    assert max(map(prod, arrays)) <= max(40**3, 5**rank)


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


def test_a_target_that_was_asked_for_is_not_restricted_away():
    """Formerly it was left out without a word where another was left."""
    single = OPS["relu"].restrict(dtypes="float32")
    said = "targets numpy:float64, but relu restricted to dtypes=.*leaves float32"
    with pytest.raises(ArgumentError, match=said):
        asked(relu, single, targets=["numpy:float64", SINGLE])


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


def test_an_option_that_a_subject_lacks_stays_what_it_is_restricted_to():
    """A constant in the code is said by `restrict`: the default is another."""

    def leaky(x):
        return np.where(x > 0, x, 0.25 * x)

    asked = {"targets": NUMPY, "laws": ["equals_the_oracle"]}
    assert not check(leaky, OPS["leaky_relu"], **asked).ok
    report = check(leaky, OPS["leaky_relu"].restrict(slope=0.25), **asked)
    assert report.ok
    assert "not tested: leaky_relu restricted to slope=0.25" in str(report)
    first = check(leaky, OPS["leaky_relu"].restrict(slope=[0.25, 0.5]), **asked)
    assert first.ok
    assert "not tested: leaky_relu restricted to slope=0.25" in str(first)


def test_every_family_is_drawn():
    families = {case.family.name for case in deck(OPS["relu"], FLOAT64, 100, 0)}
    assert families == {each.name for each in OPS["relu"].families}


RESTRICTED = {
    "families": OPS["relu"].restrict(families="ties"),
    "ranks": OPS["relu"].restrict(ranks=2),
    "sides": OPS["matvec"].restrict(ranks=2, max_side=2, empty=False),
    "options": OPS["softmax"].restrict(ranks=2, axis=1),
    "a pullback": OPS["relu"].restrict(families="ties").pullback,
}


@quick
@pytest.mark.parametrize("restricted", RESTRICTED)
def test_a_law_is_asked_or_it_is_said_that_it_is_not(restricted):
    operation = RESTRICTED[restricted]
    whole = operation.unrestricted
    report = check(lambda *_, **__: 0, operation, targets=NUMPY, examples=10)
    told = {each.law.name for each in report.results}
    told |= {each.partition(":")[0] for each in report.untested}
    # NumPy has no device: there is nothing to say about one.
    here = [x for x in LAWS.values() if not (x.needs_vjp or x.on_device)]
    about = {x.name for x in here if x.is_about(whole)}
    assert about <= told
