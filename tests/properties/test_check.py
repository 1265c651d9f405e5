"""What a report says: the same for a seed, whatever surrounds it."""

import platform
import sys
from time import sleep
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from properties.asking import (
    NUMPY,
    ORACLE,
    asked,
    of_the_lesson,
    quick,
    relu,
    softmax,
    strict_json,
    summary,
    too_large_above_one,
)

from scratchnet.testing import (
    FLOAT32,
    FLOAT64,
    OPS,
    Contract,
    Report,
    check,
)
from scratchnet.testing.cases import deck
from scratchnet.testing.document import environment
from scratchnet.testing.search import Search


def test_a_report_of_right_code_is_ok_and_says_of_how_much():
    report = check(softmax, OPS["softmax"], targets=NUMPY, examples=20)
    assert report.ok
    assert {*report.verdicts.values()} == {"HOLDS"}
    assert report.broken == ()
    assert report.witness is None
    assert report.compared > report.examples > 0
    count = len({name for name, _ in report.verdicts})
    where = f"all {count} laws hold on numpy:float64"
    last = f"softmax as softmax: {where}, {report.examples:,} examples"
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
    assert str(report).endswith(
        f"of {len(report.results)} laws are broken on {NUMPY[0]}"
    )


def test_formats_that_are_asked_for_choose_the_usual_targets():
    report = check(
        np.abs, OPS["relu"].restrict(dtypes="float16"), examples=5, laws=ORACLE
    )
    assert {each.target for each in report.results} >= {"numpy:float16"}
    assert {each.target.rpartition(":")[2] for each in report.results} == {"float16"}


def test_a_report_of_nothing_is_not_ok():
    """A run that checked nothing fails."""
    report = Report("relu", OPS["relu"], (), (), 0)
    assert not report.ok
    assert str(report).endswith("relu as relu: nothing was asked")


@quick
@pytest.mark.parametrize("subject", [softmax, of_the_lesson, lambda x: x / 0])
def test_json_holds_all_of_it_in_finite_numbers(subject):
    """Infinite and missing numbers are no JSON for other readers."""
    report = check(subject, OPS["softmax"], targets=NUMPY, examples=10)
    found = strict_json(report)
    assert found["schema"] == 2
    assert found["ok"] is report.ok
    assert (found["operation"], found["seed"]) == ("softmax", 0)
    assert found["untested"] == list(report.untested)
    assert {
        (each["law"], each["target"]): each["verdict"] for each in found["results"]
    } == report.verdicts
    witnesses = [each["witness"] is None for each in found["results"]]
    assert witnesses == [each.witness is None for each in report.results]
    assert found["environment"]["numpy"] == np.__version__


def test_the_environment_has_the_versions_of_what_is_loaded(monkeypatch):
    """PyTorch's where it is in use; without it nothing is said of it."""
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(__version__="9.9"))
    found = environment()
    versions = {"numpy": np.__version__, "torch": "9.9"}
    assert found == found | versions | {"python": platform.python_version()}
    monkeypatch.delitem(sys.modules, "torch")
    assert environment() == {k: v for k, v in found.items() if k != "torch"}


def test_a_report_about_tensors_has_pytorchs_version():
    torch = pytest.importorskip("torch")
    report = asked(torch.relu, targets=["torch:cpu:float64"], examples=10)
    assert strict_json(report)["environment"]["torch"] == torch.__version__


def test_in_float64_every_law_has_fifty_examples_or_more():
    report = check(softmax, OPS["softmax"], targets=NUMPY)
    assert min(each.examples for each in report.results) >= 50


def test_a_contract_is_the_subjects_own():
    """A sine in single precision is right in double where that was promised."""

    def coarse(x):
        return np.sin(x).astype(np.float32).astype(x.dtype)

    finite = OPS["sine"].restrict(families=["moderate", "ties"])
    asked = {"targets": NUMPY, "laws": ["equals_the_oracle"]}
    assert not check(coarse, finite, **asked).ok
    coarser = FLOAT32.unit_roundoff / FLOAT64.unit_roundoff
    promise = Contract("float64", ulps={"sin": coarser})
    assert check(coarse, finite, contract=promise, **asked).ok


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


def test_the_smallest_witness_breaks_the_law_as_the_first_one_did():
    """Smaller ones that break it in another way are no witnesses of this."""

    def wrong_of_several(x):
        if x.ndim and x.size < 2:
            raise ValueError("too few")
        return relu(x) + (x.ndim > 0)

    (result,) = asked(wrong_of_several).results
    assert result.verdict == "WRONG"
    assert "off by" in result.finding.message
    assert result.witness.arguments[0].shape == (2,)


