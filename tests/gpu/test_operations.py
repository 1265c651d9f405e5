"""Every operation where arrays live on a device: each against the oracle.

Ours and PyTorch's on CUDA, where the session requires it; ours on devices that stand in
for it elsewhere: what is asked is the same, the target alone is another.
"""

import pytest
from equivalence import beyond
from equivalence.subjects import OURS, PYTORCHS
from equivalence.test_operations import named
from targets import STANDIN, STRICT, Devices

from scratchnet.testing import Target

FORMATS = ("float64", "float32", "float16", "bfloat16")
CUDA = [Target.named(f"torch:cuda:{form}") for form in FORMATS] * Devices.on_cuda()
#: How many examples: on CPUs other tests ask the same operations in full.
FEW, FULL = 10, 40
THEIRS = PYTORCHS | beyond.PYTORCHS
#: PyTorch leaves it to an assertion on the device to refuse a label, or a row, that is
#: none: no call of the process is answered after that, and no law could be asked.
LOOKUPS = ("nll", "cross_entropy", "embedding", "one_hot")
ASSERTED = {"what_does_not_fit_is_refused": "its refusal ends the use of the device"}


def everywhere(test):
    """On CUDA, or on what stands in for it: one of them in full, the others briefly."""
    if CUDA:
        return pytest.mark.verifies(*named(OURS), targets=CUDA)(test)
    briefly = [*STANDIN, *STRICT[1:]]
    test = pytest.mark.verifies(*named(OURS), targets=briefly, examples=FEW)(test)
    if STRICT:
        mark = pytest.mark.verifies(*named(OURS), targets=STRICT[:1], examples=FULL)
        test = mark(test)
    return test


@everywhere
def test_ours(law):
    law.holds_for(*OURS[law.operation.name])


if CUDA:  # On CPUs tests/equivalence asks them.

    @pytest.mark.verifies(
        *named(name for name in THEIRS if name not in LOOKUPS), targets=CUDA
    )
    @pytest.mark.verifies(*named(LOOKUPS), targets=CUDA, waive=ASSERTED)
    def test_pytorchs(law):
        law.holds_for(*THEIRS[law.operation.name])
