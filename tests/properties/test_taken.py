"""What a subject takes is seen before it is asked: libraries, cotangents, steps."""

from functools import partial

import numpy as np
import pytest

import scratchnet
from scratchnet.errors import ArgumentError
from scratchnet.testing import adapted, check, ops
from scratchnet.testing.adapters import libraries
from scratchnet.testing.binding import bind, fewer_cotangents

# Which library it is written for.


def of_numpy(x):
    return x.var(axis=-1) + np.zeros(())


def of_any(x):
    return x.var(axis=-1)


def of_tensors(x):
    # An attribute of a name that stands for something else here.
    return x.of_numpy(-1)


def by_helper(x):
    return of_numpy(x)


class OfNumpy:
    def forward(self, x):
        return of_numpy(x)


def test_the_names_in_code_tell_what_it_is_written_for():
    for subject in (of_numpy, by_helper, OfNumpy, OfNumpy(), partial(of_numpy)):
        assert libraries(subject) == {"numpy"}
    for subject in (of_any, of_tensors, scratchnet.softmax, int, None):
        assert libraries(subject) == frozenset()


def test_a_library_that_is_imported_inside_tells_as_well():
    def softmax(x):
        import numpy

        return numpy.exp(x)

    def norm(x):
        import torch.nn.functional

        return torch.nn.functional.normalize(x) / np.sqrt(2)

    assert libraries(softmax) == {"numpy"}
    assert libraries(norm) == {"numpy", "torch"}


def test_a_refusal_of_some_arrays_leaves_no_target_out():
    def of_few(x, *, axis=-1):
        if x.dtype == np.float64 and x.shape[axis] == 3:
            raise ValueError("three")
        return scratchnet.softmax(x, axis=axis)

    bound = bind(of_few, ops.softmax)
    assert {"numpy:float64", "numpy:float32"} <= {str(each) for each in bound.targets}


def test_an_attribute_that_arrays_lack_leaves_their_library_out():
    pytest.importorskip("torch")

    def of_copies(x, *, axis=-1):
        return scratchnet.softmax(x.copy() if axis == -1 else x, axis=axis)

    assert {each.library for each in bind(of_copies, ops.softmax).targets} == {"numpy"}


def test_code_of_one_library_is_asked_on_it_alone():
    """That tensors have a method of the same name does not make them meant."""
    pytest.importorskip("torch")
    bound = bind(of_numpy, ops.var, libraries=libraries(of_numpy))
    assert {each.library for each in bound.targets} == {"numpy"}
    assert "torch: not written for it; --targets asks all the same" in bound.untested
    assert {each.library for each in bind(of_any, ops.var).targets} == {
        "numpy",
        "torch",
    }


# Ways back of fewer arguments, or of none.


class MeanSquares:
    def __call__(self, x, t):
        self.x, self.t = x, t
        return np.mean((x - t) ** 2)

    def backward(self):
        return 2 * (self.x - self.t) / self.x.size


def test_a_backward_without_a_cotangent_is_of_1_and_its_targets_are_constants():
    found = adapted(MeanSquares, ops.mse)
    options = {"vjp": found.vjp, "targets": ["numpy:float64"]}
    assert fewer_cotangents(bind(found.function, ops.mse, **options)) == 1
    narrowed = ops.mse.restrict(cotangents=1, empty=False)
    laws = ["gradients_equal_the_oracle", "pullbacks_are_derivatives"]
    report = check(found.function, narrowed, laws=laws, examples=20, **options)
    assert report.ok, str(report)

    class Halved(MeanSquares):
        def backward(self):
            return (self.x - self.t) / self.x.size

    found = adapted(Halved, ops.mse)
    options["vjp"] = found.vjp
    report = check(found.function, narrowed, laws=laws, examples=20, **options)
    assert {each.verdict for each in report.results} == {"WRONG"}


def test_a_cotangent_that_is_forgotten_is_a_verdict():
    """That of a weight is no constant's, whatever the pullback gives."""

    def vjp(x, weight, bias=0):
        return x @ weight.T + bias, lambda g: (g @ weight,)

    def linear(x, weight, bias=0):
        return vjp(x, weight, bias)[0]

    options = {"vjp": vjp, "targets": ["numpy:float64"]}
    assert fewer_cotangents(bind(linear, ops.linear, **options)) == 0
    laws = ["gradients_equal_the_oracle"]
    report = check(linear, ops.linear, laws=laws, examples=10, **options)
    assert {each.verdict for each in report.results} == {"MISPLACED"}


def test_an_operation_has_no_fewer_cotangents_than_one():
    for operation, count in ((ops.argmax, 1), (ops.mse, 0)):
        with pytest.raises(ArgumentError, match="cotangents"):
            operation.restrict(cotangents=count)


# A step of a single array.


class Single:
    def __init__(self, lr, momentum=0.0):
        self.lr, self.momentum, self.v = lr, momentum, 0

    def step(self, w, dw):
        self.v = self.momentum * self.v + dw
        return w - self.lr * self.v


def test_a_step_of_one_array_has_an_object_for_each():
    found = adapted(Single, ops.optimizer)
    options = {"targets": ["numpy:float64"], "examples": 20, "waive": found.waived}
    assert check(found.function, ops.optimizer, **options).ok


# Arguments of its own.


def scaled(x, scale):
    return x * scale


def scaled_back(g, x, scale):
    return g * scale * (x == x)


class Scaled:
    def __init__(self, offset):
        self.offset = offset

    def forward(self, x, scale):
        self.scale = scale
        return np.maximum(x, 0) * scale + self.offset

    def backward(self, g):
        return g * self.scale


def test_arguments_of_its_own_are_given_to_the_way_back_and_to_constructors():
    g, x = np.ones(3), np.arange(3.0)
    found = adapted(scaled, ops.relu, pullback=scaled_back, given={"scale": 2.0})
    y, back = found.vjp(x)
    assert (y.tolist(), back(g).tolist()) == ([0, 2, 4], [2, 2, 2])
    found = adapted(Scaled, ops.relu, given={"scale": 2.0, "offset": 1.0})
    y, back = found.vjp(x)
    assert found.function(x).tolist() == y.tolist() == [1, 3, 5]
    assert back(g).tolist() == [2, 2, 2]
