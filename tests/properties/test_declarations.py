"""Whatever cannot be declared or checked is said in a sentence, where it is written."""

from dataclasses import replace
from functools import partial

import pytest
from properties.asking import DOUBLE, NUMPY, SINGLE, asked, reference, relu, twice

from scratchnet.errors import ArgumentError, ArgumentTypeError, UnavailableError
from scratchnet.testing import (
    OPS,
    Algorithm,
    Op,
    Reference,
    cases,
    check,
    engine,
)
from scratchnet.testing.binding import bind
from scratchnet.testing.choice import asked_laws, chosen_laws
from scratchnet.testing.strategies import Family

# Whatever cannot be checked is said in a sentence.

BAD_OPERATIONS = {
    r"Op: signature='\(n->\(n\)', required core dimensions": (
        lambda: Op("mine", "(n->(n)", reference(twice))
    ),
    "Op: signature=3, required a string": lambda: Op("mine", 3, reference(twice)),
    "Op: reference of 'mine' is a function, required a Reference": (
        lambda: Op("mine", "()->()", twice)
    ),
    "Op: name=3, required a string": lambda: Op(3, "()->()", reference(twice)),
    "Op: kind='zzz', required one of function, loader, optimizer": (
        lambda: Op("mine", "()->()", reference(twice), kind="zzz")
    ),
    "Op: gradient of 'mine' is a str, required a Reference": (
        lambda: Op("mine", "()->()", reference(twice), "x")
    ),
    "Reference: algorithms of 'mine' holds 'a', required an Algorithm": (
        lambda: Reference("mine", ("a",))
    ),
    "Reference: algorithms of 'mine' is a Algorithm, required a tuple": (
        lambda: Reference("mine", Algorithm("a", twice))
    ),
    "Reference: algorithm 'mine' returns a float, required an array": (
        lambda: asked(relu, declared("mine", lambda _: 1.0))
    ),
    "Reference: algorithm 'mine' returns a NoneType, required an array": (
        lambda: asked(relu, declared("mine", lambda _: None))
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
    "restrict: rank=99, required 32 or less, as in NumPy": (
        lambda: OPS["softmax"].restrict(ranks=99)
    ),
    "restrict: rank=32 with sides of up to 5, required no more than": (
        lambda: OPS["softmax"].restrict(ranks=32)
    ),
    "restrict: max_side=1099511627776, required 1,048,576": (
        lambda: OPS["softmax"].restrict(max_side=2**40)
    ),
    "restrict: max_side=1099511627776, required 1,048,576 or less": (
        lambda: OPS["softmax"].restrict(max_side=2**40, ranks=1)
    ),
    "restrict: max_side='x', required an int": (
        lambda: OPS["softmax"].restrict(max_side="x", ranks=1)
    ),
    "restrict: empty='x', required True or False": lambda: DOUBLE.restrict(empty="x"),
    "restrict: option='momentum', but double has no options that": (
        lambda: DOUBLE.restrict(momentum=0.0)
    ),
    "check: softmax restricted to axis=x: an example raises TypeError: .*, "
    "required values of axis that fit": (
        lambda: asked(relu, OPS["softmax"].restrict(axis="x"))
    ),
    "check: sum restricted to axis=7: an example raises .*, required values of axis": (
        lambda: asked(relu, OPS["sum"].restrict(axis=7))
    ),
    "restrict: max_side=0, required 1 or more": lambda: DOUBLE.restrict(max_side=0),
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


def mine(function=twice, /, signature="()->()", **declared):
    return Op("mine", signature, reference(function), **declared)


def two(x, y):
    return x + y


MISDECLARED = {
    "Op: name='', required what reports are to call it": (
        lambda: Op("", "()->()", reference(twice))
    ),
    "Op: reference of 'mine' has the name 3, required a string": (
        lambda: Op("mine", "()->()", Reference(3, (Algorithm("a", twice),)))
    ),
    "Op: reference of 'mine' has the name 4, required a string": (
        lambda: Op("mine", "()->()", Reference("a", (Algorithm(4, twice),)))
    ),
    "Op: algorithm 'mine' of 'mine' is 3, required a function of arrays": (
        lambda: mine(3)
    ),
    "Op: batched='x', required an int": lambda: mine(batched="x"),
    "Op: batched=-1, required 0 or more": lambda: mine(batched=-1),
    r"Op: batched=2 of 'mine', required 1 or less in \(\)->\(\)": (
        lambda: mine(batched=2)
    ),
    r"Op: integers=3 \(int\), required a tuple of places": lambda: mine(integers=3),
    "Op: integers='0', required an int": lambda: mine(integers=("0",)),
    "Op: integers=-1, required 0 or more": lambda: mine(integers=(-1,)),
    "Op: integers=1 of 'mine', required 0 or less in": lambda: mine(integers=(1,)),
    r"Op: integers=2 of 'mine', required 1 or less in \(c\),\(\)->\(\)": (
        lambda: mine(called="(c),()->()", inputs=astray, integers=(2,))
    ),
    "Op.called: signature=None, required a string": lambda: mine(called=None),
    r"Op.called: signature='\(\(', required core dimensions": (
        lambda: mine(called="((")
    ),
    "Op: max_dims=33, required 32 or less, as in NumPy": lambda: mine(max_dims=33),
    "Op: max_dims='x', required an int": lambda: mine(max_dims="x"),
    "Op: max_side=1099511627776, required 1,048,576 or less": (
        lambda: mine(max_side=2**40)
    ),
    r"Op: refusals=3 \(int\), required a mapping from names": (
        lambda: mine(refusals=3)
    ),
    r"Op: refusals=\[1\] \(list\), required a mapping": lambda: mine(refusals=[1]),
    r"Op: refusals\['by'\]=1 \(int\), required a function from an example": (
        lambda: mine(refusals={"by": 1})
    ),
    "Op: a name in refusals=1 .*, required a string": (
        lambda: mine(refusals={1: astray})
    ),
    r"Op: parameters=\['by'\] \(list\), required a mapping from names to choices": (
        lambda: mine(parameters=["by"])
    ),
    r"Op: rows=3 \(int\), required True or False, or a function": lambda: mine(rows=3),
    "Op: rows='yes' .*, required True or False, or": lambda: mine(rows="yes"),
    r"Op: inputs=3 \(int\), required a function": lambda: mine(inputs=3),
    r"Op: call=3 \(int\), required a function": lambda: mine(call=3),
    r"Op: whole=3 \(int\), required a function": lambda: mine(whole=3),
    "Op: dtypes='float64' .*, required several": lambda: mine(dtypes="float64"),
    "Op: no dtypes, required at least one": lambda: mine(dtypes=()),
    "Op: dtype='int8', required one of float16": lambda: mine(dtypes=("int8",)),
    "Op: dtypes=.*, required a tuple of them": (
        lambda: mine(dtypes=dict.fromkeys(["float64"]))
    ),
    r"Op: reference of 'mine': algorithm 'mine' of \(x, y\): missing .* 'y', "
    r"required a function of 1 array, as in \(\)->\(\)": lambda: mine(two),
    r"Op: reference of 'mine': .* too many positional arguments, required a function "
    "of 2 arrays": lambda: mine(twice, "(),()->()"),
    "Op: reference of 'mine': .* missing a required .*'by', required": (
        lambda: mine(lambda x, *, by: by * x)
    ),
    "Op: reference of 'mine': algorithm 'worse' .*, required a function of 1 array": (
        lambda: Op(
            *("mine", "()->()"),
            Reference("a", (Algorithm("a", twice),), (Algorithm("worse", two),)),
        )
    ),
    "Op: gradient of 'mine': .*, required a function of the cotangent and then 1": (
        lambda: mine(gradient=reference(twice))
    ),
    **{
        f"Op: {flag}=3 .*, required True or False$": partial(mine, **{flag: 3})
        for flag in ("lenient", "shares", "smooth", "exact", "any_dtype")
    },
}


@pytest.mark.parametrize("said", MISDECLARED)
def test_what_cannot_be_declared_is_refused(said):
    with pytest.raises((ArgumentError, ArgumentTypeError), match=f"^{said}"):
        MISDECLARED[said]()


TAKEN = {
    "as many arrays as a hook makes": lambda: mine(two, inputs=astray),
    "a built-in that does not say what it takes": lambda: mine(min, "(),()->()"),
    "a gradient of the cotangent first": lambda: mine(gradient=reference(two)).pullback,
    "all arrays batched": lambda: mine(two, "(n),(n)->(n)", batched=2),
    "the places of all arrays": lambda: mine(two, "(),()->()", integers=(0, 1)),
    "rows by a function": lambda: mine(rows=astray),
}


@pytest.mark.parametrize("what", TAKEN)
def test_what_can_be_declared_is_taken(what):
    assert TAKEN[what]().name.startswith("mine")


@pytest.mark.parametrize("calls", [3, ["x"], [((1,), 2)], [([1], {})], [((), {}, 0)]])
def test_a_refusals_hook_gives_calls(calls):
    """What it gives is known when it is used."""
    operation = mine(refusals={"by": lambda case: calls})  # noqa: ARG005
    said = "Op: the refusals hook 'by' of 'mine' gives .*, required pairs"
    with pytest.raises(ArgumentTypeError, match=said):
        asked(twice, operation, laws=["what_does_not_fit_is_refused"], examples=5)


def test_what_is_no_operation_has_no_cases():
    with pytest.raises(ArgumentTypeError, match="cases: the operation is a str, requi"):
        cases("relu")


BAD_CHECKS = {
    "check: the subject is a int, required a function that computes relu": {
        "subject": 3
    },
    "check: the subject is a NoneType, required a function that": {"subject": None},
    r"check: laws=3 \(int\), required several": {"laws": 3},
    "check: no laws, required at least one": {"laws": []},
    "check: law 3, required laws among": {"laws": [3]},
    r"check: law \['a'\], required laws among": {"laws": [["a"]]},
    r"check: layer_norm restricted to eps=a: an example .* no error bounds, required "
    "one of [^\n]*, required values of eps that fit every example": {
        "subject": lambda x, w, b, *, eps: x,  # noqa: ARG005
        "operation": OPS["layer_norm"].restrict(eps="a"),
    },
    "check: sgd restricted to momentum=x: .*, required values of momentum that": {
        "subject": lambda p, g, v=None, *, learning_rate, momentum: p,  # noqa: ARG005
        "operation": OPS["sgd"].restrict(momentum="x"),
    },
    "check: vjp is a str, required a function to the value": {"vjp": "f"},
    r"check: <lambda>\(x, y\) as relu: missing a required argument: 'y'": {
        "subject": lambda x, y: x  # noqa: ARG005
    },
    r"check: <lambda>\(x, w, b\) as linear: missing .*\n  some calls leave the last": {
        "subject": lambda x, w, b: x @ w.T + b,
        "operation": OPS["linear"],
    },
    "check: <lambda> has no option learning_rate, required": {
        "subject": lambda p, g: p - g,
        "operation": OPS["sgd"],
    },
    r"check: <lambda>\(\) as relu: too many positional arguments": {
        "subject": lambda: 0
    },
    "check: the operation is a str, required an Op": {"operation": "relu"},
    "check: no targets, required at least one": {"targets": []},
    "check: targets=3, required names": {"targets": 3},
    "check: target='cuda', required library": {"targets": "cuda"},
    "check: the usual targets .* leaves float16\n  ask for .*numpy:float16": {
        "operation": replace(OPS["relu"], dtypes=("float16",)),
        "targets": None,
    },
    "check: the usual targets .* leaves bfloat16\n  ask for .*torch:cpu:bfloat16": {
        "operation": replace(OPS["relu"], dtypes=("bfloat16",)),
        "targets": None,
    },
    "check: seconds='a', required a number": {"seconds": "a"},
    "check: seconds=-1, required above 0": {"seconds": -1},
    "check: 'results_are_new' is waived for '', required a reason": {
        "waive": {"results_are_new": ""}
    },
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
    said = "check: target='strict:device9:float64', required a device"
    with pytest.raises((UnavailableError, ArgumentError), match=said):
        asked(relu, targets=["strict:device9:float64"])
    said = "check: target='strict:float32.compiled', .* strict has no compiler"
    with pytest.raises(ArgumentError, match=said):
        asked(relu, targets=["strict:float32+compiled"])


def test_a_law_of_values_that_are_restricted_away_cannot_be_held():
    """Asked for it directly, the engine says so; a check leaves it out."""
    ties = OPS["relu"].restrict(families="ties")
    bound = bind(relu, ties, targets=NUMPY)
    (law,) = chosen_laws(["is_exact_on_the_grid"], ties)
    with pytest.raises(ArgumentError, match="which is about values that are grid"):
        engine.hold(law, bound.on(bound.targets[0]))


UNASKED = {
    "law 'gradients_equal_the_oracle' of relu, required its pullback\n  pass vjp": (
        "gradients_equal_the_oracle",
        OPS["relu"],
    ),
    "law 'rows_are_independent' of relu, which cannot be asked on numpy:float32": (
        "rows_are_independent",
        OPS["relu"],
    ),
    "check: law 'is_exact_on_the_grid' of relu restricted .*ties.*, which cannot be": (
        "is_exact_on_the_grid",
        OPS["relu"].restrict(families="ties"),
    ),
}


@pytest.mark.parametrize("said", UNASKED)
def test_a_law_that_was_asked_for_and_cannot_be_is_refused(said):
    law, operation = UNASKED[said]
    bound = bind(relu, operation, targets=[SINGLE])
    with pytest.raises(ArgumentError, match=said):
        asked_laws([law], bound)
    assert law in map(str, asked_laws(None, bound))


def test_a_law_that_can_be_asked_for_is_asked():
    bound = bind(relu, OPS["relu"], vjp=relu, targets=[SINGLE, *NUMPY])
    both = ["gradients_equal_the_oracle", "rows_are_independent"]
    assert [*map(str, asked_laws(both, bound))] == both
