"""Mutants of standardizing with the mean and the deviation of training rows."""

from __future__ import annotations

from functools import partial

from scratchnet.testing.mutants.mutant import Mutant

_planted = partial(Mutant, code="normalization")

_FITTED = "    mean = xp.mean(train, axis=over)\n"
_SPREAD = "    deviation = xp.std(train, axis=over, correction=0)\n"
_GUARD = "    deviation = xp.where(constant, xp.ones_like(deviation), deviation)\n"
_END = "    return (rows - mean) / deviation"

MUTANTS = (
    _planted(
        "standardizer-without-a-guard",
        "standardizer",
        "a deviation of 0 is divided by",
        law="equals_the_oracle",
        shows="a single training row, or constant ones",
        edits={_GUARD: ""},
        seen="https://github.com/ai2cm/fv3net/pull/639",
    ),
    _planted(
        "standardizer-keeps-the-mean-of-constants",
        "standardizer",
        "what was constant in training is passed on as it is",
        law="equals_the_oracle",
        shows="a single training row, or constant ones",
        edits={
            _GUARD: f"{_GUARD}    mean = xp.where(constant, 0 * mean, mean)\n",
        },
        seen="https://github.com/elixir-nx/scholar/pull/363",
    ),
    _planted(
        "standardizer-of-a-sample",
        "standardizer",
        "the deviation is divided by n - 1",
        law="equals_the_oracle",
        shows="two training rows",
        edits={_SPREAD: _SPREAD.replace("correction=0", "correction=1")},
    ),
    _planted(
        "standardizer-plus-1e-8",
        "standardizer",
        "1e-8 is added to the deviation",
        law="equals_the_oracle",
        shows="any deviation",
        edits={_GUARD: f"{_GUARD}    deviation = deviation + 1e-8\n"},
    ),
    _planted(
        "standardizer-plus-1e-12",
        "standardizer",
        "1e-12 is added to the deviation",
        law="equals_the_oracle",
        shows="a small deviation",
        edits={_GUARD: f"{_GUARD}    deviation = deviation + 1e-12\n"},
    ),
    _planted(
        "standardizer-takes-small-for-constant",
        "standardizer",
        "a deviation below 1e-6 counts as 0",
        law="equals_the_oracle",
        shows="a small deviation",
        edits={_GUARD: _GUARD.replace("constant,", "deviation < 1e-6,")},
        seen="https://github.com/scikit-learn/scikit-learn/issues/19726",
    ),
    _planted(
        "standardizer-by-its-own-rows",
        "standardizer",
        "the mean is that of the rows, not of the training rows",
        law="equals_the_oracle",
        shows="rows that are not those of training",
        edits={
            _FITTED: "    mean = xp.mean(xp.astype(rows, train.dtype), axis=over)\n"
        },
    ),
    _planted(
        "standardizer-of-all-features",
        "standardizer",
        "all features share a deviation, even where each has a mean of its own",
        law="equals_the_oracle",
        shows="per_feature=True",
        edits={_SPREAD: "    deviation = xp.std(train, correction=0) + 0 * mean\n"},
    ),
    _planted(
        "standardizer-in-one-pass",
        "standardizer",
        "the deviation is the root of a difference of squares, kept from below 0",
        law="equals_the_oracle",
        shows="a mean that is large beside the deviation",
        edits={
            _SPREAD: (
                "    squared = xp.mean(train * train, axis=over) - mean * mean\n"
                "    deviation = xp.sqrt(xp.where(squared > 0, squared, 0 * squared))\n"
            )
        },
        seen="https://github.com/deepmodeling/deepmd-kit/pull/5321",
    ),
    _planted(
        "standardizer-mean-as-a-pixel",
        "standardizer",
        "the mean is of the dtype of the rows, from which bytes wrap around",
        law="integers_stand_for_numbers",
        shows="bytes",
        edits={_END: "    return (rows - xp.astype(mean, rows.dtype)) / deviation"},
    ),
    _planted(
        "standardizer-as-its-rows",
        "standardizer",
        "the result is of the dtype of the rows",
        law="integers_stand_for_numbers",
        verdict="MISPLACED",
        shows="integers",
        edits={_END: "    return xp.astype((rows - mean) / deviation, rows.dtype)"},
        seen="https://github.com/scikit-learn/scikit-learn/pull/2271",
    ),
    _planted(
        "standardizer-cuts-bytes",
        "standardizer",
        "of bytes the result is bytes",
        law="integers_stand_for_numbers",
        verdict="MISPLACED",
        shows="bytes",
        edits={
            _END: (
                "    y = (rows - mean) / deviation\n"
                "    return xp.astype(y, xp.uint8) if rows.dtype == xp.uint8 else y"
            )
        },
    ),
    _planted(
        "standardizer-cuts-signed-numbers",
        "standardizer",
        "of signed integers the result is such",
        law="integers_stand_for_numbers",
        verdict="MISPLACED",
        shows="integers that NumPy makes of a list",
        edits={
            _END: (
                "    y = (rows - mean) / deviation\n"
                "    return xp.astype(y, xp.int64) if rows.dtype == xp.int64 else y"
            )
        },
    ),
    _planted(
        "standardizer-squares-bytes",
        "standardizer",
        "the variance is made of squares of bytes, which wrap around",
        law="integers_stand_for_numbers",
        shows="bytes",
        edits={
            '    if xp.isdtype(train.dtype, "integral"):\n': (
                '    given = train\n    if xp.isdtype(train.dtype, "integral"):\n'
            ),
            _GUARD: (
                f"{_GUARD}"
                '    if xp.isdtype(given.dtype, "integral"):\n'
                "        squares = xp.astype(given * given, xp.float64)\n"
                "        squared = xp.mean(squares, axis=over) - mean**2\n"
                "        deviation = xp.where(squared > 0, abs(squared) ** 0.5, 1.0)\n"
            ),
        },
    ),
    _planted(
        "standardizer-writes-to-its-rows",
        "standardizer",
        "the rows themselves are standardized, where they can be written to",
        law="inputs_are_untouched",
        verdict="MUTATES",
        shows="rows that can be written to",
        edits={
            _END: (
                "    y = (rows - mean) / deviation\n"
                "    if rows.flags.writeable:\n"
                "        rows[...] = y\n"
                "    return y"
            )
        },
        seen="https://github.com/scikit-learn/scikit-learn/pull/921",
    ),
)
