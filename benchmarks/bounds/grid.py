"""Bugs on inputs for which nothing has to round: the derived tolerance is 0.

Integers whose sums stay below 2^24, in float32: no order, fused or not, can round, so
that a single bit tells correct code from wrong code, whatever the size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from bugs import RULE, step
from orders import backwards, pairwise, sequential, tf32

from scratchnet.testing import REFERENCES, Bounded, oracle

Reals = np.ndarray[Any, Any]
#: Correct results of several implementations, a wrong one, and the oracle.
Exact = tuple[list[Reals], Reals, Bounded]


def integers(rng: np.random.Generator, largest: int, *shape: int) -> Reals:
    """From -largest to largest, in float32."""
    return rng.integers(-largest, largest + 1, shape).astype(np.float32)


def product(
    rng: np.random.Generator,
    *,
    k: int,
    bits: tuple[int, int],
    wrong: Callable[[Reals, Reals], Reals],
) -> Exact:
    """A matrix product of integers with so many bits each."""
    a, b = integers(rng, 2 ** bits[0], 4, k), integers(rng, 2 ** bits[1], k, 4)
    # A last term that is certainly there, and a factor that TF32 certainly changes.
    a[:, -1], b[-1] = 2 ** bits[0] - 1, 1
    terms = a[:, None, :] * b.T[None, :, :]
    good = [a @ b, terms.sum(-1), pairwise(terms), a[:, ::-1] @ b[::-1]]
    return good, wrong(a, b), REFERENCES["matmul"].oracle(a, b)


def rows(rng: np.random.Generator, n: int) -> Reals:
    """Two rows of small integers that end in 5."""
    x = integers(rng, 8, 2, n)
    x[:, -1] = 5
    return x


def lost_summand(rng: np.random.Generator) -> Exact:
    """A sum of 10^5 without the last term."""
    x = rows(rng, 10**5)
    good = [x.sum(1), sequential(x), backwards(x), pairwise(x)]
    return good, x[:, :-1].sum(1), REFERENCES["sum"].oracle(x, axis=1)


def fewer_rows(rng: np.random.Generator) -> Exact:
    """A mean of 2^16 over one less."""
    x = rows(rng, 2**16)
    good = [x.mean(1), sequential(x) / np.float32(2**16)]
    return good, x[:, :-1].mean(1), REFERENCES["mean"].oracle(x, axis=1)


def variance(x: Any) -> Any:
    """The mean square of what is left of the mean."""
    off = x - np.mean(x, axis=1, keepdims=True)
    return np.mean(off * off, axis=1)


def other_ddof(rng: np.random.Generator) -> Exact:
    """A variance by n - 1: integers and their negatives, whose mean is exactly 0."""
    half = rng.integers(1, 8, (2, 2**15)).astype(np.float32)
    x = np.concatenate([half, -half], axis=1)
    return [x.var(1), variance(x)], x.var(1, ddof=1), oracle(variance, x)


def wrong_axis(rng: np.random.Generator) -> Exact:
    """A cotangent summed over the wrong axes of equal sides."""
    g = integers(rng, 8, 6, 6, 6)
    allowed = REFERENCES["unbroadcast"].oracle(g, (6, 1))
    good = g.sum((0, 2))[:, None]
    return [good, g.sum(0).sum(-1)[:, None]], g.sum((0, 1))[:, None], allowed


def other_decay(rng: np.random.Generator) -> Exact:
    """A step whose constants are powers of two, but for the wrong one's decay."""
    p, g, v = (integers(rng, 64, 32) for _ in range(3))
    rule = RULE | {"learning_rate": 0.5, "momentum": 0.5, "weight_decay": 0.25}
    wrong, _ = step(p, g, v, **rule | {"weight_decay": 0.2500005})
    allowed, _ = REFERENCES["sgd"].oracle(p, g, v, **rule)
    return [step(p, g, v, **rule)[0]], wrong, allowed


def shortened(a: Reals, b: Reals) -> Reals:
    """Without the last term."""
    return a[:, :-1] @ b[:-1]


def on_tensor_cores(a: Reals, b: Reals) -> Reals:
    """Factors rounded to 11 bits."""
    return tf32(a) @ tf32(b)


#: Section 5c of the research.
GRID: Mapping[str, Callable[[np.random.Generator], Exact]] = {
    "product drops the last of k = 16384": partial(
        product, k=16384, bits=(3, 3), wrong=shortened
    ),
    "TF32, k = 1024": partial(product, k=1024, bits=(12, 1), wrong=on_tensor_cores),
    "TF32, k = 4096": partial(product, k=4096, bits=(12, 0), wrong=on_tensor_cores),
    "sum drops the last of n = 1e5": lost_summand,
    "mean over n - 1, n = 65536": fewer_rows,
    "ddof 1 for 0, n = 65536": other_ddof,
    "wrong axes of unbroadcast": wrong_axis,
    "weight decay 0.2500005 for 0.25": other_decay,
}
