"""The campaign of benchmarks/bounds, briefly: no correct result is out of its bound."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks" / "bounds"
sys.path.insert(0, str(FOLDER))

import campaign  # noqa: E402
import grid  # noqa: E402
import planted  # noqa: E402
from subjects import on_numpy  # noqa: E402

from scratchnet.testing import REFERENCES  # noqa: E402

CAPS = json.loads(campaign.CAPS.read_text())
#: Implementations that are wrong, each by little.
WRONG = {
    "softmax": lambda x, axis: _powers(x) / (_powers(x).sum(axis)[..., None] + 1e-12),
    "sum": lambda x, **options: np.sum(x, **options) * (1 + 1e-15),
    "sigmoid": lambda x: 1 / (1.0000001 + np.exp(-x)),
    "matmul": lambda a, b: a.astype(np.float32) @ b.astype(np.float32),
    "sine.pullback": lambda g, x: (g * np.sin(x),),
}


def _powers(x):
    return np.exp(x - x.max(-1)[..., None])


@pytest.fixture(scope="module")
def report():
    return campaign.run(cases=campaign.SUITE)


def test_no_correct_result_is_outside_its_bound(report):
    # Without PyTorch there are fewer implementations.
    assert report.checks >= (20_000 if campaign.torch else 7_000)
    assert not report.alarms, "\n\n".join(map(str, report.alarms))


def test_every_cell_is_visited(report):
    assert not [cell for cell, tally in report.cells.items() if tally.checks == 0]


def test_every_reference_is_held_against_something():
    assert REFERENCES.keys() <= {each.name for each in campaign.SUBJECTS}


def test_no_more_is_left_unsaid_than_the_caps_allow(report):
    """Caps fall where bounds get sharper (`campaign.py --caps`). None rises but where
    an algorithm was missing, whose results differ: `x - logsumexp(x)` of +inf was one.

    They belong to the cases drawn with PyTorch, whose cells share the same oracles.
    """
    pytest.importorskip("torch")
    shares = report.vacuous()
    assert shares.keys() <= CAPS.keys()
    assert {key: x for key, x in shares.items() if x > CAPS[key]} == {}
    assert report.caps(dict.fromkeys(CAPS, 0.0)) == dict.fromkeys(shares, 0.0)


def test_the_documents_name_every_operation_and_every_bug():
    """What `--write` made of them, and that it was the whole."""
    docs = campaign.TIGHTNESS.parent
    tightness = (docs / "tightness.md").read_text()
    assert "; 0 false alarms; " in tightness
    assert not [x for x in campaign.SUBJECTS if f"| {x.name} |" not in tightness]
    detection = (docs / "detection.md").read_text()
    bugs = [*planted.ORDINARY, *planted.SMALL, *grid.GRID]
    assert not [name for name in bugs if f"| {name} |" not in detection]


@pytest.mark.parametrize("name", WRONG)
def test_a_planted_bug_is_found_and_its_smallest_case_shown(name):
    """The control: a campaign that could not find anything would always pass."""
    (subject,) = (each for each in campaign.SUBJECTS if each.name == name)
    planted = {"NumPy, planted": on_numpy(WRONG[name])}
    subject = replace(subject, implementations=planted)
    report = campaign.run(checks=200, seed=0, subjects=[subject])
    found = [alarm for alarm in report.alarms if alarm.cell[1] == "float64"]
    assert found
    assert min(alarm.case.inputs[0].size for alarm in found) <= 32
    assert "np.array(" in str(found[0])
