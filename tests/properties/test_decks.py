"""What laws are asked of is what breaks code: floors under the shares of a deck."""

from collections import Counter
from importlib import import_module

import numpy as np
import pytest

from scratchnet.testing import FLOAT64, OPS
from scratchnet.testing.cases import deck
from scratchnet.testing.strategies import contiguous, plan

EXAMPLES = 1000
#: The package has a function of this name.
drawing = import_module("scratchnet.testing.cases")
PRODUCT = OPS["matvec"]


def loops(case):
    a, x = (each.shape for each in case.arrays)
    return a[:-2], x[:-1]


def stretches(case):
    """Whether an argument is repeated along a loop dimension."""
    result = np.broadcast_shapes(*loops(case))
    return any((1,) * (len(result) - len(x)) + x != result for x in loops(case))


def is_empty(case):
    return any(x.size == 0 for x in case.arrays)


def is_deep(case):
    return any(x.ndim >= 3 for x in case.arrays)


def has_gaps(case):
    return any(layout is not contiguous for layout in case.layouts)


def is_long(case):
    return any(side > case.op.max_side for x in case.arrays for side in x.shape)


#: Least and most examples of a thousand.
FLOORS = {
    stretches: (260, 1000),
    is_empty: (60, 250),
    is_deep: (250, 1000),
    has_gaps: (500, 1000),
    is_long: (50, 250),
}


def missed(found):
    """What there is too little of, or too much."""
    assert len(found) == EXAMPLES
    few = {
        what.__name__
        for what, share in FLOORS.items()
        if sum(map(what, found)) not in range(*share)
    }
    families = Counter(case.family.name for case in found)
    few |= {x.name for x in PRODUCT.families if families[x.name] < EXAMPLES // 20}
    shapes = {tuple(x.shape for x in case.arrays) for case in found}
    return few | ({"shapes"} if len(shapes) < 300 else set())


def test_laws_are_asked_of_what_breaks_code():
    assert missed(deck(PRODUCT, FLOAT64, EXAMPLES, 0)) == set()


def test_elementwise_operations_are_asked_of_many_elements():
    """More than the longest vector has."""
    many = [each for each in deck(OPS["tanh"], FLOAT64, EXAMPLES, 0) if is_many(each)]
    assert len(many) >= EXAMPLES // 20
    vectors = deck(OPS["tanh"].restrict(ranks=(0, 1)), FLOAT64, EXAMPLES, 0)
    assert not any(map(is_many, vectors))


def is_many(case):
    return any(x.size > 40 for x in case.arrays)


BROKEN = {
    "loops never stretch": (plan, "ALIKE", 256, "stretches"),
    "nothing is empty": (plan, "EMPTY", 256, "is_empty"),
    "one axis is always empty": (plan, "EMPTY", 0, "is_empty"),
    "there are few loops": (plan, "depths", lambda _: (0,) * 250 + (1,) * 6, "is_deep"),
    "all sides are 1": (plan, "sides", lambda *_: (1,) * 256, "shapes"),
    "nothing has gaps": (drawing, "_LYING", (contiguous,), "has_gaps"),
    "nothing is long": (drawing, "LONG", 256, "is_long"),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_each_floor_is_missed_where_the_deck_is_broken(broken, monkeypatch):
    """The control: a floor that nothing misses is none."""
    module, name, replacement, short = BROKEN[broken]
    monkeypatch.setattr(module, name, replacement)
    found = deck.__wrapped__(PRODUCT, FLOAT64, EXAMPLES, 0)
    assert short in missed(found)


def test_one_family_alone_is_missed():
    few = PRODUCT.of_families(("moderate",))
    assert "ties" in missed(deck(few, FLOAT64, EXAMPLES, 0))
