"""Standardization and mini-batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from operator import index
from typing import Any

import numpy as np

from scratchnet.arrays import (
    Array,
    array_namespace,
    common_namespace,
    device,
    dtype_name,
    from_numpy,
    operands,
    to_numpy,
)
from scratchnet.errors import ArgumentError


@dataclass(frozen=True)
class Standardizer:
    """(x - mean) / deviation, with the mean and deviation of the *training* rows.

    `fit` finds them, calling applies them; integer arrays are converted to float32,
    never truncated, and no argument is written to. The deviation is that of the
    population (divided by n, not n - 1), so that a single row has one: zero. Where the
    training values are constant, or so near that their deviation is 0 in their dtype,
    it is taken as 1, so that they become 0 and other values keep their distance.

    mean and deviation: 0-d, or (features,) when fitted per feature.
    """

    mean: Array
    deviation: Array

    @classmethod
    def fit(cls, x: Array, /, *, per_feature: bool = False) -> Standardizer:
        """The standardizer of the rows x, shape (n, ...), n >= 1.

        One mean and deviation over all elements, or one for each feature. Found in
        float64 on the host. Raises ArgumentError for an empty x, for NaN or infinite
        values and for values too far apart for the deviation to be finite,
        ArgumentTypeError for a dtype that is not real.
        """
        floating = _as_floating("Standardizer.fit", x)
        host = to_numpy(floating).astype(np.float64)
        if host.size == 0 or host.ndim == 0:
            raise ArgumentError(
                "Standardizer.fit", f"x.shape={host.shape}", "required at least one row"
            )
        if not np.isfinite(host).all():
            raise ArgumentError(
                "Standardizer.fit", "x holds NaN or infinity", "required finite values"
            )
        axis = 0 if per_feature else None
        low, high = host.min(axis=axis), host.max(axis=axis)
        # A constant is found by comparing: rounding leaves its computed deviation
        # a little above zero, and dividing by that would blow it up.
        constant = low == high
        with np.errstate(over="ignore", invalid="ignore"):
            mean = np.where(constant, low, host.mean(axis=axis))
            spread = np.where(constant, 1.0, host.std(axis=axis))
        target: dict[str, Any] = {
            "xp": array_namespace(x),
            "dtype": dtype_name(floating.dtype),
            "device": device(x),
        }
        held = to_numpy(from_numpy(spread, **target))
        if not (np.isfinite(held).all() and np.isfinite(mean).all()):
            raise ArgumentError(
                "Standardizer.fit",
                f"x holds values from {host.min():.3g} to {host.max():.3g}",
                f"required a deviation that {target['dtype']} can hold",
            )
        deviation = np.where(held == 0, 1.0, spread)
        return cls(from_numpy(mean, **target), from_numpy(deviation, **target))

    def __call__(self, x: Array, /) -> Array:
        """X standardized: the shape of x, the dtype of the mean. x stays untouched.

        Raises ArgumentTypeError for another library, device or floating dtype and
        ArgumentError where the features are not those of the fit.
        """
        x = _as_floating("Standardizer", x)
        operands("Standardizer", x=x, mean=self.mean)
        if self.mean.ndim and tuple(x.shape[1:]) != tuple(self.mean.shape):
            raise ArgumentError(
                "Standardizer",
                f"x.shape={tuple(x.shape)}",
                f"but the fit requires features of shape {tuple(self.mean.shape)}",
            )
        return (x - self.mean) / self.deviation


def _as_floating(where: str, x: Array) -> Array:
    """x, or its conversion to float32 where it holds integers."""
    xp = operands(where, kind=("real floating", "integral"), x=x)
    return xp.astype(x, xp.float32) if xp.isdtype(x.dtype, "integral") else x


class Batches:
    """Mini-batches (x, y) of rows that belong together.

    Iterating goes once through all rows and can be repeated; `len` is the number of
    batches. With `shuffle` every epoch has an order of its own, a function of (seed,
    epoch) alone: nothing else is consumed and nothing else disturbs it. Batches are
    copies, so that writing into one leaves the data alone; the last one is short
    unless `drop_last` leaves it out (of the order of that epoch, so that other rows
    are left out in the next).

    x: (n, ...), y: (n, ...), n >= 1, of one library and device. Raises ArgumentError
    for a batch size below 1, no rows, unequal numbers of rows, a negative seed, and
    where drop_last would leave nothing.
    """

    def __init__(
        self,
        x: Array,
        y: Array,
        /,
        *,
        batch_size: int,
        shuffle: bool = False,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        self.x, self.y = x, y
        self.batch_size = _whole("batch_size", batch_size, 1)
        self.seed = _whole("seed", seed, 0)
        self.shuffle, self.drop_last = shuffle, drop_last
        self._require()
        self._next_epoch = 0

    def _require(self) -> None:
        common_namespace("Batches", x=self.x, y=self.y)
        for name, array in (("x", self.x), ("y", self.y)):
            if array.ndim == 0 or array.shape[0] == 0:
                raise ArgumentError(
                    "Batches",
                    f"{name}.shape={tuple(array.shape)}",
                    "required a row or more",
                )
        if self.x.shape[0] != self.y.shape[0]:
            raise ArgumentError(
                "Batches",
                f"y.shape={tuple(self.y.shape)}",
                f"but x.shape={tuple(self.x.shape)} requires {self.x.shape[0]} rows",
            )
        if len(self) == 0:
            raise ArgumentError(
                "Batches",
                f"batch_size={self.batch_size} with drop_last",
                f"but {self.rows} rows do not fill one batch",
            )

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return int(self.x.shape[0])

    def __len__(self) -> int:
        full, rest = divmod(self.rows, self.batch_size)
        return full + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[tuple[Array, Array]]:
        epoch, self._next_epoch = self._next_epoch, self._next_epoch + 1
        return self.epoch(epoch)

    def order(self, epoch: int, /) -> np.ndarray:
        """The order of the rows in this epoch: a permutation of range(rows)."""
        if not self.shuffle:
            return np.arange(self.rows)
        return np.random.default_rng([self.seed, epoch]).permutation(self.rows)

    def epoch(self, epoch: int, /, *, start: int = 0) -> Iterator[tuple[Array, Array]]:
        """The batches of one epoch, from batch number `start`: where a run resumes."""
        xp = array_namespace(self.x)
        order = from_numpy(self.order(epoch), xp=xp, device=device(self.x))
        for batch in range(start, len(self)):
            first = batch * self.batch_size
            # The standard does not say what a slice beyond the end is.
            rows = order[first : min(first + self.batch_size, self.rows)]
            yield xp.take(self.x, rows, axis=0), xp.take(self.y, rows, axis=0)


def _whole(name: str, value: Any, least: int) -> int:
    """The value as an int, once it is a whole number of at least so much."""
    try:
        whole = index(value)
    except TypeError:
        whole = least - 1
    if whole < least or isinstance(value, bool):
        raise ArgumentError(
            "Batches", f"{name}={value!r}", f"required an integer >= {least}"
        )
    return whole
