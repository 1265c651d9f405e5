"""References for every operation of a neural net and its pullback, by name.

`REFERENCES["softmax"]` is the operation, `REFERENCES["softmax.pullback"]` its pullback.
Nothing here is shared with code under test: formulas as a textbook has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from scratchnet.testing.references import (
    activations,
    broadcasting,
    classification,
    cumulative,
    distances,
    extremes,
    gelu,
    logsumexp,
    lookups,
    losses,
    normalization,
    optimizers,
    probabilities,
    products,
    reductions,
    smooth,
    softmax,
    standardization,
    training,
    variance,
)
from scratchnet.testing.references.reference import Algorithm, Reference, listing

__all__ = ["REFERENCES", "Algorithm", "Reference", "listing"]

#: All references, by name.
REFERENCES: Mapping[str, Reference] = MappingProxyType(
    {
        each.name: each
        for module in (
            broadcasting,
            reductions,
            extremes,
            cumulative,
            variance,
            products,
            activations,
            smooth,
            gelu,
            softmax,
            logsumexp,
            classification,
            losses,
            distances,
            probabilities,
            lookups,
            standardization,
            normalization,
            optimizers,
            training,
        )
        for each in module.REFERENCES
    }
)
