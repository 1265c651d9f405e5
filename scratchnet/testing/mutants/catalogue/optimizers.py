"""Mutants of optimizers: of a step of several parameters, with a state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scratchnet.testing.mutants.mutant import Mutant

_FIRST = "        v = array_namespace(g).asarray(g, copy=True)"
_LATER = "        v = momentum * velocity + (1 - dampening) * g"
_START = "    after, velocities = dict(parameters), dict(state)\n"
_EACH = "    for name, g in gradients.items():\n"
_KEPT = "            velocities[name] = moved[1]"
_FOUND = "velocities.get(name)"
_MOVED = "        after[name] = moved[0]\n"
_END = "    return after, velocities"


def _planted(
    name: str, says: str, law: str, shows: str, edits: Mapping[str, str], **more: Any
) -> Mutant:
    name = f"optimizer-{name}"
    return Mutant(name, "optimizer", says, law, shows, edits, "optimizers", **more)


_STEPS = (
    _planted(
        "dampens-the-first-step",
        "the first velocity is dampened, as if there had been one of 0",
        "every_step_equals_the_oracle",
        "a first step with dampening",
        {_FIRST: "        v = (1 - dampening) * g"},
        seen="https://github.com/ml-explore/mlx/pull/473",
    ),
    _planted(
        "loses-its-state",
        "the state that a step returns is the one that it was given",
        "every_step_equals_the_oracle",
        "a second step with momentum",
        {_END: "    return after, dict(state)"},
        seen="https://github.com/kozistr/pytorch_optimizer/pull/516",
    ),
    _planted(
        "knows-parameters-by-id",
        "velocities are kept by where a parameter lies, which is new after a step",
        "every_step_equals_the_oracle",
        "a second step with momentum",
        {
            "velocities.get(name), **": "velocities.get(str(id(parameters[name]))), **",
            _KEPT: "            velocities[str(id(parameters[name]))] = moved[1]",
        },
    ),
    _planted(
        "tires",
        "the third step goes nowhere",
        "every_step_equals_the_oracle",
        "a third step",
        {
            _START: f"{_START}    steps = velocities.pop('steps', 0)\n",
            _EACH: "    for name, g in ({} if steps == 2 else gradients).items():\n",
            _END: "    return after, {**velocities, 'steps': steps + 1}",
        },
    ),
    _planted(
        "uses-its-first-gradients",
        "each step is of the gradients of the first",
        "every_step_equals_the_oracle",
        "a second step",
        {
            _START: (
                f"{_START}"
                "    first = {f'first {name}': g for name, g in gradients.items()}\n"
                "    velocities = {**first, **velocities}\n"
            ),
            _EACH: f"{_EACH}        g = velocities[f'first {{name}}']\n",
        },
    ),
    _planted(
        "velocity-in-single-precision",
        "the first velocity is made in float32",
        "every_step_equals_the_oracle",
        "a first step with momentum",
        {
            _FIRST: (
                "        xp = array_namespace(g)\n        v = xp.astype(g, xp.float32)"
            )
        },
    ),
)

_INDEPENDENCE = (
    _planted(
        "one-velocity-for-all",
        "all parameters share a velocity",
        "parameters_are_independent",
        "two parameters with momentum",
        {
            _FOUND: "velocities.get('all')",
            _KEPT: "            velocities['all'] = moved[1]",
        },
    ),
    _planted(
        "single-keeps-the-gradient",
        "of a single parameter the gradient is kept, which the first velocity is",
        "parameters_are_independent",
        "a third step of one parameter alone",
        {
            _MOVED: (
                f"{_MOVED}"
                "        if len(parameters) == 1 and len(moved) > 1:\n"
                "            moved = sgd(parameters[name], g, **hyper)\n"
            )
        },
        seen="https://github.com/kozistr/pytorch_optimizer/issues/519",
    ),
    _planted(
        "single-keeps-an-undamped-velocity",
        "of a single parameter the velocity is kept without dampening",
        "parameters_are_independent",
        "a third step of one parameter alone, with dampening",
        {
            _MOVED: (
                f"{_MOVED}"
                "        if len(parameters) == 1 and len(moved) > 1:\n"
                "            undamped = {**hyper, 'dampening': 0.0}\n"
                "            known = velocities.get(name)\n"
                "            moved = sgd(parameters[name], g, known, **undamped)\n"
            ),
        },
        seen="https://github.com/kozistr/pytorch_optimizer/issues/519",
    ),
    _planted(
        "clips-all-by-one-norm",
        "gradients are clipped by the largest entry of all, which nobody asked for",
        "parameters_are_independent",
        "gradients above 1",
        {
            _START: (
                f"{_START}    every = [g.reshape(-1) for g in gradients.values()]\n"
                "    largest = max([1.0, *(abs(float(x)) for g in every for x in g)])\n"
            ),
            _EACH: f"{_EACH}        g = g / largest\n",
        },
    ),
)

_MISSING = (
    _planted(
        "takes-no-gradient-for-0",
        "what has no gradient is moved by one of 0: it decays, and rolls on",
        "without_a_gradient_nothing_moves",
        "decay or momentum, and a parameter without a gradient",
        {
            _EACH: (
                "    for name, p in parameters.items():\n"
                "        g = gradients[name] if name in gradients else 0 * p\n"
            )
        },
        seen="https://github.com/chainer/chainer/issues/1913",
    ),
    _planted(
        "decays-what-has-no-gradient",
        "decay is taken off parameters that have no gradient",
        "without_a_gradient_nothing_moves",
        "decay, and a parameter without a gradient",
        {
            _END: (
                "    share = hyper['learning_rate'] * hyper['weight_decay']\n"
                "    for name in parameters.keys() - gradients.keys():\n"
                "        after[name] = parameters[name] * (1 - share)\n"
                f"{_END}"
            )
        },
        seen="https://github.com/KellerJordan/Muon/issues/54",
    ),
    _planted(
        "forgets-the-velocity",
        "what has no gradient loses its velocity",
        "without_a_gradient_nothing_moves",
        "momentum, and a second step without a gradient",
        {
            "dict(state)\n": (
                "{name: v for name, v in state.items() if name in gradients}\n"
            )
        },
    ),
    _planted(
        "velocity-rolls-on",
        "the velocity of what has no gradient decays",
        "without_a_gradient_nothing_moves",
        "momentum, and a second step without a gradient",
        {
            _END: (
                "    for name in velocities.keys() - gradients.keys():\n"
                "        velocities[name] = hyper['momentum'] * velocities[name]\n"
                f"{_END}"
            )
        },
    ),
    _planted(
        "starts-at-rest",
        "what has no gradient at first has a velocity of 0 from then on",
        "without_a_gradient_nothing_moves",
        "dampening, and a first step without a gradient",
        {
            _END: (
                "    for name in parameters.keys() - gradients.keys():\n"
                "        velocities.setdefault(name, 0 * parameters[name])\n"
                f"{_END}"
            )
        },
    ),
)

_PURE = (
    _planted(
        "writes-to-velocities",
        "velocities are updated where they lie",
        "steps_are_pure",
        "a second step with momentum",
        {
            _LATER: (
                "        v = array_namespace(g).asarray(velocity)\n"
                "        v *= momentum\n"
                "        v += (1 - dampening) * g"
            )
        },
        verdict="MUTATES",
    ),
    _planted(
        "state-is-one-object",
        "the state is an object that each step writes to and returns",
        "steps_are_pure",
        "a second step with momentum",
        {
            "def optimizer(": (
                "class _State:\n"
                "    def __init__(self, velocities: Any) -> None:\n"
                "        self.velocities = velocities\n\n\n"
                "def optimizer("
            ),
            "dict(state)\n": "dict(state.velocities if state else {})\n",
            _END: (
                "    if not state:\n"
                "        return after, _State(velocities)\n"
                "    state.velocities = velocities\n"
                "    return after, state"
            ),
        },
        verdict="MUTATES",
    ),
    _planted(
        "writes-to-parameters",
        "the parameters that it is given move as well, where they can be written to",
        "steps_are_pure",
        "any step",
        {
            _MOVED: (
                f"{_MOVED}"
                "        if parameters[name].flags.writeable:\n"
                "            parameters[name][...] = moved[0]\n"
            )
        },
        verdict="MUTATES",
    ),
    _planted(
        "adds-the-decay-to-the-gradient",
        "the decay is added to the gradient that it is given, where it can be",
        "steps_are_pure",
        "decay",
        {
            "            velocities[name] = moved[1]\n": (
                "            velocities[name] = moved[1]\n"
                "        if g.flags.writeable:\n"
                "            g += hyper['weight_decay'] * parameters[name]\n"
            )
        },
        verdict="MUTATES",
    ),
    _planted(
        "goes-on-from-the-last-call",
        "the velocity is that of the last call, whatever the state says",
        "steps_are_pure",
        "the same step once more",
        {
            "def optimizer(": "_last: dict[Any, Array] = {}\n\n\ndef optimizer(",
            "moved = sgd(parameters[name], g, velocities.get(name), **hyper)": (
                "known = _last.get((name, g.shape)) if name in velocities else None\n"
                "        moved = sgd(parameters[name], g, known, **hyper)"
            ),
            _KEPT: "            velocities[name] = _last[name, g.shape] = moved[1]",
        },
        verdict="NONDETERMINISTIC",
    ),
)

MUTANTS = (*_STEPS, *_INDEPENDENCE, *_MISSING, *_PURE)
