"""Matrix products by hand: NumPy's values to the last bit, in bounded memory.

The operands are small integers, so that no sum can round and every order of summation,
every tile and every library give the very same numbers.
"""

import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import prod
from operator import mul
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes
from hypothesis.strategies import SearchStrategy

from scratchnet import (
    matmul,
    matmul_vjp,
    matvec,
    matvec_vjp,
    outer,
    products,
    tensordot,
    tensordot_vjp,
    unbroadcast,
)
from scratchnet.arrays import from_numpy, to_numpy
from scratchnet.testing.strategies import filled, operands

#: Without 0, which hides what it is multiplied with.
INTEGERS = st.sampled_from([*range(1, 9), *range(-8, 0)])
MEBIBYTE = 2**20


@dataclass(frozen=True)
class Product:
    """A product, its VJP rule, NumPy's for it, and the operands that it accepts."""

    f: Callable[..., Any]
    f_vjp: Callable[..., Any]
    numpys: Callable[..., Any]
    operands: SearchStrategy[tuple[np.ndarray, ...]]


@st.composite
def contractible(draw, axes):
    """Two shapes of which the last `axes` sides of one are the first of the other."""
    inner = draw(st.tuples(*[st.integers(0, 3)] * axes))
    sides = array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=3)
    return (*draw(sides), *inner), (*inner, *draw(sides))


def contraction(axes):
    return Product(
        partial(tensordot, axes=axes),
        partial(tensordot_vjp, axes=axes),
        partial(np.tensordot, axes=axes),
        filled(contractible(axes), elements=INTEGERS),
    )


PRODUCTS = {
    "matvec": Product(
        matvec,
        matvec_vjp,
        lambda a, x: np.matmul(a, x[..., None])[..., 0],
        operands("(m,k),(k)->(m)", elements=INTEGERS),
    ),
    "matmul": Product(
        matmul,
        matmul_vjp,
        np.matmul,
        operands("(m?,k),(k,p?)->(m?,p?)", elements=INTEGERS),
    ),
    **{f"tensordot, {axes} axes": contraction(axes) for axes in range(4)},
}
TILES = st.integers(1, 20)
SHAPES = array_shapes(min_dims=0, max_dims=3, max_side=3)

each_product = pytest.mark.parametrize("product", PRODUCTS.values(), ids=PRODUCTS)


@pytest.fixture
def tile(monkeypatch):
    """Sets the number of elements that a temporary may have."""
    return partial(monkeypatch.setattr, products, "TILE")


@each_product
@given(size=TILES, data=st.data())
def test_products_are_numpys_for_any_tile(tile, product, size, data):
    a, b = data.draw(product.operands)
    tile(size)
    np.testing.assert_array_equal(product.f(a, b), product.numpys(a, b))


@given(product=st.sampled_from([*PRODUCTS.values()]), size=TILES, data=st.data())
def test_every_target_gives_the_same_numbers(target, tile, product, size, data):
    a, b = data.draw(product.operands)
    tile(size)
    found = to_numpy(product.f(target.array(a), target.array(b)))
    assert found.dtype == target.dtype
    np.testing.assert_array_equal(found, product.f(a, b))


@each_product
@given(size=TILES, data=st.data())
def test_integers_are_multiplied_as_integers(tile, product, size, data):
    """Beyond 2^53 a detour through float64 would lose the last digits."""
    a, b = (x.astype(np.int64) + 2**28 for x in data.draw(product.operands))
    tile(size)
    found = product.f(a, b)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, product.numpys(a, b))


@each_product
@given(size=TILES, data=st.data())
def test_a_pullback_is_the_transpose_of_its_product(tile, product, size, data):
    """<g, s b> == <da, s> and <g, a t> == <db, t>, where g is pulled back to da, db."""
    a, b = data.draw(product.operands)
    tile(size)
    y, pullback = product.f_vjp(a, b)
    shapes = st.just((y.shape, a.shape, b.shape))
    g, s, t = data.draw(filled(shapes, elements=INTEGERS), label="g, s, t")
    da, db = pullback(g)
    assert (da.shape, db.shape) == (a.shape, b.shape)
    assert np.sum(g * product.numpys(s, b)) == np.sum(da * s)
    assert np.sum(g * product.numpys(a, t)) == np.sum(db * t)


@given(pair=operands("(m,k),(k,p)->(m,p)", elements=INTEGERS))
def test_a_matrix_product_is_one_matvec_for_each_column(pair):
    a, b = pair
    found = matmul(a, b)
    assert found.shape[-1] == b.shape[-1]
    for j in range(b.shape[-1]):
        np.testing.assert_array_equal(found[..., j], matvec(a, b[..., j]))


def shape_or_refused(product, a, b):
    try:
        return np.shape(product(a, b))
    except ValueError:
        return "refused"


