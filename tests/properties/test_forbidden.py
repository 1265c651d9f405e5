"""What syntax trees must not hold: in the pipeline a built-in that would do the work,
and anywhere a tolerance that somebody chose."""

import ast
from pathlib import Path

import pytest

import scratchnet

PACKAGE = Path(scratchnet.__file__).parent
#: The entrance and the harness are not the pipeline: the twin is PyTorch's by purpose.
ENTRANCE = {
    "canvas.py",
    "cli.py",
    "comparison.py",
    "curves.py",
    "doctor.py",
    "experiment.py",
    "outputs.py",
    "pictures.py",
    "selfcheck.py",
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


ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
#: Where results, and comparisons within the oracle, are held to derived bounds.
HOMES = {
    PACKAGE / "testing" / "compare.py",
    PACKAGE / "testing" / "bounded" / "selection.py",
}
#: Peers' tolerances are measured in benchmarks/, which is not read.
EVERYWHERE = sorted(
    path
    for path in (*TESTS.rglob("*.py"), ROOT / "conftest.py", *PACKAGE.rglob("*.py"))
    if path not in HOMES
)
TOLERANT = {
    *("allclose", "isclose", "approx", "assert_close", "assert_allclose"),
    *("assert_almost_equal", "assert_approx_equal", "assert_array_almost_equal"),
    *("assert_array_almost_equal_nulp", "assert_array_max_ulp"),
    *("assertAlmostEqual", "assertNotAlmostEqual"),
}
TOLERANCES = {"rtol", "atol", "rel_tol", "abs_tol", "decimal", "places"}
SIZES = {"abs", "fabs", "absolute", "norm"}
#: To so many decimals; rint(x) == x asks no more than whether x is whole.
ROUNDINGS = {"round", "around"}
ORDERS = ast.Lt | ast.LtE | ast.Gt | ast.GtE


def tolerances(source):
    """Every construct of a source that compares numbers but for a chosen error."""
    tree = ast.parse(source)
    distances = set(named_distances(tree))
    for node in ast.walk(tree):
        match node:
            case ast.Name(name) | ast.Attribute(attr=name) | ast.alias(name) if (
                name in TOLERANT
            ):
                yield name
            case ast.Call(ast.Name("getattr"), [_, ast.Constant(str(name)), *_]) if (
                name in TOLERANT
            ):
                yield name
            case ast.keyword(arg=str(name)) if name in TOLERANCES:
                yield f"{name}="
            case ast.Name(name) | ast.arg(name) if name in {"rtol", "atol"}:
                yield name
            case ast.Compare(ops=ops):
                if any(isinstance(op, ORDERS) for op in ops) and any(
                    is_distance(part) or is_name(part, distances)
                    for part in ast.walk(node)
                ):
                    yield "abs(a - b) < c"
                if any(is_rounding(part) for part in ast.walk(node)):
                    yield "round"


def named_distances(tree):
    """The names that are given to the size of a difference."""
    for node in ast.walk(tree):
        match node:
            case (
                ast.Assign(targets=[ast.Name(name)], value=ast.expr() as value)
                | ast.AnnAssign(target=ast.Name(name), value=ast.expr() as value)
                | ast.NamedExpr(target=ast.Name(name), value=value)
            ) if any(is_distance(part) for part in ast.walk(value)):
                yield name


def is_name(node, names):
    return isinstance(node, ast.Name) and node.id in names


def is_distance(node):
    """abs(a - b), in any spelling."""
    match node:
        case ast.Call(ast.Name(name) | ast.Attribute(attr=name)) if name in SIZES:
            return any(
                isinstance(part, ast.BinOp) and isinstance(part.op, ast.Sub)
                for part in ast.walk(node)
            )
    return False


def is_rounding(node):
    match node:
        case ast.Call(ast.Name(name) | ast.Attribute(attr=name)):
            return name in ROUNDINGS
        case ast.FormattedValue(format_spec=ast.JoinedStr([ast.Constant(str(spec))])):
            return "." in spec
    return False


@pytest.mark.parametrize("path", EVERYWHERE, ids=lambda path: "/".join(path.parts[-3:]))
def test_no_comparison_has_a_tolerance_that_was_chosen(path):
    assert list(tolerances(path.read_text())) == []


def test_every_file_is_read_but_those_where_bounds_are_derived():
    names = {path.name for path in EVERYWHERE}
    assert {"conftest.py", "test_forbidden.py", "losses.py", "rounding.py"} <= names
    for path in HOMES:
        assert list(tolerances(path.read_text()))


@pytest.mark.parametrize(
    "source",
    [
        "np.testing.assert_allclose(x, y)",
        "from numpy.testing import assert_allclose",
        "assert np.allclose(x, y)",
        "assert math.isclose(x, y)",
        "getattr(np, 'isclose')(x, y)",
        "assert x == pytest.approx(y)",
        "torch.testing.assert_close(x, y)",
        "np.testing.assert_almost_equal(x, y)",
        "np.testing.assert_array_almost_equal(x, y)",
        "self.assertAlmostEqual(x, y)",
        "check(x, y, rtol=1e-6)",
        "check(x, y, atol=0)",
        "def check(x, y, rtol): ...",
        "atol = 1e-6",
        "check(x, y, decimal=6)",
        "check(x, y, places=6)",
        "check(x, y, rel_tol=1e-6)",
        "assert abs(x - y) < 1e-6",
        "assert abs(x - y) <= bound",
        "assert 1e-6 > abs(x - y)",
        "assert np.abs(x - y).max() < 1e-6",
        "assert (x - y).abs().max() < 1e-6",
        "assert max(abs(a - b) for a, b in pairs) < 1e-6",
        "assert np.all(np.abs(x - y) < 1e-6 * np.abs(y))",
        "assert np.linalg.norm(x - y) < 1e-6",
        "if abs(x - y) > 1e-6: raise AssertionError",
        "error = np.abs(x - y)\nassert error.max() < 1e-6",
        "assert (error := abs(x - y)) < 1e-6, error",
        "assert round(x, 6) == round(y, 6)",
        "assert np.round(x, 6).tolist() == y",
        "assert x.round(6) == y",
        "assert f'{x:.6f}' == '0.130450'",
    ],
)
def test_the_reader_sees_each_tolerance(source):
    """The control: what it cannot see, it could not forbid."""
    assert list(tolerances(source))


@pytest.mark.parametrize(
    "source",
    [
        "assert within(x, oracle(f, y)).ok",
        "assert_within(x, f, y)",
        "np.testing.assert_array_equal(x, y)",
        "assert x == y",
        "assert log(10) - 0.1 < loss < log(10) + 0.1",
        "assert abs(x) <= 1",
        "assert abs(above - below) == gap",
        "places = rows * columns",
        "unit = round(x / step) * step",
        "whole = np.rint(x) == x",
        "print(f'{x:.6f}')",
    ],
)
def test_exact_comparisons_and_statements_are_allowed(source):
    assert list(tolerances(source)) == []
