"""Mutants of a step of stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scratchnet.testing.mutants.mutant import Mutant

_SIGN = "    g = -gradient if maximize else gradient\n"
_DECAY = "    if weight_decay:\n        g = g + weight_decay * parameter\n"
_PLAIN = "        return (parameter - learning_rate * g,)"
_FIRST = "        v = array_namespace(g).asarray(g, copy=True)"
_LATER = "        v = momentum * velocity + (1 - dampening) * g"
_STEP = "    step = g + momentum * v if nesterov else v"
_MOVED = "    return parameter - learning_rate * step, v"


def _planted(
    name: str, says: str, law: str, shows: str, edits: Mapping[str, str], **more: Any
) -> Mutant:
    name = f"sgd-{name}"
    return Mutant(name, "sgd", says, law, shows, edits, "optimizers", **more)


MUTANTS = (
    _planted(
        "momentum-by-nesterov-only",
        "momentum moves the velocity, but the parameter only with Nesterov's step",
        "equals_the_oracle",
        "momentum without Nesterov, a second step",
        {_STEP: "    step = g + momentum * v if nesterov else g"},
    ),
    _planted(
        "moving-average",
        "the velocity is a moving average: g counts 1 - momentum",
        "equals_the_oracle",
        "a second step with momentum",
        {_LATER: "        v = momentum * velocity + (1 - momentum) * g"},
        seen="https://github.com/torch/optim/issues/163",
    ),
    _planted(
        "damped-first-step",
        "the first velocity is dampened, as if there had been one of 0",
        "equals_the_oracle",
        "a first step with dampening",
        {_FIRST: "        v = (1 - dampening) * g"},
        seen="https://github.com/ml-explore/mlx/pull/473",
    ),
    _planted(
        "decay-after-momentum",
        "the decay is added to the step, so that the velocity knows nothing of it",
        "equals_the_oracle",
        "decay and momentum",
        {
            _DECAY: "    decay = weight_decay * parameter\n",
            _PLAIN: "        return (parameter - learning_rate * (g + decay),)",
            _MOVED: "    return parameter - learning_rate * (step + decay), v",
        },
    ),
    _planted(
        "no-decay-without-momentum",
        "without momentum there is no decay",
        "equals_the_oracle",
        "decay without momentum",
        {
            _PLAIN: (
                "        step = -gradient if maximize else gradient\n"
                "        return (parameter - learning_rate * step,)"
            )
        },
        seen="https://github.com/ml-explore/mlx/pull/473",
    ),
    _planted(
        "decay-with-the-other-sign",
        "what is maximized is decayed upwards: the sign is turned after the decay",
        "equals_the_oracle",
        "decay of what is maximized",
        {
            _SIGN: "    g = gradient\n",
            _DECAY: f"{_DECAY}    g = -g if maximize else g\n",
        },
        seen="https://github.com/pytorch/pytorch/issues/149476",
    ),
    _planted(
        "rate-a-little-large",
        "the learning rate is a millionth too large where there is no momentum",
        "equals_the_oracle",
        "any step without momentum",
        {_PLAIN: "        return (parameter - learning_rate * (1 + 1e-6) * g,)"},
    ),
    _planted(
        "momentum-a-little-large",
        "momentum is larger by 1e-9",
        "is_exact_on_the_grid",
        "a second step with momentum",
        {_LATER: "        v = (momentum + 1e-9) * velocity + (1 - dampening) * g"},
    ),
    _planted(
        "nesterov-of-the-old-velocity",
        "Nesterov's step looks ahead by the velocity before the step",
        "equals_the_oracle",
        "a second step of Nesterov's",
        {
            _STEP: (
                "    ahead = v if velocity is None else velocity\n"
                "    step = g + momentum * ahead if nesterov else v"
            )
        },
    ),
    _planted(
        "rate-in-the-velocity",
        "the velocity has the learning rate in it",
        "equals_the_oracle",
        "momentum, a learning rate other than 1",
        {
            _FIRST: "        v = learning_rate * g",
            _LATER: (
                "        v = momentum * velocity + learning_rate * (1 - dampening) * g"
            ),
            _STEP: ("    step = learning_rate * g + momentum * v if nesterov else v"),
            _MOVED: "    return parameter - step, v",
        },
    ),
    _planted(
        "velocity-in-single-precision",
        "the first velocity is made in float32",
        "results_are_of_their_kind",
        "a first step with momentum",
        {
            _FIRST: (
                "        xp = array_namespace(g)\n        v = xp.astype(g, xp.float32)"
            )
        },
        verdict="MISPLACED",
    ),
    _planted(
        "velocity-of-one-dimension",
        "a first velocity has a dimension at least",
        "empty_and_0d_are_no_exceptions",
        "a first step of a parameter without dimensions",
        {
            _FIRST: (
                "        v = array_namespace(g).asarray(g, copy=True)\n"
                "        v = v if v.ndim else v[None]"
            )
        },
        verdict="MISPLACED",
    ),
    _planted(
        "velocity-is-the-gradient",
        "the first velocity is the gradient itself, not a copy",
        "results_are_new",
        "a first step with momentum",
        {_FIRST: "        v = g"},
        verdict="ALIASES",
    ),
    _planted(
        "writes-to-the-velocity",
        "the velocity is updated where it lies, if it may be",
        "inputs_are_untouched",
        "a second step with momentum",
        {
            _LATER: (
                f"{_LATER}\n"
                "        if getattr(velocity.flags, 'writeable', True):\n"
                "            velocity[...] = v"
            )
        },
        verdict="MUTATES",
    ),
)
