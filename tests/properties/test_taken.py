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

    assert libraries(softmax) == {"numpy"}


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
