"""What a training run shows while it goes: a bar for the steps, a row an epoch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from scratchnet.data import Batches
from scratchnet.training import Run


class ProgressBar:
    """A callback that draws one bar over all the steps of a training run.

    A context manager: `with ProgressBar(steps) as bar: fit(..., callbacks=[bar])`.
    Draws nothing where the console is no terminal.
    """

    def __init__(self, steps: int, /, *, console: Console | None = None) -> None:
        console = console or Console(stderr=True)
        self._bar = Progress(
            TextColumn("[bold]epoch {task.fields[epoch]}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("loss {task.fields[loss]:.4f}"),
            RateColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            expand=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=steps, epoch=1, loss=float("nan"))
        self._drawn = 0.0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def after_step(self, run: Run, _: Batches, /) -> None:
        """Move on; the loss is read ten times a second: a device is waited for."""
        if self._bar.disable:
            return
        shown: dict[str, float] = {"epoch": run.epoch + 1}
        if self._bar.get_time() - self._drawn > 0.1:
            self._drawn = self._bar.get_time()
            shown["loss"] = float(run.losses[-1])
        self._bar.update(self._task, completed=run.steps, **shown)  # type: ignore[arg-type]

    def after_epoch(self, run: Run, _: Batches, /) -> None:
        """Nothing: the next step moves the bar."""


class EpochRows:
    """A callback that prints a row for each epoch, under a heading printed first.

    `more` gives further cells, by heading, once an epoch is done: a comparison, say.
    """

    def __init__(
        self,
        console: Console,
        /,
        *,
        headings: Sequence[str] = (),
        more: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self._console, self._more = console, more
        self._row(
            "epoch", "loss", "accuracy", "valid loss", "valid acc", "seconds", *headings
        )

    def after_step(self, run: Run, _: Batches, /) -> None:
        """Nothing: a row is for a whole epoch."""

    def after_epoch(self, run: Run, _: Batches, /) -> None:
        """Print the row of the epoch that is done."""
        epoch = run.history.epochs[-1]
        self._row(
            str(run.epoch),
            f"{epoch.loss:.4f}",
            f"{epoch.train_accuracy:.4f}",
            "-" if epoch.valid_loss is None else f"{epoch.valid_loss:.4f}",
            "-" if epoch.valid_accuracy is None else f"{epoch.valid_accuracy:.4f}",
            f"{epoch.seconds:.2f}",
            *self._more(),
        )

    def _row(self, *cells: str) -> None:
        first, *rest = cells
        line = f"{first:>5}" + "".join(f"{cell:>12}" for cell in rest)
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)


class RateColumn(ProgressColumn):
    """Steps per second."""

    def render(self, task: Task) -> Text:
        """The rate over the last half minute, once there is one."""
        return Text("" if task.speed is None else f"{task.speed:,.0f} steps/s")
