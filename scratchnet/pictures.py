"""What a training run looks like: curves, digits, weights, confusion, activations.

Every picture is a function from plain values to a Matplotlib figure of its own;
`write_all` saves them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from scratchnet.canvas import (
    BODY,
    CROSS,
    GREY,
    GRID,
    INK,
    MARGIN,
    VERMILION,
    WIDTH,
    axes_at,
    frame,
    page,
    save,
    say,
    shades,
    tile,
)
from scratchnet.curves import activations, curves, draw_curves
from scratchnet.errors import ArgumentError
from scratchnet.training import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Values: TypeAlias = "np.ndarray[Any, Any]"

#: Units of the first layer shown at most.
MOST_UNITS = 64


@dataclass(frozen=True)
class Outcome:
    """What a run came to, as NumPy arrays.

    images: (n, height * width), the validation pixels from 0 to 1, n >= 1; labels and
    predictions: (n,), integers from 0 to classes - 1; first_weights: (units,
    height * width), those of the first layer, whose units are the classes where the net
    is linear. title says what was trained, in a line. Raises ArgumentError for others.
    """

    history: History
    images: Values
    shape: tuple[int, int]
    labels: Values
    predictions: Values
    first_weights: Values
    classes: int
    linear: bool
    title: str = ""

    def __post_init__(self) -> None:
        for name in ("labels", "predictions"):
            found = getattr(self, name)
            if not ((found >= 0) & (found < self.classes)).all():
                raise ArgumentError(
                    "Outcome",
                    f"{name} from {found.min()} to {found.max()}",
                    f"but classes={self.classes} requires 0 to {self.classes - 1}",
                )
        rows, units = max(1, len(self.images)), max(1, len(self.first_weights))
        pixels = self.shape[0] * self.shape[1]
        required = {
            "images": (rows, pixels),
            "labels": (rows,),
            "predictions": (rows,),
            "first_weights": (units, pixels),
        }
        for name, shape in required.items():
            found = getattr(self, name).shape
            if found != shape:
                raise ArgumentError(
                    "Outcome", f"{name}.shape={found}", f"required {shape}"
                )

    @property
    def wrong(self) -> Values:
        """Which rows are predicted wrongly. (n), bool."""
        return np.asarray(self.predictions != self.labels)

    @property
    def score(self) -> str:
        """How many rows are right, in words."""
        rows, right = len(self.labels), int((~self.wrong).sum())
        return f"{right / rows:.2%} validation accuracy: {right:,} of {rows:,} right"


def write_all(outcome: Outcome, folder: Path) -> list[Path]:
    """Write every picture into the folder, each at once; the paths written.

    Raises UnavailableError without Matplotlib, before a file is touched, and
    ScratchnetError where the folder cannot be written to.
    """
    figures = {
        "summary": summary(outcome),
        "curves": curves(outcome.history, title=outcome.title),
        "predictions": predictions(outcome),
        "weights": weights(outcome),
        "confusion": confusion(outcome),
        "activations": activations(),
    }
    return [save(figure, folder / f"{name}.png") for name, figure in figures.items()]


def summary(outcome: Outcome) -> Figure:
    """The run at a glance: curves, some predictions of each class, first weights."""
    figure = page(3.72, outcome.score, outcome.title)
    draw_curves(figure, outcome.history, left=0.7, top=1.15, width=1.85, height=0.9)
    left, cell, limit = 4.05, (WIDTH - MARGIN - 4.05) / 10, _limit(outcome)
    say(figure, left, 1.05, "Predictions", weight="bold")
    say(figure, left + 0.95, 1.05, f"{CROSS} wrong", color=VERMILION, size=8)
    for place, index in enumerate(_of_each_class(outcome, 30, wrong=2)):
        row, column = divmod(place, 10)
        box = (left + column * cell, 1.27 + row * 0.54, 0.9 * cell, 0.9 * cell)
        _draw_digit(axes_at(figure, *box), outcome, index, brief=True)
    say(figure, left, 2.98, _weights_title(outcome, 10), weight="bold")
    for unit in range(min(10, len(outcome.first_weights))):
        box = (left + unit * cell, 3.08, 0.9 * cell, 0.9 * cell)
        _draw_weights(axes_at(figure, *box), outcome, unit, limit)
    return figure


def predictions(outcome: Outcome, *, rows: int = 5, columns: int = 10) -> Figure:
    """Validation images with their predictions, wrong ones first and marked.

    At most half of the places go to wrong ones, unless right ones do not fill the rest.
    """
    places = rows * columns
    bad, good = np.flatnonzero(outcome.wrong), np.flatnonzero(~outcome.wrong)
    shown = bad[: max(places // 2, places - len(good))]
    chosen = np.concatenate([shown, good])[:places]
    cell = (WIDTH - 2 * MARGIN) / columns
    pitch = cell + 0.2
    note = f"{CROSS} Wrong ones with what they are ({len(shown):,} of {len(bad):,}), "
    figure = page(
        BODY + ceil(len(chosen) / columns) * pitch + 0.2,
        f"{len(bad):,} of {len(outcome.labels):,} validation images predicted wrongly",
        f"{note}then right ones" if len(bad) else "",
    )
    for place, index in enumerate(chosen):
        row, column = divmod(place, columns)
        box = (MARGIN + column * cell, BODY + 0.2 + row * pitch)
        _draw_digit(axes_at(figure, *box, 0.88 * cell, 0.88 * cell), outcome, index)
    return figure


def _of_each_class(outcome: Outcome, places: int, *, wrong: int) -> Values:
    """Rows in rounds of one of each class, so many wrong ones in the first rounds."""
    bad, good = np.flatnonzero(outcome.wrong), np.flatnonzero(~outcome.wrong)
    rows = np.concatenate([bad[:wrong], good, bad[wrong:]])
    labels = outcome.labels[rows]
    turn = np.empty(len(rows), dtype=int)
    for label in np.unique(labels):
        turn[labels == label] = np.arange(np.count_nonzero(labels == label))
    return np.asarray(rows[np.lexsort((labels, turn))][:places])


def _draw_digit(
    axes: Axes, outcome: Outcome, index: int, *, brief: bool = False
) -> None:
    """One image under its prediction; a wrong one is framed, crossed and corrected."""
    image = outcome.images[index].reshape(outcome.shape)
    tile(axes, image, cmap="gray_r", vmin=0, vmax=1)
    said, true = outcome.predictions[index], outcome.labels[index]
    style: dict[str, Any] = {"fontsize": 8, "color": GREY, "pad": 2.5}
    if not outcome.wrong[index]:
        axes.set_title(f"{said}", **style)
        return
    frame(axes, VERMILION, 2.0)
    style |= {"color": VERMILION, "weight": "bold"}
    axes.set_title(f"{CROSS} {said}" + ("" if brief else f", is {true}"), **style)


def weights(outcome: Outcome) -> Figure:
    """The weights of the first layer as images, on one scale centred at 0."""
    shown = min(len(outcome.first_weights), MOST_UNITS)
    columns = 5 if shown <= 10 else 8 if shown <= 24 else 16
    cell, label = (WIDTH - 2 * MARGIN - 0.8) / columns, 0.25 * outcome.linear
    limit, height = _limit(outcome), ceil(shown / columns) * (cell + label)
    figure = page(
        BODY + height + 0.2,
        _weights_title(outcome, shown),
        "Ink in red places speaks for the "
        f"{'class' if outcome.linear else 'unit'}, in blue places against it",
    )
    for unit in range(shown):
        row, column = divmod(unit, columns)
        box = (MARGIN + column * cell, BODY + label + row * (cell + label))
        axes = axes_at(figure, *box, 0.94 * cell, 0.94 * cell)
        image = _draw_weights(axes, outcome, unit, limit)
        if outcome.linear:
            axes.set_title(f"{unit}", fontsize=9, color=INK, pad=3)
    height -= label + 0.06 * cell
    bar = axes_at(figure, WIDTH - MARGIN - 0.7, BODY + label, 0.12, height)
    colours = figure.colorbar(image, cax=bar, extend="both")
    colours.outline.set_visible(False)
    bar.tick_params(length=0, labelsize=8, labelcolor=GREY)
    return figure


def _weights_title(outcome: Outcome, shown: int) -> str:
    units = len(outcome.first_weights)
    if outcome.linear:
        return "Weights of each class"
    return f"Weights of the first layer: {min(shown, units)} of {units} units"


def _limit(outcome: Outcome) -> float:
    """Where the scale of all weights ends: the few largest would dim the rest."""
    sizes = np.abs(np.asarray(outcome.first_weights, dtype=float))
    finite = sizes[np.isfinite(sizes)]
    return float(np.percentile(finite, 99) if finite.size else 0.0) or 1.0


def _draw_weights(axes: Axes, outcome: Outcome, unit: int, limit: float) -> Any:
    """One unit's weights as an image, white where they are 0."""
    image = np.asarray(outcome.first_weights[unit], dtype=float).reshape(outcome.shape)
    return tile(axes, image, cmap="RdBu_r", vmin=-limit, vmax=limit)


