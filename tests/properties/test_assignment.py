"""Code that works in place does so on the oracle: aliases and views see it.

Each function runs on NumPy's or PyTorch's own arrays and on bound-carrying ones.
"""

from functools import partial

import numpy as np
import pytest
from judged import inside

from scratchnet.testing.bounded import Bounded, UnboundedError
from scratchnet.testing.bounded.shared import shared
from scratchnet.testing.bounded.standard import FUNCTIONS
from scratchnet.testing.contract import Contract
from scratchnet.testing.evaluate import oracle
from scratchnet.testing.formats import FLOAT32

NUMBERS = np.array([[1.5, -2.5, 3.5], [0.25, 4.0, -0.75]], np.float32)


def a_copy(x):
    y = x.copy()
    y[0] = 0
    return x - y


def a_plus(x):
    y = +x
    y[0] = 0
    return x - y


def a_cast(x):
    y = x.astype(np.float32)
    y[0, 1] = 0
    return x - y


def a_power(x):
    y = x**1
    y[:, 0] = 0
    return x - y


def a_row(x):
    y = x * 1
    row = y[0]
    row += 5
    row[1:] = 0
    return y


def an_alias(x):
    y = x * 1
    z = y
    z += 1
    z *= 2
    z -= x
    z /= 4
    return y


def a_transpose(x):
    y = x.copy()
    y.T[0] = 0
    return y


def a_reshape(x):
    y = x.copy()
    y.reshape(-1)[1] = 0
    return y


def a_view_of_a_view(x):
    y = x.copy()
    y[None].swapaxes(0, 1)[1, 0, ::2] = 9
    return y


def rows(x):
    y = abs(x)
    for row in y:
        row /= row.sum()
    return y


def picked(x):
    y = x.copy()
    y[np.arange(2), np.array([2, 0])] -= 1
    return y


def a_picked_copy(x):
    y = x.copy()
    y[[0, 1]][:] = 7
    return y


def masked(x):
    y = x.copy()
    y[np.array([True, False])] = 0.5
    return y


def filled(x):
    y = np.zeros_like(x)
    y[...] = x[0]
    y[1, 1] = 2
    return y


def an_output(x):
    y = np.empty_like(x)
    np.multiply(x, 3, out=y)
    np.exp(y, out=y)
    return y


def a_copy_in_the_same_order(x):
    y = np.copy(x.T)
    y.reshape(-1)[0] = 7  # a copy of it: y is not row-major
    z = x.T.copy()
    z.reshape(-1)[1] = 7  # a view of it: the method copies into rows
    w = np.zeros_like(x.T)
    w.reshape(-1)[2] = 7
    return y + z + w + x.T.astype(x.dtype)


def a_negative_of_a_transpose(x):
    y = -x.T
    y.T.reshape(-1)[0] = 7
    return y


def a_raveled_flip(x):
    y = np.flip(x[0])
    np.ravel(y)[0] = 7
    return y - x[0]


def a_flattened_copy(x):
    y = x.copy()
    flat = y.flatten()
    y += 1
    return flat + y.reshape(-1)


def numbers_of_rows(x):
    total = x[0, 0]
    for each in x[0]:
        kept = each
        each += 1
        total += kept
    return x[0] * total


def a_total(x):
    """NumPy's numbers of no axis are replaced, not changed."""
    total = x.sum()
    kept = total
    total += 1
    return kept


def the_input(x):
    y = x.copy()
    x *= 0
    return y + x


IN_PLACE = [
    *(a_copy, a_plus, a_cast, a_power, a_row, an_alias, a_transpose, a_reshape),
    *(a_view_of_a_view, rows, picked, a_picked_copy, masked, filled, an_output),
    *(a_copy_in_the_same_order, a_negative_of_a_transpose, a_raveled_flip),
    *(a_flattened_copy, numbers_of_rows, a_total, the_input),
]


@pytest.mark.parametrize("function", IN_PLACE, ids=lambda each: each.__name__)
def test_numpys_code_works_in_place(function):
    inside(function(NUMBERS.copy()), oracle(function, NUMBERS))


def a_clone(_, x):
    y = x.clone()
    y.exp_()
    return x - y


def a_function(torch, x):
    y = x.clone()
    torch.relu_(y)
    torch.nn.functional.relu_(y.mul_(2).add_(x, alpha=3))
    return y


def a_detached(_, x):
    y = x.clone()
    y.detach().zero_()
    return x + y


def a_view(_, x):
    y = x.clone()
    y.view(-1)[1:3].fill_(2.5)
    y[0].copy_(y[1]).clamp_(min=0)
    y.t()[2].sub_(1).div_(2).neg_()
    return y


def an_element(_, x):
    y = x[0].clone()
    y[0].add_(1)
    v = y[1]
    v += 5
    y[0] = y[1:2] - 1
    for each in y:
        each *= 2
    return y


def a_running_total(torch, x):
    total = torch.zeros_like(x.sum())
    kept = total
    for each in x[0]:
        total += each
    return kept


def a_flattened_view(_, x):
    y = x.clone()
    flat = y.flatten()
    y += 1
    flat[0] = 7
    return y - flat[1]


def what_is_the_same(torch, x):
    y = x.clone()
    z = +y
    y.to(y.dtype).type(y.dtype).float().add_(1)
    w = y.to(y.dtype, copy=True)
    y.t().clone().reshape(-1)[0] = 7
    return z - w + torch.ravel(y).add_(1).reshape(x.shape)


