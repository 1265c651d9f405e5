"""A neural net from scratch, and property-based verification of hand-written arrays.

Names are loaded when they are first asked for: importing this costs nothing, and
neither PyTorch nor Hypothesis is imported before it is needed. What is public, and
where it lives, is listed once, in `__init__.pyi`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
