"""Products in loops, as in a first lesson.

`matmul_of_rows` is WRONG, since all of its rows are one list; `matmul`, and `dot` with
`dot_backward`, hold.
"""

import numpy as np


def matmul(a, b):
    n, k = a.shape
    m, p = b.shape
    assert k == m
    c = np.zeros((n, p), dtype=a.dtype)
    for i in range(n):
        for j in range(p):
            for l in range(k):
                c[i, j] += a[i, l] * b[l, j]
    return c


def matmul_of_rows(a, b):
    n, k = a.shape
    m, p = b.shape
    assert k == m
    c = [[0.0] * p] * n
    for i in range(n):
        for j in range(p):
            c[i][j] = sum(a[i, l] * b[l, j] for l in range(k))
    return np.array(c, dtype=a.dtype).reshape(n, p)


def dot(a, b):
    if len(a) != len(b):
        raise ValueError("vectors of different lengths")
    total = a.dtype.type(0)
    for x, y in zip(a, b):
        total += x * y
    return total


def dot_backward(g, a, b):
    return g * b, g * a
