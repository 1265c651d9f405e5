"""Training by hand beside torch.nn and torch.optim: a step, and an epoch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Any

import numpy as np
import torch
from measure import Times, Work
from torch.nn.functional import cross_entropy

from device.clock import FEWEST, Clock, side_by_side
from device.plan import Plan
from scratchnet.arrays import Array, from_numpy, namespace_named
from scratchnet.comparison import torch_net, torch_sgd, torch_step
from scratchnet.compilation import compiled
from scratchnet.data import Batches, Standardizer
from scratchnet.layers import Sequential, perceptron
from scratchnet.optim import SGD
from scratchnet.training import Run, fit, train_step

OPTIMIZER = SGD(learning_rate=0.01)
HAND, THEIRS = "by hand", "torch.nn"
#: How a compiled one is called.
COMPILED = "{}, compiled"
#: A step of torch.nn: from a batch and its labels to the loss.
TorchStep = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
Row = dict[str, Any]


def measured(plan: Plan, clock: Clock, failures: list[str]) -> Iterator[Row]:
    """A row for a step and one for an epoch, of each net in each size of batch."""
    images, labels = data(plan.rows, clock.device)
    for sizes in plan.nets:
        for size in plan.batches:
            # Dynamo counts what it compiled of a function, and gives up after eight.
            torch.compiler.reset()
            train = Batches(
                images, labels, batch_size=size, shuffle=True, drop_last=True
            )
            about = {"net": "-".join(map(str, sizes)), "batch": size}
            xp, rng = namespace_named("torch"), np.random.default_rng(0)
            model = perceptron(sizes, xp=xp, rng=rng, device=clock.device)
            for what, seconds in _pair(model, train, plan, clock, about, failures):
                yield {**about, "what": what, "batches": len(train), "seconds": seconds}


def data(rows: int, device: str) -> tuple[Array, Array]:
    """Noise of MNIST's shape: pixels of a byte, standardized, and their labels."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (rows, 784), dtype=np.uint8)
    images = Standardizer.fit(pixels)(pixels)
    placed = partial(from_numpy, xp=namespace_named("torch"), device=device)
    return placed(images), placed(rng.integers(0, 10, rows))


def _pair(
    model: Sequential,
    train: Batches,
    plan: Plan,
    clock: Clock,
    about: Mapping[str, Any],
    failures: list[str],
) -> Iterator[tuple[str, dict[str, Times]]]:
    """Seconds of a step of each kind, then of an epoch of each."""
    batch = next(train.epoch(0))
    kinds = (False, True) if plan.compile else (False,)
    works: dict[str, Work] = {}
    steps: dict[bool, TorchStep] = {}
    for kind in kinds:
        works[named(HAND, kind)] = hand_step(model, *batch, compile_step=kind)
        steps[kind] = torch_stepper(model, compile_step=kind)
        works[named(THEIRS, kind)] = partial(steps[kind], *batch)
    where = f"{about['net']}, batch {about['batch']}"
    running = warmed(works, failures, where)
    yield "step", side_by_side(clock, running, seconds=plan.seconds)
    times: dict[str, Times] = {}
    for kind in kinds:
        if {named(HAND, kind), named(THEIRS, kind)} <= running.keys():
            beside = Epochs(clock, torch_epoch(steps[kind], train), plan.seconds)
            times |= beside.of(model, train, compile_step=kind)
    yield "epoch", times


def named(who: str, compile_step: bool) -> str:
    """How a variant is called."""
    return COMPILED.format(who) if compile_step else who


def warmed(
    works: Mapping[str, Work], failures: list[str], where: str
) -> dict[str, Work]:
    """The works that run, once they have; of the others the failure is noted."""
    running: dict[str, Work] = {}
    for name, work in works.items():
        try:
            for _ in range(FEWEST):
                work()
        except Exception as error:  # noqa: BLE001 - compilers raise anything
            failures.append(f"{where}, {name}: {said(error)}")
        else:
            running[name] = work
    return running


def said(error: BaseException) -> str:
    """The kind of an error, and the first line of what it says."""
    first = next(iter(str(error).strip().splitlines()), "")
    return f"{type(error).__name__}: {first}"


def hand_step(
    model: Sequential, x: Array, labels: Array, *, compile_step: bool
) -> Work:
    """Step after step by hand on one batch."""

    def plain(model: Sequential, x: Array, labels: Array) -> Sequential:
        trained: Sequential = train_step(model, OPTIMIZER, {}, x, labels)[0]
        return trained

    step = compiled(plain) if compile_step else plain
    trained = model

    def work() -> None:
        nonlocal trained
        trained = step(trained, x, labels)

    return work


def torch_stepper(model: Sequential, *, compile_step: bool) -> TorchStep:
    """Steps of torch.nn and torch.optim from these weights.

    Compiled are the net with its loss, which brings its way back along, and the step of
    the optimizer, as PyTorch's documentation has it.
    """
    net = torch_net(model)
    optimizer = torch_sgd(net, OPTIMIZER)
    if not compile_step:
        return partial(torch_step, net, optimizer)
    loss_of = torch.compile(
        lambda x, labels: cross_entropy(net(x), labels), fullgraph=True, dynamic=False
    )
    update = torch.compile(lambda: optimizer.step())

    def step(x: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        loss = loss_of(x, labels)
        optimizer.zero_grad()
        loss.backward()
        update()
        return loss.detach()

    return step


def torch_epoch(step: TorchStep, train: Batches) -> Work:
    """Epoch after epoch of such steps, their losses read at the end, as by `fit`."""
    epochs = count()

    def work() -> list[float]:
        losses = [step(x, labels) for x, labels in train.epoch(next(epochs))]
        return [*map(float, losses)]

    return work


class _Enough(Exception):  # noqa: N818 - the time is over, not an error
    """There have been epochs enough."""


class Epochs:
    """A callback of `fit` that times its epochs, and theirs in turn with them.

    The first of each is not counted: in it the step is compiled.
    """

    def __init__(self, clock: Clock, theirs: Work, seconds: float) -> None:
        self._clock, self._theirs, self._seconds = clock, theirs, seconds
        self._hand: Times = []
        self._other: Times = []
        self._began = 0.0
        self._stop: Callable[[], float] | None = None

    def of(
        self, model: Sequential, train: Batches, *, compile_step: bool
    ) -> dict[str, Times]:
        """Seconds an epoch by hand, and by theirs."""
        with suppress(_Enough):
            # So many that time is over before.
            fit(
                model,
                OPTIMIZER,
                train,
                epochs=2**31,
                callbacks=[self],
                compile=compile_step,
            )
        return {
            named(HAND, compile_step): self._hand,
            named(THEIRS, compile_step): self._other,
        }

    def after_step(self, run: Run, train: Batches, /) -> None:
        """Nothing: it is epochs that are timed."""

    def after_epoch(self, run: Run, train: Batches, /) -> None:
        """Note how long it took, and let the others have theirs."""
        del run, train
        if self._stop is None:
            self._theirs()
            self._began = time.perf_counter()
        else:
            self._hand.append(self._stop())
            self._other.append(self._clock.seconds(self._theirs))
        over = time.perf_counter() - self._began >= self._seconds
        if over and len(self._hand) >= FEWEST:
            raise _Enough
        self._stop = self._clock.start()
