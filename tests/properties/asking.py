"""What subjects of these tests are made of."""

import json

import numpy as np
import pytest

from scratchnet.testing import (
    OPS,
    Algorithm,
    Op,
    Reference,
    check,
)
from scratchnet.testing.search import Search

quick = pytest.mark.usefixtures("first_found")
SINGLE = "numpy:float32"
NUMPY = ["numpy:float64"]
ORACLE = ["equals_the_oracle"]


@pytest.fixture
def first_found(monkeypatch):
    """The first example that breaks a law will do, however large it is."""
    monkeypatch.setattr(Search, "smallest", lambda *found: found[-1])


def reference(function):
    return Reference("mine", (Algorithm("mine", function),))


def twice(x):
    return 2 * x


DOUBLE = Op("double", "()->()", reference(twice))


def relu(x):
    return np.maximum(x, x.dtype.type(0))


def softmax(x, *, axis=-1):
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def too_large_above_one(x):
    return np.where(x > 1, x + 1, relu(x))


def of_the_lesson(x):
    """Over the rows of the batch."""
    e = np.exp(x)
    return e / e.sum(axis=0, keepdims=True)


def asked(subject, operation=OPS["relu"], *, laws=ORACLE, targets=NUMPY, **options):
    """A check of one law, unless others are asked for."""
    return check(subject, operation, laws=laws, targets=targets, **options)


def summary(report):
    return {
        (each.law.name, each.target): (
            each.verdict,
            each.finding.message,
            each.examples,
            each.compared,
            each.silent,
            repr(each.witness),
        )
        for each in report.results
    }


def strict_json(report):
    def refuse(token):
        raise AssertionError(f"{token} is no JSON")

    return json.loads(report.to_json(), parse_constant=refuse)
