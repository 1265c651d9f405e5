"""Planted bugs: evidence that every law can fail, and finds what it is there for.

`MUTANTS` holds all of them by id. A mutant is correct code with one fault, told by what
differs in the source; it names the law that must kill it. Neither strategies nor laws
know of them: they are killed by what is drawn for everybody's code.
"""

from scratchnet.testing.mutants.asking import kill_matrix
from scratchnet.testing.mutants.catalogue import MUTANTS
from scratchnet.testing.mutants.matrix import Matrix
from scratchnet.testing.mutants.mutant import Mutant

__all__ = ["MUTANTS", "Matrix", "Mutant", "kill_matrix"]
