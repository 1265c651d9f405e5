"""The references themselves: every one is used, every algorithm of theirs keeps what it
claims, and what is wrong is found."""

import numpy as np
import pytest
from equivalence.drawn import quiet
from judged import judge, oracle

from scratchnet.testing import OPS, check
from scratchnet.testing.cases import deck
from scratchnet.testing.compare import within
from scratchnet.testing.contract import Contract
from scratchnet.testing.formats import FLOAT64, format_of
from scratchnet.testing.references import REFERENCES

pytestmark = quiet

FUNCTIONS = {name: op for name, op in OPS.items() if op.kind == "function"}
OPERATIONS = FUNCTIONS | {
    op.pullback.name: op.pullback for op in FUNCTIONS.values() if op.gradient
}


def test_every_reference_is_of_an_operation():
    """So that each is held to NumPy, to PyTorch, and to every law."""
    every = {**OPS, **OPERATIONS}.values()
    assert {op.reference.name for op in every} == REFERENCES.keys()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("op", OPERATIONS.values(), ids=OPERATIONS)
def test_every_algorithm_as_plain_numpy_is_within_what_it_claims(op, dtype):
    form = format_of(dtype)
    algorithms = (*op.reference.algorithms, *op.reference.worse)
    for case in deck(op, form, 20, 0):
        found = {
            algorithm.name: rounded(
                algorithm.function(*case.arguments, **case.options),
                case.worse_oracle(Contract(form)),
                form,
            )
            for algorithm in algorithms
        }
        judge(case.worse_oracle(Contract(form)), **found)


ACCEPTED = {
    f"{op.name}-{algorithm.name}": (op, algorithm.function)
    for op in OPERATIONS.values()
    for algorithm in op.reference.algorithms
}
#: A formula may pass its argument on, and be called with what does not fit.
NO_PROMISE = {"results_are_new", "what_does_not_fit_is_refused"}


@pytest.mark.parametrize("name", ACCEPTED)
def test_every_accepted_algorithm_holds_under_every_law(name):
    """As somebody's code: none of them is a mutant that survives."""
    op, function = ACCEPTED[name]
    report = check(function, op, targets=["numpy:float64"], examples=10)
    assert {each.law.name for each in report.broken} <= NO_PROMISE, str(report)
    assert report.verdicts["equals_the_oracle", "numpy:float64"] == "HOLDS"


def rounded(found, expected, form):
    """What was found, numbers in the format: NumPy 1 makes float64 of a 0-d array and a
    number, and of whatever that meets."""
    parts = found if isinstance(found, tuple) else (found,)
    return tuple(
        np.asarray(part).astype(form.carrier) if oracle.is_real else np.asarray(part)
        for part, oracle in zip(parts, expected, strict=True)
    )


X = np.asarray([[0.3, -1.2, 2.0], [-0.5, 0.1, 0.4]])
LABELS = np.asarray([2, 0])
WRONG = {
    "softmax": (lambda x: np.exp(x) / np.exp(x).sum(0), (X,), {}),
    "log_softmax": (lambda x: x - np.log(np.exp(x).sum(-1)[:, None] + 1e-9), (X,), {}),
    "mean": (lambda x: x.sum() / (x.size - 1), (X,), {}),
    "cross_entropy": (lambda x, y: -x[[0, 1], y].mean(), (X, LABELS), {}),
    "binary_cross_entropy": (lambda x, t: np.logaddexp(0, -x * t).mean(), (X, X), {}),
    "sigmoid.pullback": (lambda g, x: (g / (1 + np.exp(-x)),), (X, X), {}),
    "linear.pullback": (lambda g, x, w: (g @ w, x.T @ g), (abs(X), X, np.tri(3)), {}),
    "sgd": (lambda p, g: (p - 0.1000001 * g,), (X, X[::-1]), {"learning_rate": 0.1}),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_found(name):
    """Other axes, constants that are a little off, missing terms, transposes."""
    function, inputs, options = WRONG[name]
    expected = oracle(name, *inputs, **options)
    with pytest.raises(AssertionError, match=r"ours, part \d: (.|\n)* times the bound"):
        judge(expected, ours=function(*inputs))


def test_one_that_is_wrong_does_not_hide_among_those_that_are_right():
    """The control of `judge`: it says who, and nothing to judge is no success."""
    expected, right = oracle("sum", X), X.sum()
    judge(expected, ours=right, NumPy=right)
    with pytest.raises(AssertionError, match=r"^PyTorch, part 0: result: actual"):
        judge(expected, ours=right, NumPy=right, PyTorch=right + 0.1)
    with pytest.raises(AssertionError, match="nothing to judge"):
        judge(expected)
    with pytest.raises(AssertionError, match=r"^ours, part 0: numpy float64 cpu, exp"):
        judge(oracle("sum", X), like=np.float32(X), ours=right)


def test_softmax_without_shift_is_wrong_where_it_overflows_and_else_right():
    """What is documented as worse is allowed in its range alone."""
    reference = REFERENCES["softmax"]
    for scale, expected in ((1.0, True), (1000.0, False)):
        x = scale * X
        found = np.exp(x) / np.exp(x).sum(-1)[:, None]
        assert within(found, reference.worse_oracle(x)).ok is expected


def test_log_of_softmax_is_inaccurate_where_a_probability_underflows():
    reference, x = REFERENCES["log_softmax"], 1000 * X
    found = np.log(np.exp(x - x.max(-1)[:, None]))
    result = within(found, reference.oracle(x), worse=reference.worse_oracle(x))
    assert (result.ok, result.inaccurate) == (False, True)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_rows_without_probability_are_nan_and_entries_without_it_certain(name):
    """-inf is no error: a row of nothing else is NaN, with nothing left to doubt."""
    x = np.asarray([[-np.inf, -np.inf], [0.0, -np.inf]])
    expected = REFERENCES[name].oracle(x)
    assert np.isnan(expected.value[0]).all()
    assert not expected.error[0].any()
    assert expected.value[1, 1] == {"softmax": 0, "log_softmax": -np.inf}[name]
    # exp(-inf) may be off by as much as the smallest numbers are apart, and no more.
    assert expected.error[1, 1] <= Contract(FLOAT64).underflow
