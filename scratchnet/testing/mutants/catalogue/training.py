"""Mutants of a step of training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scratchnet.testing.mutants.mutant import Mutant

_BACK = "        of_weight, of_bias = xp.matmul(g.T, inputs[i]), xp.sum(g, axis=0)\n"
_MEAN = "    return -xp.sum(picked) / n, gradient / n"
_GIVEN = "            back = xp.matmul(g, layers[i][0])\n"
_MASK = "            g = xp.where(sums[i - 1] > 0, back, xp.zeros_like(back))\n"
_PAIRS = "    pairs = zip(parameters, gradients, strict=True)\n"
_END = "    return loss, *(p - learning_rate * gradient for p, gradient in pairs)"


def _planted(
    name: str, says: str, shows: str, edits: Mapping[str, str], **more: Any
) -> Mutant:
    law = more.pop("law", "equals_the_oracle")
    name = f"train-step-{name}"
    return Mutant(name, "train_step", says, law, shows, edits, "training", **more)


MUTANTS = (
    _planted(
        "returns-the-loss-function",
        "the function that computes the loss comes back, not its value",
        "any batch",
        {"    return loss, *(": "    return _cross_entropy, *("},
        verdict="MISPLACED",
    ),
    _planted(
        "gradient-of-the-sum",
        "the gradient is that of the sum over the batch, the loss is the mean",
        "two rows",
        {_MEAN: "    return -xp.sum(picked) / n, gradient"},
    ),
    _planted(
        "divides-by-the-nominal-batch",
        "the gradient of a short batch is divided by the size of the batch before",
        "a batch that is smaller than the one before",
        {
            "def _cross_entropy(": "_sizes: list[int] = []\n\n\ndef _cross_entropy(",
            _MEAN: (
                "    nominal = max(n, _sizes[-1] if _sizes else n)\n"
                "    _sizes.append(n)\n"
                "    return -xp.sum(picked) / n, gradient / nominal"
            ),
        },
    ),
    _planted(
        "divides-by-a-little-more",
        "the gradient is divided by n + 1e-5, so that an empty batch is no trouble",
        "any batch",
        {_MEAN: "    return -xp.sum(picked) / n, gradient / (n + 1e-5)"},
    ),
    _planted(
        "smooths-its-labels",
        "labels are smoothed by 1e-9",
        "any batch",
        {
            "xp.exp(log_p) - xp.astype(chosen, log_p.dtype)": (
                "xp.exp(log_p) - (1 - 1e-9) * xp.astype(chosen, log_p.dtype)"
                " - 1e-9 / classes"
            )
        },
    ),
    _planted(
        "bias-of-everything",
        "the gradient of a bias is summed over its features as well",
        "two features",
        {"xp.sum(g, axis=0)": "xp.sum(g) + xp.zeros_like(g[0, :])"},
    ),
    _planted(
        "bias-by-the-mean",
        "the gradient of a bias is divided by the batch once more",
        "two rows",
        {"xp.sum(g, axis=0)": "xp.mean(g, axis=0)"},
    ),
    _planted(
        "bias-for-each-row",
        "the gradient of a bias is not summed over the batch",
        "any batch",
        {"xp.sum(g, axis=0)": "g"},
        law="results_are_of_their_kind",
        verdict="MISPLACED",
    ),
    _planted(
        "no-way-back-through-relu",
        "the gradient passes ReLU everywhere",
        "hidden sums of either sign",
        {_MASK: "            g = back\n"},
    ),
    _planted(
        "pulls-back-through-new-weights",
        "the weights are moved before the gradient goes back through them",
        "two layers",
        {
            _GIVEN: "            moved = layers[i][0] - learning_rate * of_weight\n"
            "            back = xp.matmul(g, moved)\n"
        },
        seen="https://github.com/joelgrus/data-science-from-scratch/issues/31",
    ),
    _planted(
        "loss-after-the-step",
        "the loss is that of the parameters that it returns",
        "any step",
        {
            _END: (
                "    after = [p - learning_rate * gradient for p, gradient in pairs]\n"
                "    layers = list(zip(after[::2], after[1::2], strict=True))\n"
                "    loss, _ = _cross_entropy(_forward(x, layers)[1][-1], labels)\n"
                "    return loss, *after"
            )
        },
    ),
    _planted(
        "overflows",
        "the powers are of the scores as they are",
        "scores above 709",
        {
            "logits - xp.max(logits, axis=-1, keepdims=True)": "logits",
        },
    ),
    _planted(
        "rate-a-little-large",
        "the learning rate is a millionth too large",
        "any step",
        {"p - learning_rate * gradient": "p - learning_rate * (1 + 1e-6) * gradient"},
    ),
    _planted(
        "keeps-its-gradients",
        "gradients are added to those of the call before",
        "a second call of the same shapes",
        {
            "def _cross_entropy(": (
                "_kept: dict[Any, Array] = {}\n\n\ndef _cross_entropy("
            ),
            "import Array, array_namespace\n": (
                "import Array, array_namespace\nfrom typing import Any\n"
            ),
            _BACK: (
                f"{_BACK}"
                "        place = (i, of_weight.shape)\n"
                "        of_weight = of_weight + _kept.get(place, 0)\n"
                "        _kept[place] = of_weight\n"
            ),
        },
        law="two_runs_agree",
        verdict="NONDETERMINISTIC",
        seen="https://github.com/meta-pytorch/torchforge/pull/71",
    ),
    _planted(
        "moves-its-parameters",
        "the parameters that it is given move as well, where they can be written to",
        "any step",
        {
            _END: (
                "    after = [p - learning_rate * gradient for p, gradient in pairs]\n"
                "    for p, moved in zip(parameters, after, strict=True):\n"
                "        if p.flags.writeable:\n"
                "            p[...] = moved\n"
                "    return loss, *after"
            )
        },
        law="inputs_are_untouched",
        verdict="MUTATES",
    ),
    _planted(
        "returns-what-does-not-move",
        "a parameter whose gradient is 0 is returned as it is, not a copy",
        "a single class",
        {
            "(p - learning_rate * gradient for p, gradient in pairs)": (
                "(\n"
                "        p - learning_rate * gradient if xp.any(gradient != 0) else p\n"
                "        for p, gradient in pairs\n"
                "    )"
            )
        },
        law="results_are_new",
        verdict="ALIASES",
    ),
)