def confusion_counts(labels: Values, predicted: Values, /, *, classes: int) -> Values:
    """How often each class (row) was taken for each (column). (n),(n)->(c,c)."""
    pairs = labels * classes + predicted
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def confusion(outcome: Outcome) -> Figure:
    """The confusion matrix: errors in colour, right ones quiet, zeros left out."""
    classes = outcome.classes
    counts = confusion_counts(outcome.labels, outcome.predictions, classes=classes)
    errors = np.where(np.eye(classes, dtype=bool), 0, counts)
    figure = page(6.1, "What is taken for what", outcome.score)
    axes = axes_at(figure, 0.75, 1.4, 4.5, 4.5)
    axes.imshow(np.eye(classes), cmap=shades("white", GRID))
    axes.imshow(
        np.ma.masked_equal(errors, 0),
        cmap=shades("#FCE8DA", VERMILION),
        vmin=0,
        vmax=max(4, errors.max()),
    )
    for row, column in zip(*np.nonzero(counts), strict=True):
        look: dict[str, Any] = {"ha": "center", "va": "center_baseline"}
        look |= {"color": GREY} if row == column else {"color": INK, "weight": "bold"}
        count = f"{counts[row, column]}"
        axes.text(column, row, count, fontsize=9, **look)
    for axis, title in ((axes.xaxis, "what the net said"), (axes.yaxis, "what it is")):
        axis.set_ticks(range(classes))
        axis.set_ticks(np.arange(classes + 1) - 0.5, minor=True)
        axis.set_label_text(title, fontsize=9, color=GREY)
    axes.xaxis.set_label_position("top")
    axes.spines[:].set_visible(False)
    axes.grid(which="minor", color=GRID)
    axes.tick_params(which="both", length=0, labelsize=9, labelcolor=INK)
    axes.tick_params(labeltop=True, labelbottom=False)
    _list_mistakes(figure, errors, left=5.75, top=1.5)
    return figure


def _list_mistakes(figure: Figure, errors: Values, *, left: float, top: float) -> None:
    """The most frequent mistakes in words."""
    order = np.argsort(-errors, axis=None, kind="stable")[:8]
    worst = [divmod(int(place), len(errors)) for place in order if errors.flat[place]]
    title = "Most frequent mistakes" if worst else "No mistakes"
    say(figure, left, top, title, weight="bold")
    for line, (row, column) in enumerate(worst, start=1):
        below = top + 0.05 + 0.22 * line
        say(figure, left, below, f"{row} taken for {column}")
        say(figure, left + 1.6, below, f"{errors[row, column]:,}", ha="right")
