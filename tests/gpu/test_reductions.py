"""What equivalence/test_reductions.py claims, on CUDA."""

from equivalence.test_reductions import *  # noqa: F403
