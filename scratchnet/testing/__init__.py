"""The harness: property-based verification of hand-written array operations.

It knows nothing of the pipeline, so that it serves anybody's code. Names are loaded
when they are first asked for: importing this package alone imports neither NumPy nor
Hypothesis. What is public, and where it lives, is listed once, in `__init__.pyi`; what
draws examples lives in `scratchnet.testing.strategies`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
