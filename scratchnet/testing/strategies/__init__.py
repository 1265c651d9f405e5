"""What draws examples: shapes, values, layouts, and all that a net is given.

Names are loaded when they are first asked for, and Hypothesis with them. What is
public, and where it lives, is listed once, in `__init__.pyi`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
