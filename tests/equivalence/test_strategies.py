"""The harness's shapes and layouts against what NumPy and PyTorch make of them."""

import sys

import hypothesis.extra.numpy
import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from judged import exactly, judge

from scratchnet.errors import UnavailableError
from scratchnet.testing.strategies import gufunc, layouts
from scratchnet.testing.strategies.operands import operands
from scratchnet.testing.strategies.shapes import operand_shapes

NUMPYS_OLD_ADDRESS = "numpy.lib.function_base"
SIGNATURES = ("(m,k),(k,p)->(m,p)", "(m?,k),(k,p?)->(m?,p?)")


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


WANTED = {
    "loop dimensions on the left alone": lambda a, b: len(a) > 2 == len(b),
    "loop dimensions on the right alone": lambda a, b: len(a) == 2 < len(b),
    "a loop dimension that stretches": lambda a, b: {1, 3} == {*a[-3:-2], *b[-3:-2]},
    "an inner side of 0": lambda a, b: a[-1] == 0 and 0 not in {*a[:-1], b[-1]},
    "all sides 1": lambda a, b: {*a, *b} == {1},
}
GENERATORS = {
    "hypothesis-gufunc": gufunc.gufunc_shapes("(m,k),(k,p)->(m,p)"),
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


@pytest.mark.parametrize(
    "layout", [layouts.contiguous, layouts.transposed, layouts.strided]
)
@given(arrays=operands("()->()", elements=st.floats(-8, 8), max_dims=3))
def test_layouts_change_no_value(target, layout, arrays):
    x = target.array(*arrays)
    judge(exactly(x), like=x, ours=layout(x))


def test_layouts_are_what_they_are_called(target):
    x = target.array(np.arange(6.0).reshape(2, 3))
    found = {layout: strides(layout(x)) for layout in layouts.LAYOUTS}
    assert found == {
        layouts.contiguous: (3, 1),
        layouts.transposed: (1, 2),
        layouts.strided: (6, 2),
        layouts.repeated: (0, 1),
    }


def strides(x):
    """How many elements apart neighbours are along each axis."""
    if isinstance(x, np.ndarray):
        return tuple(stride // x.itemsize for stride in x.strides)
    return x.stride()
