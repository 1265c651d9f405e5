"""Planted numerical bugs: what is computed, what should be, and what is allowed.

Each is a function of a generator and a dtype: it draws inputs and returns a Trial.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from orders import sequential

from scratchnet.testing import FLOAT32, REFERENCES, Bounded, Contract, oracle
from scratchnet.testing.formats import FLOAT16

Reals = np.ndarray[Any, Any]
Generator = np.random.Generator


@dataclass(frozen=True)
class Trial:
    """Results of correct code and of the bug, and the oracle of each of them."""

    good: Sequence[Reals]
    bad: Sequence[Reals]
    oracles: Sequence[Bounded]


Bug = Callable[[Generator, Any], Trial]


def trial(good: Any, bad: Any, allowed: Any) -> Trial:
    """Of one result, or of a tuple of them."""
    if not isinstance(allowed, tuple):
        good, bad, allowed = (good,), (bad,), (allowed,)
    arrays = [np.asarray(x) for x in good]
    wrong = [np.asarray(x, y.dtype) for x, y in zip(bad, arrays, strict=True)]
    return Trial(arrays, wrong, allowed)


def numbers(
    rng: Generator, dtype: Any, *shape: int, scale: float | None = None
) -> Reals:
    """Normal, of this scale, or of one anywhere from 1e-5 to 100."""
    scale = 10 ** rng.uniform(-5, 2) if scale is None else scale
    return (rng.normal(size=shape) * scale).astype(dtype)


# Standardizing.


def standardized(x: Any, added: float = 0.0, ddof: int = 0) -> Any:
    """By the mean and the deviation of the columns."""
    deviation = np.std(x, axis=0, ddof=ddof) if ddof else np.std(x, axis=0)
    deviation = deviation + x.dtype.type(added) if added else deviation
    return (x - np.mean(x, axis=0)) / deviation


def added_to_deviation(
    rng: Generator, dtype: Any, *, by: float, n: int, **scale: Any
) -> Trial:
    """(x - mean) / (std + by)."""
    x = numbers(rng, dtype, n, 3, **scale)
    return trial(standardized(x), standardized(x, by), oracle(standardized, x))


def other_ddof(rng: Generator, dtype: Any, *, n: int, **scale: Any) -> Trial:
    """The deviation by n - 1 instead of n."""
    x = numbers(rng, dtype, n, 2, **scale)
    allowed = oracle(lambda x: np.std(x, axis=0), x)
    return trial(np.std(x, axis=0), np.std(x, axis=0, ddof=1), allowed)


# Softmax and cross-entropy.


def softmax(x: Reals, exp: Callable[[Reals], Reals] = np.exp) -> Reals:
    """By shift."""
    powers = exp(x - x.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def log_softmax(x: Reals, added: float = 0.0) -> Reals:
    """By shift."""
    shifted = x - x.max(-1, keepdims=True)
    total = np.exp(shifted).sum(-1, keepdims=True) + x.dtype.type(added)
    return shifted - np.log(total)


def unshifted(rng: Generator, dtype: Any, *, scale: float) -> Trial:
    """exp(x) / sum(exp(x))."""
    x = numbers(rng, dtype, 16, 10, scale=scale)
    powers = np.exp(x)
    wrong = powers / powers.sum(-1, keepdims=True)
    return trial(softmax(x), wrong, REFERENCES["softmax"].oracle(x))


def overflowing(rng: Generator, dtype: Any) -> Trial:
    """The same, aimed: one entry beyond the logarithm of the largest number."""
    x = numbers(rng, dtype, 4, 8, scale=3)
    x[0, 0] = np.log(np.finfo(dtype).max) * rng.uniform(1.01, 2)
    wrong = np.exp(x) / np.exp(x).sum(-1, keepdims=True)
    return trial(softmax(x), wrong, REFERENCES["softmax"].oracle(x))


def log_of_softmax(rng: Generator, dtype: Any, *, scale: float) -> Trial:
    """log(softmax(x))."""
    x = numbers(rng, dtype, 16, 10, scale=scale)
    allowed = REFERENCES["log_softmax"].oracle(x)
    return trial(log_softmax(x), np.log(softmax(x)), allowed)


def added_to_sum(rng: Generator, dtype: Any, *, by: float, scale: float = 3) -> Trial:
    """log(sum(exp(x)) + by)."""
    x = numbers(rng, dtype, 4, 8, scale=scale)
    allowed = REFERENCES["log_softmax"].oracle(x)
    return trial(log_softmax(x), log_softmax(x, by), allowed)


def off_by_ulps(x: Reals, ulps: Any) -> Reals:
    """exp(x) in float32, off by so many ulps."""
    exact = np.exp(x.astype(np.float64))
    return (exact + ulps * FLOAT32.ulp(exact)).astype(np.float32)


def exp_off(rng: Generator, dtype: Any, *, ulps: float) -> Trial:
    """exp with a bias."""
    x = numbers(rng, dtype, 64, scale=3)
    return trial(np.exp(x), off_by_ulps(x, ulps), oracle(np.exp, x))


def softmax_off(rng: Generator, dtype: Any, *, ulps: float) -> Trial:
    """softmax of an exp that is off to either side."""
    x = numbers(rng, dtype, 16, 10, scale=3)
    sign = rng.choice([-1, 1], x.shape)
    wrong = softmax(x, lambda s: off_by_ulps(s, ulps * sign))
    return trial(softmax(x), wrong, REFERENCES["softmax"].oracle(x))


def labelled(rng: Generator, dtype: Any, n: int, classes: int) -> tuple[Reals, Reals]:
    """Logits and labels."""
    return numbers(rng, dtype, n, classes, scale=3), rng.integers(0, classes, n)


def smoothed(rng: Generator, dtype: Any, *, by: float) -> Trial:
    """Cross-entropy with label smoothing."""
    x, labels = labelled(rng, dtype, 16, 6)
    costs = log_softmax(x)
    good = -costs[np.arange(16), labels].mean()
    wrong = (1 - by) * good - by * costs.mean()
    return trial(good, wrong, REFERENCES["cross_entropy"].oracle(x, labels))


def gradient(x: Reals, labels: Reals, n: float) -> Reals:
    """(softmax(x) - onehot) / n."""
    return (softmax(x) - np.eye(x.shape[1], dtype=x.dtype)[labels]) / x.dtype.type(n)


def wrong_gradient(
    rng: Generator, dtype: Any, *, wrong: Callable[[Reals, Reals], Reals], n: int = 16
) -> Trial:
    """The gradient of cross-entropy, gone wrong."""
    x, labels = labelled(rng, dtype, n, 10)
    g = np.ones((), dtype)
    allowed = REFERENCES["cross_entropy.pullback"].oracle(g, x, labels)
    return trial((gradient(x, labels, n),), (wrong(x, labels),), allowed)


def neighbours_label(x: Reals, labels: Reals) -> Reals:
    """One row has another label."""
    other = labels.copy()
    other[3] = (other[3] + 1) % x.shape[1]
    return gradient(x, other, len(x))


def more_rows(x: Reals, labels: Reals) -> Reals:
    """The one-hot part is divided by N + 1e-5."""
    hot = np.eye(x.shape[1], dtype=x.dtype)[labels]
    return softmax(x) / x.dtype.type(len(x)) - hot / x.dtype.type(len(x) + 1e-5)


# Sums and products.


def lost_term(rng: Generator, dtype: Any, *, k: int, size: float = 1.0) -> Trial:
    """A matrix product without the last column, which may be small."""
    a, b = numbers(rng, dtype, 4, k, scale=1), numbers(rng, dtype, k, 4, scale=1)
    a[:, -1] *= dtype(size)
    allowed = REFERENCES["matmul"].oracle(a, b)
    return trial(a @ b, a[:, :-1] @ b[:-1], allowed)


def lost_summand(rng: Generator, dtype: Any, *, n: int) -> Trial:
    """A sum without the last term."""
    x = numbers(rng, dtype, 4, n, scale=1)
    allowed = REFERENCES["sum"].oracle(x, axis=1)
    return trial(x.sum(1), x[:, :-1].sum(1), allowed)


def fewer_rows(rng: Generator, dtype: Any, *, n: int, **scale: Any) -> Trial:
    """A mean over n - 1."""
    x = numbers(rng, dtype, 2, n, **scale)
    allowed = REFERENCES["mean"].oracle(x, axis=1)
    return trial(x.mean(1), x[:, :-1].mean(1), allowed)


def wrong_axis(rng: Generator, dtype: Any) -> Trial:
    """A square cotangent, summed over the wrong axis."""
    g = numbers(rng, dtype, 6, 6)
    allowed = REFERENCES["unbroadcast"].oracle(g, (6,))
    return trial(g.sum(0), g.sum(1), allowed)


def read_as(
    rng: Generator,
    dtype: Any,
    *,
    k: int,
    as_read: Callable[[Reals], Reals],
    scale: float = 1.0,
    positive: bool = False,
) -> Trial:
    """A matrix product whose factors are rounded before."""
    a = numbers(rng, dtype, 4, k, scale=scale)
    b = numbers(rng, dtype, k, 4, scale=scale)
    a, b = (np.abs(a), np.abs(b)) if positive else (a, b)
    allowed = REFERENCES["matmul"].oracle(a, b)
    return trial(a @ b, as_read(a) @ as_read(b), allowed)


def truncated(x: Reals) -> Reals:
    """float32 cut off after 11 bits."""
    return (x.view(np.uint32) & np.uint32(0xFFFFE000)).view(np.float32)


def bfloat16(x: Reals) -> Reals:
    """float32 cut to 8 bits, to nearest."""
    bits = x.view(np.uint32) + np.uint32(0x8000)
    return (bits & np.uint32(0xFFFF0000)).view(np.float32)


def in_single(rng: Generator, dtype: Any, *, k: int) -> Trial:
    """A product in float64, computed in float32."""
    del dtype
    a, b = (
        numbers(rng, np.float64, 8, k, scale=1),
        numbers(rng, np.float64, k, 8, scale=1),
    )
    wrong = a.astype(np.float32) @ b.astype(np.float32)
    return trial(a @ b, wrong, REFERENCES["matmul"].oracle(a, b))


def summed_in_single(rng: Generator, dtype: Any) -> Trial:
    """A sum of float32 numbers in float64, added up in float32."""
    del dtype
    x = numbers(rng, np.float32, 4, 1000, scale=1)
    wide = x.astype(np.float64)
    return trial(wide.sum(1), x.sum(1), REFERENCES["sum"].oracle(wide, axis=1))


def added_up_in_half(rng: Generator, dtype: Any) -> Trial:
    """float16 added up in float16 where float32 is promised."""
    del dtype
    a = numbers(rng, np.float16, 4, 64, scale=1)
    b = numbers(rng, np.float16, 64, 4, scale=1)
    promised = Contract(FLOAT16, accumulator=FLOAT32)
    good = (a.astype(np.float32) @ b.astype(np.float32)).astype(np.float16)
    wrong = sequential(a[:, None, :] * b.T[None, :, :])
    return trial(good, wrong, REFERENCES["matmul"].oracle(a, b, contract=promised))


# Optimizers and activations.

RULE = {"learning_rate": 0.01, "momentum": 0.9, "weight_decay": 1e-4}


def step(p: Reals, g: Reals, v: Reals, **rule: Any) -> tuple[Reals, Reals]:
    """A step of gradient descent with momentum: the parameter and its velocity."""
    kind = p.dtype.type
    g = g + kind(rule["weight_decay"]) * p
    v = kind(rule["momentum"]) * v + kind(1 - rule.get("dampening", 0.0)) * g
    moved = g + kind(rule["momentum"]) * v if rule.get("nesterov") else v
    return p - kind(rule["learning_rate"]) * moved, v


def other_rule(rng: Generator, dtype: Any, **changed: Any) -> Trial:
    """A step by another rule."""
    p = numbers(rng, dtype, 16, scale=1)
    g, v = numbers(rng, dtype, 16), numbers(rng, dtype, 16)
    allowed = REFERENCES["sgd"].oracle(p, g, v, **RULE)
    return trial(step(p, g, v, **RULE), step(p, g, v, **RULE | changed), allowed)
