"""Code as people write it means on the oracle what it means on their arrays.

Each function runs on NumPy's or PyTorch's own arrays and on bound-carrying ones; what
means two things is refused with a sentence that says what to write.
"""

import copy
import dataclasses
import warnings

import numpy as np
import pytest

from scratchnet.errors import ArgumentError, ArgumentTypeError
from scratchnet.testing import REFERENCES
from scratchnet.testing.bounded import Bounded, UnboundedError
from scratchnet.testing.compare import assert_within, within
from scratchnet.testing.contract import Contract
from scratchnet.testing.evaluate import accepted, oracle
from scratchnet.testing.formats import FLOAT32, FLOAT64

inf = float("inf")


def single(*numbers):
    return np.array(numbers, np.float32)


def half(*numbers):
    return np.array(numbers, np.float16)


NUMBERS = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
LABELS = np.array([0, 3, 2])


def agree(function, *inputs, says=True, contract=None, **options):
    """The function's own result is inside the bound, which says something."""
    expected = oracle(function, *inputs, contract=contract, **options)
    assert isinstance(expected, Bounded)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        found = within(np.asarray(function(*inputs, **options)), expected)
    assert found.ok, found.message
    assert (found.vacuous == 0) == says


@pytest.mark.parametrize(
    ("function", "labels"),
    [
        (lambda k: k & 1, LABELS),
        (lambda k: (k | 2) ^ 1, LABELS),
        (lambda k: ~k, LABELS),
        (lambda k: (k > 0) & ~(k == 2) | (k == 0), LABELS),
        (lambda k: np.bitwise_and(k, 2) == 2, LABELS),
        (lambda k: np.where(k == 2, 0, k), LABELS),
        (lambda k: np.where(k > 1, 1, 0), LABELS),
        (lambda k: k**2 + np.square(k) - np.sign(k) + abs(-k), LABELS),
        (lambda k: k @ k, LABELS),
        (lambda k: k + np.int8(100), np.array([100, -100], np.int8)),
        (lambda k: k - 10, np.array([3], np.uint8)),
        (lambda k: k, np.array([2**63 + 5], np.uint64)),
        (lambda k: (k > 0).sum(), LABELS),
        (lambda k: (k > 0) * 3 + k, LABELS),
        (lambda k: (k == 3).mean(), LABELS),
    ],
)
def test_integers_stay_what_they_are(function, labels):
    agree(function, labels, contract=Contract(FLOAT32))


def test_integers_are_bits_and_indices():
    agree(lambda x, k: x[k & 1] + x[np.where((k & 2) == 2, 0, k)], NUMBERS, LABELS % 3)


def weighted(x, weights, *, more=()):
    total = weights / weights.sum()
    return x * total + sum((each * 0.1 for each in more), 0 * x)


def test_arrays_anywhere_among_the_arguments_carry_their_bound():
    x, w = NUMBERS, abs(NUMBERS[0])
    agree(weighted, x, weights=w, more=[x, x / 3])
    agree(lambda parts: parts["x"] @ parts["w"][0] / 3, {"x": x, "w": (w, None)})
    assert not oracle(weighted, x, weights=w).is_exact


def test_a_branch_on_the_dtype_is_taken():
    agree(lambda x: x * 2 if x.dtype == np.float32 else x * 3, NUMBERS)
    agree(lambda x: x * 2 if x.dtype == np.float64 else x * 3, NUMBERS)
    agree(lambda x: x + np.ones(4, dtype=x.dtype) / 3, NUMBERS)
    agree(lambda x: x * np.finfo(x.dtype).eps, NUMBERS)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: np.sum(x, 0, np.float64),
        lambda x: np.mean(x, 0, np.float64),
        lambda x: x.sum(1, np.float64),
        lambda x: np.sum(x, axis=np.int64(0)),
        lambda x: np.max(x, 1),
        lambda x: np.clip(x, 0, None) + np.clip(x, a_min=None, a_max=0),
        lambda x: x + copy.deepcopy(x) + copy.copy(x),
        lambda x: np.ones_like(x, dtype=np.float32) / np.full_like(x, 3),
        lambda x: np.zeros_like(x, dtype=np.float64) + 1,
    ],
)
def test_arguments_mean_what_numpy_means_by_them(function):
    agree(function, NUMBERS)


