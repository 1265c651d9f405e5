"""The harness's shapes and layouts against what NumPy and PyTorch make of them."""

import sys
from itertools import product

import hypothesis.extra.numpy
import numpy as np
import pytest
from drawing import drawn
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes
from judged import exactly, judge

from scratchnet.errors import UnavailableError
from scratchnet.testing.strategies import (
    LAYOUTS,
    backwards,
    contiguous,
    expanded,
    gufunc,
    gufunc_shapes,
    incompatible_shapes,
    layouts,
    offset,
    operand_shapes,
    operands,
    read_only,
    repeated,
    strided,
    transposed,
)
from scratchnet.testing.strategies.codes import BYTES, ONE_BY_ONE, ROOT, drawn_codes
from scratchnet.testing.strategies.signature import parsed

NUMPYS_OLD_ADDRESS = "numpy.lib.function_base"
ELEMENTWISE, PLAIN, MATMUL = "(),()->()", "(m,k),(k,p)->(m,p)", "(m?,k),(k,p?)->(m?,p?)"
SIGNATURES = (PLAIN, MATMUL)


@pytest.fixture
def unimported(monkeypatch):
    """hypothesis-gufunc as if nobody had imported it yet."""
    gufunc.library.cache_clear()
    monkeypatch.delitem(sys.modules, "hypothesis_gufunc.gufunc", raising=False)
    yield
    gufunc.library.cache_clear()


@pytest.mark.usefixtures("unimported")
def test_the_adapter_leaves_numpys_modules_as_they_were():
    before = NUMPYS_OLD_ADDRESS in sys.modules
    gufunc.gufunc_shapes("(n)->()")
    assert "hypothesis_gufunc.gufunc" in sys.modules
    assert (NUMPYS_OLD_ADDRESS in sys.modules) == before


@pytest.mark.usefixtures("unimported")
def test_when_hypothesis_changes_the_adapter_says_what_to_do(monkeypatch):
    """It imports private names of Hypothesis, any of which may go."""
    monkeypatch.delattr(hypothesis.extra.numpy, "order_check")
    with pytest.raises(UnavailableError) as caught:
        gufunc.gufunc_shapes("(n)->()")
    assert "scratchnet.testing.strategies.gufunc: hypothesis-gufunc does not" in str(
        caught.value
    )
    assert "install an older Hypothesis" in str(caught.value)


@pytest.mark.parametrize("signature", SIGNATURES)
@given(data=st.data())
def test_drawn_shapes_are_those_that_numpy_multiplies(signature, data):
    a, b = data.draw(operand_shapes(signature, max_side=3, max_dims=1))
    assert max((*a, *b, 0)) <= 3
    assert max(len(a), len(b)) <= 3
    np.matmul(np.ones(a), np.ones(b))


@given(shapes=incompatible_shapes(MATMUL))
def test_incompatible_shapes_are_those_that_numpy_refuses(shapes):
    a, b = shapes
    with pytest.raises(ValueError, match=r"mismatch|enough dimensions|broadcast"):
        np.matmul(np.ones(a), np.ones(b))


@given(shapes=incompatible_shapes(ELEMENTWISE))
def test_shapes_that_do_not_broadcast_are_those_that_numpy_refuses(shapes):
    with pytest.raises(ValueError, match="broadcast"):
        np.add(*map(np.ones, shapes))


def accepted(f, shapes):
    try:
        f(*map(np.ones, shapes))
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    ("signature", "f"), [(ELEMENTWISE, np.add), (MATMUL, np.matmul)]
)
def test_a_signature_accepts_what_numpy_does(signature, f):
    """All pairs of shapes with at most three sides of 0, 1 or 2."""
    every = [shape for rank in range(4) for shape in product(range(3), repeat=rank)]
    read = parsed(signature, where="test")
    differ = [
        pair
        for pair in product(every, repeat=2)
        if read.accepts(pair) != accepted(f, pair)
    ]
    assert differ == []


def hypothesis_own(signature, **limits):
    found = mutually_broadcastable_shapes(signature=signature, **limits)
    return found.map(lambda shapes: shapes.input_shapes)


def hypothesis_gufunc(signature, *, max_dims, **limits):
    return gufunc.library().gufunc_arg_shapes(
        signature, max_dims_extra=max_dims, **limits
    )


#: Every one of these generators draws all that there is within such limits.
TIGHT = {"min_side": 1, "max_side": 2, "max_dims": 1}
OTHERS = [
    (hypothesis_gufunc, ELEMENTWISE),
    (hypothesis_gufunc, "(m,k),(k)->(m)"),
    (hypothesis_own, ELEMENTWISE),
    (hypothesis_own, "(m,k),(k)->(m)"),
    (hypothesis_own, "(m?,k),(k)->(m?)"),
]


@pytest.mark.parametrize(("other", "signature"), OTHERS)
def test_the_generators_agree_on_which_shapes_are_valid(other, signature):
    ours = drawn(operand_shapes(signature, max_side=2, max_dims=1), count=1500)
    theirs = drawn(other(signature, **TIGHT), count=1000)
    assert {x for x in ours if 0 not in (*x[0], *x[1])} == set(map(tuple, theirs))


