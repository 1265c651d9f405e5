"""Code of the standard, of NumPy and of PyTorch runs on the oracle unchanged.

What comes out is held against the library's own result on the same numbers.
"""

import numpy as np
import pytest
from judged import agrees

from scratchnet.testing.bounded import Bounded, UnboundedError
from scratchnet.testing.compare import within
from scratchnet.testing.contract import Contract
from scratchnet.testing.evaluate import oracle
from scratchnet.testing.formats import FLOAT32, FLOAT64, FORMATS

FLOATS = ["float32", "float64"]


@pytest.fixture(params=FLOATS)
def x(request):
    """Numbers of either sign, in three rows of four."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(3, 4)).astype(request.param)


STANDARD = {
    "arithmetic": lambda _, x: -(x + 1) * 2 / (3 + x * x) - abs(x) ** 3,
    "softmax": lambda xp, x: (
        xp.exp(x - xp.max(x, axis=-1, keepdims=True))
        / xp.sum(xp.exp(x - xp.max(x, axis=-1, keepdims=True)), axis=-1, keepdims=True)
    ),
    "where": lambda xp, x: xp.where(x > 0, x, xp.expm1(x)),
    "masks": lambda xp, x: xp.where((x > 0) & ~(x > 1) | (x < -1), x, xp.zeros_like(x)),
    "clip": lambda xp, x: xp.clip(x, -0.5, 0.5),
    "matmul": lambda xp, x: x @ xp.matrix_transpose(x) + xp.matmul(x, x.T),
    "tensordot": lambda xp, x: xp.tensordot(x, x, axes=([1], [1])),
    "moments": lambda xp, x: (x - xp.mean(x, axis=0)) / (1 + xp.var(x, axis=0)),
    "corrected": lambda xp, x: xp.std(x, axis=1, correction=1, keepdims=True),
    "shapes": lambda xp, x: xp.permute_dims(xp.reshape(x, (2, 3, 2)), (2, 0, 1)),
    "joins": lambda xp, x: xp.stack(
        [xp.concat([x, x], axis=1), xp.concat((-x, x), axis=1)]
    ),
    "picks": lambda xp, x: (
        xp.take_along_axis(x, xp.asarray([[0], [3], [1]]), axis=1)
        + xp.take(x, xp.asarray([1, 1]), axis=1)
    ),
    "pieces": lambda _, x: x[1:, None, ::2] + x[0, -1],
    "constants": lambda xp, x: (
        xp.full((3, 1), 0.1, dtype=x.dtype)
        + xp.ones(4, dtype=x.dtype)
        + xp.asarray(0.7, dtype=x.dtype) * xp.arange(4, dtype=x.dtype)
    ),
    "functions": lambda xp, x: xp.tanh(x) + xp.sin(x) * xp.cos(x) + xp.log1p(x * x),
    "roots": lambda xp, x: xp.sqrt(xp.square(x)) + xp.log(abs(x)) + xp.sign(x),
    "extremes": lambda xp, x: xp.maximum(x, 0 * x) - xp.min(x, axis=(0, 1)),
    "broadcasting": lambda xp, x: xp.broadcast_to(xp.expand_dims(x[0], axis=1), (4, 2)),
}


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("idiom", STANDARD)
def test_code_of_the_standard(idiom, library, x):
    xp = pytest.importorskip(f"array_api_compat.{library}")

    def function(x):
        return STANDARD[idiom](
            x.__array_namespace__() if isinstance(x, Bounded) else xp, x
        )

    agrees(function, xp.asarray(x))


NUMPY = {
    "ufuncs": lambda x: np.exp(x) + np.log1p(np.square(x)) - np.tanh(x),
    "binary": lambda x: np.add(x, 1) * np.true_divide(x, 3) - np.power(x, 3),
    "one side": lambda x: np.ones((3, 1), x.dtype.name) - 2 / (x - 9),
    "sums": lambda x: x.sum(axis=0) + np.sum(x, 0) + np.add.reduce(x) + x.sum(0),
    "all of it": lambda x: x.sum() + np.sum(x) + x.mean() * np.max(x) - x.min(),
    "kept": lambda x: x - x.max(axis=1, keepdims=True) - np.mean(x, 1, keepdims=True),
    "amax": lambda x: np.amax(x, axis=1) - np.amin(x, 1) + np.max(x, axis=(0, 1)),
    "where": lambda x: np.where(x > 0, x, 0.1 * x) * (x >= 0.5),
    "logic": lambda x: np.where(np.logical_or(x > 1, np.isnan(x)), 0.0, x),
    "var": lambda x: np.var(x, axis=1) + np.std(x, axis=1, ddof=1) + x.var(axis=1),
    "products": lambda x: x @ x.T + np.matmul(x, x.T) + np.dot(x, x.T),
    "outer": lambda x: np.outer(x[0], x[1]) + np.tensordot(x[0], x[1], axes=0),
    "joins": lambda x: np.concatenate([x, np.stack([x[0], x[1]])], axis=0),
    "picks": lambda x: np.take_along_axis(x, np.array([[0], [3], [1]]), 1),
    "rows": lambda x: (
        x[np.arange(3), np.array([0, 3, 1])] + np.take(x, [1], axis=1)[:, 0]
    ),
    "masked": lambda x: x[np.array([True, False, True])],
    "shapes": lambda x: np.reshape(x, (4, 3)).T + x.reshape(3, 4) + x.T.transpose(),
    "axes": lambda x: np.transpose(x[None], (2, 0, 1)).swapaxes(0, 1)[0],
    "more axes": lambda x: np.expand_dims(x, 1).squeeze(1) + np.moveaxis(x, 0, -1).T,
    "clip": lambda x: (
        np.clip(x, -0.5, 0.5) + x.clip(0, 1) + np.clip(x, a_min=0, a_max=None)
    ),
    "relu": lambda x: np.maximum(x, 0) + np.minimum(0, x) * 0.1,
    "like": lambda x: np.zeros_like(x) + np.ones_like(x) * x + np.full_like(x, 0.5),
    "casts": lambda x: (x > 0).astype(x.dtype) * x,
    "flat": lambda x: x.ravel() + x.flatten() + x.reshape(-1),
    "copies": lambda x: x.copy() + np.copy(x),
    "count": lambda x: (x > 0).sum(axis=1) + np.argmax(x, axis=1),
    "so far": lambda x: np.cumsum(x, 1) + x.cumsum(axis=0) + np.cumsum(x)[-1],
    "filled": lambda x: filled(x),
}


def filled(x):
    """Assignment to a piece."""
    y = np.zeros_like(x)
    y[:, 0] = x[:, 1] * 2
    y[0] += 1
    return y


@pytest.mark.parametrize("idiom", NUMPY)
def test_code_of_numpy(idiom, x):
    agrees(NUMPY[idiom], x)


torch = pytest.importorskip("torch")
F = torch.nn.functional
LABELS = torch.tensor([2, 0, 3])
TORCH = {
    "functions": lambda x: torch.exp(x) + torch.log1p(x.square()) - x.tanh() + x.sin(),
    "arithmetic": lambda x: torch.add(x, x, alpha=0.1) - torch.div(x, 3) + 1 - x.pow(2),
    "one side": lambda x: (
        torch.ones(3, 1, dtype=torch.float64).to(torch.float32) + x.float()
    ),
    "sums": lambda x: x.sum(dim=-1, keepdim=True) + torch.sum(x, 1, True) + x.mean(),
    "so far": lambda x: torch.cumsum(x, 1) + x.cumsum(dim=0),
    "largest": lambda x: (
        x - x.max(dim=1, keepdim=True).values + torch.amax(x, 1)[:, None]
    ),
    "smallest": lambda x: torch.min(x, dim=0).values + x.min() + x.amin(dim=0),
    "places": lambda x: torch.max(x, dim=1).indices + x.argmax(dim=1),
    "of two": lambda x: torch.max(x, -x) + torch.minimum(x, x * 2),
    "where": lambda x: torch.where(x > 0, x, 0.0) + torch.where(x.lt(0), -x, x),
    "var": lambda x: torch.var(x, dim=1) + x.var(dim=1, unbiased=False),
    "std": lambda x: x.std(dim=0, correction=0) + torch.std(x, 0, keepdim=True)[0],
    "products": lambda x: torch.matmul(x, x.T) + x.mm(x.t()) + x @ x.mT,
    "shapes": lambda x: x.view(4, 3).t().reshape(-1, 2, 2).permute(2, 0, 1),
    "axes": lambda x: x.unsqueeze(1).squeeze(1) + torch.unsqueeze(x, 0)[0],
    "transpose": lambda x: x[None].transpose(0, 1)[:, 0] + torch.transpose(x, 0, 1).T,
    "expand": lambda x: x[:, :1].expand(-1, 5) + x[0, 0].expand(3, 5),
    "joins": lambda x: torch.cat([x, x * 2], dim=1) + torch.cat((x, x), 1),
    "stack": lambda x: torch.stack([x, -x], dim=-1).flatten(1),
    "clamp": lambda x: torch.clamp(x, min=0) + x.clamp(-0.5, 0.5) + x.clamp(max=0.1),
    "picks": lambda x: (
        x.gather(1, LABELS[:, None]) + torch.gather(x, 1, LABELS[:, None])
    ),
    "rows": lambda x: x[torch.arange(3), LABELS],
    "size": lambda x: x.sum(0) / x.size(0) + x.sum() / x.numel() + x.shape[1],
    "itself": lambda x: x.detach().clone().contiguous().to("cpu"),
    "like": lambda x: torch.zeros_like(x) + torch.ones_like(x) * x,
    "softmax": lambda x: torch.softmax(x, -1) + F.softmax(x, dim=0) + x.softmax(dim=1),
    "log_softmax": lambda x: torch.log_softmax(x, 1) + F.log_softmax(x, dim=-1),
    "logsumexp": lambda x: (
        torch.logsumexp(x, dim=1) + x.logsumexp(1, keepdim=True)[:, 0]
    ),
    "sigmoid": lambda x: torch.sigmoid(x) + x.sigmoid() + torch.special.expit(x),
    "erf": lambda x: torch.erf(x) + x.erf(),
    "relu": lambda x: torch.relu(x) + F.relu(x) + x.relu() + torch.nn.ReLU()(x),
    "leaky": lambda x: F.leaky_relu(x) + F.leaky_relu(x, 0.2),
    "elu": lambda x: F.elu(x) + F.elu(x, alpha=0.5),
    "softplus": lambda x: F.softplus(x * 10) + F.softplus(x, beta=2),
    "silu": lambda x: F.silu(x),
    "logsigmoid": lambda x: F.logsigmoid(x),
    "cross_entropy": lambda x: (
        F.cross_entropy(x, LABELS) + F.cross_entropy(x, LABELS, reduction="sum")
    ),
    "nll_loss": lambda x: F.nll_loss(F.log_softmax(x, 1), LABELS, reduction="none"),
    "mse_loss": lambda x: (
        F.mse_loss(x, x * 2) + F.mse_loss(x, x.tanh(), reduction="sum")
    ),
    "bce": lambda x: F.binary_cross_entropy_with_logits(x, (x > 0).to(x.dtype)),
    "linear": lambda x: F.linear(x, x * 2, x[:, 0]) + F.linear(x, x),
    "addmm": lambda x: torch.addmm(x[0, :3], x, x.T),
}


@pytest.mark.parametrize("idiom", TORCH)
def test_code_of_pytorch(idiom, x):
    agrees(TORCH[idiom], torch.tensor(x))


def test_a_module_of_pytorch_runs_on_the_oracle():
    net = torch.nn.Sequential(
        torch.nn.Linear(4, 5), torch.nn.Tanh(), torch.nn.Linear(5, 3)
    ).requires_grad_(False)
    x = torch.linspace(-1, 1, 8).reshape(2, 4)
    agrees(net, x)
    agrees(lambda x: F.cross_entropy(net(x), torch.tensor([2, 0])), x)


@pytest.mark.parametrize("dtype", FORMATS)
def test_every_format_of_pytorch(dtype):
    kind = getattr(torch, dtype)
    x = torch.linspace(-3, 3, 12).reshape(3, 4).to(kind)
    agrees(lambda x: torch.log_softmax(x, 1) * 2 + x.sum(dim=1, keepdim=True), x)
    agrees(lambda x: x.to(torch.float64), x)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda x: np.linalg.norm(x), "norm has no derived bound"),
        (lambda x: np.linalg.solve(x, x), "solve has no derived bound"),
        (lambda x: np.einsum("ij->i", x), "einsum has no derived bound"),
        (lambda x: np.prod(x), "prod has no derived bound"),
        (lambda x: np.multiply.reduce(x), "multiply.reduce has no derived bound"),
        (lambda x: np.add.accumulate(x), "add.accumulate has no derived bound"),
        (lambda x: np.floor(x), "floor has no derived bound"),
        (lambda x: np.fmax(x, 0), "fmax has no derived bound"),
        (lambda x: np.sum(x, where=x.value > 0), "sum with where= has no"),
        (lambda x: np.max(x, initial=3), "max called so .*'initial'"),
        (lambda x: np.add(x, x, out=np.ones((3, 4))), "add with out= has no derived"),
        (lambda x: torch.cumprod(x, 0), "cumprod has no derived bound"),
        (lambda x: torch.linalg.inv(x), "linalg_inv has no derived bound"),
        (lambda x: torch.nn.functional.gelu(x), "gelu has no derived bound"),
        (lambda x: x.item(), "asked for a plain NumPy array"),
        (lambda x: x.backward(), "the method backward has no derived bound"),
        (lambda x: x.max(1), "the method max means two things"),
        (lambda x: x.std(), "the method std means two things"),
        (lambda x: x.transpose(0, 1), "the method transpose.* means two things"),
        (
            lambda x: F.cross_entropy(x, LABELS, label_smoothing=0.1),
            "label_smoothing= has no derived bound",
        ),
        (
            lambda x: F.cross_entropy(x, LABELS, ignore_index=0),
            "ignore_index= has no derived bound",
        ),
        (
            lambda x: F.cross_entropy(x, torch.full((3, 4), 0.25)),
            "for targets that are probabilities write",
        ),
    ],
)
def test_what_the_oracle_cannot_do_is_refused_by_name(call, named):
    x = Bounded.exact(np.ones((3, 4), np.float32), Contract(FLOAT32))
    with pytest.raises(UnboundedError, match=named):
        call(x)


def test_pytorchs_mean_of_its_variance_is_not_numpys():
    """The control: n - 1 for n is found out, in either direction."""
    x = np.array([[1.0, 2, 4]])
    expected = oracle(lambda x: np.var(x, axis=1), x)
    assert not within(torch.var(torch.tensor(x), dim=1), expected).ok
    expected = oracle(lambda x: torch.var(x, dim=1), torch.tensor(x))
    assert not within(np.var(x, axis=1), expected).ok


def test_the_namespace_is_one_per_contract():
    x = Bounded.exact(np.ones(3), Contract(FLOAT64))
    y = Bounded.exact(np.ones(3), Contract(FLOAT64))
    assert x.__array_namespace__() is y.__array_namespace__()
    assert (
        x.__array_namespace__()
        is not oracle(lambda x: x, np.ones(3, np.float32)).__array_namespace__()
    )
