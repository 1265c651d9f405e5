"""What each strategy promises, and the sentence for what it cannot draw."""

import numpy as np
import pytest
from drawing import drawn, smallest
from hypothesis import given
from hypothesis import strategies as st

from scratchnet.errors import ArgumentError, ArgumentTypeError
from scratchnet.optim import SGD
from scratchnet.testing import FLOAT16, FLOAT64, format_of
from scratchnet.testing.formats import FORMATS
from scratchnet.testing.strategies import (
    CONSTANT,
    EXTREME,
    FAMILIES,
    GRID,
    MODERATE,
    OFFSET_ROWS,
    SPECIAL,
    SUBNORMAL,
    TIES,
    WIDE,
    arguments,
    axes,
    data_sets,
    decaying,
    extreme_at,
    families,
    families_at,
    gufunc_shapes,
    hyper_parameters,
    incompatible_shapes,
    labels,
    layouts,
    networks,
    operand_shapes,
    refused_labels,
    values,
)

SHAPE = (4, 5)
each_format = pytest.mark.parametrize("form", FORMATS.values(), ids=str)
each_family = pytest.mark.parametrize("family", FAMILIES.values(), ids=str)


@each_format
@each_family
@given(data=st.data())
def test_values_are_numbers_of_their_format(family, form, data):
    x = data.draw(values(SHAPE, family=family, dtype=form))
    assert x.dtype == form.carrier
    assert x.shape == SHAPE
    assert (form.holds(x.astype(np.float64)) | np.isnan(x)).all()


def is_up_to_nine(x, _):
    return np.abs(x).max() <= 9


def is_near_one_of_many_sizes(x, form):
    return (np.abs(x) > form.smallest_normal).all() and np.isfinite(x).all()


def is_finite(x, _):
    return np.isfinite(x).all()


def rows_are_narrow(x, _):
    """However far from the others a row lies."""
    return (x.max(axis=1) <= x.min(axis=1) + 32).all()


def has_three_values(x, _):
    return np.unique(x).size <= 3


def sums_of_products_are_exact(x, form):
    whole = x.astype(np.int64)
    return (
        (whole == x).all()
        and (whole != 0).all()
        and (x.size * int(np.abs(whole).max()) ** 2 <= 2**form.precision)
    )


def is_small_or_special(x, form):
    return (~np.isfinite(x) | (np.abs(x) <= 9) | (x == form.largest)).all()


