"""Shapes that fit together, as a plan: one byte for each decision.

A whole plan is one draw of Hypothesis, since each draw costs as much as running a small
operation. Every byte shrinks to 0 on its own, and 0 is always the simplest decision:
no loop dimensions, the smallest sides, nothing empty, stretched or missing.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from scratchnet.testing.strategies.signature import Shape, Signature

#: An empty axis is allowed in 1 of 6 plans, and is then the only one.
EMPTY = 256 - 256 // 6
#: In half of those it is one that is summed over, where there is one: the result is
#: not empty then.
SUMMED = 2
#: In 1 of 4 plans with several arguments their loop dimensions are the same.
ALIKE = 256 // 4
#: In half of the others an argument loses axes from the left.
CUT = 128
#: In half of the plans no optional dimension is missing.
WHOLE = 128


@cache
def _table(weights: tuple[float, ...]) -> tuple[int, ...]:
    """What each byte stands for: an index into the weights, in ascending order."""
    sums = list(accumulate(weights))
    return tuple(bisect(sums, (byte + 0.5) / 256 * sums[-1]) for byte in range(256))


@cache
def sides(least: int, most: int) -> tuple[int, ...]:
    """Sides for each byte: about a fifth of them 1, and large ones thinly."""
    weights = tuple(1 / (side if side > 1 else 3) for side in range(least, most + 1))
    return tuple(least + i for i in _table(weights))


@cache
def even_sides(least: int, most: int) -> tuple[int, ...]:
    """Sides for each byte: each as likely as another."""
    return tuple(least + i for i in _table((1.0,) * (most + 1 - least)))


@cache
def depths(dims: tuple[int, ...]) -> tuple[int, ...]:
    """Numbers of loop dimensions for each byte: more are likelier, none is not rare."""
    return tuple(dims[i] for i in _table(tuple(1.5 + each for each in dims)))


@dataclass(frozen=True)
class Planner:
    """Reads plans for one signature, within limits.

    dims: the numbers of loop dimensions to choose from, in ascending order.
    at_least: the smallest side of core dimensions by name, where it is not 0.
    empty: whether an axis may be empty. complete: whether no optional one is missing.
    batched: how many arguments, from the first one on, have loop dimensions; None: all.
    even: whether long sides are as likely as short ones.
    """

    signature: Signature
    max_side: int
    dims: tuple[int, ...]
    at_least: Mapping[str, int]
    empty: bool = True
    complete: bool = False
    batched: int | None = None
    even: bool = False

    @property
    def max_dims(self) -> int:
        """The largest number of loop dimensions."""
        return self.dims[-1]

    @property
    def length(self) -> int:
        """How many bytes a plan has."""
        cores = len(self.signature.names)
        return 5 + self.max_dims + cores + 2 * len(self.signature.inputs)

    def shapes(self, plan: bytes, /) -> tuple[Shape, ...]:
        """The shapes of the arguments, by this plan."""
        byte = iter(plan)
        gate, which, dims = next(byte), next(byte), depths(self.dims)[next(byte)]
        missing = self._missing(next(byte))
        present = [name for name in self.signature.names if name not in missing]
        inputs = self.signature.inputs
        full = [
            missing.isdisjoint(core) and (self.batched is None or i < self.batched)
            for i, core in enumerate(inputs)
        ]
        loop = [self._side(1, next(byte)) for _ in range(self.max_dims)]
        # From the right, as bytes are sorted: the last axis is the one that remains.
        loop = loop[self.max_dims - dims * any(full) :]
        cores = {name: self._core(name, next(byte)) for name in self.signature.names}
        if gate >= EMPTY and self.empty:
            self._empty(which, loop, cores, present)
        loops = iter(_stretched(tuple(loop), sum(full), byte))
        return tuple(
            (next(loops) if whole else ())
            + tuple(
                int(n) if n.isdigit() else cores[n] for n in core if n not in missing
            )
            for core, whole in zip(self.signature.inputs, full, strict=True)
        )

    def _empty(
        self, which: int, loop: list[int], cores: dict[str, int], present: list[str]
    ) -> None:
        """Make one axis empty: one of the loop, or a core dimension that is here."""
        names = [name for name in present if not self.at_least.get(name)]
        summed = [name for name in names if name in self.signature.summed]
        if summed and which % SUMMED:
            loop, names = [], summed
        axis = which // SUMMED % max(1, len(loop) + len(names))
        if axis < len(loop):
            loop[axis] = 0
        elif names:
            cores[names[axis - len(loop)]] = 0

    def _core(self, name: str, byte: int) -> int:
        return self._side(max(1, self.at_least.get(name, 0)), byte)

    def _side(self, least: int, byte: int) -> int:
        table = even_sides if self.even else sides
        return table(least, self.max_side)[byte]

    def _missing(self, byte: int) -> set[str]:
        """Optional dimensions that are: no argument that lacks one has loop ones."""
        if byte < WHOLE or self.complete:
            return set()
        optional = self.signature.optional
        return {name for i, name in enumerate(optional) if byte >> i & 1}


def _stretched(loop: Shape, arguments: int, byte: Iterator[int]) -> list[Shape]:
    """The loop dimensions of arguments whose result has these.

    Each loses some from the left, and some of the others become 1; one argument, the
    keeper, loses none, and keeps the side of whatever all others would lose.
    """
    choice = next(byte)
    if choice < ALIKE or arguments < 2 or not loop:
        return [loop] * arguments
    keeper = choice % arguments
    # All of a kind side by side: bytes move to the right as they shrink.
    cuts, spared = ([next(byte) for _ in range(arguments)] for _ in range(2))
    shapes = [_shrunk(loop, *both) for both in zip(cuts, spared, strict=True)]
    shapes[keeper] = (1,) * (len(loop) - len(shapes[keeper])) + shapes[keeper]
    kept = [
        side if all(_is_one(shape, axis - len(loop)) for shape in shapes) else mine
        for axis, (side, mine) in enumerate(zip(loop, shapes[keeper], strict=True))
    ]
    shapes[keeper] = tuple(kept)
    return shapes


def _shrunk(loop: Shape, cut: int, choice: int) -> Shape:
    """A loop without its first axes, in half of the cases, and with some sides 1.

    The first choice is none of them, the next all, since that survives fewer axes.
    """
    kept = loop[1 + cut % len(loop) :] if cut >= CUT else loop
    spared = choice - 1 if choice else -1
    bits = range(len(kept) - 1, -1, -1)
    return tuple(
        side if spared >> bit & 1 else 1 for side, bit in zip(kept, bits, strict=True)
    )


def _is_one(shape: Shape, axis: int) -> bool:
    return -axis > len(shape) or shape[axis] == 1
