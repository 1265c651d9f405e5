"""Optimisers that are objects, as a step from parameters, gradients and a state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
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
#: Arrays by name, or as a list.
Held = Any
Options = Mapping[str, Any]
#: Parameters after a step, and the state.
Step = tuple[Arrays, Any]
#: How its parameters are called where a constructor takes them.
_PARAMETERS = ("params", "parameters", "model_parameters", "weights")
#: What code raises that is given arrays in another shape than it is made for.
_UNTAKEN = (TypeError, IndexError, KeyError, AttributeError, ValueError)
#: What a step is called.
_STEPS = ("step", "update")
_WITHOUT = "its step takes a gradient of each parameter"


@dataclass(frozen=True)
class Optimiser:
    """How an object steps.

    kind: a class, or an object of one. owns: whether its constructor takes the
    parameters. attached: whether gradients are attributes of these, as PyTorch has it.
    step: the method. names: what its constructor calls hyper-parameters.
    """

    kind: Any
    owns: bool
    attached: bool
    step: str
    names: Mapping[str, str]

    def __call__(
        self, parameters: Arrays, gradients: Arrays, state: Any, **options: Any
    ) -> Step:
        """Parameters after a step, and the object with what it was made of.

        All of it is a copy: what the object writes to is nobody else's.
        """
        if isinstance(state, dict) and state:
            return self._each(deepcopy(state), parameters, gradients, options)
        if state:
            maker, held = deepcopy(state)
            return self._stepped(maker, held, parameters, gradients)
        if self.attached:
            return self._began(parameters, gradients, options, list)
        # What takes a list often takes a dictionary as well, and steps through its
        # names: whether a step succeeds shows what it is made for.
        ways: list[Callable[[], Step]] = [
            lambda: self._began(parameters, gradients, options, dict),
            lambda: self._began(parameters, gradients, options, list),
        ]
        if not self.owns:
            ways.append(lambda: self._each({}, parameters, gradients, options))
        return _either(*ways)

    def _each(
        self, makers: Arrays, parameters: Arrays, gradients: Arrays, options: Options
    ) -> Step:
        """The same of one that steps a single array: an object for each of them."""
        after = {}
        for name, x in parameters.items():
            after[name] = _copy(x)
            if name in gradients:
                maker = makers.setdefault(name, self._made((), options))
                step = getattr(maker, self.step)
                found = step(after[name], _copy(gradients[name]))
                after[name] = after[name] if found is None else found
        return after, makers

    def _began(
        self, parameters: Arrays, gradients: Arrays, options: Options, shape: Any
    ) -> Step:
        """The same of the first step, with arrays by name or in a list."""
        held = shape(_items(parameters, shape))
        if self.attached:
            held = [x.requires_grad_() for x in held]
        maker = self._made(held, options)
        left = held if self.owns else shape()
        return self._stepped(maker, left, parameters, gradients)

    def _made(self, held: Held, options: Options) -> Any:
        if not isclass(self.kind):
            return deepcopy(self.kind)
        given = {self.names.get(k, k): x for k, x in options.items()}
        return self.kind(*((held,) if self.owns else ()), **given)

    def _stepped(
        self, maker: Any, held: Held, parameters: Arrays, gradients: Arrays
    ) -> Step:
        """held: what it was made of, by name or as a list; empty where of nothing."""
        shape, step = type(held), getattr(maker, self.step)
        # Gradients in a list go by the parameters, whatever order theirs is.
        known = {name: gradients[name] for name in parameters if name in gradients}
        if self.attached:
            return _attached(step, held, parameters, known), (maker, held)
        slopes = shape(_items(known, shape))
        if self.owns:
            _write(held, parameters)
            return _named(step(slopes), held, parameters), (maker, held)
        given = shape(_items(parameters, shape))
        return _named(step(given, slopes), given, parameters), (maker, held)


def _items(arrays: Arrays, shape: Any) -> Any:
    """Copies of arrays, such as a dictionary or a list is made of."""
    copies = {name: _copy(x) for name, x in arrays.items()}
    return copies if shape is dict else copies.values()


def _write(held: Held, parameters: Arrays) -> None:
    """Give what is held the values of the parameters: in place, where it can be."""
    places: Any = parameters if isinstance(held, dict) else range(len(parameters))
    for place, x in zip(places, parameters.values(), strict=True):
        # NumPy makes a number, which nothing is written to, of 0-d arrays.
        if isinstance(held[place], np.generic):
            held[place] = _copy(x)
        else:
            held[place][...] = x


def _attached(step: Any, held: Held, parameters: Arrays, gradients: Arrays) -> Arrays:
    """Parameters after a step that finds gradients at them."""
    for (name, new), x in zip(parameters.items(), held, strict=True):
        x.data = _copy(new)
        x.grad = _copy(gradients[name]) if name in gradients else None
    step()
    # A copy of the state must not hold on to gradients.
    for x in held:
        x.grad = None
    return {name: _copy(x) for name, x in zip(parameters, held, strict=True)}


def _either(first: Callable[[], Step], *others: Callable[[], Step]) -> Step:
    """What comes of arrays by name, or else of a list of them, or of one alone; where
    none is taken, what is wrong with the first."""
    try:
        return first()
    except _UNTAKEN as error:
        for each in others:
            with suppress(*_UNTAKEN):
                return each()
        raise error from None


def _named(found: Any, written: Held, parameters: Arrays) -> Arrays:
    """What a step returned, by name; what it wrote to where it returned nothing."""
    if found is None:
        found = written
    if isinstance(found, Mapping):
        return dict(found)
    if isinstance(found, Sequence) and len(found) == len(parameters):
        return dict(zip(parameters, found, strict=True))
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
    step = next(name for name in _STEPS if hasattr(subject, name))
    pytorchs = is_a(subject, "optim.Optimizer")
    owns = pytorchs or any(name in _PARAMETERS for name in parameters)
    attached = pytorchs or (owns and _takes_nothing(getattr(subject, step)))
    _require_a_class(subject, pytorchs)
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
    called = Optimiser(subject, owns, attached, step, names)

    def stepped(parameters: Arrays, gradients: Arrays, state: Any, **o: Any) -> Any:
        return called(parameters, gradients, state, **o)

    # What it keeps for each parameter is made of those that it is first called with.
    waived = {} if pytorchs else {"without_a_gradient_nothing_moves": _WITHOUT}
    return shown_as(stepped, subject, [*places, *options]), waived


def _takes_nothing(step: Any) -> bool:
    """Whether a method has to be given nothing."""
    takes = told(step)
    kinds = Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD
    needed = [
        name
        for name, x in ({} if takes is None else takes.parameters).items()
        if x.default is Parameter.empty and x.kind not in kinds
    ]
    return needed in ([], ["self"])


def _require_a_class(subject: Any, pytorchs: bool) -> None:
    """Raise for an object of PyTorch's, which holds parameters of its own."""
    if pytorchs and not isclass(subject):
        raise ArgumentTypeError(
            "check",
            f"an object of {type(subject).__name__}, which holds its parameters",
            "required the class, of which one is made for each example",
        )


def is_optimiser(subject: Any, /) -> bool:
    """Whether it has a step of its own."""
    return not is_array(subject) and any(hasattr(subject, name) for name in _STEPS)
