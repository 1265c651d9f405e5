"""What a session says at its end is what its tests left, added up."""

import re

from scratchnet.testing.summary import lines


def told(operation, test, target, **found):
    return {
        "operation": operation,
        "test": f"tests/test_it.py::{test}",
        "law": "equals_the_oracle",
        "target": target,
        "untested": [],
        "held": True,
        "ratio": 0.5,
        "examples": 100,
        "compared": 300,
        "silent": 100,
        "seconds": 1.5,
        **found,
    }


OURS = told("relu", "test_ours", "numpy:float64")
HALF = told("relu", "test_ours", "numpy:float16", ratio=0.75, examples=25, silent=0)
THEIRS = told("relu", "test_theirs", "numpy:float32", examples=50, held=False)
TANH = told("tanh", "test_ours", "numpy:float32", ratio=None, examples=50)


def table(*left):
    return [re.split(r"  +", line.strip()) for line in lines(left)]


def test_a_line_has_the_largest_error_the_share_of_silence_and_all_seconds():
    _, row, every = table(OURS, HALF)
    assert row == ["relu", "2 of 2", "0.75", "14.3%", "125", "100", "600", "3.0"]
    assert every == ["in all", *row[1:]]


def test_the_fewest_examples_are_of_float64_where_it_was_asked():
    assert table(OURS, HALF)[1][5] == "100"
    assert table(HALF)[1][5] == "25"
    assert table(THEIRS)[1][5] == "-"


def test_what_several_tests_hold_to_an_operation_stands_side_by_side():
    _, *rows = table(THEIRS, OURS, TANH)
    names = ["relu test_ours", "relu test_theirs", "tanh", "in all"]
    assert [row[0] for row in rows] == names
    assert [row[1] for row in rows] == ["1 of 1", "0 of 1", "1 of 1", "2 of 3"]


def test_an_error_without_bound_is_the_largest():
    assert table(OURS, TANH)[-1][2] == "inf"
