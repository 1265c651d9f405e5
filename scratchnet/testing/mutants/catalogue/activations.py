"""Mutants of the other activations."""

from __future__ import annotations

from functools import partial

from scratchnet.testing.mutants.mutant import Mutant

_planted = partial(Mutant, code="activations")

_LEAKY_RELU = (
    _planted(
        "leaky-relu-slope-is-fixed",
        "leaky_relu",
        "the slope is 0.01, whatever was asked for",
        law="equals_the_oracle",
        shows="x below 0, slope not 0.01",
        edits={"xp.where(x > 0, x, slope * x)": "xp.where(x > 0, x, 0.01 * x)"},
    ),
    _planted(
        "leaky-relu-scales-in-place",
        "leaky_relu",
        "the caller's entries below 0 are multiplied in place",
        law="inputs_are_untouched",
        verdict="MUTATES",
        shows="x below 0",
        edits={
            "    return xp.where(x > 0, x, slope * x)": (
                "    y = xp.where(x > 0, x, slope * x)\n"
                "    if x.flags.writeable:\n"
                "        x[x < 0] *= slope\n"
                "    return y"
            )
        },
    ),
    _planted(
        "leaky-relu-sum-of-both-sides",
        "leaky_relu",
        "both sides are added up, and infinity times 0 is no number",
        law="equals_the_oracle",
        shows="infinities",
        edits={
            "    return xp.where(x > 0, x, slope * x)": (
                "    above = xp.where(x > 0, xp.ones_like(x), xp.zeros_like(x))\n"
                "    return above * x + (1 - above) * (slope * x)"
            )
        },
    ),
    _planted(
        "leaky-relu-slope-squared",
        "leaky_relu",
        "the gradient is multiplied by the slope twice",
        law="gradients_equal_the_oracle",
        shows="x below 0",
        edits={"g, slope * g)": "g, slope * (slope * g))"},
    ),
    _planted(
        "leaky-relu-gradient-of-relu",
        "leaky_relu",
        "the gradient is 0 below 0",
        law="gradients_equal_the_oracle",
        shows="x below 0",
        edits={"g, slope * g)": "g, xp.zeros_like(g))"},
    ),
    _planted(
        "leaky-relu-gradient-by-the-cotangent",
        "leaky_relu",
        "the sign that is asked about is that of g",
        law="gradients_equal_the_oracle",
        shows="x and g of different signs",
        edits={"xp.where(x > 0, g, slope": "xp.where(g > 0, g, slope"},
    ),
)

_ELU = (
    _planted(
        "elu-alpha-forgotten",
        "elu",
        "below 0 it is e^x - 1, whatever alpha is",
        law="equals_the_oracle",
        shows="x below 0, alpha not 1",
        edits={"alpha * xp.expm1(below)": "xp.expm1(below)"},
    ),
    _planted(
        "elu-cancels",
        "elu",
        "e^x - 1 is a difference, which loses the digits of a small x",
        law="equals_the_oracle",
        verdict="INACCURATE",
        shows="x just below 0",
        edits={"xp.expm1(below)": "(xp.exp(below) - 1)"},
    ),
    _planted(
        "elu-limit-too-early",
        "elu",
        "below -20 it is taken for -alpha",
        law="equals_the_oracle",
        shows="x of -20 to -37",
        edits={
            "alpha * xp.expm1(below))": (
                "xp.where(x < -20, -alpha, alpha * xp.expm1(below)))"
            )
        },
    ),
    _planted(
        "elu-gradient-without-alpha",
        "elu",
        "the gradient below 0 is g e^x, whatever alpha is",
        law="gradients_equal_the_oracle",
        shows="x below 0, alpha not 1",
        edits={"g * (alpha * xp.exp(below))": "g * xp.exp(below)"},
    ),
    _planted(
        "elu-gradient-of-both-sides",
        "elu",
        "both sides are multiplied by 0 or 1, where e^x may have overflowed",
        law="gradients_equal_the_oracle",
        shows="x above 709",
        edits={
            "        return (xp.where(x > 0, g, g * (alpha * xp.exp(below))),)": (
                "        above = xp.where(x > 0, xp.ones_like(x), xp.zeros_like(x))\n"
                "        return (g * (above + (1 - above) * (alpha * xp.exp(x))),)"
            )
        },
    ),
    _planted(
        "elu-gradient-at-y",
        "elu",
        "the gradient below 0 is alpha e^y, not alpha e^x",
        law="gradients_equal_the_oracle",
        shows="x below 0",
        edits={
            "(alpha * xp.exp(below))),)": "(alpha * xp.exp(elu(below, alpha=alpha)))),)"
        },
    ),
)

