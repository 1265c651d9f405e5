"""Mutants of ReLU."""

from __future__ import annotations

from functools import partial

from scratchnet.testing.mutants.mutant import Mutant

_planted = partial(Mutant, code="activations")

#: The VJP rule does not call the function.
_APART = {
    "    return relu(x), pullback": (
        "    return xp.where(x < 0, xp.zeros_like(x), x), pullback"
    )
}

MUTANTS = (
    _planted(
        "relu-nan-becomes-zero",
        "relu",
        "NaN is taken for a number below 0",
        law="equals_the_oracle",
        shows="NaN",
        edits={"xp.where(x < 0, xp.zeros_like(x), x)": "xp.where(x > 0, x, 0.0)"},
    ),
    _planted(
        "relu-times-mask",
        "relu",
        "x is multiplied by 0 or 1, and infinity times 0 is no number",
        law="equals_the_oracle",
        shows="-inf",
        edits={
            "xp.where(x < 0, xp.zeros_like(x), x)": (
                "x * xp.where(x > 0, xp.ones_like(x), xp.zeros_like(x))"
            )
        },
    ),
    _planted(
        "relu-only-of-batches",
        "relu",
        "an empty batch, or a single number, is refused",
        law="empty_and_0d_are_no_exceptions",
        verdict="REFUSES",
        shows="no rows, no dimensions",
        edits={
            "    return xp.where(x < 0, xp.zeros_like(x), x)": (
                "    if x.ndim == 0 or x.shape[0] == 0:\n"
                '        raise ValueError("no batch")\n'
                "    return xp.where(x < 0, xp.zeros_like(x), x)"
            )
        },
    ),
    _planted(
        "relu-reads-neighbours",
        "relu",
        "memory is read as if elements were neighbours",
        law="the_layout_does_not_matter",
        shows="strided and transposed arrays",
        edits={
            "    return xp.where(x < 0, xp.zeros_like(x), x)": (
                "    owner = x\n"
                "    while isinstance(owner.base, type(owner)):\n"
                "        owner = owner.base\n"
                "    first = (x.ctypes.data - owner.ctypes.data) // x.itemsize\n"
                "    memory, places = owner.ravel(order='K'), xp.arange(x.size)\n"
                "    flat = memory.take(first + places, mode='wrap')\n"
                "    x = xp.reshape(flat, x.shape)\n"
                "    return xp.where(x < 0, xp.zeros_like(x), x)"
            )
        },
    ),
    _planted(
        "relu-uses-its-input-up",
        "relu",
        "the input is where it works, and is left like that",
        law="inputs_are_untouched",
        verdict="MUTATES",
        shows="any number but 0",
        edits={
            "    return xp.where(x < 0, xp.zeros_like(x), x)": (
                "    y = xp.where(x < 0, xp.zeros_like(x), x)\n"
                "    if x.flags.writeable:\n"
                "        x[...] = 0\n"
                "    return y"
            ),
            **_APART,
        },
    ),
    _planted(
        "relu-flattens-its-input",
        "relu",
        "the caller's array gets another shape",
        law="inputs_are_untouched",
        verdict="MUTATES",
        shows="two dimensions",
        edits={
            "    return xp.where(x < 0, xp.zeros_like(x), x)": (
                "    y = xp.where(x < 0, xp.zeros_like(x), x)\n"
                "    if x.flags.c_contiguous:\n"
                "        x.shape = (-1,)\n"
                "    return y"
            ),
            **_APART,
        },
    ),
    _planted(
        "relu-returns-its-input",
        "relu",
        "where nothing is to be cut off, the input itself comes back",
        law="results_are_new",
        verdict="ALIASES",
        shows="all entries at least 0",
        edits={
            "    return xp.where(x < 0, xp.zeros_like(x), x)": (
                "    if xp.all(x >= 0):\n"
                "        return x\n"
                "    return xp.where(x < 0, xp.zeros_like(x), x)"
            )
        },
    ),
    _planted(
        "relu-returns-its-tensor",
        "relu",
        "where nothing is to be cut off, the tensor itself comes back",
        law="results_are_new",
        verdict="ALIASES",
        shows="all entries at least 0",
        target="torch:cpu:float64",
        edits={
            "    return xp.where(x < 0, xp.zeros_like(x), x)": (
                "    if bool((x >= 0).all()):\n"
                "        return x\n"
                "    return xp.where(x < 0, xp.zeros_like(x), x)"
            )
        },
    ),
    _planted(
        "relu-one-buffer",
        "relu",
        "all calls of a shape write to one buffer",
        law="results_are_new",
        verdict="ALIASES",
        shows="a second call",
        edits={
            "def relu(x": "_buffers: dict[Any, Array] = {}\n\n\ndef relu(x",
            "    return xp.where(x < 0, xp.zeros_like(x), x)": (
                "    y = _buffers.setdefault(x.shape, xp.empty(x.shape))\n"
                "    y[...] = xp.where(x < 0, xp.zeros_like(x), x)\n"
                "    return y"
            ),
        },
    ),
    _planted(
        "relu-in-double-precision",
        "relu",
        "the result is in float64, whatever the input was",
        law="results_are_of_their_kind",
        verdict="MISPLACED",
        shows="float32",
        target="numpy:float32",
        edits={
            "xp.where(x < 0, xp.zeros_like(x), x)": (
                "xp.where(x < 0, xp.zeros(x.shape), x)"
            )
        },
    ),
    _planted(
        "relu-gradient-masks-zero-only",
        "relu",
        "the gradient is cut off where x is 0, not where it is below",
        law="gradients_equal_the_oracle",
        shows="x = -1",
        edits={"xp.where(x <= 0,": "xp.where(x == 0,"},
    ),
    _planted(
        "relu-gradient-in-double-precision",
        "relu",
        "the cotangent is in float64, whatever x was",
        law="gradients_are_of_their_kind",
        verdict="MISPLACED",
        shows="float32",
        target="numpy:float32",
        edits={
            "xp.where(x <= 0, xp.zeros_like(g), g)": (
                "xp.where(x <= 0, xp.zeros(g.shape), g)"
            )
        },
    ),
    _planted(
        "relu-gradient-adds-up",
        "relu",
        "each call of the pullback adds to what the last one returned",
        law="pullbacks_are_linear",
        shows="a second call",
        edits={
            "    def pullback(g: Array) -> tuple[Array]:\n"
            "        return (xp.where(x <= 0, xp.zeros_like(g), g),)": (
                "    kept = xp.zeros_like(x)\n\n"
                "    def pullback(g: Array) -> tuple[Array]:\n"
                "        nonlocal kept\n"
                "        kept = kept + xp.where(x <= 0, xp.zeros_like(g), g)\n"
                "        return (kept,)"
            )
        },
    ),
    _planted(
        "relu-gradient-of-the-last-forward",
        "relu",
        "the pullback reads the input of the latest call, not its own",
        law="pullbacks_are_linear",
        shows="another forward before the pullback",
        edits={
            "def relu_vjp": "_kept: dict[str, Array] = {}\n\n\ndef relu_vjp",
            "        return (xp.where(x <= 0, xp.zeros_like(g), g),)\n\n": (
                "        return (xp.where(_kept['x'] <= 0, xp.zeros_like(g), g),)\n\n"
                "    _kept['x'] = x\n"
            ),
        },
    ),
    _planted(
        "relu-gradient-writes-to-the-cotangent",
        "relu",
        "the caller's cotangent is cut off in place",
        law="pullbacks_leave_memory_alone",
        verdict="MUTATES",
        shows="x below 0",
        edits={
            "        return (xp.where(x <= 0, xp.zeros_like(g), g),)": (
                "        if g.flags.writeable:\n"
                "            g[x <= 0] = 0\n"
                "        return (xp.where(x <= 0, xp.zeros_like(g), g),)"
            )
        },
    ),
    _planted(
        "relu-gradient-in-one-buffer",
        "relu",
        "all calls of the pullback return one buffer",
        law="pullbacks_leave_memory_alone",
        verdict="ALIASES",
        shows="a second call",
        edits={
            "    def pullback(g: Array) -> tuple[Array]:\n"
            "        return (xp.where(x <= 0, xp.zeros_like(g), g),)": (
                "    buffer = xp.empty(x.shape)\n\n"
                "    def pullback(g: Array) -> tuple[Array]:\n"
                "        buffer[...] = xp.where(x <= 0, xp.zeros_like(g), g)\n"
                "        return (buffer,)"
            )
        },
    ),
)
