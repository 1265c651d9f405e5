"""Activations, losses, standardizing, and steps of an optimizer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from draws import Case, Draw, rounded
from subjects import Subject, autograd, on_numpy, on_torch, referenced, with_pullback

from scratchnet import activations, losses, optim
from scratchnet.data import Standardizer
from scratchnet.testing import Contract

try:
    import torch
    from torch.nn import functional
except ModuleNotFoundError:  # NumPy's cells are there all the same
    torch = functional = None


# Activations.


def plain(draw: Draw, **options: Any) -> Case:
    """One array of any shape."""
    return Case(draw.form, (draw.numbers(*draw.shape()),), options)


def rows(draw: Draw) -> Case:
    """Rows of one class or more."""
    classes = draw.length()
    loops = draw.shape()[:2] if classes < 100 else ()
    return Case(draw.form, (draw.numbers(*loops, classes),), {"axis": -1})


def elementwise(name: str, rule: Any, builtin: Any, **choices: Any) -> Any:
    """An activation, some of whose options are chosen."""

    def drawn(draw: Draw) -> Case:
        chosen = {key: draw.one_of(*values) for key, values in choices.items()}
        return plain(draw, **chosen)

    return with_pullback(name, drawn, rule, builtin)


ACTIVATIONS = (
    *elementwise("relu", activations.relu_vjp, lambda x: functional.relu(x)),
    *elementwise(
        "leaky_relu",
        activations.leaky_relu_vjp,
        lambda x, slope: functional.leaky_relu(x, slope),
        slope=(0.01, 0.25, 0.1),
    ),
    *elementwise(
        "elu",
        activations.elu_vjp,
        lambda x, alpha: functional.elu(x, alpha),
        alpha=(0.7, 1.0),
    ),
    *elementwise("sigmoid", activations.sigmoid_vjp, lambda x: x.sigmoid()),
    *elementwise("sine", activations.sine_vjp, lambda x: x.sin()),
    *with_pullback(
        "softmax", rows, activations.softmax_vjp, lambda x, axis: x.softmax(axis)
    ),
    *with_pullback(
        "log_softmax",
        rows,
        activations.log_softmax_vjp,
        lambda x, axis: x.log_softmax(axis),
    ),
)


# Losses.


def classified(draw: Draw) -> Case:
    """Rows with labels; with and without weights and labels to ignore."""
    n, classes = draw.length(high=500), draw.integer(1, 12)
    x = draw.numbers(n, classes)
    ignored = draw.one_of(None, None, 0, -100)
    labels = draw.rng.integers(0, classes, n)
    if ignored is not None:
        labels = np.where(draw.rng.random(n) < 0.2, ignored, labels)
    weights = np.abs(draw.others(classes)) if draw.chance(0.4) else None
    reduction = draw.one_of("none", "mean", "sum")
    options = {"weights": weights, "ignore_index": ignored, "reduction": reduction}
    return Case(draw.form, (x, labels), options)


def torchs_loss(name: str) -> Callable[..., Any]:
    """The loss of this name."""

    def builtin(
        x: Any, labels: Any, *, weights: Any, ignore_index: Any, reduction: str
    ) -> Any:
        return getattr(functional, name)(
            x,
            labels,
            weight=weights,
            ignore_index=-100 if ignore_index is None else ignore_index,
            reduction=reduction,
        )

    return builtin


def paired(draw: Draw, *, probable: bool) -> Case:
    """Predictions and as many targets."""
    shape = draw.shape() if draw.chance(0.7) else (draw.length(high=5000),)
    x, t = draw.numbers(*shape), draw.others(*shape)
    if probable:
        t = rounded(draw.rng.choice([0, 1, draw.rng.random()], shape), draw.form)
    return Case(draw.form, (x, t), {"reduction": draw.one_of("none", "mean", "sum")})


LOSSES = (
    *with_pullback("nll", classified, losses.nll_vjp, torchs_loss("nll_loss")),
    *with_pullback(
        "cross_entropy",
        classified,
        losses.cross_entropy_vjp,
        torchs_loss("cross_entropy"),
    ),
    *with_pullback(
        "binary_cross_entropy",
        lambda draw: paired(draw, probable=True),
        losses.binary_cross_entropy_vjp,
        lambda x, t, **options: functional.binary_cross_entropy_with_logits(
            x, t, **options
        ),
    ),
    *with_pullback(
        "mse",
        lambda draw: paired(draw, probable=False),
        losses.mse_vjp,
        lambda x, t, **options: functional.mse_loss(x, t, **options),
    ),
)


# Standardizing, and steps of an optimizer.


def standardized(draw: Draw) -> Case:
    """Rows, and a mean and a deviation of each feature, or of all."""
    features = draw.shape()[:1] if draw.chance(0.7) else ()
    x = draw.numbers(draw.integer(1, 20), *(features or draw.shape()[:1]))
    mean, deviation = draw.others(*features), np.abs(draw.others(*features))
    return Case(draw.form, (x, mean, np.asarray(deviation)))


def standardized_back(draw: Draw) -> Case:
    """The same, after a cotangent."""
    case = standardized(draw)
    return case.with_inputs(draw.others(*case.inputs[0].shape), *case.inputs)


def stepped(draw: Draw) -> Case:
    """A parameter, its gradient, its velocity where there is one, and the rule."""
    n = draw.integer(1, 20)
    momentum = draw.one_of(0.0, 0.5, 0.9)
    dampening = draw.one_of(0.0, 0.0, 0.1)
    nesterov = momentum != 0 and dampening == 0 and draw.chance(0.5)
    velocity = (draw.others(n),) if momentum != 0 and draw.chance(0.7) else ()
    options = {
        "learning_rate": draw.one_of(0.01, 0.1, 0.5, 10 ** draw.rng.uniform(-3, 0)),
        "momentum": momentum,
        "dampening": dampening,
        "nesterov": nesterov,
        "weight_decay": draw.one_of(0.0, 1e-4, 0.25),
        "maximize": draw.chance(0.2),
    }
    return Case(draw.form, (draw.numbers(n), draw.others(n), *velocity), options)


def our_step(p: Any, g: Any, *velocity: Any, **options: Any) -> Any:
    """A step of the pipeline's optimizer: the parameter and, if any, the velocity."""
    before = {"p": velocity[0]} if velocity else {}
    after = optim.SGD(**options).step({"p": p}, {"p": g}, before)
    return tuple(arrays["p"] for arrays in after if arrays)


