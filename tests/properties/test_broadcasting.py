"""The rules of broadcasting, and what is built on them, are NumPy's.

Elements are small integers held as floats: no sum or product rounds, and equal means
equal to the last bit.
"""

import operator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays, mutually_broadcastable_shapes

from scratchnet import (
    ArgumentError,
    broadcast_shapes,
    broadcast_to,
    expand_dims,
    grids,
    mean,
    outer,
    sum,  # noqa: A004
    unbroadcast,
)
from scratchnet.testing import assert_within

SHAPES = array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
FITTING = mutually_broadcastable_shapes(num_shapes=3, max_dims=3, min_side=0).map(
    lambda drawn: drawn.input_shapes
)


def integers(shape):
    """Arrays of this shape, or of shapes drawn from this strategy."""
    elements = st.integers(-8, 8).map(float)
    return arrays("float64", shape, elements=elements, fill=st.nothing())


@st.composite
def stretches(draw):
    """Two shapes of which the first broadcasts to the second: any axis may have had
    side 1, and the leftmost may have been missing."""
    shape = draw(SHAPES)
    narrow = draw(st.tuples(*(st.sampled_from([side, 1]) for side in shape)))
    return narrow[draw(st.integers(0, len(shape))) :], shape


def outcome(function, *args):
    """What the function returns, or that it refuses."""
    try:
        return function(*args)
    except ValueError:
        return "refused"


@given(shapes=st.lists(SHAPES, max_size=4) | FITTING)
def test_shapes_broadcast_as_in_numpy(shapes):
    assert outcome(broadcast_shapes, *shapes) == outcome(np.broadcast_shapes, *shapes)


@given(x=SHAPES.map(np.zeros), shape=SHAPES)
def test_an_array_is_stretched_where_numpy_would(x, shape):
    """To fit each other is not enough: the given shape may not have to stretch."""
    ours, numpys = (outcome(f, x, shape) for f in (broadcast_to, np.broadcast_to))
    assert np.shape(ours) == np.shape(numpys)
    np.testing.assert_array_equal(ours, numpys)


def test_a_clash_is_shown_with_the_shapes_aligned_from_the_right():
    """An image of three channels minus the means of four."""
    with pytest.raises(ArgumentError) as caught:
        broadcast_shapes((256, 256, 3), (4,))
    assert str(caught.value).splitlines() == [
        "broadcast_shapes: shapes (256, 256, 3) and (4,) clash on axis -1, required "
        "equal sides, or 1",
        "  256  256    3",
        "              4",
        "            ^^^",
    ]


@given(stretch=stretches(), data=st.data())
def test_stretching_gives_numpys_values_without_copying(stretch, data):
    narrow, shape = stretch
    x = data.draw(integers(narrow))
    y = broadcast_to(x, shape)
    np.testing.assert_array_equal(y, np.broadcast_to(x, shape), strict=True)
    assert repeats(narrow, shape, y.strides)
    assert np.shares_memory(x, y) or y.size == 0


@given(stretch=stretches())
def test_stretching_a_tensor_does_not_copy_either(stretch):
    torch = pytest.importorskip("torch")
    narrow, shape = stretch
    y = broadcast_to(torch.zeros(narrow), shape)
    assert tuple(y.shape) == shape
    assert repeats(narrow, shape, y.stride())


def repeats(narrow, shape, strides):
    """Whether every axis on which narrow was repeated has stride 0."""
    aligned = (1,) * (len(shape) - len(narrow)) + tuple(narrow)
    axes = zip(aligned, shape, strides, strict=True)
    return all(stride == 0 for old, new, stride in axes if old == 1 < new)


@given(stretch=stretches(), data=st.data())
def test_unbroadcast_is_the_transpose_of_stretching(stretch, data):
    """<A x, g> = <x, A^T g>, which is all that a pullback of a linear map has to be."""
    narrow, shape = stretch
    x, g = data.draw(st.tuples(integers(narrow), integers(shape)))
    back = unbroadcast(g, narrow)
    assert back.shape == tuple(narrow)
    assert back.dtype == g.dtype
    assert np.sum(broadcast_to(x, shape) * g) == np.sum(x * back)


