"""What is drawn is what breaks code: floors under its shares, and how it shrinks."""

import re
from collections import Counter
from functools import cache

import numpy as np
import pytest
from drawing import drawn, smallest

from scratchnet.testing.strategies import (
    FAMILIES,
    GRID,
    MODERATE,
    arguments,
    contiguous,
    operand,
    operand_shapes,
    plan,
    values,
)

ELEMENTWISE, MATMUL = "(),()->()", "(m,k),(k,p)->(m,p)"
SIGNATURES = {ELEMENTWISE: 0, MATMUL: 2}
EXAMPLES = 1000


@cache
def cases(signature):
    return drawn(arguments(signature, library="numpy"), count=EXAMPLES)


def shapes_of(case):
    return tuple(x.shape for x in case.values)


def stretches(case, rank):
    """Whether an argument is repeated along an axis on which it has 1, or nothing."""
    loops = [shape[: len(shape) - rank] for shape in shapes_of(case)]
    result = np.broadcast_shapes(*loops)
    return any((1,) * (len(result) - len(x)) + x != result for x in loops)


def is_empty(case, _):
    return any(x.size == 0 for x in case.values)


def is_deep(case, _):
    return any(x.ndim >= 3 for x in case.values)


def has_gaps(case, _):
    return not all(x.flags.c_contiguous for x in case.arrays)


#: Least and most examples of a thousand, for elementwise operations and for matmul.
FLOORS = {
    stretches: {ELEMENTWISE: (330, 1000), MATMUL: (260, 1000)},
    is_empty: dict.fromkeys(SIGNATURES, (60, 250)),
    is_deep: dict.fromkeys(SIGNATURES, (250, 1000)),
    has_gaps: dict.fromkeys(SIGNATURES, (500, 1000)),
}


def shares(found, signature):
    """Which floors the cases miss, by what they are short of."""
    assert len(found) == EXAMPLES
    counts = {
        what: sum(what(case, SIGNATURES[signature]) for case in found)
        for what in FLOORS
    }
    families = Counter(case.family.name for case in found)
    missed = {
        what.__name__
        for what, count in counts.items()
        if count not in range(*FLOORS[what][signature])
    }
    missed |= {name for name in FAMILIES if families[name] not in range(50, 1000)}
    few = len(set(map(shapes_of, found))) not in range(300, EXAMPLES + 1)
    return missed | ({"shapes"} if few else set())


each_signature = pytest.mark.parametrize("signature", SIGNATURES)


@each_signature
def test_what_breaks_code_is_drawn_often(signature):
    assert shares(cases(signature), signature) == set()


BROKEN = {
    "loops never stretch": (plan, "ALIKE", 256, "stretches"),
    "nothing is empty": (plan, "EMPTY", 256, "is_empty"),
    "one axis is always empty": (plan, "EMPTY", 0, "is_empty"),
    "there are few loops": (
        plan,
        "depths",
        lambda _: (0,) * 200 + (1,) * 56,
        "is_deep",
    ),
    "all sides are 1": (plan, "sides", lambda *_: (1,) * 256, "shapes"),
    "nothing has gaps": (
        operand,
        "layouts_of",
        lambda *_, **__: (contiguous,),
        "has_gaps",
    ),
    "there is one family": (
        operand,
        "require_some",
        lambda _, families: (*families,)[:1],
        "ties",
    ),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_each_floor_is_missed_where_the_generator_is_broken(broken, monkeypatch):
    """The control, of elementwise operations: a floor that nothing misses is none."""
    module, name, replacement, missed = broken
    monkeypatch.setattr(module, name, replacement)
    found = drawn(arguments(ELEMENTWISE, library="numpy"), count=EXAMPLES)
    assert missed in shares(found, ELEMENTWISE)


@each_signature
def test_what_is_drawn_depends_on_the_seed_alone(signature):
    first, again, other = (
        [repr(x) for x in drawn(arguments(signature), count=50, start=start)]
        for start in (1, 1, 2)
    )
    assert first == again
    assert first != other


def anything(_):
    return True


def stretched(case):
    return case.values[0].ndim == case.values[1].ndim and stretches(case, 0)


def second_is_negative(case):
    return (case.values[1] < 0).any()


def has_a_half(case):
    x = case.values[0]
    return (np.isfinite(x) & (x != np.floor(x))).any()


def has_nan(case):
    return np.isnan(case.values[0]).any()


def first_has_gaps(case):
    return not case.arrays[0].flags.c_contiguous


def rows_differ(case):
    x = case.values[0]
    return x.shape[-2] > 1 and (np.floor(x[..., 0, :]) != np.floor(x[..., 1, :])).any()


def loops_differ_in_rank(shapes):
    return len(shapes[0]) > len(shapes[1])


def one_is_empty(shapes):
    return 0 in shapes[0]


ANY_TWO, PRODUCT = (
    arguments(ELEMENTWISE, library="numpy"),
    arguments(MATMUL, families=[MODERATE]),
)
TAME = arguments(ELEMENTWISE, families=[MODERATE, GRID])
WITNESSES = {
    anything: (ANY_TWO, "<moderate float64: contiguous(0.), contiguous(0.)>"),
    stretched: (ANY_TWO, "<moderate float64: contiguous([0., 0.]), contiguous([0.])>"),
    second_is_negative: (
        ANY_TWO,
        "<moderate float64: contiguous(0.), contiguous(-1.)>",
    ),
    has_a_half: (TAME, "<moderate float64: contiguous(0.5), contiguous(0.)>"),
    has_nan: (ANY_TWO, "<special float64: contiguous(nan), contiguous(0.)>"),
    first_has_gaps: (
        ANY_TWO,
        "<moderate float64: strided([0., 0.]), contiguous([0., 0.])>",
    ),
    rows_differ: (
        PRODUCT,
        "<moderate float64: contiguous([[1.], [0.]]), contiguous([[0.]])>",
    ),
    loops_differ_in_rank: (operand_shapes(MATMUL), "((1, 1, 1), (1, 1))"),
    one_is_empty: (operand_shapes(ELEMENTWISE), "((0,), (0,))"),
}


def written(example):
    """On one line, without the word array."""
    bare = re.sub(r"array\(([^()]*)\)", r"\1", repr(example))
    return " ".join(bare.split())


@pytest.mark.parametrize("start", range(2))
@pytest.mark.parametrize("wanted", WITNESSES, ids=lambda wanted: wanted.__name__)
def test_a_witness_is_the_smallest_and_always_the_same(wanted, start):
    strategy, expected = WITNESSES[wanted]
    assert written(smallest(strategy, wanted, start=start)) == expected


def test_many_elements_are_drawn_too_and_are_not_all_one():
    """Hypothesis' fill would make most of them the same."""
    (x,) = drawn(values((100, 100)), count=2)[1:]
    _, counts = np.unique(x, return_counts=True)
    assert counts.max() < x.size // 50
