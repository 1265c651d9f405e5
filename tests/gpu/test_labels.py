"""Wrong labels raise before anything is launched: a device outlives them."""

import subprocess
import sys

import numpy as np
import pytest
from targets import Devices

from scratchnet import cross_entropy, nll
from scratchnet.errors import ScratchnetError

#: What PyTorch leaves to an assertion on the device, under a law.
LOST = """
from scratchnet.testing import check, ops

def picked(x, labels):
    if labels.shape != x.shape[:-1] or labels.is_floating_point():
        raise ValueError("labels do not fit")
    return -x.gather(-1, labels[..., None]).mean()

report = check(
    picked,
    ops.nll.restrict(ranks=2),
    targets=["torch:cuda:float64"],
    laws=["what_does_not_fit_is_refused", "two_runs_agree"],
)
print(report)
print([result.verdict for result in report.results])
"""


@pytest.mark.parametrize("loss", [nll, cross_entropy])
@pytest.mark.parametrize("label", [3, -1, 10**6])
def test_a_wrong_label_leaves_the_device_as_it_was(target, loss, label):
    scores = target.array(np.zeros((2, 3)))
    wrong, right = target.array(np.array([0, label])), target.array(np.array([0, 2]))
    with pytest.raises(ScratchnetError, match="labels"):
        loss(scores, wrong)
    assert not target.lost()
    assert np.isfinite(float(loss(scores, right)))


@pytest.mark.skipif(not Devices.on_cuda(), reason="where CUDA is required")
def test_an_assertion_on_the_device_is_a_verdict():
    """In a process of its own, which answers no call after it."""
    ran = subprocess.run(
        [sys.executable, "-c", LOST], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1] == "['CRASHES']"
    assert "ended the use of the device" in ran.stdout
    assert "no more was asked" in ran.stdout
