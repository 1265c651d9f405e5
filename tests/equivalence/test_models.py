"""What PyTorch computes in one call, called as PyTorch lets it be called.

Each call is held against PyTorch's own result on the same numbers; a call that PyTorch
refuses, or that has no model, is refused with a sentence.
"""

import numpy as np
import pytest
from judged import agrees

from scratchnet.errors import ArgumentError
from scratchnet.testing.bounded import Bounded, UnboundedError
from scratchnet.testing.compare import oracle, within
from scratchnet.testing.contract import Contract
from scratchnet.testing.formats import FLOAT32

torch = pytest.importorskip("torch")
F, nn = torch.nn.functional, torch.nn

LABELS = torch.tensor([2, 0, 3])
IMAGES = torch.linspace(-2, 2, 48).reshape(2, 4, 3, 2)
PIXELS = torch.arange(12).reshape(2, 3, 2) % 4


@pytest.fixture(params=["float32", "float64"])
def x(request):
    rng = np.random.default_rng(0)
    return torch.tensor(rng.normal(size=(3, 4))).to(getattr(torch, request.param))


CALLS = {
    "Softmax": lambda x: nn.Softmax(dim=-1)(x) + nn.Softmax(0)(x),
    "LogSoftmax": lambda x: nn.LogSoftmax(dim=1)(x),
    "softmax": lambda x: (
        F.softmax(x, 1) + F.softmax(input=x, dim=0) + F.softmax(x, -1, _stacklevel=7)
    ),
    "torch.softmax": lambda x: torch.softmax(x, axis=1) + torch.softmax(input=x, dim=0),
    "log_softmax": lambda x: F.log_softmax(x, dim=-1) + torch.log_softmax(x, axis=0),
    "logsumexp": lambda x: (
        torch.logsumexp(x, 1, True) + torch.logsumexp(input=x, dim=[0], keepdim=True)
    ),
    "logsumexp of all": lambda x: torch.logsumexp(x, (0, 1)) + x.logsumexp(0),
    "logsumexp of NumPy": lambda x: torch.logsumexp(x, axis=1, keepdims=True),
    "linear": lambda x: (
        F.linear(x, weight=x) + F.linear(input=x, weight=x, bias=x[:, 0])
    ),
    "one row": lambda x: F.linear(x, x[0]) + F.linear(x, weight=x[1]),
    "one by one": lambda x: F.linear(x[0], x[1]),
    "Linear": lambda x: F.linear(x[None], x * 2, x[:, 1]),
    "addmm": lambda x: torch.addmm(input=x[0, :3], mat1=x, mat2=x.T),
    "addmm of matrices": lambda x: torch.addmm(1000 * x[:, 1:], x, x.T),
    "addmm of columns": lambda x: torch.addmm(x[:, :1], x, x.T),
    "addmm of rows": lambda x: torch.addmm(x[:1, :3], x, x.T),
    "addmm of a number": lambda x: torch.addmm(x[0, 0], x, x.T),
    "addmm at its defaults": lambda x: torch.addmm(x[0, :3], x, x.T, beta=1, alpha=1.0),
    "relu": lambda x: F.relu(input=x) + nn.ReLU()(x) + F.relu(x, inplace=False),
    "leaky_relu": lambda x: (
        F.leaky_relu(x, negative_slope=0.2)
        + F.leaky_relu(input=x)
        + nn.LeakyReLU(0.3)(x)
    ),
    "a slope of NumPy": lambda x: F.leaky_relu(x, np.float64(0.2)),
    "elu": lambda x: F.elu(x, 0.5) + F.elu(input=x, alpha=2) + nn.ELU()(x),
    "softplus": lambda x: (
        F.softplus(x, 2, 1)
        + F.softplus(input=x, threshold=1, beta=3)
        + nn.Softplus()(x)
    ),
    "silu": lambda x: F.silu(input=x) + nn.SiLU()(x),
    "logsigmoid": lambda x: F.logsigmoid(input=x) + nn.LogSigmoid()(x),
    "cross_entropy": lambda x: (
        F.cross_entropy(target=LABELS, input=x)
        + F.cross_entropy(x, LABELS, None, None, -100, None, "sum", 0.0)
        + nn.CrossEntropyLoss(reduction="sum")(x, LABELS)
    ),
    "cross_entropy of a row": lambda x: F.cross_entropy(x[0], LABELS[0]),
    "nll_loss": lambda x: (
        F.nll_loss(x, target=LABELS, reduction="none") + nn.NLLLoss()(x, LABELS)
    ),
    "nll_loss of a row": lambda x: F.nll_loss(x[0], LABELS[0], reduction="none"),
    "mse_loss": lambda x: F.mse_loss(input=x, target=2 * x) + nn.MSELoss()(x, x * x),
    "bce": lambda x: (
        F.binary_cross_entropy_with_logits(target=x.sigmoid(), input=x)
        + nn.BCEWithLogitsLoss(reduction="sum")(x, x.sigmoid())
    ),
    "one_hot": lambda x: F.one_hot(x.argmax(dim=1), num_classes=5),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_call_by_place_and_by_name(call, x):
    agrees(CALLS[call], x)


@pytest.mark.parametrize("rank", [1, 2, 3, 4])
@pytest.mark.filterwarnings("ignore:Implicit dimension choice:UserWarning")
def test_the_axis_that_pytorch_guesses(rank):
    """Once it was all of them."""
    x = IMAGES[(0,) * (4 - rank)]
    agrees(lambda x: F.softmax(x) + nn.LogSoftmax()(x), x)


@pytest.mark.parametrize("rank", [3, 4])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_classes_are_the_second_axis_of_images(rank, reduction):
    logits = IMAGES if rank == 4 else IMAGES[..., 0]
    labels = PIXELS if rank == 4 else PIXELS[..., 0]
    agrees(lambda x: F.cross_entropy(x, labels, reduction=reduction), logits)
    agrees(lambda x: F.nll_loss(x, labels, reduction=reduction), logits)


def test_one_hot_finds_the_number_of_classes():
    single = Contract(FLOAT32)
    for function in (F.one_hot, lambda x: F.one_hot(input=x)):
        assert within(F.one_hot(LABELS), oracle(function, LABELS, contract=single)).ok


def test_one_hot_of_no_labels_has_to_be_told_the_number_of_classes():
    none = Bounded.exact(np.zeros(0, np.int64), Contract(FLOAT32))
    assert F.one_hot(none, 3).shape == (0, 3)
    with pytest.raises(ArgumentError, match="num_classes=-1 for labels of shape"):
        F.one_hot(none)


def test_one_hot_of_a_tie_is_uncertain():
    tied = (bounded() * 0.1).argmax(dim=1)
    assert F.one_hot(tied, 4).error.all()
    with pytest.raises(UnboundedError, match="labels that rounding can change"):
        F.one_hot(tied)


def test_what_to_write_for_a_scaled_product_covers_it(x):
    """Cancellation: alone 2 * (x @ x.T) rounds less than it does beside the input."""
    matrix = -(2 * x @ x.T) * (1 + 1e-6)
    scaled = torch.addmm(matrix, x, x.T, alpha=2)
    expected = oracle(lambda b, x: torch.addmm(b, 2 * x, x.T), matrix, x)
    assert within(scaled, expected).ok


def test_any_argument_may_be_the_one_with_a_bound(x):
    """As in checking a derivative by one argument alone."""
    weight, bias = x * 2, x[:, 0]
    agrees(lambda bias: F.linear(x, weight, bias), bias)
    agrees(lambda weight: F.linear(x, weight, bias=bias), weight)
    agrees(lambda bias: torch.addmm(bias, x, x.T), bias)
    agrees(lambda t: F.binary_cross_entropy_with_logits(x, t), x.sigmoid())
    agrees(lambda t: F.mse_loss(x, t), x * 2)


def bounded(shape=(3, 4)):
    return Bounded.exact(np.ones(shape, np.float32), Contract(FLOAT32))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda x: F.cross_entropy(x, LABELS, weight=torch.ones(4)),
            "cross_entropy: weight= has no derived bound, required None\n"
            "  write the formula in array code",
        ),
        (
            lambda x: F.cross_entropy(x, LABELS, weight=x[0]),
            "cross_entropy: weight= has no derived bound, required None\n"
            "  write the formula in array code",
        ),
        (
            lambda x: F.cross_entropy(x, LABELS, ignore_index=False),
            "cross_entropy: ignore_index= has no derived bound, required -100\n"
            "  leave out the rows that are to be ignored",
        ),
        (
            lambda x: F.mse_loss(x, x, size_average=False),
            "mse_loss: size_average= has no derived bound, required None\n"
            '  write reduction="sum" or "mean"',
        ),
        (
            lambda x: F.nll_loss(x, LABELS, reduce=False),
            "nll_loss: reduce= has no derived bound, required None\n"
            '  write reduction="none"',
        ),
        (
            lambda x: torch.softmax(x, 1, dtype=torch.float64),
            "softmax: dtype= has no derived bound, required None\n"
            "  convert first: x.to(dtype)",
        ),
        (
            lambda x: torch.addmm(x[0, :3], x, x.T, alpha=2),
            "addmm: alpha= has no derived bound, required 1\n"
            "  write addmm(beta * input, alpha * mat1, mat2)",
        ),
        (
            lambda x: F.relu(x, inplace=True),
            "relu: inplace= has no derived bound, required False\n"
            "  leave it out and use the result",
        ),
        (
            lambda x: F.cross_entropy(x, torch.full((3, 4), 0.25)),
            "cross_entropy: a target of dtype float32, required integers, one label "
            "for each row\n"
            "  for targets that are probabilities write -sum(t * log_softmax(x)), "
            "over the number of rows for their mean",
        ),
        (
            lambda x: x.softmax(1, 2, 3),
            "softmax: called so (too many positional arguments), required "
            "softmax(input, dim)",
        ),
        (
            lambda x: F.one_hot(x),
            "one_hot: labels of dtype float32, required integers",
        ),
        (
            lambda x: F.one_hot(x > 0),
            "one_hot: labels of dtype bool, required integers",
        ),
    ],
)
def test_what_has_no_model_is_refused_by_name(call, said):
    with pytest.raises(UnboundedError) as refusal:
        call(bounded())
    assert str(refusal.value) == said


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda x: F.cross_entropy(x, torch.tensor([1, 9, 0])),
            "cross_entropy: label 9 at [1], required one from 0 to 3",
        ),
        (
            lambda x: F.nll_loss(x, torch.tensor([1, 0, -100])),
            "nll_loss: label -100 at [2], required one from 0 to 3\n"
            "  PyTorch ignores such rows: leave them out",
        ),
        (
            lambda x: F.cross_entropy(x[0], torch.tensor(7)),
            "cross_entropy: label 7 at [], required one from 0 to 3",
        ),
        (
            lambda x: F.cross_entropy(x, torch.zeros(3, 4, dtype=torch.int64)),
            "cross_entropy: target.shape=(3, 4), but input.shape=(3, 4), requires "
            "(3,): its classes are along axis 1\n"
            "  for one-hot labels pass argmax(target, axis=1)",
        ),
        (
            lambda x: F.cross_entropy(x, LABELS[:2]),
            "cross_entropy: target.shape=(2,), but input.shape=(3, 4), requires (3,): "
            "its classes are along axis 1",
        ),
        (
            lambda x: F.nll_loss(x[0, 0], LABELS[0]),
            "nll_loss: input.shape=(), required (n, c) or (c,)\n  write x[None]",
        ),
        (
            lambda x: F.one_hot((x[:, 0] > 0) + LABELS, 3),
            "one_hot: label 3 at [0], required one from 0 to 2",
        ),
        (
            lambda x: F.mse_loss(x, x, reduction="average"),
            "mse_loss: reduction='average', required mean, sum or none",
        ),
        (
            lambda x: F.binary_cross_entropy_with_logits(x, x[0]),
            "binary_cross_entropy_with_logits: target.shape=(4,), required (3, 4)",
        ),
        (
            lambda x: F.linear(x, torch.ones(2, 5)),
            "linear: input.shape=(3, 4) and weight.shape=(2, 5), required (..., k) and "
            "(n, k), or (k,) for one row",
        ),
        (
            lambda x: F.linear(x, x, x[0]),
            "linear: bias.shape=(4,), required (3,)",
        ),
        (
            lambda x: torch.addmm(x, x, x.T),
            "addmm: input.shape=(3, 4), required (3, 3), or 1 for a side",
        ),
        (
            lambda x: torch.addmm(x, x, x),
            "addmm: mat1.shape=(3, 4) and mat2.shape=(3, 4), required (m, k) and "
            "(k, n)",
        ),
        (
            lambda x: F.softmax(x, (0, 1)),
            "softmax: dim=(0, 1), required one axis",
        ),
        (
            lambda x: x.logsumexp(None),
            "logsumexp: dim=None, required an axis",
        ),
    ],
)
def test_what_pytorch_refuses_is_refused_with_a_sentence(call, said):
    with pytest.raises(ArgumentError) as refusal:
        call(bounded())
    assert str(refusal.value) == said


def test_labels_that_rounding_can_change_are_no_target():
    x = bounded()
    with pytest.raises(UnboundedError, match="labels that rounding can change"):
        F.cross_entropy(x, (x * 0.1).argmax(dim=1))
