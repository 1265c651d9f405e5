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


@pytest.mark.verifies(*named(OURS), targets=TARGETS)
def test_ours(law):
    law.holds_for(*OURS[law.operation.name])


@pytest.mark.verifies(*named(PYTORCHS | beyond.PYTORCHS), targets=TARGETS)
def test_pytorchs(law):
    law.holds_for(*(PYTORCHS | beyond.PYTORCHS)[law.operation.name])
