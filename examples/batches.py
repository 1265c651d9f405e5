"""Mini-batches from a generator, which is called for each epoch.

`full_batches` is WRONG, since rows that fill no batch never come, and so is
`seeded_batches`, which has one order for all epochs; `batches` holds.
"""

import numpy as np


def batches(x, y, batch_size=64, shuffle=True):
    order = np.random.permutation(len(x)) if shuffle else np.arange(len(x))
    for start in range(0, len(x), batch_size):
        rows = order[start : start + batch_size]
        yield x[rows], y[rows]


def full_batches(x, y, batch_size=64, shuffle=True):
    order = np.random.permutation(len(x)) if shuffle else np.arange(len(x))
    for i in range(len(x) // batch_size):
        rows = order[i * batch_size : (i + 1) * batch_size]
        yield x[rows], y[rows]


def seeded_batches(x, y, batch_size=64, shuffle=True):
    np.random.seed(0)
    yield from batches(x, y, batch_size, shuffle)
