"""The training step, the loop around it, and what it remembers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from scratchnet.arrays import Array, array_namespace, library
from scratchnet.compilation import compiled
from scratchnet.data import Batches
from scratchnet.errors import ArgumentError
from scratchnet.evaluation import Loss, count_correct, evaluate, mean_over_rows
from scratchnet.labels import check_labels
from scratchnet.layers import Layer
from scratchnet.losses import cross_entropy_vjp
from scratchnet.optim import SGD
from scratchnet.trace import Trace
from scratchnet.walking import state, with_state


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
    losses: Sequence[float | Array] = ()
    rows: Sequence[int] = ()
    correct: Sequence[int | Array] = ()
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

    Raises ArgumentError unless exactly one of epochs and steps is given, an integer of
    at least 0; for labels that the model has no class for; for a run that is further
    into its epoch than the batches are many; and for `compile` without PyTorch arrays.
    """
    run = run if isinstance(run, Run) else Run(run)
    _require_one_end(epochs, steps)
    _require_resumable(run, train)
    for batches in (train, valid):
        if batches is not None:
            check_labels(batches.y, _classes(run.model, batches), where="fit")
    step = _plain_step(optimizer, loss)
    if compile:
        _require_torch(run.model)
        step = _compiled_step(optimizer, loss)

    def over(run: Run) -> bool:
        return run.epoch >= epochs if epochs is not None else run.steps >= (steps or 0)

    # A run may have been saved after the last step of an epoch, before its closing.
    while not over(run) or run.batch == len(train):
        run = _partial_epoch(run, step, train, over, callbacks)
        if run.batch == len(train):
            run = _closed(run, valid, loss)
            for callback in callbacks:
                callback.after_epoch(run, train)
    return run


def _require_one_end(epochs: int | None, steps: int | None) -> None:
    if (epochs is None) == (steps is None):
        raise ArgumentError(
            "fit", f"epochs={epochs}, steps={steps}", "required exactly one of them"
        )
    for name, value in (("epochs", epochs), ("steps", steps)):
        if value is not None and (not isinstance(value, int) or value < 0):
            raise ArgumentError("fit", f"{name}={value}", "required an integer >= 0")


def _require_resumable(run: Run, train: Batches) -> None:
    if run.batch > len(train):
        raise ArgumentError(
            "fit",
            f"the run has done {run.batch} batches of its epoch",
            f"but train has {len(train)}",
            "resume with the batch size that it was begun with",
        )


def _require_torch(model: Any) -> None:
    for name, x in state(model).items():
        if library(x) != "torch":
            raise ArgumentError(
                "fit",
                f"compile=True, but {name} is of {library(x)}",
                "required parameters of torch",
            )


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
    run: Run,
    step: Step,
    train: Batches,
    over: Callable[[Run], bool],
    callbacks: Sequence[Callback],
) -> Run:
    """Take the steps that are left of this epoch, or until the training is over."""
    began = time.perf_counter() - run.seconds
    losses, rows, correct = Trace(run.losses), Trace(run.rows), Trace(run.correct)
    for x, labels in train.epoch(run.epoch, start=run.batch):
        if over(run):
            break
        model, velocities, loss, logits = step(run.model, run.velocities, x, labels)
        losses, rows = losses.appended(loss), rows.appended(x.shape[0])
        correct = correct.appended(count_correct(logits, labels))
        run = replace(
            run,
            model=model,
            velocities=velocities,
            batch=run.batch + 1,
            losses=losses,
            rows=rows,
            correct=correct,
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
        loss=mean_over_rows(losses, run.rows),
        train_accuracy=right / sum(run.rows),
        valid_loss=valid_loss,
        valid_accuracy=valid_accuracy,
        seconds=seconds,
    )
    history = History((*run.history.epochs, epoch), (*run.history.losses, *losses))
    return Run(run.model, run.velocities, epoch=run.epoch + 1, history=history)