@pytest.mark.parametrize(
    ("g", "shape", "expected"),
    [
        (np.ones((2, 3)), (3,), [2, 2, 2]),
        (np.ones((2, 3)), (2, 1), [[3], [3]]),
        (np.ones((2, 3)), (1, 1), [[6]]),
        (np.ones((4, 2, 3)), (1, 3), [[8, 8, 8]]),
        (np.ones((2, 0)), (2, 1), [[0], [0]]),
        (np.ones((0, 3)), (3,), [0, 0, 0]),
        (np.ones(0), (), 0),
    ],
    ids=lambda value: str(np.shape(value)) if isinstance(value, np.ndarray) else "",
)
def test_unbroadcast_sums_what_was_repeated(g, shape, expected):
    np.testing.assert_array_equal(
        unbroadcast(g, shape), np.array(expected, float), strict=True
    )


@given(x=integers(SHAPES), axes=st.lists(st.integers(-6, 5), max_size=3))
def test_axes_are_added_where_numpy_would_add_them(x, axes):
    """Positions count in the result; one outside, or given twice, is refused."""
    axes = tuple(axes)
    ours, numpys = (outcome(f, x, axes) for f in (expand_dims, np.expand_dims))
    np.testing.assert_array_equal(ours, numpys, strict=True)


@pytest.mark.parametrize("ufunc", [np.add, np.multiply, np.greater, np.subtract])
@given(x=integers(SHAPES), y=integers(SHAPES))
def test_outer_of_any_operator_is_numpys(ufunc, x, y):
    np.testing.assert_array_equal(outer(ufunc, x, y), ufunc.outer(x, y), strict=True)


@given(row=integers(st.integers(0, 4)), column=integers(st.integers(0, 4)))
def test_grids_are_numpys_meshgrid(row, column):
    for ours, numpys in zip(grids(row, column), np.meshgrid(row, column), strict=True):
        np.testing.assert_array_equal(ours, numpys, strict=True)


# What the lesson prints.
A, B = np.array([10.0, 6, -4]), np.array([2.0, 8, 7])
M, C = np.arange(1.0, 10).reshape(3, 3), np.array([10.0, 20, 30])


def test_two_thirds_of_a_are_below_b():
    below = np.asarray(A < B, float)
    assert_within(mean(below), lambda x: np.sum(x) / 3, below)


def test_a_row_is_repeated_downwards():
    expected = [[11, 22, 33], [14, 25, 36], [17, 28, 39]]
    assert (broadcast_to(C, M.shape) + M).tolist() == expected
    assert broadcast_to(C, M.shape).strides == (0, C.itemsize)


def test_a_column_is_repeated_rightwards():
    column = expand_dims(C, 1)
    assert column.tolist() == [[10], [20], [30]]
    expected = [[11, 12, 13], [24, 25, 26], [37, 38, 39]]
    assert (broadcast_to(column, M.shape) + M).tolist() == expected
    assert broadcast_to(column, M.shape).strides == (C.itemsize, 0)


def test_a_number_is_repeated_everywhere():
    assert (broadcast_to(np.array(2.0), M.shape) * M).tolist() == (M + M).tolist()


@pytest.mark.parametrize(
    ("axes", "shape"), [(0, (1, 3)), (1, (3, 1)), (-1, (3, 1)), ((0, -1), (1, 3, 1))]
)
def test_a_vector_gets_new_axes_at_either_end(axes, shape):
    assert expand_dims(C, axes).shape == shape


def test_an_image_loses_the_mean_of_each_channel():
    """Means of 2^16 integers are exact, and so is what is left: nothing."""
    image = np.arange(256 * 256 * 3.0).reshape(256, 256, 3)
    means = mean(image, axis=(0, 1))
    assert broadcast_shapes(image.shape, means.shape) == image.shape
    centred = image - broadcast_to(means, image.shape)
    assert sum(centred, axis=(0, 1)).tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (operator.mul, [[20, 80, 70], [12, 48, 42], [-8, -32, -28]]),
        (operator.add, [[12, 18, 17], [8, 14, 13], [-2, 4, 3]]),
        (operator.gt, [[True, True, True], [True, False, False], [False] * 3]),
    ],
)
def test_outer_pairs_every_element_of_a_with_every_one_of_b(by, expected):
    assert outer(by, A, B).tolist() == expected


def test_a_row_and_a_column_span_a_grid():
    across, down = grids(np.arange(3), np.arange(2))
    assert across.tolist() == [[0, 1, 2], [0, 1, 2]]
    assert down.tolist() == [[0, 0, 0], [1, 1, 1]]
