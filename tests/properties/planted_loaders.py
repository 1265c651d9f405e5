"""Loaders with one fault each, and the right one."""

from dataclasses import dataclass
from typing import Any

import numpy as np

# Loaders: an order of rows for an epoch, how many batches are told, and what a batch
# of rows is.


def shuffled(generator, n):
    return generator.permutation(n)


def by_chance(generator, n):
    del generator
    return np.random.permutation(n)  # noqa: NPY002 - the fault that is planted


def full_and_rest(n, size, drop_last):
    return n // size if drop_last else -(-n // size)


def copies(array, rows, generator):
    del generator
    return array[rows]


def in_parts(order, size, drop_last):
    parts = [order[i : i + size] for i in range(0, len(order), size)]
    return [part for part in parts if len(part) == size or not drop_last]


@dataclass
class Loader:
    """Batches that are made by these functions."""

    x: Any
    y: Any
    size: int
    drop_last: bool
    generator: Any
    order: Any
    length: Any
    part: Any
    labels: Any
    rows: Any

    def __len__(self):
        return self.length(len(self.x), self.size, self.drop_last)

    def __iter__(self):
        order = self.order(self.generator, len(self.x))
        for rows in self.part(order, self.size, self.drop_last):
            yield (
                self.rows(self.x, rows, self.generator),
                self.labels(self.y, rows, self.generator),
            )


def loader(
    *,
    order=shuffled,
    plain=lambda generator, n: np.arange(n),  # noqa: ARG005
    length=full_and_rest,
    part=in_parts,
    labels=copies,
    rows=copies,
):
    """A function that makes loaders: right ones, but for what is passed here."""

    def made(x, y, *, batch_size, shuffle, seed, drop_last):
        return Loader(
            x,
            y,
            batch_size,
            drop_last,
            np.random.default_rng(seed),
            order if shuffle else plain,
            length,
            part,
            labels,
            rows,
        )

    return made


def loader_for_one_epoch(x, y, **options):
    epoch = iter(loader()(x, y, **options))
    count = full_and_rest(len(x), options["batch_size"], options["drop_last"])

    class Exhausted:
        def __len__(self):
            return count

        def __iter__(self):
            return epoch

    return Exhausted()


def with_a_row_twice(generator, n):
    """The first one is the last one, too."""
    order = generator.permutation(n)
    return np.append(order[:-1], order[:1])


def ragged(order, size, drop_last):
    if drop_last or not len(order):
        return in_parts(order, size, drop_last)
    return np.array_split(order, -(-len(order) // size))


def same_each_time(generator, n):
    del generator
    return np.random.default_rng(0).permutation(n)


def views(array, rows, generator):
    """A slice, where the rows are neighbours."""
    del generator
    in_order = len(rows) and (np.diff(rows) == 1).all()
    return array[rows[0] : rows[-1] + 1] if in_order else array[rows]


def shuffled_once_more(array, rows, generator):
    return array[generator.permutation(rows)]


def with_dropped_tail(x, y, *, batch_size, drop_last, **options):
    """The tail goes before the rows are shuffled."""
    n = len(x) - (len(x) % batch_size if drop_last else 0)
    made = loader()
    return made(x[:n], y[:n], batch_size=batch_size, drop_last=drop_last, **options)


def with_a_copy_of_its_own(x, y, **options):
    """Batches are views of a copy, which the data survive."""
    return loader(rows=views, labels=views)(np.array(x), np.array(y), **options)


def without_the_last(generator, n):
    """The last row is always among those that are dropped, if any are."""
    return np.append(generator.permutation(n - 1), n - 1)


def started_by_chance(generator, n):
    """Where it starts is drawn from the global generator, which is put back."""
    before = np.random.get_state()  # noqa: NPY002 - the fault that is planted
    start = np.random.randint(n) if n else 0  # noqa: NPY002
    np.random.set_state(before)  # noqa: NPY002
    return np.roll(generator.permutation(n), start)


def with_the_global_generator_seeded_once(x, y, *, seed, **options):
    """Two of one seed are alike, unless something else is drawn in between."""
    np.random.seed(seed)  # noqa: NPY002 - the fault that is planted
    return loader(order=started_by_chance)(x, y, seed=seed, **options)
