"""Ours and PyTorch's on CUDA: every operation, each on its own against the oracle."""

import pytest
from equivalence import beyond
from equivalence.subjects import OURS, PYTORCHS
from equivalence.test_operations import named

from scratchnet.testing import Target

DTYPES = ("float64", "float32", "float16", "bfloat16")
TARGETS = [Target.named(f"torch:cuda:{dtype}") for dtype in DTYPES]
if reason := TARGETS[0].unavailable():
    # Collecting must not ask for a device that is not here.
    pytest.skip(reason, allow_module_level=True)

pytestmark = pytest.mark.cuda
THEIRS = PYTORCHS | beyond.PYTORCHS
#: PyTorch leaves it to an assertion on the device to refuse a label, or a row, that is
#: none: no call of the process is answered after that, and no law could be asked.
LOOKUPS = ("nll", "cross_entropy", "embedding", "one_hot")
ASSERTED = {"what_does_not_fit_is_refused": "its refusal ends the use of the device"}


#: Once for a data set, in float64: what a GPU would take longer for.
FITTED = {"nothing_is_computed_on_the_host": "it is fit on the host, by design"}


@pytest.mark.verifies(
    *named(name for name in OURS if name != "standardizer"), targets=TARGETS
)
@pytest.mark.verifies(*named(["standardizer"]), targets=TARGETS, waive=FITTED)
def test_ours(law):
    law.holds_for(*OURS[law.operation.name])


@pytest.mark.verifies(
    *named(name for name in THEIRS if name not in LOOKUPS), targets=TARGETS
)
@pytest.mark.verifies(*named(LOOKUPS), targets=TARGETS, waive=ASSERTED)
def test_pytorchs(law):
    law.holds_for(*THEIRS[law.operation.name])
