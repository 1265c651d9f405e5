"""The training step, the loop around it, and what it remembers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from scratchnet.arrays import Array, array_namespace, compiled
from scratchnet.data import Batches
from scratchnet.errors import ArgumentError
from scratchnet.labels import check_labels
from scratchnet.layers import Layer, state, with_state
from scratchnet.losses import cross_entropy_vjp
from scratchnet.optim import SGD

#: A loss and its pullback, of logits and labels: `cross_entropy_vjp` and its like.
Loss = Callable[..., tuple[Array, Any]]


@dataclass(frozen=True)
class Epoch:
    """What one epoch came to.

    Losses and accuracies are means over rows, not over batches. Those of training are
    taken as it goes, before each step; those of validation at the end of the epoch.
    """

    loss: float
    train_accuracy: float
    valid_loss: float | None
    valid_accuracy: float | None
    seconds: float


@dataclass(frozen=True)
class History:
    """The epochs so far, and the loss of every step in them."""

    epochs: tuple[Epoch, ...] = ()
    losses: tuple[float, ...] = ()


@dataclass(frozen=True)
class Run:
    """A training run between two steps: all that the next step depends on.

    `epoch` whole epochs and `batch` batches of the next are done; `losses`, `rows` and
    `correct` are those of these batches, `seconds` the time they took.
    """

    model: Any
    velocities: Mapping[str, Array] = field(default_factory=dict)
    epoch: int = 0
    batch: int = 0
    losses: tuple[float | Array, ...] = ()
    rows: tuple[int, ...] = ()
    correct: tuple[int | Array, ...] = ()
    seconds: float = 0.0
    history: History = History()

    @property
    def steps(self) -> int:
        """Steps taken so far."""
        return len(self.history.losses) + len(self.losses)


class Callback(Protocol):
    """Told after every step and every epoch; the run it is told is safe to keep."""

    def after_step(self, run: Run, train: Batches, /) -> None:
        """A step of the epoch is done; run.losses[-1] is its loss."""

    def after_epoch(self, run: Run, train: Batches, /) -> None:
        """An epoch is done; run.history.epochs[-1] is what it came to."""


def train_step(
    model: Layer,
    optimizer: SGD,
    velocities: Mapping[str, Array],
    x: Array,
    labels: Array,
    /,
    *,
    loss: Loss = cross_entropy_vjp,
) -> tuple[Any, dict[str, Array], Array, Array]:
    """One step on one batch: (model, velocities, loss, logits), both latter before it.

    x: (n, features), labels: (n,), which have been checked (`check_labels`).
    """
    logits, pullback = model.vjp(x, input_cotangent=False)
    value, loss_pullback = loss(logits, labels, checked=True)
    one = array_namespace(value).ones_like(value)
    _, gradients = pullback(loss_pullback(one)[0])
    parameters, velocities = optimizer.step(state(model), gradients, velocities)
    return with_state(model, parameters), velocities, value, logits


def fit(
    run: Run | Layer,
    optimizer: SGD,
    train: Batches,
    /,
    *,
    epochs: int | None = None,
    steps: int | None = None,
    valid: Batches | None = None,
    loss: Loss = cross_entropy_vjp,
    callbacks: Sequence[Callback] = (),
    compile: bool = False,  # noqa: A002
) -> Run:
    """Train until the run, new or resumed, has seen so many epochs, or steps, in all.

    Labels are checked once, before the first step. With `compile` the step, on PyTorch
    arrays, goes through torch.compile in one graph for full batches and one for a last,
    shorter batch. A run stopped by `steps` within an epoch has no row for that epoch.

    Raises ArgumentError unless exactly one of epochs and steps is given, at least 0,
    and for labels that the model has no class for.
    """
    run = run if isinstance(run, Run) else Run(run)
    limit = _limit(epochs, steps, len(train))
    for batches in (train, valid):
        if batches is not None:
            check_labels(batches.y, _classes(run.model, batches), where="fit")
    step = _compiled_step(optimizer, loss) if compile else _plain_step(optimizer, loss)
    # A run may have been saved after the last step of an epoch, before its closing.
    while run.steps < limit or run.batch == len(train):
        run = _partial_epoch(run, step, train, limit, callbacks)
        if run.batch == len(train):
            run = _closed(run, valid, loss)
            for callback in callbacks:
                callback.after_epoch(run, train)
    return run


def evaluate(
    model: Layer, batches: Batches, /, *, loss: Loss = cross_entropy_vjp
) -> tuple[float, float]:
    """Mean loss and accuracy over all rows: batches weigh by their number of rows."""
    losses: list[Array] = []
    rows: list[int] = []
    right: list[Array] = []
    for x, labels in batches.epoch(0):
        logits = model(x)
        losses.append(loss(logits, labels)[0])
        rows.append(x.shape[0])
        right.append(count_correct(logits, labels))
    return _mean(losses, rows), sum(map(int, right)) / sum(rows)


def accuracy(logits: Array, labels: Array, /) -> float:
    """The share of rows whose largest logit is at the label. NaN for no rows.

    Signature (n,c),(n). Raises ArgumentError where the shapes do not fit.
    """
    if tuple(logits.shape[:-1]) != tuple(labels.shape):
        raise ArgumentError(
            "accuracy",
            f"labels.shape={tuple(labels.shape)}",
            f"but logits.shape={tuple(logits.shape)} requires "
            f"{tuple(logits.shape[:-1])}",
        )
    rows = labels.shape[0]
    return int(count_correct(logits, labels)) / rows if rows else float("nan")


def predict(model: Layer, x: Array, /) -> Array:
    """The class of the largest logit of each row. Signature (n,features)->(n)."""
    logits = model(x)
    return array_namespace(logits).argmax(logits, axis=-1)


def count_correct(logits: Array, labels: Array, /) -> Array:
    """How many rows have their largest logit at the label: a 0-d integer array."""
    xp = array_namespace(logits, labels)
    hits = xp.argmax(logits, axis=-1) == labels
    return xp.sum(xp.astype(hits, labels.dtype))


def _limit(epochs: int | None, steps: int | None, per_epoch: int) -> int:
    """How many steps there will have been in all."""
    given = {"epochs": epochs, "steps": steps}
    if (epochs is None) == (steps is None):
        raise ArgumentError(
            "fit", f"epochs={epochs}, steps={steps}", "required exactly one of them"
        )
    for name, value in given.items():
        if value is not None and value < 0:
            raise ArgumentError("fit", f"{name}={value}", "required at least 0")
    return steps if epochs is None else epochs * per_epoch  # type: ignore[return-value]


def _classes(model: Layer, batches: Batches) -> int:
    """How many classes the model tells apart: by trying no rows at all."""
    return int(model(batches.x[:0, ...]).shape[-1])


Step = Callable[
    [Any, Mapping[str, Array], Array, Array], tuple[Any, dict[str, Array], Array, Array]
]


def _plain_step(optimizer: SGD, loss: Loss) -> Step:
    def step(
        model: Any, velocities: Mapping[str, Array], x: Array, labels: Array
    ) -> tuple[Any, dict[str, Array], Array, Array]:
        return train_step(model, optimizer, velocities, x, labels, loss=loss)

    return step


def _compiled_step(optimizer: SGD, loss: Loss) -> Step:
    plain = _plain_step(optimizer, loss)
    graph = compiled(plain)

    def step(
        model: Any, velocities: Mapping[str, Array], x: Array, labels: Array
    ) -> tuple[Any, dict[str, Array], Array, Array]:
        # The first step with momentum has no velocity yet. A graph for one step is not
        # worth its compilation.
        first = optimizer.momentum != 0 and not velocities
        return (plain if first else graph)(model, velocities, x, labels)

    return step


def _partial_epoch(
    run: Run, step: Step, train: Batches, limit: int, callbacks: Sequence[Callback]
) -> Run:
    """Take the steps that are left of this epoch, or until the limit."""
    began = time.perf_counter() - run.seconds
    for x, labels in train.epoch(run.epoch, start=run.batch):
        if run.steps >= limit:
            break
        model, velocities, loss, logits = step(run.model, run.velocities, x, labels)
        run = replace(
            run,
            model=model,
            velocities=velocities,
            batch=run.batch + 1,
            losses=(*run.losses, loss),
            rows=(*run.rows, x.shape[0]),
            correct=(*run.correct, count_correct(logits, labels)),
            seconds=time.perf_counter() - began,
        )
        for callback in callbacks:
            callback.after_step(run, train)
    return run


def _closed(run: Run, valid: Batches | None, loss: Loss) -> Run:
    """The run with its epoch entered into the history."""
    began = time.perf_counter()
    # On a device, reading the losses is what waits for the steps to be done.
    losses = tuple(map(float, run.losses))
    right = sum(map(int, run.correct))
    seconds = run.seconds + time.perf_counter() - began
    valid_loss, valid_accuracy = (
        evaluate(run.model, valid, loss=loss) if valid is not None else (None, None)
    )
    epoch = Epoch(
        loss=_mean(losses, run.rows),
        train_accuracy=right / sum(run.rows),
        valid_loss=valid_loss,
        valid_accuracy=valid_accuracy,
        seconds=seconds,
    )
    history = History((*run.history.epochs, epoch), (*run.history.losses, *losses))
    return Run(run.model, run.velocities, epoch=run.epoch + 1, history=history)


def _mean(losses: Sequence[float | Array], rows: Sequence[int]) -> float:
    """The mean over rows of losses that are means over batches of so many rows."""
    pairs = zip(losses, rows, strict=True)
    return sum(float(loss) * count for loss, count in pairs) / sum(rows)