@pytest.mark.parametrize("other", [hypothesis_gufunc, hypothesis_own])
def test_empty_ones_of_the_others_are_valid_too(other):
    read = parsed(PLAIN, where="test")
    theirs = drawn(other(PLAIN, min_side=0, max_side=3, max_dims=2), count=300)
    assert all(read.accepts(tuple(shapes)) for shapes in theirs)


WANTED = {
    "loop dimensions on the left alone": lambda a, b: len(a) > 2 == len(b),
    "loop dimensions on the right alone": lambda a, b: len(a) == 2 < len(b),
    "a loop dimension that stretches": lambda a, b: {1, 3} == {*a[-3:-2], *b[-3:-2]},
    "an inner side of 0": lambda a, b: a[-1] == 0 and 0 not in {*a[:-1], b[-1]},
    "all sides 1": lambda a, b: {*a, *b} == {1},
}
GENERATORS = {
    "hypothesis-gufunc": gufunc_shapes("(m,k),(k,p)->(m,p)"),
    "Hypothesis": operand_shapes("(m?,k),(k,p?)->(m?,p?)"),
}


# Found is enough: nobody needs the smallest.
UNSHRUNK = settings(phases=[Phase.generate], max_examples=2000, database=None)


@pytest.mark.parametrize("wanted", WANTED.values(), ids=WANTED)
@pytest.mark.parametrize("generator", GENERATORS.values(), ids=GENERATORS)
def test_shapes_that_break_code_are_drawn(generator, wanted):
    find(generator, lambda shapes: wanted(*shapes), settings=UNSHRUNK)


def test_operands_of_one_dimension_are_drawn():
    both = GENERATORS["Hypothesis"]
    find(both, lambda s: [*map(len, s)] == [1, 1], settings=UNSHRUNK)


NUMPYS = [backwards, read_only]


@pytest.mark.parametrize("layout", [*LAYOUTS, repeated])
@given(arrays=operands("()->()", elements=st.floats(-8, 8), max_dims=3))
def test_layouts_change_no_value(target, layout, arrays):
    x = target.array(*map(repeated, arrays))
    judge(exactly(x), like=x, ours=layout(x))


@pytest.mark.parametrize("layout", NUMPYS)
@given(arrays=operands("()->()", elements=st.floats(-8, 8), max_dims=3))
def test_layouts_of_numpy_change_no_value(layout, arrays):
    np.testing.assert_array_equal(layout(*arrays), *arrays, strict=True)


def test_layouts_are_what_they_are_called(target):
    x = target.array(np.arange(6.0).reshape(2, 3))
    same = repeated(x)
    assert {layout: strides(layout(x)) for layout in LAYOUTS} == {
        contiguous: (3, 1),
        strided: (6, 2),
        transposed: (1, 2),
        expanded: (3, 1),
        offset: (3, 1),
    }
    assert strides(same) == (3, 1)
    assert strides(expanded(same)) == (0, 1)


def test_only_what_is_the_same_to_the_sign_of_zero_is_expanded(target):
    x = target.array(np.array([[0.0, np.nan], [-0.0, np.nan]]))
    assert strides(expanded(x)) == (2, 1)
    assert strides(expanded(x[:, 1:]))[0] == 0


def test_what_numpy_alone_can_do():
    x = np.arange(6.0).reshape(2, 3)
    assert strides(backwards(x)) == (-3, -1)
    assert offset(x).ctypes.data % 16 == 8
    with pytest.raises(ValueError, match="read-only"):
        read_only(x)[0, 0] = 1
    x[0, 0] = 1


@pytest.mark.parametrize(
    ("library", "known"), [("numpy", {*LAYOUTS, *NUMPYS}), ("torch", {*LAYOUTS})]
)
def test_each_layout_of_a_library_is_drawn(library, known):
    assert set(drawn(layouts(library=library), count=200)) == known


def test_drawn_values_are_the_same_on_every_numpy():
    """They are computed from a hash: NumPy's generators change with its versions."""
    more = bytes(range(2 * ROOT))
    codes = drawn_codes(lambda _: more, bytes(ROOT), (60,))
    assert codes[:16].max() == 0
    assert codes[16:48, 2].tolist() == list(more[:63:-1])
    assert codes[48:51].tolist() == [[131, 37, 69], [145, 51, 83], [37, 57, 89]]


def test_what_is_drawn_of_many_is_like_the_first():
    """But for the finest byte: all are simple where those that are drawn are."""
    more = bytes(range(2 * ROOT))
    codes = drawn_codes(lambda _: more, bytes(ROOT), (50, 50)).reshape(-1, BYTES)
    assert np.isin(codes[:, 1], codes[:48, 1]).all()
    assert len(np.unique(codes, axis=0)) > 10 * ONE_BY_ONE
    assert not drawn_codes(bytes_of_0, bytes(ROOT), (50, 50)).any()


def bytes_of_0(_):
    return bytes(2 * ROOT)


def strides(x):
    """How many elements apart neighbours are along each axis."""
    if isinstance(x, np.ndarray):
        return tuple(stride // x.itemsize for stride in x.strides)
    return x.stride()