@given(a=SHAPES.map(np.ones), b=SHAPES.map(np.ones))
@example(a=np.ones((2, 3)), b=np.ones((1, 2)))
@example(a=np.ones((2, 1, 1)), b=np.ones((3, 1, 1)))
def test_operands_are_refused_exactly_where_numpy_refuses_them(a, b):
    """An inner side of 1 does not stretch, though broadcasting would let it."""
    assert shape_or_refused(matmul, a, b) == shape_or_refused(np.matmul, a, b)


@given(pair=filled(contractible(0), elements=INTEGERS))
def test_contracting_no_axes_is_the_outer_product(pair):
    np.testing.assert_array_equal(tensordot(*pair, axes=0), outer(mul, *pair))


def test_a_sum_of_nothing_is_zero(target):
    """An inner dimension of 0 leaves sums without terms, not memory as it was."""
    a, b = target.array(np.ones((2, 3, 0))), target.array(np.ones((0, 4)))
    assert np.array_equal(to_numpy(matmul(a, b)), np.zeros((2, 3, 4)))
    assert np.array_equal(to_numpy(matvec(a, b[:, 0])), np.zeros((2, 3)))
    assert np.array_equal(to_numpy(tensordot(a, b, axes=1)), np.zeros((2, 3, 4)))


@given(
    shape=array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5),
    size=st.integers(1, 40),
)
def test_tiles_partition_an_array(shape, size):
    """Each element is in one tile; a tile is small enough, and contiguous."""
    times_seen = np.zeros(shape, int)
    for block in products.tiles(shape, size):
        times_seen[block] += 1
        assert times_seen[block].size <= size
        assert times_seen[block].flags.c_contiguous
    assert np.all(times_seen == 1)


@each_product
@given(size=TILES, data=st.data())
def test_no_temporary_is_larger_than_a_tile(monkeypatch, tile, product, size, data):
    """Every product of elements passes through `*` of an array that counts them."""
    strict = pytest.importorskip("array_api_strict")
    a, b = (from_numpy(x, xp=strict) for x in data.draw(product.operands))
    sizes = [0]
    multiply = vars(type(a))["__mul__"]

    def counting(x, y):
        temporary = multiply(x, y)
        sizes.append(prod(temporary.shape))
        return temporary

    tile(size)
    with monkeypatch.context() as patch:
        patch.setattr(type(a), "__mul__", counting)
        product.f(a, b)
    assert max(sizes) <= size


@pytest.fixture
def peak_of():
    """Runs a function: the most memory it held at a time, its result included."""

    def measure(function, /, *arguments):
        tracemalloc.start()
        try:
            function(*arguments)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    return measure


ONES = {
    "a cube": ((1024, 1024), (1024, 1024)),
    "long rows": ((1, 10**6), (10**6, 1)),
    "a wide result": ((2, 3), (3, 10**6)),
    "a tall result": ((10**6, 2), (2, 3)),
    "a tall left operand": ((10**6, 32), (32, 32)),
    "a wide left operand": ((8, 10**6), (10**6, 4)),
    "many small matrices": ((2000, 64, 64), (64, 64)),
}


def as_expanded(x):
    """A stack of one matrix, repeated with stride 0."""
    return np.broadcast_to(x[:1], x.shape) if x.ndim > 2 else x


@pytest.mark.parametrize("layout", [np.asarray, np.asfortranarray, as_expanded])
@pytest.mark.parametrize(("left", "right"), ONES.values(), ids=ONES)
def test_beside_operands_and_result_memory_is_a_few_tiles(peak_of, left, right, layout):
    """Whatever the sides and the layout: the whole product would take up to 4 GiB, and
    a row-major copy of an operand up to 250 MiB."""
    a, b = (layout(np.ones(shape, np.float32)) for shape in (left, right))
    result = 4 * prod((*left[:-1], right[-1]))
    assert peak_of(matmul, a, b) <= result + 12 * MEBIBYTE


def test_a_pullback_never_holds_what_it_is_to_sum(peak_of):
    """A matrix that met 2000 vectors: with a product for each there would be 320 MB."""
    a, x = np.ones((200, 200), np.float32), np.ones((2000, 200), np.float32)
    y, pullback = matvec_vjp(a, x)
    assert peak_of(pullback, y) <= 20 * MEBIBYTE


@pytest.mark.parametrize("k", [1, 255, 256, 257, 4096])
def test_half_precision_is_added_up_in_single(k):
    """NumPy adds float16 up in float16 along every axis but the last: 4096 ones would
    be 2048."""
    ones = np.ones((k, 300), np.float16)  # 300 columns, so that rows are added up
    assert (matmul(ones[:, :2].T, ones) == k).all()
    assert (
        matmul_vjp(ones, np.ones((300, 1), np.float16))[1](ones[:, :1])[1] == k
    ).all()
    assert (unbroadcast(ones, (300,)) == k).all()


def test_the_measurement_sees_the_broadcast_product(peak_of):
    """The control: multiplied all at once, 256^3 products are 64 MiB."""
    a = np.ones((256, 256), np.float32)
    whole = peak_of(lambda: (a[:, None, :] * a.T[None, :, :]).sum(axis=-1))
    assert whole > 64 * MEBIBYTE
