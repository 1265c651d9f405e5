"""A softmax over rows of logits, and its logarithm, as functions of NumPy.

`softmax` is WRONG, since it divides by the sums over the batch, and so is
`log_softmax_backward_unsummed`, which forgets the other classes; the others hold.
"""

import numpy as np


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=0)


def softmax_of_rows(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def log_softmax(x):
    shifted = x - x.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def log_softmax_backward(g, x):
    return g - np.exp(log_softmax(x)) * g.sum(axis=-1, keepdims=True)


def log_softmax_backward_unsummed(g, x):
    return g - np.exp(log_softmax(x)) * g
