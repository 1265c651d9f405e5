"""What equivalence/test_broadcasting.py claims, on CUDA."""

from equivalence.test_broadcasting import *  # noqa: F403
