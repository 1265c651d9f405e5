"""Mutants of cross-entropy of logits and labels."""

from __future__ import annotations

from functools import partial

from scratchnet.testing.mutants.mutant import Mutant

_planted = partial(Mutant, code="losses")
_GITHUB = "https://github.com/"

_SHIFTED = "shifted = logits - xp.max(logits, axis=-1, keepdims=True)"
_POWERS = "total = xp.sum(xp.exp(shifted), axis=-1, keepdims=True)"
_LOGGED = "    return nll(_log_softmax(logits), labels, **options)"
_BACK = (
    "        share = xp.where(counts, _share(weight, g, reduction), 0.0)[..., None]\n"
    "        return (share * xp.where(hot, p - 1, p),)"
)

MUTANTS: tuple[Mutant, ...] = (
    _planted(
        "cross-entropy-without-a-shift",
        "cross_entropy",
        "nothing is taken off, so that powers overflow",
        law="equals_the_oracle",
        shows="logits above 709",
        edits={_SHIFTED: "shifted = logits - 0.0"},
    ),
    _planted(
        "cross-entropy-shift-of-everything",
        "cross_entropy",
        "the largest logit of all rows is taken off, not that of each row",
        law="equals_the_oracle",
        shows="rows 745 apart",
        edits={
            _SHIFTED: (
                "most = xp.max(logits) if 0 not in logits.shape else 0.0\n"
                "    shifted = logits - most"
            )
        },
    ),
    _planted(
        "cross-entropy-over-the-batch",
        "cross_entropy",
        "columns are normalised, not rows",
        law="rows_are_independent",
        shows="two rows, reduction='none'",
        edits={_POWERS: "total = xp.sum(xp.exp(shifted), axis=0, keepdims=True)"},
    ),
    _planted(
        "cross-entropy-of-the-second-axis",
        "cross_entropy",
        "classes are looked for along axis 1, where images have their channels",
        law="equals_the_oracle",
        shows="three dimensions",
        edits={
            _SHIFTED: (
                "axis = min(1, logits.ndim - 1)\n"
                "    shifted = logits - xp.max(logits, axis=-1, keepdims=True)"
            ),
            _POWERS: "total = xp.sum(xp.exp(shifted), axis=axis, keepdims=True)",
        },
    ),
    _planted(
        "cross-entropy-of-a-probability-and-a-little",
        "cross_entropy",
        "1e-12 is added to the probability, so that no miss costs more than 28",
        law="equals_the_oracle",
        shows="logits 28 apart",
        edits={
            _LOGGED: (
                "    xp = array_namespace(logits)\n"
                "    p = xp.exp(_log_softmax(logits))\n"
                "    return nll(xp.log(p + 1e-12), labels, **options)"
            )
        },
    ),
    _planted(
        "cross-entropy-of-a-sum-and-a-little",
        "cross_entropy",
        "1e-12 is added to the sum of powers",
        law="equals_the_oracle",
        shows="any row",
        edits={"shifted - xp.log(total)": "shifted - xp.log(total + 1e-12)"},
    ),
    _planted(
        "cross-entropy-smooths-labels",
        "cross_entropy",
        "a billionth of each label is that of all classes",
        law="equals_the_oracle",
        shows="two classes",
        edits={
            _LOGGED: (
                "    xp, y = array_namespace(logits), _log_softmax(logits)\n"
                "    mean = xp.mean(y, axis=-1, keepdims=True)\n"
                "    smooth = (1 - 1e-9) * y + 1e-9 * mean\n"
                "    return nll(smooth, labels, **options)"
            )
        },
    ),
    _planted(
        "cross-entropy-of-probabilities",
        "cross_entropy",
        "softmax is taken twice",
        law="equals_the_oracle",
        shows="two classes",
        seen=f"{_GITHUB}Lightning-Universe/lightning-bolts/issues/654",
        edits={
            _LOGGED: (
                "    xp = array_namespace(logits)\n"
                "    p = xp.exp(_log_softmax(logits))\n"
                "    return nll(_log_softmax(p), labels, **options)"
            )
        },
    ),
    _planted(
        "cross-entropy-ignores-weights",
        "cross_entropy",
        "all classes weigh the same, whatever weights say",
        law="equals_the_oracle",
        shows="two weights",
        edits={
            _LOGGED: (
                '    options = {**options, "weights": None}\n'
                "    return nll(_log_softmax(logits), labels, **options)"
            )
        },
    ),
    _planted(
        "cross-entropy-gradient-without-the-sum",
        "cross_entropy",
        "that of log_softmax, without the sum of the cotangents",
        law="gradients_equal_the_oracle",
        shows="two classes",
        edits={
            _BACK: (
                "        share = xp.where(counts, _share(weight, g, reduction), 0.0)\n"
                "        pulled = xp.where(hot, -share[..., None], 0.0)\n"
                "        return (pulled - p * pulled,)"
            )
        },
    ),
    _planted(
        "cross-entropy-gradient-of-the-sum",
        "cross_entropy",
        "the gradient of a mean is that of a sum",
        law="gradients_equal_the_oracle",
        shows="two rows, reduction='mean'",
        edits={_BACK: _BACK.replace("g, reduction)", "g, 'sum')")},
    ),
    _planted(
        "cross-entropy-gradient-of-rows-and-a-little",
        "cross_entropy",
        "1e-5 is added to what the gradient of a mean is divided by",
        law="gradients_equal_the_oracle",
        shows="reduction='mean'",
        edits={
            "    return share / xp.sum(weight) if": (
                "    return share / (xp.sum(weight) + 1e-5) if"
            )
        },
    ),
    _planted(
        "cross-entropy-gradient-of-ignored-rows",
        "cross_entropy",
        "rows that are ignored have the gradient of others",
        law="gradients_equal_the_oracle",
        shows="one ignored row of two",
        seen=f"{_GITHUB}PaddlePaddle/Paddle/pull/28622",
        edits={
            _BACK: (
                "        every = _weight(logits, kept, counts | True, weights)\n"
                '        share = (_share(every, g, "sum"))[..., None]\n'
                '        if reduction == "mean":\n'
                "            share = share / xp.sum(weight)\n"
                "        return (share * xp.where(hot, p - 1, p),)"
            )
        },
    ),
    _planted(
        "cross-entropy-gradient-in-place",
        "cross_entropy",
        "1 is taken off the probabilities that are kept, in each call again",
        law="pullbacks_are_linear",
        shows="a second call",
        edits={
            "        return (share * xp.where(hot, p - 1, p),)": (
                "        p[hot] -= 1\n        return (share * p,)"
            )
        },
    ),
)
