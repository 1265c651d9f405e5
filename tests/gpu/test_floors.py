"""Floors are what the declarations ask: no law, operation or format is missing."""

import json
from collections import Counter

import pytest
from gpu import floors
from gpu.asked import COMPILED, CUDA, on_cuda, on_standins
from targets import STANDIN

from scratchnet.testing import devices

KEPT = json.loads(floors.FILE.read_text())
HERE, THERE = (devices.of_target(each[0]) for each in (STANDIN, CUDA))
ASKED = {HERE: on_standins, THERE: on_cuda}


def flat(examples):
    return {
        (operation, law, form): count
        for operation, laws in examples.items()
        for law, forms in laws.items()
        for form, count in forms.items()
    }


@pytest.mark.parametrize("device", ASKED)
def test_a_floor_is_kept_of_each_law_that_is_asked(device):
    """An operation or a law that is new, and one that is gone, are seen in review."""
    asked = {
        (operation.name, law.name, str(target).rpartition(":")[2])
        for operation, law, target, _ in floors.cells(ASKED[device](), device)
    }
    kept = flat(KEPT[device]["examples"])
    assert kept.keys() == asked, "run: python tests/gpu/floors.py"
    assert all(kept.values())


@pytest.mark.parametrize("name", ["softmax", "sgd"])
@pytest.mark.parametrize("device", ASKED)
def test_floors_are_half_of_what_is_drawn(device, name):
    expected = Counter()
    for operation, law, target, count in floors.cells(ASKED[device](), device):
        if operation.name == name and target != COMPILED:
            form = str(target).rpartition(":")[2]
            half = floors.drawn(operation, law, target, count) + 1
            expected[name, law.name, form] += half // 2
    kept = flat(KEPT[device]["examples"])
    assert expected.items() <= kept.items(), "run: python tests/gpu/floors.py"
    assert expected


def test_floors_are_kept_of_the_files_of_other_tests(request):
    """Of those that this session has collected, where it has collected all of them."""
    counts = Counter(
        item.nodeid.partition("::")[0]
        for item in request.session.items
        if HERE in devices.of_item(item) and "law" not in item.fixturenames
    )
    kept = {file: n for file, n in KEPT[HERE]["tests"].items() if file in counts}
    assert counts == kept, "run: python tests/gpu/floors.py"
    assert all((floors.ROOT / file).exists() for file in KEPT[HERE]["tests"])
