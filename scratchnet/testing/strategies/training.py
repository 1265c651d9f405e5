"""What training is given: hyper-parameters, networks and data sets, as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from scratchnet.testing.formats import Format, format_of
from scratchnet.testing.strategies.codes import ROOT, drawn_codes, octets
from scratchnet.testing.strategies.family import MODERATE, Family, require_families
from scratchnet.testing.strategies.label import Labels, classes_of
from scratchnet.testing.strategies.operand import Array
from scratchnet.testing.strategies.requirements import (
    require_count,
    require_flag,
    require_ordered,
    require_some,
    require_type,
)

#: Names and values, as `SGD(**...)` and `torch.optim.SGD` take them.
HyperParameters = dict[str, float | bool]

#: What each bit of a byte turns on.
_MOMENTUM, _NESTEROV, _DAMPENING, _DECAY, _MAXIMIZE, _DOUBLE = (
    1 << i for i in range(6)
)


def hyper_parameters(*, exact: bool = False) -> SearchStrategy[HyperParameters]:
    """Hyper-parameters of SGD that fit together, by the names of `torch.optim.SGD`.

    learning_rate 0 to 2, momentum and weight_decay 0 to 1, dampening -1 to 2, nesterov
    only with momentum and without dampening, maximize. exact: only 0 and powers of two
    from 1/8 on, so that a step on small integers rounds nothing. Shrinks to a learning
    rate of 1 and nothing else.
    """
    require_flag("hyper_parameters", exact=exact)
    return octets(5).map(lambda drawn: hyper_parameters_of(drawn, exact=exact))


def _power(byte: int) -> float:
    return 0.5 ** (byte % 4)


def _share(byte: int) -> float:
    return 1 - byte / 256


def hyper_parameters_of(drawn: bytes, /, *, exact: bool) -> HyperParameters:
    """The hyper-parameters that five bytes stand for."""
    part = _power if exact else _share
    on, rate, momentum, dampening, decay = drawn
    nesterov = on & _MOMENTUM > 0 and on & _NESTEROV > 0
    scale = 1 + (on & _DOUBLE > 0) if rate < 240 else 0
    # Below 0 and above 1 is odd, but torch.optim.SGD takes it.
    damped = part(dampening) * (-1) ** (dampening >> 7) * 2.0 ** (dampening >> 6 & 1)
    return {
        "learning_rate": part(rate) * scale,
        "momentum": part(momentum) if on & _MOMENTUM else 0.0,
        "dampening": damped if on & _DAMPENING and not nesterov else 0.0,
        "nesterov": nesterov,
        "weight_decay": part(decay) if on & _DECAY else 0.0,
        "maximize": on & _MAXIMIZE > 0,
    }


def fitted(drawn: HyperParameters, given: Mapping[str, Any], /) -> dict[str, Any]:
    """The drawn hyper-parameters with those that are given, which the others fit."""
    hyper: dict[str, Any] = {**drawn, **given}
    # Nesterov's step is one with momentum, and without dampening.
    if given.get("nesterov"):
        fitting = {"momentum": hyper["momentum"] or 1.0, "dampening": 0.0}
        return {**hyper, **fitting, **given}
    fits = bool(hyper["momentum"]) and not hyper["dampening"]
    return {**hyper, "nesterov": hyper["nesterov"] and fits, **given}


@dataclass(frozen=True)
class Network:
    """A fully connected net: sizes of inputs, hidden layers and outputs, and the name
    of the activation after each layer but the last."""

    sizes: tuple[int, ...]
    activations: tuple[str, ...]


def networks(
    *,
    activations: Iterable[str] = ("relu", "sigmoid", "leaky_relu", "elu"),
    max_hidden: int = 2,
    max_size: int = 4,
    least_outputs: int = 1,
) -> SearchStrategy[Network]:
    """Networks of up to max_hidden hidden layers, all sizes 1 to max_size.

    activations: the names to choose from for each hidden layer, whatever they mean to
    the net under test; the first is the simplest. Shrinks to one layer of the smallest
    sizes. Raises ArgumentError where no activation is left, and where least_outputs is
    above max_size, ArgumentTypeError for a single name and for what is none.
    """
    where = "networks"
    names = require_some(where, activations=activations)
    for name in names:
        require_type(where, str, "the name of an activation", activation=name)
    require_count(where, 0, max_hidden=max_hidden)
    require_count(where, 1, max_size=max_size, least_outputs=least_outputs)
    require_ordered(where, least_outputs=least_outputs, max_size=max_size)

    def network(drawn: bytes) -> Network:
        hidden = drawn[0] % (max_hidden + 1)
        ends = 1 + drawn[1] % max_size, drawn[2] % (max_size - least_outputs + 1)
        between = drawn[len(drawn) - 2 * hidden :]
        sizes = (1 + byte % max_size for byte in between[:hidden])
        chosen = tuple(names[byte % len(names)] for byte in between[hidden:])
        return Network((ends[0], *sizes, least_outputs + ends[1]), chosen)

    return octets(3 + 2 * max_hidden).map(network)


@dataclass(frozen=True)
class DataSet:
    """Rows of features, (n, f), a class for each, (n,), and the rows of a batch."""

    rows: Array
    labels: Labels
    batch_size: int


def data_sets(
    *,
    features: int | None = None,
    classes: int = 3,
    max_rows: int = 8,
    family: Family = MODERATE,
    dtype: Any = "float64",
) -> SearchStrategy[DataSet]:
    """Data sets of 1 to max_rows rows, batch sizes 1 to one more than there are rows.

    features: so many, or 1 to 4. Batches often leave a remainder, which is where
    loaders go wrong. Shrinks to one row. Raises ArgumentError for no rows, features or
    classes.
    """
    where = "data_sets"
    require_count(where, 1, classes=classes, max_rows=max_rows)
    require_count(where, 1, features=1 if features is None else features)
    require_families(where, family)
    form = format_of(dtype, where=where)

    return _data_sets(features, classes, max_rows, family, form)


@st.composite
def _data_sets(
    draw: DrawFn,
    features: int | None,
    classes: int,
    max_rows: int,
    family: Family,
    form: Format,
) -> DataSet:
    # In one draw: Hypothesis swaps draws of a kind, and these would not fit.
    head = draw(octets(3 + 2 * ROOT))
    count = 1 + head[0] % max_rows
    width = 1 + head[1] % 4 if features is None else features
    numbers = drawn_codes(draw, head[3 : 3 + ROOT], (count, width))
    chosen = drawn_codes(draw, head[3 + ROOT :], (count,))
    return DataSet(
        family.values(numbers, form),
        classes_of(chosen, classes),
        1 + head[2] * (count + 1) // 256,
    )
