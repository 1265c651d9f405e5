"""The planted bugs by name: those of ordinary shapes, and those of small ones."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from bugs import (
    Bug,
    added_to_deviation,
    added_to_sum,
    added_up_in_half,
    bfloat16,
    exp_off,
    fewer_rows,
    gradient,
    in_single,
    log_of_softmax,
    lost_summand,
    lost_term,
    more_rows,
    neighbours_label,
    other_ddof,
    other_rule,
    overflowing,
    read_as,
    smoothed,
    softmax_off,
    summed_in_single,
    truncated,
    unshifted,
    wrong_axis,
    wrong_gradient,
)
from orders import tf32


def _ordinary() -> Mapping[str, Bug]:
    """Section 5a: what a worst-case bound in float32 sees, and what it does not."""
    one = {"scale": 1.0}
    return {
        "std + 1e-7, n = 256": partial(added_to_deviation, by=1e-7, n=256, **one),
        "std + 1e-5, n = 256": partial(added_to_deviation, by=1e-5, n=256, **one),
        "ddof 1 for 0, n = 1000": partial(other_ddof, n=1000, **one),
        "ddof 1 for 0, n = 1e5": partial(other_ddof, n=10**5, **one),
        "softmax without shift, x ~ 5": partial(unshifted, scale=5),
        "softmax without shift, x ~ 60": partial(unshifted, scale=60),
        "log(softmax), x ~ 5": partial(log_of_softmax, scale=5),
        "log(softmax), x ~ 30": partial(log_of_softmax, scale=30),
        "log(sum + 1e-7)": partial(added_to_sum, by=1e-7, scale=1),
        "log(sum + 1e-6)": partial(added_to_sum, by=1e-6, scale=1),
        "float64 product in float32, k = 64": partial(in_single, k=64),
        "float64 sum in float32, n = 1000": summed_in_single,
        "product drops the last of k = 64": partial(lost_term, k=64),
        "the last of k = 64 is 1e-5": partial(lost_term, k=64, size=1e-5),
        "sum drops the last of n = 1000": partial(lost_summand, n=1000),
        "mean over n - 1, n = 1e5": partial(fewer_rows, n=10**5, **one),
        "TF32, k = 64": partial(read_as, k=64, as_read=tf32),
        "TF32, k = 1024": partial(read_as, k=1024, as_read=tf32),
        "TF32, k = 16384": partial(read_as, k=16384, as_read=tf32),
        "TF32 truncated, positive, k = 1024": partial(
            read_as, k=1024, as_read=truncated, positive=True
        ),
        "TF32, k = 1024, results ~ 1e-3": partial(
            read_as, k=1024, as_read=tf32, scale=0.005
        ),
        "bfloat16 factors, k = 256": partial(read_as, k=256, as_read=bfloat16),
        **{f"exp + {n} ulps": partial(exp_off, ulps=n) for n in (3, 10, 30, 100)},
        **{
            f"softmax, exp +- {n} ulps": partial(softmax_off, ulps=n)
            for n in (3, 10, 30, 100)
        },
        "weight decay 1e-4 dropped": partial(other_rule, weight_decay=0.0),
        "learning rate 0.010001": partial(other_rule, learning_rate=0.010001),
        "momentum 0.9001": partial(other_rule, momentum=0.9001),
        "dampening 0.1": partial(other_rule, dampening=0.1),
        "Nesterov": partial(other_rule, nesterov=True),
        "CE gradient without 1/N": partial(
            wrong_gradient, wrong=lambda x, y: gradient(x, y, 1)
        ),
        "CE gradient, one wrong label of 64": partial(
            wrong_gradient, wrong=neighbours_label, n=64
        ),
        "wrong axis of unbroadcast": wrong_axis,
        "float16 added up in float16": added_up_in_half,
    }


def _small() -> Mapping[str, Bug]:
    """Section 5b: every one of them has to be found in float64."""
    return {
        **{
            f"std + {by}, n = 8": partial(added_to_deviation, by=float(by), n=8)
            for by in ("1e-5", "1e-7", "1e-8", "1e-12")
        },
        **{
            f"ddof 1 for 0, n = {n}": partial(other_ddof, n=int(float(n)))
            for n in ("8", "1000", "1e5")
        },
        **{
            f"log(sum + {by})": partial(added_to_sum, by=float(by))
            for by in ("1e-6", "1e-7", "1e-12")
        },
        **{
            f"label smoothing {by}": partial(smoothed, by=float(by))
            for by in ("1e-4", "1e-6", "1e-9")
        },
        "product drops the last of k = 8": partial(lost_term, k=8),
        "the last of k = 8 is 1e-6": partial(lost_term, k=8, size=1e-6),
        "product drops the last of k = 1024": partial(lost_term, k=1024),
        "the last of k = 1024 is 1e-6": partial(lost_term, k=1024, size=1e-6),
        "mean over n - 1, n = 1e5": partial(fewer_rows, n=10**5),
        "dampening 0.1": partial(other_rule, dampening=0.1),
        "dampening 1e-4": partial(other_rule, dampening=1e-4),
        "Nesterov": partial(other_rule, nesterov=True),
        "weight decay dropped": partial(other_rule, weight_decay=0.0),
        "learning rate * (1 + 1e-6)": partial(
            other_rule, learning_rate=0.01 * (1 + 1e-6)
        ),
        "momentum + 1e-9": partial(other_rule, momentum=0.9 + 1e-9),
        "CE gradient, one-hot / (N + 1e-5)": partial(
            wrong_gradient, wrong=more_rows, n=8
        ),
        "wrong axis of unbroadcast": wrong_axis,
        "softmax without shift, beyond overflow": overflowing,
    }


#: Section 5a of the research: ordinary shapes, in float32.
ORDINARY = _ordinary()
#: 5b: small shapes of any scale, in float32 and in float64.
SMALL = _small()