def a_flip(_, x):
    y = x.clone()
    y.flip(0).zero_()
    return y


def a_step(torch, x):
    parameters, velocity = x.clone(), torch.zeros_like(x)
    for _ in range(3):
        velocity.mul_(0.9).add_(parameters * 0.5)
        parameters -= 0.1 * velocity
    return parameters


@pytest.mark.parametrize(
    "function",
    [
        *(a_clone, a_function, a_detached, a_view, a_flip, a_step),
        *(an_element, a_running_total, a_flattened_view, what_is_the_same),
    ],
    ids=lambda each: each.__name__,
)
def test_pytorchs_code_works_in_place(function):
    torch = pytest.importorskip("torch")
    x = torch.tensor(NUMBERS)
    inside(function(torch, x.clone()), oracle(partial(function, torch), x))


def test_an_array_given_twice_is_one_array():
    def both(x, y):
        x += 1
        return y

    x = NUMBERS.copy()
    inside(NUMBERS + np.float32(1), oracle(both, x, x))
    inside(NUMBERS, oracle(both, x, x.copy()))


@pytest.mark.parametrize("name", ["unsqueeze_", "squeeze_", "t_", "transpose_"])
def test_what_changes_a_shape_in_place_is_refused(name):
    torch = pytest.importorskip("torch")
    with pytest.raises(UnboundedError, match=f"{name} in place has no derived bound"):
        oracle(lambda x: getattr(x, name)(0, 1), torch.tensor(NUMBERS))


def test_numpys_array_without_an_axis_is_not_changed_in_place():
    """NumPy would change it where it is an input, and replace it where it is not."""
    with pytest.raises(UnboundedError, match="may share its elements"):
        oracle(lambda x: x.__iadd__(1), np.array(2.5))


def test_what_was_known_of_a_view_is_asked_again():
    x = oracle(lambda x: x, NUMBERS)
    row = x[0]
    assert x.is_exact
    assert row.is_exact
    assert row.is_tame
    x[...] = oracle(lambda x: x * x * 1e38, NUMBERS)
    assert not row.is_exact
    assert not row.is_tame


def test_the_callers_arrays_stay_as_they_are():
    mine, ours = NUMBERS.copy(), oracle(lambda x: x, NUMBERS)
    oracle(the_input, mine)
    oracle(the_input, ours)
    assert np.array_equal(mine, NUMBERS)
    assert np.array_equal(ours.value, NUMBERS)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: np.broadcast_to(x[0], (2, 3)).__iadd__(1), "may share its elements"),
        (lambda x: (x > 0).astype(np.int64).__iadd__(x), "made of integers"),
        (lambda x: x.argmax(axis=1).__iadd__(x[:, 0]), "made of integers"),
        (lambda x: x.__setitem__(x > x / 3 * 3, 0), "where\\(mask, x, y\\)"),
    ],
)
def test_what_cannot_be_assigned_is_refused(function, message):
    with pytest.raises(UnboundedError, match=message):
        oracle(function, NUMBERS)


VIEWS = {"broadcast_to", "expand_dims", "flip", "matrix_transpose", "moveaxis"}
VIEWS |= {"permute_dims", "reshape", "squeeze"}
ARGUMENTS = {
    "astype": ("float32",),
    "clip": (-1.0, 1.0),
    "concat": None,
    "linear": None,
    "moveaxis": (0, 1),
    "permute_dims": ((1, 0),),
    "pow": (1,),
    "reshape": ((-1,),),
    "stack": None,
    "take": ([0],),
    "take_along_axis": (np.zeros((2, 1), int),),
    "tensordot": None,
    "to_power": (1,),
    "where": (0.0, 0.0),
}
OPTIONS = {"expand_dims": {"axis": 0}, "take": {"axis": 0}}


@pytest.mark.parametrize("name", sorted(FUNCTIONS.keys() - VIEWS))
@pytest.mark.parametrize("kind", ["numbers", "mask", "integers"])
def test_no_other_function_gives_a_view(name, kind):
    """What shares memory with its operand would change with it."""
    x = Bounded.exact(NUMBERS, Contract(FLOAT32))
    x = {"numbers": x, "mask": x > 0, "integers": (x > 0).astype(np.int64)}[kind]
    arguments = ARGUMENTS.get(name, ())
    try:
        if arguments is None:
            found = FUNCTIONS[name]([x, x]) if name != "linear" else x.copy()
        else:
            found = FUNCTIONS[name](x, *arguments, **OPTIONS.get(name, {}))
    except (TypeError, ValueError):  # of two operands, or of another kind
        try:
            found = FUNCTIONS[name](x, x)
        except (TypeError, ValueError):
            return
    assert not np.may_share_memory(found.value, x.value)
    assert not np.may_share_memory(found.error, x.error)


def test_what_algorithms_share_is_computed_once_and_kept():
    x = Bounded.exact(NUMBERS, Contract(FLOAT32))
    exp, add = FUNCTIONS["exp"], FUNCTIONS["add"]
    assert exp(x) is not exp(x)
    with shared():
        assert exp(x) is exp(x)
        assert add(x, 1) is add(x, 1)
        assert add(x, 1) is not add(x, True)
        assert add(x, 0.0) is not add(x, -0.0)
        assert exp(x) is not exp(x.copy())
        with pytest.raises(UnboundedError, match="copy first"):
            x[0] = 1
    x[0] = 0
    with shared():
        assert exp(x).value[0, 0] == 1
