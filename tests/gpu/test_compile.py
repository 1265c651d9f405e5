"""What equivalence/test_compile.py claims, on CUDA."""

import pytest
from equivalence.test_compile import (  # noqa: F401 - tests, and what they take
    compiled_run,
    test_a_resumed_run_compiles_to_the_same_bits,
    test_each_compiled_step_is_within_and_the_eager_one_too,
    test_full_and_short_batches_take_a_graph_each,
    training,
)

pytestmark = pytest.mark.device("cuda")


@pytest.fixture(scope="module")
def device():
    return "cuda"
