"""Adapters: code as people write it, as a function of an operation's arguments.

A layer with `forward` and `backward`, a module or an autograd.Function of PyTorch, an
optimiser that is an object, a function that yields batches: each is called as the
operation is, by what is told here, and nothing of it has to change.
"""

from scratchnet.testing.adapters.adapting import Adapted, adapted
from scratchnet.testing.adapters.libraries import libraries

__all__ = ["Adapted", "adapted", "libraries"]
