"""What equivalence/test_losses.py claims, on CUDA."""

from equivalence.test_losses import *  # noqa: F403