def has_nearly_one_value(x, form):
    """But for the last third of its digits."""
    wide = x.astype(np.float64)
    kept = np.ldexp(np.abs(wide).max(), 5 - 2 * form.precision // 3)
    return wide.max() - wide.min() <= kept


def is_subnormal_or_moderate(x, form):
    size = np.abs(x).astype(np.float64)
    return ((size <= form.smallest_normal) | (size <= 9)).all()


CLAIMS = {
    MODERATE: is_up_to_nine,
    WIDE: is_near_one_of_many_sizes,
    EXTREME: is_finite,
    OFFSET_ROWS: rows_are_narrow,
    TIES: has_three_values,
    GRID: sums_of_products_are_exact,
    SPECIAL: is_small_or_special,
    CONSTANT: has_nearly_one_value,
    SUBNORMAL: is_subnormal_or_moderate,
}


@each_format
@each_family
@given(data=st.data())
def test_a_family_keeps_to_what_it_says(family, form, data):
    x = data.draw(values(SHAPE, family=family, dtype=form))
    assert CLAIMS[family](x, form)


ATTACKS = {
    MODERATE: lambda x, _: np.unique(x).size > 10,
    WIDE: lambda x, _: np.abs(x).max() / np.abs(x).min() > 8,
    EXTREME: lambda x, form: (np.abs(x) == form.largest).any(),
    OFFSET_ROWS: lambda x, _: x.min() + 500 < x.max(),
    TIES: lambda x, _: np.unique(x).size > 1,
    GRID: lambda x, _: {-1, 1} <= {*x.ravel()},
    SPECIAL: lambda x, _: np.isnan(x).any() and (x == -np.inf).any(),
    CONSTANT: lambda x, _: np.abs(x).max() > 500,
    SUBNORMAL: lambda x, form: ((x != 0) & (np.abs(x) < form.smallest_normal)).any(),
}


@each_format
@each_family
def test_a_family_draws_what_it_attacks_with(family, form):
    found = drawn(values(SHAPE, family=family, dtype=form), count=100)
    assert sum(bool(ATTACKS[family](x, form)) for x in found) >= 5


def test_families_are_all_documented():
    assert [*FAMILIES] == [family.name for family in FAMILIES.values()]
    assert all(family.attacks for family in FAMILIES.values())
    assert {*drawn(families("ties", "wide"), count=20)} == {TIES, WIDE}
    assert {*drawn(families(), count=100)} == {*FAMILIES.values()}


def test_the_edges_of_an_operation_are_drawn_with_their_neighbours():
    """Half of the square root: beyond it, the sum of two squares overflows."""
    edge = 181.0
    family = extreme_at(lambda _: (edge,))
    found = drawn(values(SHAPE, family=family, dtype=FLOAT16), count=100)
    sizes = {float(size) for x in found for size in np.abs(x).ravel()}
    below, above = (
        float(np.nextafter(np.float16(edge), np.float16(e))) for e in (0, 999)
    )
    assert sizes == {0.0, 1.0, edge, below, above}


@each_format
def test_what_decays_has_edges_where_it_still_shows(form):
    """Where exp(-x), beside 1, is some roundings: who leaves it out is found there."""
    edges = np.array(decaying()(form))
    share = np.exp(-edges) / form.unit_roundoff
    assert ((share > 2) & (share < 2**20)).sum() >= 4
    assert np.isfinite(form.rounded(edges)).all()
    halves = decaying(lambda y: y / 2)(form)
    assert halves[:9] == tuple(edges[:9] / 2)


def test_the_edges_of_an_operation_take_the_place_of_all_others():
    found = families_at(decaying())
    assert [each.name for each in found] == [*FAMILIES]
    changed = [x for x, y in zip(found, FAMILIES.values(), strict=True) if x is not y]
    assert [each.name for each in changed] == ["extreme"]


@given(labels(SHAPE, classes=3, ignore_index=-100, dtype="int16"))
def test_labels_are_classes_or_ignored(found):
    assert found.dtype == np.int16
    assert found.shape == SHAPE
    assert {*found.ravel()} <= {0, 1, 2, -100}


def test_every_class_is_drawn():
    found = np.concatenate(drawn(labels((8,), classes=300), count=1000))
    assert {*found} == {*range(300)}


@given(refused_labels(SHAPE, classes=3, ignore_index=-1, dtype="int8"))
def test_refused_labels_have_one_that_is_none(found):
    assert sum(x not in {-1, 0, 1, 2} for x in found.ravel()) == 1


def test_refused_labels_shrink_to_the_first_beyond():
    found = smallest(refused_labels((3,), classes=2), lambda _: True, start=0)
    assert found.tolist() == [2, 0, 0]


@pytest.mark.parametrize("exact", [False, True])
@given(data=st.data())
def test_hyper_parameters_are_those_of_sgd(exact, data):
    found = data.draw(hyper_parameters(exact=exact))
    SGD(**found)
    numbers = [float(x) for x in found.values()]
    assert not exact or all(np.frexp(abs(x))[0] in {0, 0.5} for x in numbers)


def test_each_hyper_parameter_is_at_work():
    found = drawn(hyper_parameters(), count=200)
    for name in found[0]:
        assert sum(bool(each[name]) for each in found) >= 40
        assert sum(not each[name] for each in found) >= 5
    plain = smallest(hyper_parameters(), lambda _: True, start=0)
    assert SGD(**plain) == SGD(1.0)


@given(
    networks(activations=("relu", "sine"), max_hidden=3, max_size=5, least_outputs=2)
)
def test_networks_have_an_activation_between_layers(net):
    assert 2 <= len(net.sizes) <= 5
    assert len(net.activations) == len(net.sizes) - 2
    assert {*net.activations} <= {"relu", "sine"}
    assert {*net.sizes} <= {1, 2, 3, 4, 5}
    assert net.sizes[-1] >= 2


@given(data_sets(features=2, classes=3, max_rows=6))
def test_data_sets_have_a_label_for_each_row(data):
    count = len(data.rows)
    assert data.rows.shape == (count, 2)
    assert data.labels.shape == (count,)
    assert count in range(1, 7)
    assert data.batch_size in range(1, count + 2)


def test_batches_often_leave_a_remainder():
    found = drawn(data_sets(), count=200)
    assert sum(len(x.rows) % x.batch_size > 0 for x in found) >= 50


@pytest.mark.parametrize(
    ("strategy", "every"),
    [
        (axes(2), {0, 1, -1, -2}),
        (axes(0, none=True), {None}),
        (axes(0, several=True), {()}),
        (axes(1, single=False, several=True), {(), (0,), (-1,)}),
        (
            axes(2, single=False, several=True),
            {(), (0,), (1,), (0, 1), (-1,), (-2,), (-1, -2)},
        ),
    ],
)
def test_axes_are_from_either_end(strategy, every):
    assert {*drawn(strategy, count=100)} == every


def test_least_sides_are_kept_and_fixed_ones_are_fixed():
    found = drawn(operand_shapes("(n,3),(n)->(n)", at_least={"n": 2}), count=200)
    assert {shape[-1] for shape, _ in found} == {3}
    assert {shape[-1] for _, shape in found} == {2, 3, 4}


SIGNATURE = "(m,k),(k)->(m)"
REFUSED = {
    "no signature": (
        lambda: operand_shapes("(m,k"),
        "operand_shapes: signature='(m,k', required core dimensions of each argument "
        "and result: (m,k),(k,p)->(m,p)\n"
        "  write () for a number; names may end in ?, sizes are digits",
    ),
    "a number for a signature": (
        lambda: arguments(3),
        "arguments: signature=3, required a string such as (m,k),(k)->(m)",
    ),
    "optional and not": (
        lambda: operand_shapes("(m?),(m)->()"),
        "operand_shapes: signature='(m?),(m)->()' has both m and m?, required m? "
        "everywhere, or nowhere",
    ),
    "no side": (
        lambda: operand_shapes(SIGNATURE, max_side=0),
        "operand_shapes: max_side=0, required 1 or more",
    ),
    "a side that is never drawn": (
        lambda: operand_shapes(SIGNATURE, max_side=2**40),
        "operand_shapes: max_side=1099511627776, required 1,048,576 or less",
    ),
    "fewer than no dimensions": (
        lambda: arguments(SIGNATURE, max_dims=-1),
        "arguments: max_dims=-1, required 0 or more",
    ),
    "half a side": (
        lambda: incompatible_shapes(SIGNATURE, max_side=2.5),
        "incompatible_shapes: max_side=2.5, required an int",
    ),
    "too large a least side": (
        lambda: operand_shapes(SIGNATURE, max_side=2, at_least={"k": 3}),
        "operand_shapes: at_least['k']=3 and max_side=2 leave nothing to draw, "
        "required at_least['k'] <= max_side",
    ),
    "a least side of nothing": (
        lambda: operand_shapes(SIGNATURE, at_least={"p": 3}),
        "operand_shapes: at_least has 'p', required a core dimension of "
        "'(m,k),(k)->(m)'",
    ),
    "nothing to refuse": (
        lambda: incompatible_shapes("()->()"),
        "incompatible_shapes: signature='()->()' accepts all shapes, required core "
        "dimensions, or two arguments that can clash",
    ),
    "optional for hypothesis-gufunc": (
        lambda: gufunc_shapes("(m?,k)->(m?)"),
        "gufunc_shapes: signature='(m?,k)->(m?)' has optional dimensions, required "
        "none\n  use operand_shapes",
    ),
    "no axis": (
        lambda: axes(0),
        "axes: rank=0, single=True leave nothing to draw, required a rank of 1 or "
        "more, several=True or none=True",
    ),
    "no family of the name": (
        lambda: families("huge"),
        "families: name='huge', required one of moderate, grid, ties, offset_rows, "
        "wide, constant, special, extreme, subnormal",
    ),
    "no families": (
        lambda: arguments(SIGNATURE, families=[]),
        "arguments: no families, required at least one",
    ),
    "no edges": (
        lambda: extreme_at(lambda _: ()),
        "extreme_at: edges(float16) is (), required at least one number, and all of "
        "them finite",
    ),
    "no library of the name": (
        lambda: layouts(library="jax"),
        "layouts: library='jax', required one of numpy, torch, strict, simulated",
    ),
    "a dtype without a format": (
        lambda: values((2,), dtype="int32"),
        "values: dtype=int32 has no error bounds, required one of float16, bfloat16, "
        "float32, float64\n"
        "  convert to a float dtype first: labels and masks need no bounds",
    ),
    "a list for a shape": (
        lambda: values([2]),
        "values: shape=[2], required a tuple of ints",
    ),
    "a negative side": (
        lambda: labels((-1,), classes=2),
        "labels: side=-1, required 0 or more",
    ),
    "no classes": (
        lambda: labels((2,), classes=0),
        "labels: classes=0, required 1 or more",
    ),
    "labels of floats": (
        lambda: labels((2,), classes=2, dtype="float32"),
        "labels: dtype='float32', required an integer dtype",
    ),
    "too many classes": (
        lambda: labels((2,), classes=300, dtype="uint8"),
        "labels: classes up to 299 in dtype=uint8, required at most 255 and at least 0",
    ),
    "an ignored label that is none": (
        lambda: labels((2,), classes=3, ignore_index=-100, dtype="uint8"),
        "labels: ignore_index up to -100 in dtype=uint8, required at most 255 and at "
        "least 0",
    ),
    "no label to refuse": (
        lambda: refused_labels((0,), classes=3),
        "refused_labels: shape=(0,), classes=3, dtype=int64 leave nothing to draw, "
        "required an element, and a number of the dtype that is no class",
    ),
    "no activation": (
        lambda: networks(activations=[]),
        "networks: no activations, required at least one",
    ),
    "too many outputs": (
        lambda: networks(least_outputs=5),
        "networks: least_outputs=5 and max_size=4 leave nothing to draw, required "
        "least_outputs <= max_size",
    ),
    "no rows": (
        lambda: data_sets(max_rows=0),
        "data_sets: max_rows=0, required 1 or more",
    ),
}


@pytest.mark.parametrize(("call", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_drawn_is_said_at_the_call(call, sentence):
    with pytest.raises((ArgumentError, ArgumentTypeError)) as caught:
        call()
    assert str(caught.value) == sentence


def test_a_format_names_the_dtype_that_carries_it():
    assert {str(f): str(f.carrier) for f in FORMATS.values()} == {
        "float16": "float16",
        "bfloat16": "float32",
        "float32": "float32",
        "float64": "float64",
    }
    assert format_of(FLOAT64.carrier) == FLOAT64
