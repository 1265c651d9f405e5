"""Laws of loaders: of what makes mini-batches of rows and their labels.

A loader is made of rows, labels and options, has a length, and gives batches (rows,
labels) each time that it is iterated: once for each epoch. The labels that laws use are
the numbers of the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from math import factorial
from typing import Any

import numpy as np

from scratchnet.testing.case import Case
from scratchnet.testing.laws.finding import Finding, Misplaced
from scratchnet.testing.laws.law import law
from scratchnet.testing.laws.memory import bits
from scratchnet.testing.subject import Subject, host, kind_of, run, shown

Batch = tuple[Any, Any]
#: A coincidence less likely than one in so many is none.
_UNLIKELY = 10**12


def batches_of(loader: Any, case: Case) -> list[Batch]:
    """The batches of an epoch, or more than there can be of one that does not end.
    What raises raises Refusal, and Misplaced what gives no batches."""
    most = 2 * len(case.arguments[0]) + 1
    if not (hasattr(loader, "__iter__") or hasattr(loader, "__getitem__")):
        raise Misplaced(
            Finding("MISPLACED", f"the loader is {kind_of(loader)}, required batches")
        )
    found = run(lambda: [_pair(each) for each in islice(loader, most)])
    for each in found:
        if isinstance(each, Finding):
            raise Misplaced(each)
    return found  # type: ignore[no-any-return]


def _pair(batch: Any) -> Batch | Finding:
    """Rows and labels of a batch; what is found where it is something else."""
    if not hasattr(batch, "__len__") or len(batch) != 2:
        said = f"a batch is {kind_of(batch)}, required (x, y)"
        return Finding("MISPLACED", said)
    x, y = batch
    return x, _whole(y)


def _whole(y: Any) -> Any:
    """Labels, which have to be whole numbers still."""
    if host(y).dtype.kind not in "iu":
        raise TypeError(f"labels came as {shown(y)}, expected whole numbers")
    return y


def _numbers(batches: list[Batch]) -> list[int]:
    """The numbers of the rows, in the order in which they came."""
    return [int(i) for _, y in batches for i in host(y).reshape(-1)]


def _loader(subject: Subject, case: Case) -> Any:
    arguments, options = case.on(subject.target, laid=False)
    return subject.directly(*arguments, **options)


@law(kind="loader")
def every_row_comes_once(subject: Subject, case: Case) -> Finding:
    """An epoch is every row, once; the next one too, and each of two that overlap.

    Claim   the rows of each epoch are a permutation of all; with drop_last of as many
            as fill batches; also where one begins before another has ended
    Kills   rows left out or repeated; a second epoch that is empty; one cursor for all
            iterators
    Misses  which row has which label
    """
    loader, n = _loader(subject, case), len(case.arguments[0])
    size = case.options["batch_size"]
    count = n - n % size if case.options["drop_last"] else n
    for epoch, batches in zip(_EPOCHS, _epochs(loader, case), strict=True):
        numbers = _numbers(batches)
        if len(set(numbers)) < len(numbers) or not set(numbers) <= set(range(n)):
            return Finding("WRONG", f"{epoch}: rows {sorted(numbers)} of {n}")
        if len(numbers) != count:
            return Finding("WRONG", f"{epoch}: {len(numbers)} rows, expected {count}")
    return Finding(compared=4 * n)


_EPOCHS = (
    "epoch 0",
    "epoch 1",
    "epoch 3, inside of epoch 2",
    "epoch 2, which epoch 3 came in between of",
)


def _epochs(loader: Any, case: Case) -> Iterator[list[Batch]]:
    """Two epochs, then two at once: one while another has begun."""
    yield batches_of(loader, case)
    yield batches_of(loader, case)
    begun = run(iter, loader)
    first = run(lambda: list(islice(begun, 1)))
    yield batches_of(loader, case)
    yield batches_of(chain(first, begun), case)


@law(kind="loader")
def pairs_stay_together(subject: Subject, case: Case) -> Finding:
    """Each row comes with its own label.

    Claim   x[y] are the rows of every batch (x, y), bit for bit
    Kills   rows shuffled without their labels; rows converted or rounded
    Misses  rows that do not come at all
    """
    rows = case.arguments[0]
    compared = 0
    for x, y in batches_of(_loader(subject, case), case):
        numbers = host(y).reshape(-1)
        if not set(numbers.tolist()) <= set(range(len(rows))):
            return Finding("WRONG", f"labels {numbers.tolist()} of {len(rows)} rows")
        found, expected = host(x), rows[numbers]
        if found.shape != expected.shape or bits(found) != bits(
            host(subject.target.array(expected))
        ):
            came = shown(found, 200)
            return Finding("WRONG", f"rows {host(y).tolist()} came as {came}")
        compared += found.size
    return Finding(compared=max(1, compared))


@law(kind="loader")
def batches_have_the_size_that_was_told(subject: Subject, case: Case) -> Finding:
    """All batches but the last are full, and there are as many as `len` says.

    Claim   len(loader) batches of batch_size rows, but for what is left at the end
    Kills   n // size for a short last batch; ragged batches
    Misses  what is in them
    """
    loader = _loader(subject, case)
    batches, told = batches_of(loader, case), run(len, loader)
    sizes = [host(y).size for _, y in batches]
    if told != len(sizes):
        return Finding("WRONG", f"len is {told}, but {len(sizes)} batches came")
    size, n = case.options["batch_size"], len(case.arguments[0])
    full = [size] * (n // size)
    rest = [n % size] if n % size and not case.options["drop_last"] else []
    if sizes != full + rest:
        return Finding("WRONG", f"batches of {sizes} rows, expected {full + rest}")
    return Finding(compared=len(sizes) + 1)


@law(kind="loader")
def seeds_reproduce(subject: Subject, case: Case) -> Finding:
    """The same seed gives the same batches, whatever else was drawn.

    Claim   two loaders of one seed give the same rows in every epoch
    Kills   a global generator that is not seeded anew; state shared between loaders
    Misses  seeds that are ignored: two of them may be alike; a global generator that
            each epoch seeds
    """
    one, other = _loader(subject, case), _loader(subject, case)
    for epoch in range(3):
        first = _numbers(batches_of(one, case))
        np.random.random(7)  # noqa: NPY002 - what a global generator would notice
        if (again := _numbers(batches_of(other, case))) != first:
            return Finding(
                "NONDETERMINISTIC", f"epoch {epoch}: {first}, and again {again}"
            )
    return Finding(compared=3 * len(case.arguments[0]))


def _is_shuffled(subject: Subject, case: Case) -> bool:
    del subject
    return bool(case.options["shuffle"]) and len(case.arguments[0]) > 1


def _until(odds: float, unlikely: float = _UNLIKELY) -> int:
    """How often what happens once in so many must repeat to be no coincidence."""
    times, chance = 1, odds
    while chance < unlikely:
        times, chance = times + 1, chance * odds
    return times


@law(kind="loader", accepts=_is_shuffled)
def epochs_differ(subject: Subject, case: Case) -> Finding:
    """Shuffled epochs come in different orders, and drop different rows.

    Claim   not all epochs have one order; with drop_last every row comes in some epoch
    Kills   one permutation for all epochs; the tail dropped before shuffling
    Misses  shuffling that is not uniform
    """
    loader, n = _loader(subject, case), len(case.arguments[0])
    left = n % case.options["batch_size"] if case.options["drop_last"] else 0
    # The same order, or a row left out, by chance alone.
    orders = _until(factorial(n) // factorial(left))
    drops = _until(n / left) + _until(n / left, unlikely=n) if left else 0
    epochs = [_numbers(batches_of(loader, case)) for _ in range(1 + max(orders, drops))]
    if all(each == epochs[0] for each in epochs):
        return Finding("WRONG", f"{len(epochs)} epochs in the order {epochs[0]}")
    if left and (never := sorted(set(range(n)).difference(*epochs))):
        return Finding("WRONG", f"rows {never} in none of {len(epochs)} epochs")
    return Finding(compared=len(epochs) * n)


def _is_in_order(subject: Subject, case: Case) -> bool:
    del subject
    return not case.options["shuffle"]


@law(kind="loader", accepts=_is_in_order)
def without_shuffling_rows_are_in_order(subject: Subject, case: Case) -> Finding:
    """Without shuffling every epoch is in the order of the data.

    Claim   rows 0, 1, 2, ... in each epoch
    Kills   shuffling that cannot be turned off; a sampler that goes on where it was
    Misses  shuffled loaders
    """
    loader = _loader(subject, case)
    for epoch in range(2):
        numbers = _numbers(batches_of(loader, case))
        if numbers != list(range(len(numbers))):
            return Finding("WRONG", f"epoch {epoch} without shuffling: {numbers}")
    return Finding(compared=2 * len(case.arguments[0]))


@law(kind="loader")
def batches_are_copies(subject: Subject, case: Case) -> Finding:
    """Writing into a batch leaves the data alone.

    Claim   the rows of the next epoch are what they were, and so is x itself
    Kills   views of the data set, or of a copy that the loader has, as batches
    Misses  data that is changed elsewhere
    """
    (x, y), options = case.on(subject.target, laid=False)
    before = bits(x), bits(y)
    loader = subject.directly(x, y, **options)
    batches = batches_of(loader, case)
    known = _rows(batches) | {bits(row) for row in host(x)}
    for rows, labels in batches:
        for array in (rows, labels):
            run(_overwrite, array)
    if (bits(x), bits(y)) != before:
        return Finding("ALIASES", f"the data after writing into batches: {shown(x)}")
    later = batches_of(loader, case)
    if _rows(later) - known or not {*_numbers(later)} <= {*range(x.shape[0])}:
        came = shown([host(part) for part in later[0]], 200)
        return Finding("ALIASES", f"the next epoch after writing into batches: {came}")
    return Finding(compared=len(before[0]) + len(before[1]))


def _rows(batches: list[Batch]) -> set[bytes]:
    """The bits of each row that came."""
    return {bits(row) for x, _ in batches for row in host(x)}


def _overwrite(x: Any) -> None:
    # Read-only batches keep the data safe as well.
    if getattr(getattr(x, "flags", None), "writeable", True):
        x[...] = 77


LOADERS: tuple[Any, ...] = (
    every_row_comes_once,
    pairs_stay_together,
    batches_have_the_size_that_was_told,
    seeds_reproduce,
    epochs_differ,
    without_shuffling_rows_are_in_order,
    batches_are_copies,
)
