"""Optimisers with one fault each, and right ones."""

import numpy as np

# Optimisers.


def velocity(before, g, *, momentum, dampening):
    return g if before is None else momentum * before + (1 - dampening) * g


def optimizer(
    *,
    missing=lambda p: None,  # noqa: ARG005
    velocity=velocity,
    keep=lambda state: dict(state),
    key=lambda name: name,
):
    """A step of SGD: right, but for what is passed here."""

    def step(
        parameters,
        gradients,
        state,
        *,
        learning_rate,
        momentum,
        dampening,
        nesterov,
        weight_decay,
        maximize,
    ):
        after, state = dict(parameters), keep(state)
        for name, p in parameters.items():
            g = gradients[name] if name in gradients else missing(p)
            if g is None:
                continue
            g = (-g if maximize else g) + weight_decay * p
            if momentum:
                v = velocity(
                    state.get(key(name)), g, momentum=momentum, dampening=dampening
                )
                state[key(name)] = v
                g = g + momentum * v if nesterov else v
            after[name] = p - learning_rate * g
        return after, state

    return step


class State:
    """Velocities that are no dictionary."""

    def __init__(self, velocities):
        self.velocities = velocities


def with_an_object_for_a_state(parameters, gradients, state, **options):
    known = state.velocities if state else {}
    after, known = optimizer()(parameters, gradients, known, **options)
    return after, State(known)


def with_an_object_that_is_written_to(parameters, gradients, state, **options):
    after, known = with_an_object_for_a_state(parameters, gradients, state, **options)
    if state:
        state.velocities = known.velocities
    return after, known


def damped_at_first(before, g, *, momentum, dampening):
    before = np.zeros_like(g) if before is None else before
    return momentum * before + (1 - dampening) * g


def updated_in_place(before, g, *, momentum, dampening):
    if before is None:
        return np.array(g)
    before *= momentum
    before += (1 - dampening) * g
    return before


def remembered(before, g, *, momentum, dampening, last={}):  # noqa: B006
    """Goes on from the last call, whatever the state was."""
    before = None if before is None else last.get(g.shape)
    last[g.shape] = velocity(before, g, momentum=momentum, dampening=dampening)
    return last[g.shape]


def tired(parameters, gradients, state, **options):
    """The third step goes nowhere."""
    kept = {name: v for name, v in state.items() if name != "steps"}
    after, kept = optimizer()(parameters, gradients, kept, **options)
    steps = state.get("steps", 0)
    moved = parameters if steps == 2 else after
    return dict(moved), {**kept, "steps": steps + 1}


def with_the_first_gradient(parameters, gradients, state, **options):
    """Each step is of the first gradient."""
    first = {f"first {name}": g for name, g in gradients.items()} | state
    velocities = {k: v for k, v in first.items() if not k.startswith("first ")}
    old = {name: first[f"first {name}"] for name in gradients}
    after, velocities = optimizer()(parameters, old, velocities, **options)
    firsts = {k: v for k, v in first.items() if k.startswith("first ")}
    return after, {**firsts, **velocities}


def forgetful(parameters, gradients, state, **options):
    """What has no gradient loses its velocity."""
    kept = {name: v for name, v in state.items() if name in gradients}
    return optimizer()(parameters, gradients, kept, **options)


def rolling_on(parameters, gradients, state, *, momentum, **options):
    """The velocity of what has no gradient decays."""
    state = {
        name: v if name in gradients else momentum * v for name, v in state.items()
    }
    return optimizer()(parameters, gradients, state, momentum=momentum, **options)


def starting_at_rest(parameters, gradients, state, **options):
    """What has no gradient at first has a velocity of 0, as if it had had one."""
    rest = {k: np.zeros_like(p) for k, p in parameters.items() if k not in gradients}
    return optimizer()(parameters, gradients, {**rest, **state}, **options)


def writing_to_parameters(parameters, gradients, state, **options):
    """What is returned is new, but what was passed has moved as well."""
    after, state = optimizer()(parameters, gradients, state, **options)
    for name, p in parameters.items():
        if p.flags.writeable:
            p[...] = after[name]
    return after, state


def decaying_in_the_gradient(parameters, gradients, state, **options):
    """The decay is added to the gradient that was passed, as well."""
    found = optimizer()(parameters, gradients, state, **options)
    for name, g in gradients.items():
        if g.flags.writeable:
            g += options["weight_decay"] * parameters[name]
    return found
