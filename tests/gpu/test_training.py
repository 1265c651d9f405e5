"""What equivalence/test_training.py claims, on CUDA."""

from equivalence.test_training import *  # noqa: F403
