"""What equivalence/test_activations.py claims, on CUDA."""

from equivalence.test_activations import *  # noqa: F403
