"""What the pipeline must not hold: a built-in that would do the work."""

import ast
from pathlib import Path

import pytest

import scratchnet

PACKAGE = Path(scratchnet.__file__).parent
#: The entrance and the harness are not the pipeline: the twin is PyTorch's by purpose.
ENTRANCE = {
    "beside.py",
    "built_ins.py",
    "canvas.py",
    "cli.py",
    "comparison.py",
    "curves.py",
    "doctor.py",
    "experiment.py",
    "kills.py",
    "outputs.py",
    "pictures.py",
    "selfcheck.py",
    "sheet.py",
    "verification.py",
}
PIPELINE = sorted(path for path in PACKAGE.glob("*.py") if path.name not in ENTRANCE)

PRODUCTS = {
    *("matmul", "dot", "vdot", "vecdot", "inner", "einsum", "tensordot", "linalg"),
    *("mm", "bmm", "addmm", "addmv", "addbmm", "mv", "baddbmm", "addr", "ger"),
    *("matvec", "vecmat", "multi_dot", "chain_matmul", "kron", "bilinear"),
    *("__matmul__", "__rmatmul__", "__imatmul__"),
}
LIBRARY = {
    "softmax",
    "log_softmax",
    "logsumexp",
    "cross_entropy",
    "nll_loss",
    "mse_loss",
    "linear",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
}
AUTOGRAD = {
    "nn",
    "autograd",
    "optim",
    "backward",
    "requires_grad",
    "requires_grad_",
    "grad",
    "func",
    "functorch",
}
PICKLE = {"pickle", "cPickle", "dill", "joblib", "marshal", "shelve"}


def forbidden(source):
    """Every construct of a source that the pipeline must do by hand or not at all."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.MatMult():
                yield "@"
            case ast.Attribute(attr=name) if name in PRODUCTS | LIBRARY | AUTOGRAD:
                # Attribute access reaches into a library; our own are plain names.
                yield name
            case ast.Call(ast.Name("getattr"), [_, ast.Constant(str(name)), *_]) if (
                name in PRODUCTS | LIBRARY | AUTOGRAD
            ):
                yield name
            case ast.Import(names=names):
                yield from imported(alias.name for alias in names)
            case ast.ImportFrom(module=str(module), names=names):
                inside = (f"{module}.{alias.name}" for alias in names)
                yield from () if module.startswith("scratchnet") else imported(inside)
            case ast.keyword(arg="allow_pickle", value=ast.Constant(value=True)):
                yield "allow_pickle"
            case ast.Call(func=ast.Attribute(ast.Name("torch"), "load" | "save")):
                yield "torch.load"


def imported(modules):
    wrong = PRODUCTS | LIBRARY | AUTOGRAD | PICKLE
    return (part for module in modules for part in module.split(".") if part in wrong)


@pytest.mark.parametrize("path", PIPELINE, ids=lambda path: path.name)
def test_the_pipeline_computes_by_hand(path):
    assert list(forbidden(path.read_text())) == []


def test_the_whole_pipeline_is_read():
    names = {path.name for path in PIPELINE}
    assert {
        "products.py",
        "activations.py",
        "losses.py",
        "layers.py",
        "optim.py",
    } <= names


@pytest.mark.parametrize(
    "source",
    [
        "a @ b",
        "a @= b",
        "xp.matmul(a, b)",
        "a.dot(b)",
        "np.einsum('ij,jk', a, b)",
        "xp.linalg.matmul(a, b)",
        "getattr(xp, 'matmul')(a, b)",
        "torch.addmm(c, a, b)",
        "from numpy import matmul",
        "from numpy.linalg import multi_dot",
        "torch.nn.Linear(3, 4)",
        "from torch import nn",
        "import torch.nn.functional as F",
        "loss.backward()",
        "x.requires_grad_()",
        "torch.autograd.grad(y, x)",
        "torch.func.jacrev(f)(x)",
        "np.matvec(a, x)",
        "a.__matmul__(b)",
        "torch.chain_matmul(a, b, c)",
        "F.linear(x, w)",
        "torch.binary_cross_entropy_with_logits(x, t)",
        "xp.softmax(x)",
        "x.log_softmax(-1)",
        "import pickle",
        "np.load(file, allow_pickle=True)",
        "torch.load(file)",
    ],
)
def test_the_reader_sees_each_construct(source):
    """The control: what it cannot see, it could not forbid."""
    assert list(forbidden(source))


@pytest.mark.parametrize(
    "source",
    [
        "from scratchnet.products import matmul\nmatmul(a, b)",
        "softmax(x)",
        "import torch",
        "xp.sum(a * b, axis=-1)",
    ],
)
def test_our_own_functions_are_allowed(source):
    assert list(forbidden(source)) == []
