"""Adversarial inputs: numbers of one kind in one format, and shapes to fill.

Rounding, cancellation, underflow, overflow, infinities and NaN each have a kind that
aims at them. Sizes are mostly small, since cases are cheap then, and seldom large.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import log10, prod
from typing import Any

import numpy as np

from scratchnet.testing import Format

Reals = np.ndarray[Any, Any]
Shape = tuple[int, ...]
Generator = np.random.Generator

#: NumPy's dtype for each format; bfloat16 travels as float32 with 16 zero bits.
CARRIERS = {
    "float16": np.float16,
    "bfloat16": np.float32,
    "float32": np.float32,
    "float64": np.float64,
}


def normal(rng: Generator, form: Format, shape: Shape) -> Reals:
    """Of size 1: what tightness is measured on."""
    del form
    return rng.normal(size=shape)


def wide(rng: Generator, form: Format, shape: Shape) -> Reals:
    """Over six tenths of the exponents: products may overflow and underflow."""
    top = 0.3 * log10(form.largest)
    return rng.choice([-1, 1], shape) * 10 ** rng.uniform(-top, top, shape)


def cancelling(rng: Generator, form: Format, shape: Shape) -> Reals:
    """Half of the numbers are the others', negated, but for up to four ulps."""
    flat = rng.normal(size=prod(shape)) * 10 ** rng.uniform(0, 2)
    half = flat.size // 2
    ulps = form.unit_roundoff * rng.integers(-4, 5, half)
    flat[half : 2 * half] = -flat[:half] * (1 + ulps)
    rng.shuffle(flat)
    return flat.reshape(shape)


def subnormal(rng: Generator, form: Format, shape: Shape) -> Reals:
    """About the smallest normal number and below."""
    scale = 2.0 ** rng.uniform(-form.precision, 3, shape)
    return rng.choice([-1, 1], shape) * form.smallest_normal * scale


def edge(rng: Generator, form: Format, shape: Shape) -> Reals:
    """The largest number and its parts: sums and products overflow, or just do not."""
    part = rng.choice([1, 0.5, 0.25, 1e-3, 0], shape)
    return rng.choice([-1, 1], shape) * form.largest * part


def infinite_rows(rng: Generator, form: Format, shape: Shape) -> Reals:
    """Masked scores: some -inf, some rows nothing but -inf."""
    del form
    x = np.where(rng.random(shape) < 0.3, -np.inf, rng.normal(size=shape) * 5)
    if len(shape) > 1:
        x[rng.random(shape[:-1]) < 0.2] = -np.inf
    return x


def special(rng: Generator, form: Format, shape: Shape) -> Reals:
    """NaN, infinities, zeros of both signs, the ends of the format."""
    ends = [form.smallest_normal, form.largest, form.smallest_subnormal]
    return rng.choice([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, *ends], shape)


def large_mean(rng: Generator, form: Format, shape: Shape) -> Reals:
    """A deviation of 1 about a mean of up to 1000: what variances lose digits on."""
    del form
    return 10 ** rng.uniform(0, 3) * rng.choice([-1, 1]) + rng.normal(size=shape)


def integer(rng: Generator, form: Format, shape: Shape) -> Reals:
    """Small integers: often nothing has to round, and the bound is 0."""
    del form
    return rng.integers(-8, 9, shape).astype(np.float64)


def constant(rng: Generator, form: Format, shape: Shape) -> Reals:
    """One number everywhere: roundings do not average out."""
    del form
    return np.full(shape, rng.normal())


def logits(rng: Generator, form: Format, shape: Shape) -> Reals:
    """Up to hundreds: exponentials overflow without a shift and underflow with one."""
    del form
    return rng.normal(size=shape) * 10 ** rng.uniform(0, 2.5)


KINDS: Mapping[str, Callable[[Generator, Format, Shape], Reals]] = {
    each.__name__: each
    for each in (
        *(normal, wide, cancelling, subnormal, edge, infinite_rows, special),
        *(large_mean, integer, constant, logits),
    )
}


def rounded(x: Reals, form: Format) -> Reals:
    """x in the format, in NumPy's dtype for it."""
    with np.errstate(all="ignore"):
        near = form.rounded(x) if form.name == "bfloat16" else x
        return np.asarray(near).astype(CARRIERS[form.name])


@dataclass
class Draw:
    """The inputs of one case, drawn: numbers of a kind, mostly, in a format.

    largest: what limits every side; a false alarm is looked for again among small ones.
    """

    rng: Generator
    form: Format
    kind: str
    largest: int = 10**5

    def numbers(self, *shape: int, kind: str = "") -> Reals:
        """Of the kind of this case, or of another, where it is given."""
        drawn = KINDS[kind or self.kind](self.rng, self.form, shape)
        return rounded(np.asarray(drawn), self.form)

    def others(self, *shape: int) -> Reals:
        """A second operand: sometimes an ordinary one."""
        return self.numbers(*shape, kind="" if self.chance(0.7) else "normal")

    def chance(self, p: float) -> bool:
        """True with this probability."""
        return bool(self.rng.random() < p)

    def integer(self, low: int, high: int) -> int:
        """Between low and high, both included; neither above `largest`."""
        high = max(low, min(high, self.largest))
        return int(self.rng.integers(low, high + 1))

    def one_of(self, *choices: Any) -> Any:
        """One of the choices."""
        return choices[int(self.rng.integers(len(choices)))]

    def length(self, low: int = 1, high: int = 10**5) -> int:
        """A side that is summed over: mostly short, one in a thousand 10^4 and more."""
        p = self.rng.random()
        ends = [(low, 8), (9, 100), (100, 2000), (10**4, 10**5)]
        least, most = ends[int(np.searchsorted([0.6, 0.97, 0.999], p))]
        return self.integer(min(least, high, self.largest), min(most, high))

    def shape(self) -> Shape:
        """Up to three sides, seldom one of 0."""
        sides = (self.integer(1, 6) for _ in range(self.integer(0, 3)))
        return tuple(0 if self.chance(0.02) else side for side in sides)

    def stretched(self, shape: Shape) -> Shape:
        """A shape that broadcasts to this one."""
        kept = shape[self.integer(0, len(shape)) if shape else 0 :]
        return tuple(1 if self.chance(0.3) else side for side in kept)


@dataclass(frozen=True)
class Case:
    """The inputs of an operation, its options, and the format of its numbers."""

    form: Format
    inputs: tuple[Any, ...]
    options: dict[str, Any] = field(default_factory=dict)

    def with_inputs(self, *inputs: Any) -> Case:
        """The same options, other inputs."""
        return Case(self.form, inputs, self.options)

    @cached_property
    def tensors(self) -> Case:
        """The same of PyTorch's tensors, in the format itself."""
        options = {key: as_tensor(x, self.form) for key, x in self.options.items()}
        inputs = tuple(as_tensor(x, self.form) for x in self.inputs)
        return Case(self.form, inputs, options)


def as_tensor(x: Any, form: Format) -> Any:
    """An array as a tensor: of the format where it holds numbers; all else as it is."""
    import torch

    if not isinstance(x, np.ndarray):
        return x
    tensor = torch.tensor(x)
    return tensor.to(getattr(torch, form.name)) if x.dtype.kind == "f" else tensor
