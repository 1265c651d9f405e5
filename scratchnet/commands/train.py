"""scratchnet train: a net, trained and saved, and what it came to."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from scratchnet.arrays import namespace_named
from scratchnet.checkpoint import Saver
from scratchnet.commands.console import INTERRUPTED, say, stderr
from scratchnet.errors import UnavailableError
from scratchnet.experiment import (
    ACTIVATIONS,
    CHECKPOINT,
    Experiment,
    Settings,
    dump,
)
from scratchnet.outputs import STDOUT, exists, require_writable, try_to_write, write
from scratchnet.progress import EpochRows, ProgressBar

if TYPE_CHECKING:
    from scratchnet.comparison import Twin
    from scratchnet.training import Callback

DEFAULT = Settings()
HISTORY = "history.json"


def train(
    data: Annotated[
        str, typer.Option(help="digits, mnist, or a FOLDER with the MNIST files.")
    ] = DEFAULT.data,
    hidden: Annotated[
        list[int] | None,
        typer.Option(min=1, help="Units of a hidden layer; repeat for more layers."),
    ] = None,
    activation: Annotated[
        str, typer.Option(help=f"Between layers: {', '.join(ACTIVATIONS)}.")
    ] = DEFAULT.activation,
    epochs: Annotated[int, typer.Option(min=0)] = DEFAULT.epochs,
    lr: Annotated[float, typer.Option(help="Learning rate.")] = DEFAULT.lr,
    momentum: float = DEFAULT.momentum,
    weight_decay: float = DEFAULT.weight_decay,
    batch_size: Annotated[int, typer.Option(min=1)] = DEFAULT.batch_size,
    library: Annotated[str, typer.Option(help="numpy or torch.")] = DEFAULT.library,
    device: Annotated[
        str, typer.Option(help="cpu; for torch also cuda, cuda:1, ...")
    ] = DEFAULT.device,
    dtype: Annotated[
        str, typer.Option(help="float32, float64, float16; for torch also bfloat16.")
    ] = DEFAULT.dtype,
    compile: Annotated[  # noqa: A002
        bool, typer.Option("--compile", help="Compile the whole step (torch only).")
    ] = False,
    seed: Annotated[int, typer.Option(min=0)] = DEFAULT.seed,
    compare: Annotated[
        bool,
        typer.Option("--compare", help="Train torch.nn + torch.optim beside it."),
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder for checkpoint, history and pictures.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the checkpoint in --out.")
    ] = False,
    save_every: Annotated[
        int | None,
        typer.Option(min=1, help="Steps between checkpoints; an epoch if not given."),
    ] = None,
    json: Annotated[
        Path | None, typer.Option(help="Write the outcome as JSON; - for stdout.")
    ] = None,
) -> None:
    """Train a net by hand-written SGD and say how good it got.

    Without options: a linear net, NumPy, the digits in the package.
    """
    console = stderr if json == STDOUT else Console()
    require_writable(out, resume=resume, json=json)
    if compare:
        _use_one_thread()
    experiment = Experiment(
        Settings(
            data=data,
            hidden=tuple(hidden or ()),
            activation=activation,
            epochs=epochs,
            lr=lr,
            momentum=momentum,
            weight_decay=weight_decay,
            batch_size=batch_size,
            library=library,
            device=device,
            dtype=dtype,
            compile=compile,
            seed=seed,
        )
    )
    if out is not None and resume:
        _resume(experiment, out / CHECKPOINT)
    twin = _twin(experiment) if compare else None
    for path in (out and out / HISTORY, json):
        if path is not None and path != STDOUT:
            try_to_write(path)
    # From here on the run in --out is this one: all that can fail has been tried.
    saver = _saver(experiment, out, every=save_every)
    _describe(experiment, console)
    _fit(experiment, saver, twin, console)
    report = experiment.report(**_compared(twin))
    if out is not None:
        _leave(experiment, report, out, console)
    if json is not None:
        write(json, dump(report))
    _conclude(report, console)


def _resume(experiment: Experiment, path: Path) -> None:
    if exists(path):
        for difference in experiment.resume(path):
            say(f"note: resumed with other settings: {difference}")


def _saver(
    experiment: Experiment, out: Path | None, *, every: int | None
) -> Saver | None:
    """The callback that saves; before it is returned, the run it starts from is."""
    if out is None:
        return None
    saver = Saver(out / CHECKPOINT, experiment.settings.as_json(), every)
    saver.save(experiment.run)
    return saver


def _use_one_thread() -> None:
    """Compare on one thread, as the benchmarks do: on arrays this small a second one
    only waits, and on a busy machine would make the built-ins look far too slow."""
    namespace_named("torch")
    import torch

    torch.set_num_threads(1)


def _twin(experiment: Experiment) -> Twin:
    # Only here: PyTorch is not needed without --compare.
    from scratchnet.comparison import Twin

    return Twin(
        experiment.run,
        experiment.optimizer,
        experiment.valid,
        activation=experiment.settings.activation,
    )


def _describe(experiment: Experiment, console: Console) -> None:
    console.print(experiment.title, highlight=False, soft_wrap=True)
    if experiment.run.steps:
        console.print(f"resumed after {experiment.run.steps:,} steps", highlight=False)


def _fit(
    experiment: Experiment, saver: Saver | None, twin: Twin | None, console: Console
) -> None:
    """Train under a progress bar; an interruption saves first and is said."""
    steps = experiment.settings.epochs * len(experiment.train)
    rows = EpochRows(
        console,
        headings=("torch acc", "difference", "torch sec") if twin else (),
        more=(lambda: twin.epochs[-1].cells()) if twin else tuple,
    )
    with ProgressBar(steps, console=console) as bar:
        callbacks: list[Callback] = [each for each in (saver, twin) if each is not None]
        try:
            experiment.fit([bar, *callbacks, rows])
        except KeyboardInterrupt:
            where = "nothing was saved: no --out was given"
            if saver is not None:
                saver.save(saver.latest or experiment.run)
                where = f"{saver.path} is saved; --resume goes on from there"
            say(f"interrupted: {where}")
            raise typer.Exit(INTERRUPTED) from None


def _compared(twin: Twin | None) -> dict[str, object]:
    return {} if twin is None else {"torch": [asdict(epoch) for epoch in twin.epochs]}


def _leave(
    experiment: Experiment, report: dict[str, Any], out: Path, console: Console
) -> None:
    """Write history and pictures beside the checkpoint."""
    write(out / HISTORY, dump(report))
    try:
        from scratchnet import pictures

        written = pictures.write_all(experiment.outcome(), out)
    except UnavailableError as error:
        say(f"note: no pictures: {error}")
        written = []
    names = ", ".join([CHECKPOINT, HISTORY, *(path.name for path in written)])
    console.print(f"left in {out}: {names}", highlight=False)


def _conclude(report: dict[str, Any], console: Console) -> None:
    final = report["final"]
    if final["valid_loss"] is None:
        console.print("the loss is not finite: training diverged, try a smaller --lr")
    tested = "test_accuracy" in final
    test = f", test accuracy {final['test_accuracy']:.4f}" if tested else ""
    console.print(
        f"[bold]validation accuracy {final['valid_accuracy']:.4f}[/bold]{test}",
        highlight=False,
    )
