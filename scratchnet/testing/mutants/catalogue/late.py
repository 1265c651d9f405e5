"""Mutants of many operations, written after generators and laws had been frozen: what
became of them at first is told in docs/mutants.md.
"""

from __future__ import annotations

from scratchnet.testing.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "leaky-relu-is-a-maximum",
        "leaky_relu",
        "it is the larger of x and slope x, which is the other one for a slope above 1",
        law="equals_the_oracle",
        shows="a slope above 1",
        code="activations",
        edits={
            "return xp.where(x > 0, x, slope * x)": "return xp.maximum(x, slope * x)"
        },
    ),
    Mutant(
        "sigmoid-clips-its-input",
        "sigmoid",
        "x is cut to between -500 and 500, so that no power can overflow",
        law="equals_the_oracle",
        shows="entries below -500",
        verdict="INACCURATE",
        code="activations",
        edits={
            "    power = xp.exp(-xp.abs(x))": (
                "    x = xp.clip(x, -500.0, 500.0)\n    power = xp.exp(-xp.abs(x))"
            )
        },
    ),
    Mutant(
        "cumsum-gradient-is-a-difference",
        "cumsum",
        "cotangents from the last on are all of them less those from the first on",
        law="gradients_equal_the_oracle",
        shows="a first cotangent that is large against the last",
        verdict="INACCURATE",
        code="selection",
        edits={
            "        back = cumsum(xp.flip(g, axis=axis), axis=axis)\n"
            "        return (xp.flip(back, axis=axis),)": (
                "        total = xp.sum(g, axis=axis, keepdims=True)\n"
                "        return (total - cumsum(g, axis=axis) + g,)"
            )
        },
    ),
    Mutant(
        "sum-compensates-infinity",
        "sum",
        "Kahan's correction is infinity less infinity after the first that there is",
        law="equals_the_oracle",
        shows="infinity, and a number after it",
        code="reductions",
        edits={
            "    while rows.shape[-1] > 1:\n"
            "        half = rows.shape[-1] // 2\n"
            "        pairs = rows[..., :half] + rows[..., half : 2 * half]\n"
            "        rows = xp.concat([pairs, rows[..., 2 * half :]], axis=-1)\n"
            "    return xp.asarray(rows[..., 0], copy=True)": (
                "    total = xp.zeros(rows.shape[:-1], dtype=rows.dtype)\n"
                "    lost = total\n"
                "    for i in range(rows.shape[-1]):\n"
                "        term = rows[..., i] - lost\n"
                "        after = total + term\n"
                "        lost = (after - total) - term\n"
                "        total = after\n"
                "    return xp.asarray(total)"
            )
        },
    ),
    Mutant(
        "log-softmax-guesses-its-axis",
        "log_softmax",
        "the default is the first axis of 1 or 3 dimensions, and else the second",
        law="equals_the_oracle",
        shows="three dimensions",
        code="softmax",
        edits={
            '    """x less the logarithm of the sum of its powers of e."""\n': (
                '    """x less the logarithm of the sum of its powers of e."""\n'
                "    if axis == -1:\n"
                "        axis = 0 if x.ndim in (0, 1, 3) else 1\n"
            )
        },
    ),
    Mutant(
        "embedding-of-no-indices",
        "embedding",
        "the least and the largest index are looked at, of which there may be none",
        law="empty_and_0d_are_no_exceptions",
        verdict="REFUSES",
        shows="no indices",
        code="selection",
        edits={
            "    if xp.any(indices < 0) or xp.any(indices >= weight.shape[0]):": (
                "    if xp.min(indices) < 0 or xp.max(indices) >= weight.shape[0]:"
            )
        },
    ),
    Mutant(
        "cross-entropy-ignores-minus-100",
        "cross_entropy",
        "rows of label -100 do not count, even where nothing is to be ignored",
        law="what_does_not_fit_is_refused",
        verdict="ACCEPTS",
        shows="a label of -100",
        code="losses",
        edits={
            "    if ignored is not None:\n        counts = labels != ignored\n": (
                "    counts = labels != (-100 if ignored is None else ignored)\n"
            )
        },
    ),
    Mutant(
        "nll-writes-to-ignored-labels",
        "nll",
        "labels that are ignored are made 0 in the caller's array",
        law="inputs_are_untouched",
        verdict="MUTATES",
        shows="a label that is ignored",
        code="losses",
        edits={
            "    kept = xp.where(counts, labels, xp.zeros_like(labels))\n": (
                "    if labels.flags.writeable:\n"
                "        labels[~counts] = 0\n"
                "    kept = xp.where(counts, labels, xp.zeros_like(labels))\n"
            )
        },
    ),
    Mutant(
        "smooth-l1-beta-in-double-precision",
        "smooth_l1",
        "beta is made an array of float64, and with it float32 becomes float64",
        law="results_are_of_their_kind",
        verdict="MISPLACED",
        shows="any numbers in float32",
        target="numpy:float32",
        code="regression",
        edits={
            "    d = xp.abs(x - t)\n": (
                "    beta = xp.asarray(beta)\n    d = xp.abs(x - t)\n"
            )
        },
    ),
    Mutant(
        "layer-norm-gradient-of-a-vector-is-the-cotangent",
        "layer_norm",
        "without rows to add up, the gradient of the bias is the caller's array",
        law="pullbacks_leave_memory_alone",
        verdict="ALIASES",
        shows="a vector",
        code="normalization",
        edits={
            "    return array_namespace(x).sum(x, axis=tuple(range(x.ndim - 1)))": (
                "    if x.ndim == 1:\n"
                "        return x\n"
                "    return array_namespace(x).sum(x, axis=tuple(range(x.ndim - 1)))"
            )
        },
    ),
    Mutant(
        "standardizer-takes-only-0-for-constant",
        "standardizer",
        "a feature is constant if its deviation is 0, which rounding may not leave",
        law="equals_the_oracle",
        shows="a constant feature whose mean is rounded, as three times 0.1",
        code="normalization",
        edits={
            "    constant = xp.min(train, axis=over) == xp.max(train, axis=over)\n": (
                "    constant = deviation == 0\n"
            )
        },
    ),
    Mutant(
        "loader-seed-0-is-none",
        "loader",
        "a seed of 0 counts as no seed at all",
        law="seeds_reproduce",
        verdict="NONDETERMINISTIC",
        shows="a seed of 0",
        code="loaders",
        edits={"np.random.default_rng(seed)": "np.random.default_rng(seed or None)"},
    ),
    Mutant(
        "loader-has-one-cursor",
        "loader",
        "where an epoch is stands in the loader, so that two at once share it",
        law="every_row_comes_once",
        shows="an epoch that begins before another has ended",
        code="loaders",
        edits={
            "        for part in self.parts():\n"
            "            yield self.taken(self.x, part), self.taken(self.y, part)": (
                "        self.left = self.parts()\n"
                "        return self\n"
                "\n"
                "    def __next__(self) -> tuple[Array, Array]:\n"
                "        if not self.left:\n"
                "            raise StopIteration\n"
                "        part = self.left.pop(0)\n"
                "        return self.taken(self.x, part), self.taken(self.y, part)"
            )
        },
    ),
    Mutant(
        "sgd-velocity-of-0-is-none",
        "sgd",
        "a velocity of zeros is taken for a first step, which is not dampened",
        law="equals_the_oracle",
        shows="a velocity of zeros, and dampening",
        code="optimizers",
        edits={
            "    if velocity is None:": (
                "    if velocity is None or not array_namespace(g).any(velocity):"
            )
        },
    ),
    Mutant(
        "optimizer-pairs-by-place",
        "optimizer",
        "the first gradient is that of the first parameter, whatever its name",
        law="without_a_gradient_nothing_moves",
        shows="a parameter without a gradient, and one after it",
        code="optimizers",
        edits={
            "    for name, g in gradients.items():": (
                "    for name, g in zip(parameters, gradients.values(), strict=False):"
            )
        },
    ),
    Mutant(
        "train-step-cuts-scores-off",
        "train_step",
        "ReLU follows the last layer as well, and the gradient knows nothing of it",
        law="equals_the_oracle",
        shows="scores below 0",
        code="training",
        edits={
            "loss, g = _cross_entropy(sums[-1], labels)": (
                "loss, g = _cross_entropy(inputs[-1], labels)"
            )
        },
    ),
    Mutant(
        "tensordot-axes-by-rank",
        "tensordot",
        "as many axes as a has but for the first are added up, whatever was asked for",
        law="equals_the_oracle",
        verdict="REFUSES",
        shows="one axis of three",
        code="products",
        edits={"    kept = a.ndim - axes\n": "    axes = a.ndim - 1\n    kept = 1\n"},
    ),
)
