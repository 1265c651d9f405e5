"""Batches hold every row once an epoch; the training rows standardize all others."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scratchnet import ArgumentError, ArgumentTypeError, Batches, Standardizer
from scratchnet.arrays import array_namespace, device, dtype_name, to_numpy
from scratchnet.testing import assert_within


def numbered(rows, **options):
    """Batches of rows that tell their number: x = (i, -i), y = i."""
    numbers = np.arange(rows)
    return Batches(np.stack([numbers, -numbers], axis=-1), numbers, **options)


def seen(batches):
    """The numbers of the rows of these batches, in their order."""
    return [int(number) for _, y in batches for number in y]


ROWS = st.integers(1, 20)
EPOCHS, STARTS = st.integers(0, 100), st.integers(0, 20)
SEEDS = st.integers(0, 2**40)
SIZES = st.integers(1, 8)
OPTIONS = st.fixed_dictionaries(
    {"batch_size": SIZES, "shuffle": st.booleans(), "seed": SEEDS}
)
LOADERS = st.builds(lambda rows, options: numbered(rows, **options), ROWS, OPTIONS)
#: With at least one full batch.
DROPPING = st.builds(
    lambda rows, options: numbered(rows, **options, drop_last=True),
    st.integers(8, 20),
    OPTIONS,
)


@given(LOADERS)
def test_an_epoch_has_every_row_once(batches):
    for _ in range(3):
        assert sorted(seen(batches)) == list(range(batches.rows))


@given(LOADERS | DROPPING)
def test_pairs_stay_together(batches):
    for x, y in batches:
        np.testing.assert_array_equal(x, np.stack([y, -y], axis=-1))


@given(LOADERS)
def test_every_batch_but_the_last_is_full_and_len_counts_them(batches):
    *full, last = [len(y) for _, y in batches]
    assert len(batches) == len(full) + 1
    assert full == [batches.batch_size] * len(full)
    assert 1 <= last <= batches.batch_size


@given(DROPPING)
def test_with_drop_last_every_batch_is_full_and_len_counts_them(batches):
    sizes = [len(y) for _, y in batches]
    assert sizes == [batches.batch_size] * len(batches)
    assert 0 <= batches.rows - sum(sizes) < batches.batch_size


@given(ROWS, SIZES)
def test_without_shuffle_the_order_is_kept(rows, batch_size):
    batches = numbered(rows, batch_size=batch_size)
    assert seen(batches) == seen(batches) == list(range(rows))


@given(LOADERS | DROPPING, EPOCHS, STARTS)
def test_an_epoch_entered_late_is_the_rest_of_it(batches, epoch, start):
    whole = [y.tolist() for _, y in batches.epoch(epoch)]
    assert [y.tolist() for _, y in batches.epoch(epoch, start=start)] == whole[start:]


@given(ROWS, OPTIONS)
def test_the_seed_decides_every_order(rows, options):
    one, other = numbered(rows, **options), numbered(rows, **options)
    assert [seen(one) for _ in range(3)] == [seen(other) for _ in range(3)]


@given(LOADERS, EPOCHS)
def test_an_epoch_is_the_same_whatever_was_read_before(batches, epoch):
    """A run that resumes asks for its epoch first, an unbroken one last."""
    first = seen(batches.epoch(epoch))
    seen(batches)
    next(iter(batches))  # and one broken off
    assert seen(batches.epoch(epoch)) == first


def test_iterating_goes_through_the_epochs():
    batches = numbered(20, batch_size=6, shuffle=True)
    epochs = [seen(batches.epoch(epoch)) for epoch in range(3)]
    assert [seen(batches) for _ in range(3)] == epochs


def test_every_epoch_and_every_seed_has_an_order_of_its_own():
    orders = {
        tuple(numbered(20, batch_size=6, shuffle=True, seed=seed).order(epoch))
        for seed in range(5)
        for epoch in range(5)
    }
    assert len(orders) == 25
    assert tuple(range(20)) not in orders


def test_batches_are_no_windows_of_one_order():
    """Shuffled once and then shifted, or cut anew, is not shuffled."""
    batches = numbered(6, batch_size=2, shuffle=True)
    pairs = {frozenset(y.tolist()) for _ in range(50) for _, y in batches}
    assert len(pairs) == 15  # of 6 rows


def test_every_place_gets_every_row():
    batches = numbered(5, batch_size=5, shuffle=True)
    places = zip(*(seen(batches) for _ in range(100)), strict=True)
    assert [set(place) for place in places] == [set(range(5))] * 5


def test_drop_last_leaves_out_every_row_sometime():
    batches = numbered(3, batch_size=2, shuffle=True, drop_last=True)
    kept = {frozenset(seen(batches)) for _ in range(30)}
    assert kept == {frozenset({0, 1}), frozenset({0, 2}), frozenset({1, 2})}


@pytest.mark.parametrize("shuffle", [False, True])
def test_writing_into_a_batch_leaves_the_data_alone(target, shuffle):
    x, y = target.array(np.ones((4, 2))), target.array(np.ones(4, np.int64))
    for batch in Batches(x, y, batch_size=4, shuffle=shuffle):
        for part in batch:
            part[...] = 7
    assert to_numpy(x).tolist() == [[1, 1]] * 4
    assert to_numpy(y).tolist() == [1] * 4


def test_the_global_generator_is_neither_read_nor_disturbed():
    batches = numbered(20, batch_size=6, shuffle=True)
    _, words, *rest = np.random.get_state()  # noqa: NPY002
    first = seen(batches.epoch(0))
    _, words_after, *rest_after = np.random.get_state()  # noqa: NPY002
    np.testing.assert_array_equal(words_after, words)
    assert rest_after == rest
    np.random.random()  # noqa: NPY002
    assert seen(batches.epoch(0)) == first


def test_every_target_gets_the_same_batches_at_home(target):
    oracle = numbered(7, batch_size=3, shuffle=True, seed=4)
    x = target.array(oracle.x.astype(np.float64))
    batches = Batches(x, target.array(oracle.y), batch_size=3, shuffle=True, seed=4)
    for (actual, y), (expected, labels) in zip(batches, oracle, strict=True):
        assert array_namespace(actual, y) is target.xp
        assert (dtype_name(actual.dtype), dtype_name(y.dtype)) == (
            target.dtype,
            "int64",
        )
        assert device(actual) == device(x)
        np.testing.assert_array_equal(to_numpy(actual), expected)
        np.testing.assert_array_equal(to_numpy(y), labels)


def test_arrays_of_two_libraries_make_no_batches():
    torch = pytest.importorskip("torch")
    with pytest.raises(ArgumentTypeError, match="mixed libraries"):
        Batches(torch.zeros(3, 2), np.zeros(3, np.int64), batch_size=1)


# Different values that float32 holds: in float64 their squares neither overflow nor
# underflow, and they differ by 2**-24 of the largest or more.
VALUES = st.lists(st.floats(-1000, 1000, width=32), min_size=2, unique=True)


@given(VALUES)
def test_the_training_rows_get_mean_zero_and_deviation_one(values):
    """Up to rounding in float64, which a mean far from zero magnifies: the oracle takes
    the mean and the deviation of what it has standardized itself."""
    x = np.array(values)
    standardized = Standardizer.fit(x)(x)

    def standardize(x):
        return (x - np.mean(x)) / np.std(x)

    assert_within(standardized.mean(), lambda x: np.mean(standardize(x)), x)
    assert_within(standardized.std(), lambda x: np.std(standardize(x)), x)


def test_the_deviation_is_that_of_the_population(target):
    x = target.array(np.array([[1.0, 3], [5, 7]]))
    standardize = Standardizer.fit(target.array(np.array([[1.0], [3]])))
    assert (float(standardize.mean), float(standardize.deviation)) == (2, 1)
    assert to_numpy(standardize(x)).tolist() == [[-1, 1], [3, 5]]


def test_validation_rows_get_the_numbers_of_the_training_rows():
    """Not their own, by which they would always look like the training rows."""
    standardize = Standardizer.fit(np.array([[0.0], [4]]))
    assert standardize(np.array([[100.0], [104]])).tolist() == [[49], [51]]


def test_features_have_their_own_mean_and_deviation(target):
    x = target.array(np.array([[0.0, 10], [2, 30]]))
    standardize = Standardizer.fit(x, per_feature=True)
    assert to_numpy(standardize.mean).tolist() == [1, 20]
    assert to_numpy(standardize.deviation).tolist() == [1, 10]
    assert to_numpy(standardize(x)).tolist() == [[-1, -1], [1, 1]]


@pytest.mark.parametrize("per_feature", [False, True])
def test_the_result_is_at_home_where_the_rows_are(target, per_feature):
    x = target.array(np.array([[0.0, 10], [2, 30]]))
    result = Standardizer.fit(x, per_feature=per_feature)(x)
    assert array_namespace(result) is target.xp
    assert dtype_name(result.dtype) == target.dtype
    assert device(result) == device(x)


@pytest.mark.parametrize("per_feature", [False, True])
@given(value=st.floats(-1000, 1000), rows=st.integers(1, 40))
@example(value=0.1, rows=30)
def test_a_constant_becomes_zero_and_others_keep_their_distance(
    per_feature, value, rows
):
    """0.1 thirty times over has a computed deviation of 1e-17, not of zero."""
    x = np.full((rows, 2), value)
    standardize = Standardizer.fit(x, per_feature=per_feature)
    unseen = x + 2
    assert standardize(x).tolist() == [[0, 0]] * rows
    assert standardize(unseen).tolist() == (unseen - x).tolist()


def test_a_constant_feature_leaves_its_neighbour_standardized():
    x = np.array([[0.1, 0], [0.1, 2], [0.1, 2], [0.1, 0]], np.float32)
    standardized = Standardizer.fit(x, per_feature=True)(x)
    assert standardized.tolist() == [[0, -1], [0, 1], [0, 1], [0, -1]]


@given(st.integers(1, 20), st.integers(1, 20))
def test_a_feature_off_by_one_rounding_does_not_blow_up(lows, highs):
    """A standardized value never exceeds sqrt(n); here add a rounding of the mean."""
    low = np.float32(0.1)
    x = np.array([low] * lows + [np.nextafter(low, np.float32(1))] * highs)
    n, step = lows + highs, float(x[-1]) - float(x[0])
    standardized = Standardizer.fit(x)(x)
    deviation = step * np.sqrt(lows * highs) / n
    assert np.abs(standardized).max() <= np.sqrt(n) + step / deviation


def test_a_single_row_becomes_zero(target):
    x = target.array(np.array([[0.1, -3, 1e30]]))
    standardize = Standardizer.fit(x, per_feature=True)
    assert to_numpy(standardize(x)).tolist() == [[0, 0, 0]]


BYTES = st.lists(st.integers(0, 255), min_size=1, max_size=20)


@given(BYTES)
def test_integers_are_converted_and_not_truncated(values):
    x = np.array(values, np.uint8)
    standardize, oracle = Standardizer.fit(x), Standardizer.fit(x.astype(np.float32))
    assert standardize == oracle
    assert standardize(x).dtype == np.float32
    np.testing.assert_array_equal(standardize(x), oracle(x.astype(np.float32)))


def test_images_of_bytes_do_not_wrap_around():
    """In uint8 0 - 127 is 129, and every standardized value is 0 or 1."""
    x = np.array([[0, 254]], np.uint8)
    assert Standardizer.fit(x)(x).tolist() == [[-1, 1]]


@pytest.mark.parametrize("per_feature", [False, True])
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_the_rows_of_the_caller_stay_untouched(dtype, per_feature):
    x = np.arange(6, dtype=dtype).reshape(3, 2)
    x.flags.writeable = False
    standardized = Standardizer.fit(x, per_feature=per_feature)(x)
    assert not np.shares_memory(standardized, x)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("per_feature", [False, True])
def test_a_value_that_is_not_finite_is_refused(target, value, per_feature):
    x = target.array(np.array([[0.0, 1], [2, value]]))
    with pytest.raises(ArgumentError, match="NaN or infinity"):
        Standardizer.fit(x, per_feature=per_feature)


def test_other_features_than_those_of_the_fit_are_refused():
    """One feature would broadcast against three, and say nothing."""
    standardize = Standardizer.fit(np.eye(3), per_feature=True)
    with pytest.raises(ArgumentError, match=r"x.shape=\(3, 1\).*requires.*\(3,\)"):
        standardize(np.eye(3)[:, :1])


def test_rows_of_another_dtype_are_refused():
    standardize = Standardizer.fit(np.eye(3))
    with pytest.raises(ArgumentTypeError, match="mixed dtypes"):
        standardize(np.eye(3, dtype=np.float32))


def test_a_feature_that_is_almost_constant_does_not_become_infinite():
    """Its deviation is 0 in its dtype: dividing by that would."""
    fitted = Standardizer.fit(
        np.array([[1e-320, 1.0], [2e-320, 3.0]]), per_feature=True
    )
    assert np.isfinite(fitted(np.array([[3e-320, 2.0]]))).all()


def test_a_numpy_integer_is_a_batch_size():
    x = np.zeros((3, 1))
    assert len(Batches(x, x, batch_size=np.int64(2), seed=np.int64(1))) == 2