def torchs_step(p: Any, g: Any, *velocity: Any, **options: Any) -> Any:
    """A step of PyTorch's optimizer."""
    rest = {name: value for name, value in options.items() if name != "learning_rate"}
    parameter = torch.nn.Parameter(p.clone())
    parameter.grad = g.clone()
    optimizer = torch.optim.SGD([parameter], lr=options["learning_rate"], **rest)
    if velocity:
        optimizer.state[parameter]["momentum_buffer"] = velocity[0].clone()
    optimizer.step()
    after = optimizer.state[parameter].get("momentum_buffer")
    return (parameter,) if after is None else (parameter, after)


def kept_by_an_optimizer(draw: Draw) -> Case:
    """The same and, where there is a velocity, its product with minus the rate."""
    case = stepped(draw)
    p, g, *velocity = case.inputs
    rate = case.options["learning_rate"]
    changes = [rounded(-rate * v, draw.form) for v in velocity]
    return Case(draw.form, (p, g, *velocity, *changes), case.options)


def moved(case: Case, contract: Contract) -> Any:
    """The oracle of the parameter alone: what an optimizer keeps is its own."""
    return referenced("optimizer")(case, contract)[:1]


def first_of(step: Any) -> Any:
    """The parameter alone after a step from a velocity."""
    return lambda p, g, *kept, **options: step(p, g, *kept[:1], **options)[:1]


def by_changes(p: Any, g: Any, *kept: Any, **options: Any) -> Any:
    """The new parameter, by a velocity with the learning rate in it."""
    rate, momentum = options["learning_rate"], options["momentum"]
    g = -g if options["maximize"] else g
    # 0 times infinity would be NaN.
    g = g + options["weight_decay"] * p if options["weight_decay"] else g
    if momentum == 0:
        return (p - rate * g,)
    if kept:
        d = momentum * kept[1] - rate * ((1 - options["dampening"]) * g)
    else:
        d = -rate * g
    return (p + (momentum * d - rate * g if options["nesterov"] else d),)


OTHERS = (
    Subject(
        "standardize",
        standardized,
        referenced("standardize"),
        {
            "NumPy, ours": on_numpy(lambda x, m, d: Standardizer(m, d)(x)),
            "PyTorch, ours": on_torch(lambda x, m, d: Standardizer(m, d)(x)),
            "PyTorch": on_torch(lambda x, m, d: x.sub(m).div_(d)),
        },
    ),
    Subject(
        "standardize.pullback",
        standardized_back,
        referenced("standardize.pullback"),
        {
            "NumPy, ours": on_numpy(lambda g, _x, _m, d: (g / d,)),
            "PyTorch autograd": on_torch(
                lambda g, x, m, d: autograd(lambda x: (x - m) / d)(g, x)
            ),
        },
    ),
    Subject(
        "sgd",
        stepped,
        referenced("sgd"),
        {
            "NumPy, ours": on_numpy(our_step),
            "PyTorch, ours": on_torch(our_step),
            "PyTorch": on_torch(torchs_step),
        },
    ),
    Subject(
        "optimizer",
        kept_by_an_optimizer,
        moved,
        {
            "NumPy, ours": on_numpy(first_of(our_step)),
            "NumPy, by changes": on_numpy(by_changes),
            "PyTorch": on_torch(first_of(torchs_step)),
            "PyTorch, by changes": on_torch(by_changes),
        },
    ),
)

NETS = (*ACTIVATIONS, *LOSSES, *OTHERS)