@pytest.mark.parametrize(
    ("is_wrong", "shapes"),
    [
        (lambda x: x.shape[-1:] > (15,), {(16,)}),
        (lambda x: x.shape[:1] > (8,), {(9,)}),
        (lambda x: x.shape[:1] > (8,) and (x > 3).any(), {(9,)}),
    ],
)
def test_what_only_long_arrays_break_falls_with_the_smallest(is_wrong, shapes):
    """Of more than the 48 elements that are drawn one by one, and of fewer."""

    def relu(x):
        return np.maximum(x, 0) + is_wrong(x)

    one = {"targets": ["numpy:float64"], "laws": ["equals_the_oracle"]}
    found = [check(relu, OPS["relu"], **one, seed=seed).witness for seed in range(3)]
    assert {each.arguments[0].shape for each in found} <= shapes


@pytest.mark.parametrize("start", range(4))
def test_what_moderate_numbers_break_is_not_shown_with_extreme_ones(start, monkeypatch):
    """A softmax over the batch, of one number, is wrong where it overflows alone."""

    def over_the_batch(x, *, axis):
        del axis
        powers = np.exp(x)
        return powers / powers.sum(0)

    one = {"targets": NUMPY, "laws": ORACLE, "seed": start}
    smallest = check(over_the_batch, OPS["softmax"], **one).witness
    monkeypatch.setattr(Search, "smallest", lambda *found: found[-1])
    first = check(over_the_batch, OPS["softmax"], **one).witness
    order = [each.name for each in OPS["softmax"].families]
    families = [order.index(each.family.name) for each in (smallest, first)]
    assert families == sorted(families)


def test_time_ends_the_search_for_the_smallest_too():
    """What was found first is shown, however small it could become."""
    calls = []

    def slow(x):
        calls.append(x.shape)
        sleep(0.001)
        return np.maximum(x, 0) + (x.size > 3)

    one = {"targets": ["numpy:float64"], "laws": ["equals_the_oracle"]}
    assert check(slow, OPS["relu"], **one, seconds=0.02).broken
    timed = len(calls)
    assert check(slow, OPS["relu"], **one).broken
    assert timed < len(calls) - timed


def test_many_examples_are_drawn_as_they_are_asked_of():
    """In decks of a thousand, so that there is a first one soon."""
    one = {"targets": ["numpy:float64"], "laws": ["two_runs_agree"]}
    (all_,) = check(relu, OPS["relu"], **one, examples=1500).results
    assert all_.examples == 1500
    (few,) = check(relu, OPS["relu"], **one, examples=10**7, seconds=0.01).results
    assert 1 < few.examples <= 1500


def test_what_is_refused_in_all_laws_is_made_small_once(monkeypatch):
    """Each search for the smallest costs as much as the law."""
    searched = []
    smallest = Search.smallest
    monkeypatch.setattr(
        Search,
        "smallest",
        lambda self, *found: searched.append(self.law) or smallest(self, *found),
    )
    report = check(lambda _, *, axis: [][axis], OPS["softmax"], targets=NUMPY)
    refusing = [each for each in report.broken if each.verdict == "REFUSES"]
    assert {each.name for each in searched} < {each.law.name for each in refusing}
    assert len({repr(each.witness) for each in refusing}) < len(refusing) / 2


@quick
def test_what_breaks_in_one_way_is_said_once():
    """A subject that refuses empty arrays breaks every law that meets one."""

    def of_some(x, *, axis=-1):
        if not x.size:
            raise ValueError("nothing to look at")
        return softmax(x, axis=axis)

    said = str(check(of_some, OPS["softmax"], targets=NUMPY))
    assert said.count("error     ") == 1
    assert "suspect   empty arrays are refused: if that is meant, " in said
    assert "ops.softmax.restrict(empty=False)" in said
    assert "\nbroken in the same way: results_are_of_their_kind, " in said
    assert "broken as well" not in said


@quick
def test_what_breaks_in_other_ways_is_said_apart():
    both = ["numpy:float64", "numpy:float32"]
    laws = ["equals_the_oracle", "results_are_new", "inputs_are_untouched"]
    said = str(check(lambda x: x, OPS["relu"], targets=both, laws=laws))
    assert "\nbroken as well: results_are_new\n" in said
    assert "broken in the same way" not in said


@quick
def test_what_breaks_on_one_target_says_on_which():
    def in_double(x):
        return np.maximum(x.astype(float), 0)

    both = ["numpy:float64", "numpy:float32"]
    laws = ["equals_the_oracle", "results_are_of_their_kind"]
    said = str(check(in_double, OPS["relu"], targets=both, laws=laws))
    assert "results_are_of_their_kind on numpy:float32\n" in said