@pytest.mark.parametrize("scalar", [3, 0.1, -7, 1e30, 0])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_number_over_an_array_may_be_a_product_with_its_reciprocal(scalar, dtype):
    """As PyTorch computes it, rounding twice."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=1000).astype(dtype)
    expected = oracle(lambda x: scalar / x, x)
    with np.errstate(all="ignore"):
        for actual in (scalar / x, scalar * (1 / x)):
            assert within(actual.astype(dtype), expected).ok


def test_what_overflowed_stays_infinite_in_a_wider_format():
    agree(lambda x: (x + x).astype(np.float32), half(60000.0), says=False)
    agree(lambda x: (x * x).astype(np.float64), single(1e30), says=False)
    agree(lambda x: np.sum(x * x, dtype=np.float64), single(1e30, 2), says=False)


def test_what_is_beyond_a_narrower_format_must_be_infinite():
    expected = oracle(lambda x: x.astype(np.float16), single(70000, -1e30, 1))
    assert within(half(inf, -inf, 1), expected).ok
    assert not within(half(1, -inf, 1), expected).ok
    assert not within(half(inf, inf, 1), expected).ok


def test_an_unknown_number_has_an_unknown_sign():
    agree(lambda x: np.sign(np.exp(x) - np.exp(x)), single(100), says=False)
    nan = float("nan")
    assert within(single(nan), oracle(np.sign, single(nan))).ok


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_zero_stays_exact_beside_what_may_be_off(dtype):
    x = NUMBERS.astype(dtype) / 3
    mask = x > 0
    assert oracle(lambda x: (x[:, None] - x[None]) ** 2, x).error[0, 0].max() == 0
    for function in (
        lambda x: (x * mask) / 0.7,
        lambda x: np.sqrt((x[:, None] - x[None]) ** 2) * (x + 0.1),
        lambda x: (x * mask) / (x * x + 1),
        lambda x: (x * mask) ** 3,
    ):
        agree(function, x)


def test_a_dtype_may_be_any_spelling():
    x = single(1 + 2**-12)
    fused = (x.astype(np.float64) ** 2 - 1).astype(np.float32)
    expected = oracle(lambda x: x.astype("f4") * x.astype("single") - 1, x)
    assert within(fused, expected).ok
    agree(lambda x: x.astype("d") / 3, x)


def test_dividing_by_a_number_may_be_a_product_by_contract():
    """As PyTorch does on CUDA."""
    x = single(3, 7, 21)
    product = x * np.float32(1 / 7)
    cuda = Contract.for_target("torch:cuda:float32")
    assert within(product, oracle(lambda x: x / 7, x, contract=cuda)).ok
    assert not within(product, oracle(lambda x: x / 7, x)).ok


@dataclasses.dataclass
class Layer:
    w: np.ndarray
    b: np.ndarray


def test_arrays_in_a_dataclass_carry_their_bound():
    layer = Layer(NUMBERS / np.float32(3), NUMBERS[0])
    agree(lambda x, p: p.w / 3 * p.b * 0.7 + x, NUMBERS, layer)
    assert not oracle(lambda p: p.w / 3, layer).is_exact


def test_exact_integers_are_plain_arrays():
    agree(lambda x, k: np.eye(4, dtype=np.float32)[k] * x, NUMBERS, LABELS)
    agree(lambda x, k: x * k.tolist()[1] + k[0].item(), NUMBERS, LABELS)


def test_messages_of_integers_keep_every_digit():
    found = within(
        np.array([2**53]), oracle(lambda _, k: k, NUMBERS, np.array([2**53 + 1]))
    )
    assert found.message == (
        "at [0] of (1,): actual 9007199254740992, expected 9007199254740993"
    )
    expected = oracle(lambda x: (x / 10 * 10 > x).sum(), single(1, 2, 3))
    assert within(np.int64(5), expected).message.endswith(", give or take 3")


def test_a_count_is_within_what_is_undecided():
    expected = oracle(lambda x: (x / 10 * 10 > x).sum(), single(1, 2, 3))
    assert within(np.int64(0), expected).ok
    assert within(np.int64(3), expected).ok
    assert not within(np.int64(1000), expected).ok
    assert not within(np.int64(-7), expected).ok


def test_integers_joined_to_numbers_are_rounded():
    torch = pytest.importorskip("torch")
    x, k = torch.tensor([1.0]), torch.tensor([2**24 + 1])
    expected = oracle(lambda x, k: torch.cat((x, k)), x, k)
    assert within(torch.cat((x, k)), expected).ok
    with pytest.raises(UnboundedError, match="float32 made of integers"):
        oracle(lambda x, k: np.concatenate([x, k]), single(1), LABELS)


def test_the_variance_of_one_number_is_certainly_nan():
    agree(lambda x: np.var(x, ddof=1), single(2.5))
    agree(lambda x: np.std(x, axis=1, ddof=1), single(2.5)[:, None])


@pytest.mark.parametrize("name", ["max", "min"])
def test_subnormal_numbers_may_be_compared_as_0_and_returned_as_they_are(name):
    x, flushed = single(-6e-39, 1e-45, 7e-40), Contract(FLOAT32, flush_to_zero=True)
    expected = oracle(lambda x: getattr(np, name)(x), x, contract=flushed)
    for each in x:
        assert within(each, expected).ok
    expected = oracle(np.minimum, single(7.5e-41), single(-8.6e-41), contract=flushed)
    assert within(single(7.5e-41), expected).ok


@pytest.mark.parametrize(
    "function",
    [
        lambda torch, x: torch.add(x, torch.ones(4) / 3, alpha=0.1),
        lambda _, x: x.sub(x / 3, alpha=2),
        lambda torch, x: torch.sum(x, dim=()) + torch.amax(x, dim=()),
        lambda torch, x: torch.max(x, other=x * 0 + 1) + x.max(1).values[:, None],
        lambda _, x: x.var(axis=0) + x.transpose(0, 1).std(1),
        lambda torch, x: x[:, 0] * torch.tensor([0, 3, 2]) + torch.exp(x[:, 1]),
        lambda _, x: x / x.shape[-1] ** 0.5,
        lambda _, x: x.sum(0, True),
        lambda torch, x: torch.cat((x, torch.tensor([[2**24 + 1] * 4]))),
        lambda torch, x: torch.squeeze(x[None], 0) + torch.squeeze(x, 1),
        lambda torch, x: torch.unsqueeze(x, dim=0) + torch.flip(x, dims=(0,)),
        lambda torch, x: torch.gather(x, dim=1, index=torch.tensor([[0], [3], [2]])),
        lambda torch, x: x * 2 if x.dtype == torch.float32 else x * 3,
        lambda torch, x: x * 2 if x.device == torch.device("cpu") else x * 3,
        lambda torch, x: 0.3 / x + torch.rsub(x, 2),
        lambda torch, x: torch.where(x > 0, x, 0.1 * x).to(torch.float64) / 3,
    ],
)
def test_arguments_mean_what_pytorch_means_by_them(function):
    torch = pytest.importorskip("torch")
    x = torch.tensor(NUMBERS)
    expected = oracle(lambda x: function(torch, x), x)
    assert_within(function(torch, x), lambda: expected, contract=Contract(FLOAT32))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_pytorch_rounds_a_number_to_float32_before_it_is_halved(dtype):
    torch = pytest.importorskip("torch")
    x = torch.tensor([1.0, 2.0], dtype=getattr(torch, dtype))
    c = 1 + torch.finfo(x.dtype).eps / 2 + 2.0**-40
    for function in (lambda x: x * c, lambda x: torch.clamp(x, min=c)):
        found = within(function(x), oracle(function, x))
        assert found.ok, found.message


@pytest.mark.parametrize(
    ("function", "inputs", "message"),
    [
        (lambda x, k: x[:, 0] * k, (NUMBERS, LABELS), "made of integers.*\n.*astype"),
        (lambda x: (x > 0) * 0.5, (NUMBERS,), "made of a mask, required"),
        (lambda x: x.argmax(1) / 3, (NUMBERS,), "float32 made of integers"),
        (lambda x: x % 2, (NUMBERS,), "% has no derived bound"),
        (lambda x: 2 // x, (NUMBERS,), "// has no derived bound"),
        (lambda x: divmod(x, 2), (NUMBERS,), "divmod has no derived bound"),
        (lambda x: round(x), (NUMBERS,), "round has no derived bound"),
        (lambda x: 2**x, (NUMBERS,), "exp\\(y \\* log\\(x\\)\\)"),
        (lambda x: x**inf, (NUMBERS,), "an exponent of inf"),
        (lambda x: np.take(x, [-1], mode="clip"), (NUMBERS,), "take called so.*mode"),
        (lambda x: x.clip(lowest=0), (NUMBERS,), "clip with lowest="),
        (lambda x: len(x.shape) + x.nothing, (NUMBERS,), "the method nothing"),
        (lambda x: x + None, (NUMBERS,), "dtype=object has no"),
        (lambda x: x[0] + [[1], 2], (NUMBERS,), "on bound-carrying|inhomogeneous"),
        (lambda x: np.float32(x[0, 0]), (NUMBERS,), "would lose the bound|plain NumPy"),
        (
            lambda x: x / np.sqrt(3),
            (NUMBERS,),
            "a float64 number beside.*\n.*math.sqrt",
        ),
        (lambda x: x * [1, 2, 3, 4], (NUMBERS,), "float32 made of integers"),
        (lambda x, k: x[:, 0] * np.sqrt(k), (NUMBERS, LABELS), "made of integers"),
        (lambda x: x.reshape((4, 3), copy=True), (NUMBERS,), "reshape with copy="),
        (lambda x: x.__array_namespace__().arange(0.5, 3.5), (NUMBERS,), "arange of"),
    ],
)
def test_what_means_two_things_or_nothing_is_refused(function, inputs, message):
    with pytest.raises((UnboundedError, ArgumentTypeError, ValueError), match=message):
        oracle(function, *inputs)


def exact(x, **options):
    return Bounded.exact(x, Contract(FLOAT32, **options))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: assert_within(x, x, x), "a ndarray in the place of the function"),
        (lambda x: assert_within(x, np.exp), "no floating dtype \\(no arrays\\)"),
        (lambda x: assert_within(x, np.exp, [1.0]), "no floating dtype"),
        (lambda _: assert_within(LABELS, np.exp, LABELS), "no floating dtype \\(int64"),
        (lambda x: assert_within(x, np.exp, x, rtol=1), "rtol given, required none"),
        (lambda x: assert_within(x, lambda _: None, x), "gave a NoneType"),
        (lambda x: assert_within(x, lambda x: (x, x), x), "parts one by one"),
        (lambda x: within(x, x), "oracle is a ndarray, required what"),
        (lambda x: within(x, exact(x), worse=x), "worse is a ndarray"),
        (lambda x: within(exact(x), exact(x)), "actual is a bound-carrying array"),
        (lambda x: within(x, exact(x), like=[1]), "like is a list, required an array"),
        (lambda x: oracle(np.exp, x, contract="float32"), "required a Contract"),
        (
            lambda x: oracle(np.exp, exact(x), contract=Contract(FLOAT64)),
            "format=float32 and format=float64",
        ),
        (
            lambda x: accepted(exact(x), exact(x, flush_to_zero=True)),
            "flush_to_zero=False and flush_to_zero=True",
        ),
        (lambda x: accepted(exact(x), exact(x[0])), "shapes \\(3, 4\\) and \\(4,\\)"),
        (lambda _: accepted(), "required one or more"),
        (lambda x: exact(np.ma.masked_array(x)), "x is a MaskedArray"),
        (lambda x: exact(x.view(np.recarray)), "x is a recarray"),
        (
            lambda x: REFERENCES["mse"].oracle(x, x, reduction="avg"),
            "reduction='avg', required none, sum or mean",
        ),
        (
            lambda x: REFERENCES["nll"].oracle(x, LABELS, reduction="avg"),
            "reduction='avg'",
        ),
        (
            lambda x: REFERENCES["nll"].oracle(x, LABELS - 1),
            "a label of -1, required classes from 0 to 3",
        ),
        (
            lambda x: REFERENCES["cross_entropy.pullback"].oracle(
                single(1)[0], x, LABELS[:, None]
            ),
            "labels of shape \\(3, 1\\) .* required integers of shape \\(3,\\)",
        ),
    ],
)
def test_mistakes_end_in_a_sentence(call, message):
    with pytest.raises((ArgumentError, ArgumentTypeError), match=message):
        call(NUMBERS)


@pytest.mark.parametrize(
    ("actual", "function", "inputs"),
    [
        (single(1 / 3), lambda x: x / 3, (half(1),)),
        ([1 + 5j], lambda x: x * 2, (single(0.5),)),
        (["1.0"], lambda x: x * 2, (single(0.5),)),
        ([True], lambda x: x * 2, (single(0.5),)),
        ([1], lambda x: x * 2, (single(0.5),)),
        ([1, 1], lambda x: x > 0, (single(1, 2),)),
        (np.array([3 + 0j]), lambda x: x.argmax(1), (NUMBERS[1:2],)),
        (np.array([3.0]), lambda x: x.argmax(1), (NUMBERS[1:2],)),
    ],
)
def test_another_dtype_is_misplaced(actual, function, inputs):
    found = within(actual, oracle(function, *inputs))
    assert not found.ok
    assert found.message.startswith("dtype ")


def test_bfloat16_that_was_never_rounded_is_misplaced():
    contract = Contract.for_target("torch:bfloat16")
    expected = oracle(lambda x: x / 3, single(1), contract=contract)
    assert within(single(0.333984375), expected).ok
    assert not within(single(1 / 3), expected).ok


def test_pythons_numbers_are_of_every_format():
    assert within([1.0], oracle(lambda x: x * 2, single(0.5))).ok


def test_a_reference_stands_for_its_algorithms():
    x = NUMBERS.astype(np.float64)
    shifted = np.exp(x - np.max(x, axis=-1, keepdims=True))
    assert_within(shifted / shifted.sum(-1, keepdims=True), REFERENCES["softmax"], x)
    g = np.ones_like(x)
    assert_within(g * (x > 0), REFERENCES["relu.pullback"], g, x)


@pytest.mark.parametrize("name", ["relu.pullback", "leaky_relu.pullback"])
def test_of_nan_a_mask_lets_nothing_through(name):
    """0 for the cotangent; nothing is left unsaid for it, and nothing of other x."""
    nan, most = float("nan"), float(np.finfo(np.float64).max)
    g = np.array([2.0, -2, inf, nan, most, 2])
    x = np.array([nan, nan, nan, nan, nan, 1])
    (expected,) = REFERENCES[name].oracle(g, x, contract=Contract("float64"))
    assert np.isfinite(expected.error).all()
    slope = 0.01 if name == "leaky_relu.pullback" else 1.0
    right = np.array([0, 0, inf, nan, slope * most, 2])
    assert within(right, expected).ok
    assert within(np.where(right == 0, g, right), expected).ok
    for wrong in (nan, inf, -inf, 4.1, -4.1):
        for i in (0, 1, 2, 5):
            other = right.copy()
            other[i] = wrong
            assert right[i] == wrong or not within(other, expected).ok


@pytest.mark.parametrize("x", [1.0, -1.0, inf, -inf])
def test_of_numbers_a_mask_changes_nothing(x):
    """But of 0, where any slope of both sides is right, with a mask and without."""
    (expected,) = REFERENCES["relu.pullback"].oracle(single(2), single(x))
    assert expected.is_exact


def test_an_algorithm_documented_as_worse_is_called_inaccurate():
    x = np.array([[0.0, -744.0]])
    powers = np.exp(x)
    with pytest.raises(AssertionError, match="INACCURATE: an algorithm documented"):
        assert_within(
            np.log(powers / powers.sum(-1, keepdims=True)), REFERENCES["log_softmax"], x
        )


def test_labels_and_masks_are_said_as_they_are():
    found = within(np.array([True, False]), oracle(lambda x: x > 0, single(1, 2)))
    assert found.message == "at [1] of (2,): actual False, expected True"
    found = within(np.array([1]), oracle(lambda x: x.argmax(1), single(1, 2)[None]))
    assert found.ok
    found = within(np.array([0]), oracle(lambda x: x.argmax(1), single(1, 2)[None]))
    assert found.message == "at [0] of (1,): actual 0, expected 1"


def test_nothing_to_compare_is_said():
    assert within(single(), oracle(np.exp, single())).message == (
        "nothing to compare: shape (0,)"
    )


def test_comparisons_can_be_put_in_sets():
    found = within(single(1), oracle(np.positive, single(1)))
    assert len({found, found}) == 1
    assert found != within(single(1), oracle(np.positive, single(1)))
