"""What equivalence/test_products.py claims, on CUDA."""

from equivalence.test_products import *  # noqa: F403
