"""A format is a dtype to whoever uses it: found, compared and spelled like one."""

import operator
import pickle

import numpy as np
import pytest

from scratchnet.errors import ArgumentTypeError
from scratchnet.testing.bounded import Bounded
from scratchnet.testing.contract import Contract
from scratchnet.testing.formats import (
    BFLOAT16,
    FLOAT16,
    FLOAT32,
    FLOAT64,
    FORMATS,
    format_of,
)

NUMPYS = [FLOAT16, FLOAT32, FLOAT64]


def equal(x, y):
    """From either side, and not unequal."""
    return x == y and y == x and not (x != y or y != x)


def unequal(x, *others):
    """From either side, and not equal."""
    return all(x != y and y != x and not (x == y or y == x) for y in others)


@pytest.mark.parametrize(
    ("dtype", "form"),
    [
        (np.float32, FLOAT32),
        (np.dtype(np.float16), FLOAT16),
        (np.dtype(">f8"), FLOAT64),
        (float, FLOAT64),
        ("float32", FLOAT32),
        ("f4", FLOAT32),
        (">f4", FLOAT32),
        ("double", FLOAT64),
        ("half", FLOAT16),
        ("bfloat16", BFLOAT16),
        ("torch.float32", FLOAT32),
        (FLOAT16, FLOAT16),
    ],
    ids=repr,
)
def test_every_spelling_of_a_dtype_has_its_format(dtype, form):
    assert format_of(dtype) is form


@pytest.mark.parametrize("form", FORMATS.values(), ids=str)
def test_dtypes_of_pytorch_have_their_format(form):
    torch = pytest.importorskip("torch")
    own = getattr(torch, form.name)
    assert format_of(own) is form
    assert equal(own, form)
    assert unequal(own, *(each for each in FORMATS.values() if each is not form))


def test_dtypes_of_other_libraries_have_their_format():
    """What is equal to its own dtypes the strict library decides itself."""
    xp = pytest.importorskip("array_api_strict")
    assert format_of(xp.float32) is FLOAT32
    assert operator.eq(FLOAT32, xp.float32)
    assert operator.ne(FLOAT32, xp.float64)


def refused(dtype):
    with pytest.raises(ArgumentTypeError) as refusal:
        format_of(dtype, where="here")
    return str(refusal.value)


REQUIRED = "required one of float16, bfloat16, float32, float64"


@pytest.mark.parametrize(
    ("dtype", "found", "fix"),
    [
        (complex, "dtype=complex128 has no error bounds", "the imaginary part one by"),
        ("complex64", "dtype=complex64 has no error bounds", "the imaginary part one"),
        (int, "dtype=int64 has no error bounds", "convert to a float dtype first"),
        (np.uint8, "dtype=uint8 has no error bounds", "convert to a float dtype first"),
        (bool, "dtype=bool has no error bounds", "convert to a float dtype first"),
        (object, "dtype=object has no error bounds", "convert to a float dtype first"),
        ("banana", "dtype='banana' is not known", "pass the dtype of an array"),
        ("", "dtype='' is not known", "pass the dtype of an array: x.dtype"),
        (np.floating, "dtype=<class 'numpy.floating'> is not known", "pass the dtype"),
        (None, "dtype=None is no dtype", "pass the dtype of an array: x.dtype"),
        ([], "dtype=[] is no dtype (list)", "pass the dtype of an array: x.dtype"),
        (3.0, "dtype=3.0 is no dtype (float)", "pass the dtype of an array: x.dtype"),
        (np.zeros(3), "dtype is an array (ndarray)", "pass the dtype of an array"),
    ],
    ids=repr,
)
def test_what_has_no_format_is_refused_with_a_way_out(dtype, found, fix):
    """None among them: NumPy would make float64 of it."""
    assert refused(dtype).startswith(f"here: {found}, {REQUIRED}\n  ")
    assert fix in refused(dtype)


@pytest.mark.skipif(
    np.dtype(np.longdouble) == np.dtype(np.float64), reason="long double is double here"
)
def test_long_double_is_judged_in_float64():
    assert "has no error bounds" in refused(np.longdouble)
    assert "convert to float64 first" in refused(np.longdouble)


def test_an_eighth_of_a_word_is_judged_in_float32():
    torch = pytest.importorskip("torch")
    assert "dtype=float8_e5m2 has no error bounds" in refused(torch.float8_e5m2)
    assert "convert to float32 first" in refused(torch.float8_e5m2)


@pytest.mark.parametrize("form", NUMPYS, ids=str)
def test_a_format_equals_the_dtype_of_numpy(form):
    """A branch `if x.dtype == np.float32` goes the same way on the oracle."""
    own = np.dtype(form.name)
    assert all(equal(form, each) for each in (own, own.type, own.str, form.name))
    assert unequal(form, *(np.dtype(each.name) for each in NUMPYS if each is not form))
    assert unequal(form, own.newbyteorder())


def test_the_dtype_of_an_array_with_bounds_can_be_branched_on():
    x = Bounded.exact(np.ones(3, np.float32), Contract(FLOAT32))
    assert x.dtype == np.float32
    assert x.dtype != np.float64
    assert x.dtype in (np.float16, np.float32)
    assert x.dtype.kind == "f"


@pytest.mark.parametrize("other", [None, 32, [], "banana", int, object(), FLOAT64])
def test_a_format_equals_nothing_else(other):
    assert unequal(FLOAT32, other)


def test_bfloat16_equals_no_dtype_of_numpy():
    assert unequal(BFLOAT16, FLOAT16, np.float16, np.float32, np.dtype(np.float32))


@pytest.mark.parametrize("form", FORMATS.values(), ids=str)
def test_a_format_is_a_key(form):
    assert {form: 1}[FORMATS[form.name]] == 1
    assert hash(form) == hash(form.name)
    again = pickle.loads(pickle.dumps(form))
    assert again == form
    assert hash(again) == hash(form)


@pytest.mark.parametrize("form", NUMPYS, ids=str)
def test_numpy_takes_a_format_for_its_dtype(form):
    own = np.dtype(form.name)
    assert np.dtype(form) == own
    assert np.zeros(3, dtype=form).dtype == own
    assert np.finfo(form).smallest_normal == form.smallest_normal
    assert np.issubdtype(form, np.floating)
    assert np.ones(3).astype(form).dtype == own
    assert form.type is own.type
    assert form.itemsize == own.itemsize


def test_numpy_has_no_bfloat16():
    assert not hasattr(BFLOAT16, "dtype")
    with pytest.raises(AttributeError, match="bfloat16 is no dtype of NumPy, required"):
        _ = BFLOAT16.dtype
    with pytest.raises(TypeError):
        np.zeros(3, dtype=BFLOAT16)
    assert BFLOAT16.itemsize == 2


@pytest.mark.parametrize("form", FORMATS.values(), ids=str)
def test_a_format_tells_what_a_dtype_of_pytorch_tells(form):
    torch = pytest.importorskip("torch")
    own = getattr(torch, form.name)
    assert form.is_floating_point is own.is_floating_point
    assert form.is_complex is own.is_complex
    assert form.itemsize == own.itemsize


def test_a_format_reads_as_its_name():
    assert f"{FLOAT32}" == "float32"
