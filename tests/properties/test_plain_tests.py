"""The plain tests that our laws are measured beside: no straw men, of everything."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, settings

pytest.importorskip("torch")
FOLDER = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(FOLDER))

import plain  # noqa: E402
from today import forms, inputs, reasons, subjects, tables, trial  # noqa: E402

#: What is thrown away is told by warnings: infinities, empty slices.
pytestmark = pytest.mark.filterwarnings("ignore")
USUAL, WIDE, LOOSENED, _ = forms.forms("float64")
CORRECT = {
    each.operation: each.made()
    for each in subjects.subjects().values()
    if not each.bug and each.made().function is not None
}
#: The gradient of a deviation is 0 / 0 where all numbers are the same, as in the first
#: examples of Hypothesis: what is right fails that test.
PULLED = {name: code for name, code in CORRECT.items() if code.vjp and name != "std"}
BUG, FORMULA = "relu-times-mask", "relu: max(x, 0)"
FEW = settings(forms.SETTINGS, max_examples=4, phases=(Phase.generate,))


def asked(check, code, operation, form):
    return forms.run(check, code, operation, form, 0, asked=FEW)


def off(found):
    """A result, or several, each too large by 1."""
    parts = found if isinstance(found, tuple) else (found,)
    moved = tuple(x + 1 for x in parts)
    return moved if isinstance(found, tuple) else moved[0]


def wrongly(function):
    return lambda *arguments, **options: off(function(*arguments, **options))


def wrongly_pulled(rule):
    def vjp(*arguments, **options):
        y, pullback = rule(*arguments, **options)
        return y, lambda g: off(pullback(g))

    return vjp


def test_every_operation_has_a_plain_test_or_a_reason_for_none():
    assert subjects.uncovered() == inputs.WITHOUT.keys()
    assert not inputs.CALLS.keys() & inputs.WITHOUT.keys()
    assert CORRECT.keys() == inputs.CALLS.keys()


@pytest.mark.parametrize("operation", CORRECT)
def test_a_plain_test_passes_what_is_right_and_fails_what_is_not(operation):
    code = CORRECT[operation]
    ran = asked(forms.of_values, code, operation, LOOSENED)
    assert (ran.error, ran.first) == (None, 0)
    assert ran.examples == 4
    code = replace(code, function=wrongly(code.function))
    ran = asked(forms.of_values, code, operation, USUAL)
    assert isinstance(ran.error, AssertionError)
    assert ran.first == 1


@pytest.mark.parametrize("operation", PULLED)
def test_a_plain_test_of_gradients_does_as_well(operation):
    code = PULLED[operation]
    ran = asked(forms.of_gradients, code, operation, LOOSENED)
    assert (ran.error, ran.first) == (None, 0)
    code = replace(code, vjp=wrongly_pulled(code.vjp))
    ran = asked(forms.of_gradients, code, operation, USUAL)
    assert isinstance(ran.error, AssertionError)


def test_what_raises_is_trusted_no_more():
    """A function that is trusted and fails is no verdict on what was tested."""
    code = replace(CORRECT["relu"], function=np.abs)
    call = ((np.ones(2),), {"no_such_option": 1})
    with pytest.raises(forms.UntrustedError, match="relu of"):
        forms.of_values(replace(code, function=lambda x, **_: x), "relu", call, USUAL)


def test_our_laws_are_asked_until_one_is_broken_and_all_of_what_is_right():
    """0 times infinity is what no plain test draws."""
    bug, formula = (subjects.subjects()[name] for name in (BUG, FORMULA))
    first, smallest = trial.until_broken(bug, 0), trial.until_smallest(bug, 0)
    assert (first.red, first.blind, first.smallest) == (True, False, False)
    assert (smallest.red, smallest.smallest) == (True, True)
    assert first.said == smallest.said == "equals_the_oracle: WRONG"
    assert first.examples == smallest.examples < 100
    passed = trial.by_laws(formula, 0)
    assert (passed.red, passed.promises) == (False, False)
    assert passed.examples > 500
    plainly = trial.plainly(formula, USUAL, 0, smallest=False)
    assert (plainly.red, plainly.examples) == (False, 100)


@pytest.fixture
def found():
    """A bug and a formula, as a plain test and our laws may find them."""
    return [
        trial.Found(name, judge, red, 1.0, 1.0, 10, "equals_the_oracle: WRONG")
        for name, reds in zip(
            (BUG, FORMULA), ((False, True), (True, False)), strict=True
        )
        for judge, red in zip(("usual", trial.OURS), reds, strict=True)
    ]


def test_tables_count_bugs_and_false_alarms(found):
    text = "\n".join(tables.sections(found))
    assert "| usual | 0 of 1 | 0 | 1 of 1 |" in text
    assert "| ours | 1 of 1 | 0 | 0 of 1 |" in text
    assert "- `equals_the_oracle` (1): `relu-times-mask`." in text


def test_what_speaks_against_our_laws_ends_the_run_in_red(found):
    assert plain.faults(found) == []
    swapped = [
        replace(x, judge={"usual": "ours", "ours": "usual"}[x.judge]) for x in found
    ]
    assert plain.faults(swapped) == [
        "relu-times-mask: usual finds it, ours does not",
        "relu: max(x, 0): equals_the_oracle: WRONG",
    ]
    # The correct code fails by the same example: it has found nothing.
    assert len(plain.faults([replace(x, blind=True) for x in swapped])) == 1


@pytest.mark.parametrize(
    ("actual", "desired", "why"),
    [
        (np.nan, 0.0, "nan on one side only"),
        (np.inf, 1.0, "inf on one side only"),
        (2.0**-40, 0.0, "the tolerance is too tight: they are less than 1e-6 apart"),
        (1.0, 2.0, "other digits: they are 1e-6 or more apart"),
    ],
)
def test_a_false_alarm_has_its_reason(actual, desired, why):
    """Read off what NumPy says, whose words may change."""
    with pytest.raises(AssertionError) as error:
        np.testing.assert_allclose([actual], [desired])
    assert reasons.reason(f"of_values: {trial._said(error.value)}") == why
