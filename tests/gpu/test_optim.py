"""What equivalence/test_optim.py claims, on CUDA."""

from equivalence.test_optim import *  # noqa: F403
