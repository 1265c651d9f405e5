"""Optimisers that are objects, as a step from parameters, gradients and a state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from inspect import Parameter, isclass
from typing import Any

import numpy as np

from scratchnet.arrays import is_array
from scratchnet.errors import ArgumentTypeError
from scratchnet.testing.adapters.modules import is_a
from scratchnet.testing.adapters.options import keyword, renames, shown_as, told
from scratchnet.testing.op import Op
from scratchnet.testing.subject import Function, kind_of

Arrays = dict[str, Any]
#: How its parameters are called where a constructor takes them.
_PARAMETERS = ("params", "parameters", "model_parameters", "weights")
#: What a step is called.
_STEPS = ("step", "update")
_WITHOUT = "its step takes a gradient of each parameter"


@dataclass(frozen=True)
class Optimiser:
    """How an object steps.

    kind: a class, or an object of one. owns: whether its constructor takes the
    parameters. pytorchs: whether gradients are attributes of these. step: the method.
    names: what its constructor calls hyper-parameters.
    """

    kind: Any
    owns: bool
    pytorchs: bool
    step: str
    names: Mapping[str, str]

    def __call__(
        self, parameters: Arrays, gradients: Arrays, state: Any, **options: Any
    ) -> tuple[Arrays, Any]:
        """Parameters after a step, and the object with what it was called with.

        All of it is a copy: what the object writes to is nobody else's.
        """
        known = {name: _copy(x) for name, x in parameters.items()}
        slopes = {name: _copy(x) for name, x in gradients.items()}
        if not state:
            state = self._made(known, options)
        maker, held = deepcopy(state)
        if self.pytorchs:
            return self._stepped_in_pytorch(maker, held, known, slopes)
        if self.owns:
            return self._stepped(maker, held, known, slopes)
        return self._called(maker, known, slopes), (maker, held)

    def _made(self, known: Arrays, options: Mapping[str, Any]) -> tuple[Any, Any]:
        """The object, and the parameters that it was made of."""
        if not isclass(self.kind):
            return deepcopy(self.kind), None
        given = {self.names.get(k, k): x for k, x in options.items()}
        make: Function = partial(self.kind, **given)
        if not self.owns:
            return make(), None
        held = dict(known)
        if self.pytorchs:
            held = {name: x.detach().requires_grad_() for name, x in known.items()}
            return make(list(held.values())), held
        return _first_that_takes(make, held), held

    def _stepped_in_pytorch(
        self, maker: Any, held: Arrays, known: Arrays, slopes: Arrays
    ) -> tuple[Arrays, Any]:
        for name, x in held.items():
            if name in known:
                x.data = known[name]
            x.grad = slopes.get(name)
        maker.step()
        # A copy of the state must not hold on to gradients.
        for x in held.values():
            x.grad = None
        return {name: _copy(held[name].detach()) for name in known}, (maker, held)

    def _stepped(
        self, maker: Any, held: Arrays, known: Arrays, slopes: Arrays
    ) -> tuple[Arrays, Any]:
        """Where the object holds the parameters, it writes to them."""
        for name, x in known.items():
            held[name][...] = x
        step = getattr(maker, self.step)
        found = _first_that_takes(step, slopes)
        return _named(found, {name: held[name] for name in known}), (maker, held)

    def _called(self, maker: Any, there: Arrays, slopes: Arrays) -> Arrays:
        step = getattr(maker, self.step)
        parts = list(there.values())
        by_list = dict(zip(there, parts, strict=True))
        found: Arrays = _either(
            lambda: _named(step(there, slopes), there),
            lambda: _named(step(parts, list(slopes.values())), by_list),
        )
        return found


def _either(by_name: Callable[[], Any], by_place: Callable[[], Any]) -> Any:
    """What comes of arrays by name, or else of a list of them; where neither is taken,
    what is wrong with the first."""
    try:
        return by_name()
    except (TypeError, IndexError, KeyError, AttributeError) as error:
        with suppress(TypeError, IndexError, KeyError, AttributeError):
            return by_place()
        raise error from None


def _first_that_takes(call: Any, arrays: Arrays) -> Any:
    """What it makes of arrays by name, or else of a list of them."""
    return _either(lambda: call(arrays), lambda: call(list(arrays.values())))


def _named(found: Any, written: Arrays) -> Arrays:
    """What a step returned, by name; what it wrote to where it returned nothing."""
    if found is None:
        return written
    if isinstance(found, Mapping):
        return dict(found)
    if isinstance(found, Sequence) and len(found) == len(written):
        return dict(zip(written, found, strict=True))
    raise ArgumentTypeError(
        "optimizer",
        f"a step returned {kind_of(found)}",
        "required the parameters, or nothing where it writes to them",
    )


def _copy(x: Any) -> Any:
    if isinstance(x, np.ndarray):
        return np.array(x)
    return x.detach().clone() if hasattr(x, "detach") else deepcopy(x)


def of_optimiser(subject: Any, operation: Op, /) -> tuple[Function, dict[str, str]]:
    """An optimiser that is an object, or a class, as a step; and laws that are not to
    be asked of it, with the reason."""
    takes = told(subject) if isclass(subject) else None
    parameters = {} if takes is None else dict(takes.parameters)
    names = renames(parameters, operation)
    pytorchs = is_a(subject, "optim.Optimizer")
    owns = pytorchs or any(name in _PARAMETERS for name in parameters)
    step = next(name for name in _STEPS if hasattr(subject, name))
    back = {here: option for option, here in names.items()}
    options = [
        keyword(back.get(name, name), each.default)
        for name, each in parameters.items()
        if back.get(name, name) in operation.parameters
    ]
    places = [
        Parameter(name, Parameter.POSITIONAL_ONLY)
        for name in ("parameters", "gradients", "state")
    ]
    called = Optimiser(subject, owns, pytorchs, step, names)

    def stepped(parameters: Arrays, gradients: Arrays, state: Any, **o: Any) -> Any:
        return called(parameters, gradients, state, **o)

    # What it keeps for each parameter is made of those that it is first called with.
    waived = {} if pytorchs else {"without_a_gradient_nothing_moves": _WITHOUT}
    return shown_as(stepped, subject, [*places, *options]), waived


def is_optimiser(subject: Any, /) -> bool:
    """Whether it has a step of its own."""
    return not is_array(subject) and any(hasattr(subject, name) for name in _STEPS)