_SIGMOID = (
    _planted(
        "sigmoid-overflows",
        "sigmoid",
        "it is e^x / (1 + e^x), which is no number where e^x overflows",
        law="equals_the_oracle",
        shows="x above 709",
        edits={
            "    power = xp.exp(-xp.abs(x))\n"
            "    return xp.where(x >= 0, xp.ones_like(x), power) / (1 + power)": (
                "    power = xp.exp(x)\n    return power / (1 + power)"
            )
        },
    ),
    _planted(
        "sigmoid-limit-too-early",
        "sigmoid",
        "above 20 it is taken for 1",
        law="equals_the_oracle",
        shows="x of 20 to 37",
        edits={
            "    return xp.where(x >= 0, xp.ones_like(x), power) / (1 + power)": (
                "    y = xp.where(x >= 0, xp.ones_like(x), power) / (1 + power)\n"
                "    return xp.where(x > 20, xp.ones_like(x), y)"
            )
        },
    ),
    _planted(
        "sigmoid-of-one-minus",
        "sigmoid",
        "below 0 it is 1 less the other side, which loses all digits",
        law="equals_the_oracle",
        verdict="INACCURATE",
        shows="x below -37",
        edits={
            "xp.where(x >= 0, xp.ones_like(x), power) / (1 + power)": (
                "xp.where(x >= 0, 1 / (1 + power), 1 - 1 / (1 + power))"
            )
        },
    ),
    _planted(
        "sigmoid-wavers",
        "sigmoid",
        "every other call is off by the last bit",
        law="two_runs_agree",
        verdict="NONDETERMINISTIC",
        shows="a second call",
        edits={
            "def sigmoid(x": "_calls = [0]\n\n\ndef sigmoid(x",
            "    return xp.where(x >= 0, xp.ones_like(x), power) / (1 + power)": (
                "    _calls[0] += 1\n"
                "    y = xp.where(x >= 0, xp.ones_like(x), power) / (1 + power)\n"
                "    return xp.nextafter(y, xp.full_like(y, _calls[0] % 2))"
            ),
        },
    ),
    _planted(
        "sigmoid-gradient-ignores-the-cotangent",
        "sigmoid",
        "the gradient is the derivative, whatever g is",
        law="gradients_equal_the_oracle",
        shows="g not 1",
        edits={"(g * (y * other),)": "(y * other + 0 * g,)"},
    ),
    _planted(
        "sigmoid-gradient-at-the-input",
        "sigmoid",
        "x (1 - x) for y (1 - y): the derivative of what is a sigmoid already",
        law="gradients_equal_the_oracle",
        shows="any x",
        edits={"(g * (y * other),)": "(g * (x * (1 - x)),)"},
    ),
)

_SINE = (
    _planted(
        "sine-with-a-short-pi",
        "sine",
        "whole turns are taken off with a pi of 16 digits",
        law="equals_the_oracle",
        shows="large x",
        edits={
            "    return xp.sin(x)": (
                "    turn = 6.283185307179586\n"
                "    return xp.sin(x - turn * xp.round(x / turn))"
            )
        },
    ),
    _planted(
        "sine-in-single-precision",
        "sine",
        "it is computed in float32",
        law="equals_the_oracle",
        shows="any x",
        edits={
            "    return xp.sin(x)": (
                "    return xp.astype(xp.sin(xp.astype(x, xp.float32)), x.dtype)"
            )
        },
    ),
    _planted(
        "sine-of-a-small-angle",
        "sine",
        "an angle below 2^-12 is taken for its sine",
        law="equals_the_oracle",
        shows="x just below 2^-12",
        edits={
            "    return xp.sin(x)": (
                "    return xp.where(xp.abs(x) < 2.0**-12, x, xp.sin(x))"
            )
        },
    ),
    _planted(
        "sine-gradient-of-the-other-sign",
        "sine",
        "the derivative is that of the cosine's phase: -cos(x)",
        law="gradients_equal_the_oracle",
        shows="any x",
        edits={"g * xp.cos(x)": "-g * xp.cos(x)"},
    ),
    _planted(
        "sine-gradient-a-little-large",
        "sine",
        "the gradient is 1.0005 times as large",
        law="pullbacks_are_derivatives",
        shows="any x",
        edits={"g * xp.cos(x)": "g * xp.cos(x) * 1.0005"},
    ),
    _planted(
        "sine-gradient-squares-the-cotangent",
        "sine",
        "g is multiplied twice",
        law="pullbacks_are_linear",
        shows="g neither 0 nor 1",
        edits={"g * xp.cos(x)": "g * g * xp.cos(x)"},
    ),
    _planted(
        "sine-gradient-off-after-a-plain-call",
        "sine",
        "a call without gradients turns them off for good",
        law="pullbacks_are_derivatives",
        shows="a plain call before the pullback",
        edits={
            "def sine(x": '_recording = {"on": True}\n\n\ndef sine(x',
            "    return xp.sin(x)": (
                '    _recording["on"] = False\n    return xp.sin(x)'
            ),
            "    return sine(x), lambda g: (g * xp.cos(x),)": (
                '    kept = 1.0 if _recording["on"] else 0.0\n'
                "    return xp.sin(x), lambda g: (kept * g * xp.cos(x),)"
            ),
        },
    ),
    _planted(
        "sine-gradient-of-a-stale-cache",
        "sine",
        "what the first plain call of a shape kept is used for all later ones",
        law="pullbacks_are_derivatives",
        shows="two calls of one shape",
        edits={
            "def sine(x": "_cosines: dict[Any, Array] = {}\n\n\ndef sine(x",
            "    return xp.sin(x)": (
                "    _cosines.setdefault(x.shape, xp.cos(x))\n    return xp.sin(x)"
            ),
            "    return sine(x), lambda g: (g * xp.cos(x),)": (
                "    cosine = _cosines.get(x.shape, xp.cos(x))\n"
                "    return xp.sin(x), lambda g: (g * cosine,)"
            ),
        },
    ),
)

MUTANTS = (*_LEAKY_RELU, *_ELU, *_SIGMOID, *_SINE)
