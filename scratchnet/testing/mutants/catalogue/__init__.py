"""The planted bugs, a table for each stage: all of them by id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from scratchnet.errors import ArgumentError
from scratchnet.testing.mutants.catalogue import (
    activations,
    broadcasting,
    cross_entropy,
    devices,
    late,
    linear,
    loaders,
    log_softmax,
    losses,
    matrices,
    maxima,
    normalization,
    optimizers,
    products,
    reductions,
    regression,
    relu,
    remembering,
    selection,
    sgd,
    shuffling,
    softmax,
    standardize,
    standardizer,
    training,
    variance,
)
from scratchnet.testing.mutants.mutant import Mutant

_TABLES = (
    broadcasting.MUTANTS,
    reductions.MUTANTS,
    matrices.MUTANTS,
    linear.MUTANTS,
    products.MUTANTS,
    relu.MUTANTS,
    activations.MUTANTS,
    softmax.MUTANTS,
    log_softmax.MUTANTS,
    losses.MUTANTS,
    cross_entropy.MUTANTS,
    regression.MUTANTS,
    selection.MUTANTS,
    maxima.MUTANTS,
    variance.MUTANTS,
    standardize.MUTANTS,
    standardizer.MUTANTS,
    normalization.MUTANTS,
    remembering.MUTANTS,
    devices.MUTANTS,
    shuffling.MUTANTS,
    loaders.MUTANTS,
    sgd.MUTANTS,
    optimizers.MUTANTS,
    training.MUTANTS,
    late.MUTANTS,
)


def _by_id(mutants: Iterable[Mutant]) -> Mapping[str, Mutant]:
    found: dict[str, Mutant] = {}
    for each in mutants:
        if each.id in found:
            raise ArgumentError("mutants", f"id={each.id!r} twice", "required once")
        found[each.id] = each
    return MappingProxyType(found)


MUTANTS: Mapping[str, Mutant] = _by_id(each for table in _TABLES for each in table)
