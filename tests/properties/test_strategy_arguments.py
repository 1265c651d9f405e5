"""A wrong argument of a strategy is refused at the call, in a sentence naming it."""

import inspect

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from scratchnet.errors import ArgumentError, ArgumentTypeError
from scratchnet.testing import strategies
from scratchnet.testing.strategies import MODERATE, Family

SIGNATURE = "(m,k),(k)->(m)"
#: What each strategy, and each maker of families, is asked with where all is well.
WELL = {
    "arguments": {"signature": SIGNATURE},
    "axes": {"rank": 2},
    "data_sets": {},
    "decaying": {},
    "extreme_at": {"edges": lambda _: (1.0,)},
    "families": {},
    "families_at": {"edges": lambda _: (1.0,)},
    "filled": {"shapes": st.just(((2,),)), "elements": st.just(0.0)},
    "gufunc_shapes": {"signature": SIGNATURE},
    "hyper_parameters": {},
    "incompatible_shapes": {"signature": SIGNATURE},
    "labels": {"shape": (2,), "classes": 3},
    "layouts": {},
    "networks": {},
    "operand_shapes": {"signature": SIGNATURE},
    "operands": {"signature": SIGNATURE, "elements": st.just(0.0)},
    "refused_labels": {"shape": (2,), "classes": 3},
    "values": {"shape": (2,)},
    "Family": {"name": "mine", "attacks": "all", "make": MODERATE.make, "weight": 1},
}

AN_INT, A_FLAG = "required an int", "required True or False"
A_SIGNATURE = "required a string such as (m,k),(k)->(m)"
A_SHAPE = "required a tuple of ints"
A_FORMAT = "required one of float16, bfloat16, float32, float64"
A_FAMILY = "required a Family\n  FAMILIES has all by name"
FAMILY_NAMED = f"family='moderate' (str), {A_FAMILY}"
NUMBERS = "required a dtype of numbers that NumPy has"
ELEMENTS = "elements=3 (int), required a strategy of numbers"
INTEGERS = "required an integer dtype"
SEVERAL = "required several\n  for a single one, pass a list of it"
A_MAPPING = "required a mapping from names of core dimensions to sides"
EDGES = "required a function from a format to its edges"
FINITE = "required at least one number, and all of them finite"
LIBRARIES = "required one of numpy, torch, strict, simulated"


def _sizes(strategy, *names):
    """Limits, which are whole numbers and not too small."""
    for name in names:
        yield strategy, name, "3", f"{name}='3', {AN_INT}"
        yield strategy, name, True, f"{name}=True, {AN_INT}"
        yield strategy, name, 2.5, f"{name}=2.5, {AN_INT}"
        least = 0 if name in {"rank", "max_dims", "max_hidden"} else 1
        least *= strategy != "gufunc_shapes"
        yield strategy, name, -1, f"{name}=-1, required {least} or more"


def _signatures(strategy):
    yield strategy, "signature", 3, f"signature=3, {A_SIGNATURE}"
    yield strategy, "signature", None, f"signature=None, {A_SIGNATURE}"
    yield from _sizes(strategy, "max_side", "max_dims")


def _least_sides(strategy):
    yield strategy, "at_least", 3, f"at_least=3 (int), {A_MAPPING}"
    yield strategy, "at_least", [("k", 1)], f"at_least=[('k', 1)] (list), {A_MAPPING}"
    yield strategy, "at_least", {"k": "1"}, f"at_least['k']='1', {AN_INT}"
    required = f"required a core dimension of {SIGNATURE!r}"
    yield strategy, "at_least", {3: 1}, f"at_least has 3, {required}"


def _labels(strategy):
    yield strategy, "shape", 3, f"shape=3, {A_SHAPE}"
    yield strategy, "shape", ("x",), f"side='x', {AN_INT}"
    yield from _sizes(strategy, "classes")
    yield strategy, "ignore_index", "x", f"ignore_index='x', {AN_INT}"
    yield strategy, "ignore_index", 0.5, f"ignore_index=0.5, {AN_INT}"
    for dtype in (None, "nope", 3, {}, "float32", "bool"):
        yield strategy, "dtype", dtype, f"dtype={dtype!r}, {INTEGERS}"


def _elements(strategy):
    yield strategy, "elements", 3, ELEMENTS
    for dtype in (None, "nope", 3, {}, "bfloat16", "U4"):
        yield strategy, "dtype", dtype, f"dtype={dtype!r}, {NUMBERS}"


def _formats(strategy):
    unknown = f"dtype='nope' is not known, {A_FORMAT}"
    yield strategy, "dtype", "nope", f"{unknown}\n  pass the dtype of an array: x.dtype"


def _edges(strategy):
    yield strategy, "edges", 3, f"edges=3 (int), {EDGES}"
    points = "edges(float16) is (inf,)"
    yield strategy, "edges", lambda _: (np.inf,), f"{points}, {FINITE}"
    wrong = "edges(float16) fails, TypeError: must be real number, not str"
    yield strategy, "edges", lambda _: "x", f"{wrong}, {FINITE}"
    wrong = "edges(float16) fails, ZeroDivisionError: division by zero"
    yield strategy, "edges", lambda _: 1 / 0, f"{wrong}, {FINITE}"


