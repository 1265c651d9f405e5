"""What equivalence/test_layers.py claims, on CUDA."""

from equivalence.test_layers import *  # noqa: F403
