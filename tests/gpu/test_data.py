"""What equivalence/test_data.py claims, on CUDA."""

from equivalence.test_data import *  # noqa: F403
