"""A loader: mini-batches of rows and their labels, anew in each epoch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from scratchnet.arrays import Array, array_namespace, device, from_numpy


class _Batches:
    """Batches of rows that belong together, as often as they are asked for."""

    def __init__(
        self,
        x: Array,
        y: Array,
        *,
        batch_size: int,
        shuffle: bool,
        seed: int,
        drop_last: bool,
    ) -> None:
        self.x, self.y = x, y
        self.rows, self.size = int(x.shape[0]), batch_size
        self.shuffle, self.drop_last = shuffle, drop_last
        self.generator = np.random.default_rng(seed)

    def __len__(self) -> int:
        if self.drop_last:
            return self.rows // self.size
        return -(-self.rows // self.size)

    def order(self) -> Any:
        """The order of the rows in the next epoch."""
        if not self.shuffle:
            return np.arange(self.rows)
        return self.generator.permutation(self.rows)

    def parts(self) -> list[Any]:
        """The numbers of the rows of each batch."""
        order = self.order()
        starts = range(0, self.rows, self.size)
        every = [order[start : start + self.size] for start in starts]
        return [part for part in every if not self.drop_last or len(part) == self.size]

    def __iter__(self) -> Iterator[tuple[Array, Array]]:
        for part in self.parts():
            yield self.taken(self.x, part), self.taken(self.y, part)

    def taken(self, array: Array, part: Any) -> Array:
        """A copy of these rows."""
        xp = array_namespace(array)
        rows = from_numpy(part, xp=xp, device=device(array))
        return xp.take(array, rows, axis=0)


def loader(
    x: Array,
    y: Array,
    /,
    *,
    batch_size: int,
    shuffle: bool = False,
    seed: int = 0,
    drop_last: bool = False,
) -> _Batches:
    """Batches of x and y."""
    if batch_size < 1 or x.shape[0] != y.shape[0]:
        raise ValueError("batches of a row or more, and a label for each row")
    return _Batches(
        *(x, y),
        batch_size=batch_size,
        shuffle=shuffle,
        seed=seed,
        drop_last=drop_last,
    )
