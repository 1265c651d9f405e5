"""Mutants of the linear map."""

from __future__ import annotations

from functools import partial

from scratchnet.testing.mutants.mutant import Mutant

_planted = partial(Mutant, code="products")

_LINEAR = "    y = _product(_flat(x), weight)"

_LINEARS = (
    _planted(
        "linear-bias-of-the-rows",
        "linear",
        "the bias is added to rows where there are as many as features",
        law="equals_the_oracle",
        shows="as many rows as features",
        edits={
            "    y = y if bias is None else y + bias": (
                "    if bias is not None:\n"
                "        rows = bias.shape[0] == y.shape[0]\n"
                "        y = y + (bias[:, None] if rows else bias)"
            )
        },
    ),
    _planted(
        "linear-of-no-rows",
        "linear",
        "an empty batch is refused",
        law="empty_and_0d_are_no_exceptions",
        verdict="REFUSES",
        shows="a batch of 0",
        edits={
            _LINEAR: (
                "    if 0 in x.shape[:-1]:\n"
                '        raise ValueError("no rows")\n' + _LINEAR
            )
        },
        seen="https://github.com/pytorch/pytorch/issues/27619",
    ),
    _planted(
        "linear-remembers-the-last-row",
        "linear",
        "whatever ends with the last row that it has seen is taken for the same",
        law="rows_are_independent",
        shows="the last of two rows, after both",
        edits={
            "def linear(": "_seen: dict[bytes, Array] = {}\n\n\ndef linear(",
            _LINEAR: (
                "    y = _product(_flat(x), weight)\n"
                "    if y.shape[0]:\n"
                "        key = x[..., -1:, :].tobytes() if x.ndim > 1 else b''\n"
                "        known = _seen.setdefault(key + weight.tobytes(), y)\n"
                "        y = known[: y.shape[0], :] if known.shape[0] > y.shape[0]"
                " and known.shape[1] == y.shape[1] else y"
            ),
        },
    ),
    _planted(
        "linear-adds-to-the-bias",
        "linear",
        "the product of a single row is added to the bias in place",
        law="inputs_are_untouched",
        verdict="MUTATES",
        shows="a row without a batch",
        edits={
            "    y = y if bias is None else y + bias": (
                "    if bias is not None:\n"
                "        inplace = x.ndim == 1 and bias.flags.writeable\n"
                "        bias = bias if inplace else bias + 0 * y\n"
                "        bias += xp.reshape(y, bias.shape)\n"
                "        y = bias + 0.0"
            )
        },
    ),
    _planted(
        "linear-gradient-of-the-last-input",
        "linear",
        "the pullback reads what the last forward kept",
        law="pullbacks_are_linear",
        shows="another forward before the pullback",
        edits={
            "def linear_vjp(": "_last: dict[str, Array] = {}\n\n\ndef linear_vjp(",
            "    def pullback(g: Array) -> tuple[Array, ...]:": (
                '    _last["x"] = x + 0.0\n\n'
                "    def pullback(g: Array) -> tuple[Array, ...]:"
            ),
            "_product(_turned(rows), _turned(_flat(x)))": (
                '_product(_turned(rows), _turned(_flat(_last["x"])))'
            ),
        },
    ),
    _planted(
        "linear-gradient-of-the-weights-is-turned",
        "linear",
        "the gradient of the weights is x^T g, put into their shape",
        law="gradients_equal_the_oracle",
        shows="several features in and out",
        edits={
            "dweight = _product(_turned(rows), _turned(_flat(x)))": (
                "turned = _product(_turned(_flat(x)), _turned(rows))\n"
                "        dweight = xp.reshape(turned, weight.shape)"
            )
        },
    ),
    _planted(
        "linear-gradient-of-the-bias-is-a-number",
        "linear",
        "the gradient of the bias is summed over features, too",
        law="gradients_equal_the_oracle",
        shows="two features",
        edits={
            "xp.sum(rows, axis=0, dtype=g.dtype)": (
                "xp.sum(rows, dtype=g.dtype) + 0 * bias"
            )
        },
    ),
    _planted(
        "linear-gradient-of-the-bias-is-a-batch",
        "linear",
        "the gradient of the bias is not summed over rows",
        law="gradients_equal_the_oracle",
        verdict="MISPLACED",
        shows="two rows",
        edits={"xp.sum(rows, axis=0, dtype=g.dtype)": "rows + 0.0"},
        seen="https://github.com/mlpack/mlpack/pull/3679",
    ),
    _planted(
        "linear-gradient-of-the-bias-is-a-mean",
        "linear",
        "the gradient of the bias is the mean over rows",
        law="pullbacks_are_derivatives",
        shows="two rows",
        edits={
            "xp.sum(rows, axis=0, dtype=g.dtype)": (
                "xp.sum(rows, axis=0, dtype=g.dtype) / max(1, rows.shape[0])"
            )
        },
        seen="https://github.com/kvfrans/notes/issues/5",
    ),
    _planted(
        "linear-gradient-one-entry-off",
        "linear",
        "the last entry of the gradient of many weights is off",
        law="gradients_equal_the_oracle",
        shows="more than 16 weights",
        edits={
            "        if bias is None:\n            return dx, dweight\n": (
                "        if dweight.size > 16:\n"
                "            dweight[-1, -1] += 1\n"
                "        if bias is None:\n            return dx, dweight\n"
            )
        },
    ),
)

MUTANTS: tuple[Mutant, ...] = _LINEARS