def _families():
    one = f"families=moderate (Family), {SEVERAL}"
    yield "arguments", "families", MODERATE, one
    yield "arguments", "families", "wide", f"families='wide' (str), {SEVERAL}"
    yield "arguments", "families", 3, f"families=3 (int), {SEVERAL}"
    yield "arguments", "families", ["moderate"], FAMILY_NAMED
    yield "arguments", "families", {"moderate": MODERATE}, FAMILY_NAMED
    yield (
        "arguments",
        "families",
        [MODERATE, None],
        f"family=None (NoneType), {A_FAMILY}",
    )
    for strategy in ("values", "data_sets"):
        yield strategy, "family", "moderate", FAMILY_NAMED
        yield strategy, "family", [MODERATE], f"family=[moderate] (list), {A_FAMILY}"


def _activations():
    a_name = "required the name of an activation"
    for word in ("relu", 3):
        found = f"activations={word!r} ({type(word).__name__})"
        yield "networks", "activations", word, f"{found}, {SEVERAL}"
    yield "networks", "activations", ["relu", 3], f"activation=3 (int), {a_name}"


WRONG = [
    *(row for name in ("arguments", "operand_shapes") for row in _least_sides(name)),
    *(row for name in ("arguments", "values", "data_sets") for row in _formats(name)),
    *(row for name in ("labels", "refused_labels") for row in _labels(name)),
    *(row for name in ("operands", "filled") for row in _elements(name)),
    *(row for name in ("extreme_at", "families_at") for row in _edges(name)),
    *(row for name, well in WELL.items() if "signature" in well
      for row in _signatures(name)),
    *_families(),
    *_activations(),
    *_sizes("axes", "rank"),
    *_sizes("networks", "max_hidden", "max_size", "least_outputs"),
    *_sizes("data_sets", "features", "classes", "max_rows"),
    *(("axes", flag, "no", f"{flag}='no' (str), {A_FLAG}")
      for flag in ("single", "several", "none")),
    ("hyper_parameters", "exact", "no", f"exact='no' (str), {A_FLAG}"),
    ("hyper_parameters", "exact", None, f"exact=None (NoneType), {A_FLAG}"),
    ("values", "shape", 3, f"shape=3, {A_SHAPE}"),
    ("values", "shape", (2.0,), f"side=2.0, {AN_INT}"),
    ("filled", "shapes", ((2,),),
     "shapes=((2,),) (tuple), required a strategy of shapes"),
    ("arguments", "library", "jax", f"library='jax', {LIBRARIES}"),
    ("layouts", "library", 3, f"library=3, {LIBRARIES}"),
    ("families", "names", MODERATE,
     "name=moderate (Family), required the name of a family"),
    ("families", "names", ["ties"],
     "name=['ties'] (list), required the name of a family"),
    ("decaying", "at", 3, "at=3 (int), required a function from y to a number"),
    ("Family", "name", 3, "name=3 (int), required a str"),
    ("Family", "attacks", None, "attacks=None (NoneType), required a str"),
    ("Family", "make", 3, "make=3 (int), required a function of codes and a format"),
    ("Family", "weight", 0, "weight=0, required 1 or more"),
]  # fmt: skip


def ask(name, /, **changes):
    """Call a strategy with what it takes, in the way in which it takes each."""
    asked, function = {**WELL[name], **changes}, getattr(strategies, name)
    bare, named = [], {}
    for each, parameter in inspect.signature(function).parameters.items():
        if each in asked and parameter.kind == parameter.KEYWORD_ONLY:
            named[each] = asked[each]
        elif each in asked:
            bare.append(asked[each])
    return function(*bare, **named)


@pytest.mark.parametrize(
    ("name", "argument", "value", "sentence"),
    WRONG,
    ids=[f"{name}-{argument}-{i}" for i, (name, argument, *_) in enumerate(WRONG)],
)
def test_a_wrong_argument_is_refused_at_the_call(name, argument, value, sentence):
    with pytest.raises((ArgumentError, ArgumentTypeError)) as caught:
        ask(name, **{argument: value})
    assert str(caught.value) == f"{name}: {sentence}"


@pytest.mark.parametrize("name", WELL)
def test_what_is_well_is_taken(name):
    """Else any refusal above could be for something other than the wrong argument."""
    taken = ask(name)
    assert isinstance(taken, SearchStrategy | Family | tuple) or callable(taken)


def test_every_argument_of_every_strategy_is_in_the_table():
    data = {"Arguments", "DataSet", "Layout", "Network"}
    laid = {
        "repeated",
        *(lay.__name__ for lay in strategies.layout.OF_LIBRARY["numpy"]),
    }
    public = {x for x in strategies.__all__ if not x.isupper()} - data - laid
    assert public == {*WELL}
    arguments = {
        (name, argument)
        for name in public
        for argument in inspect.signature(getattr(strategies, name)).parameters
    }
    assert arguments == {(name, argument) for name, argument, *_ in WRONG}
