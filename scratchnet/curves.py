"""Pictures of curves: how a run went, and what the activations look like."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from scratchnet.activations import (
    elu_vjp,
    leaky_relu_vjp,
    relu_vjp,
    sigmoid_vjp,
    sine_vjp,
)
from scratchnet.arrays import Array, Pullback
from scratchnet.canvas import (
    BLUE,
    FAINT,
    GREY,
    GRID,
    INK,
    VERMILION,
    axes_at,
    label_ends,
    page,
    quieten,
    say,
)
from scratchnet.training import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Values: TypeAlias = "np.ndarray[Any, Any]"

LINE: dict[str, Any] = {"linewidth": 1.8, "markersize": 4, "clip_on": False}
#: Softmax is left out: it has no curve, for each entry depends on all others.
ACTIVATIONS: Mapping[str, Callable[[Array], tuple[Array, Pullback]]] = {
    "relu": relu_vjp,
    "leaky_relu (.1)": partial(leaky_relu_vjp, slope=0.1),
    "elu": elu_vjp,
    "sigmoid": sigmoid_vjp,
    "sine": sine_vjp,
}


def curves(history: History, *, title: str = "") -> Figure:
    """Loss and accuracy over the epochs, the loss of each step behind them."""
    figure = page(5.1, "Learning curves", title)
    draw_curves(figure, history, left=0.75, top=1.25, width=5.6, height=1.5)
    return figure


def draw_curves(
    figure: Figure,
    history: History,
    *,
    left: float,
    top: float,
    width: float,
    height: float,
) -> None:
    """Two panels, one below the other, their curves named at the right."""
    loss = axes_at(figure, left, top, width, height)
    accuracy = axes_at(figure, left, top + height + 0.38, width, height)
    say(figure, left, top - 0.1, "Loss", weight="bold")
    note = "log scale; thin: each step"
    say(figure, left + 0.45, top - 0.1, note, color=GREY, size=8)
    say(figure, left, top + height + 0.28, "Accuracy", weight="bold")
    _draw_loss(loss, history)
    _draw_accuracy(accuracy, history)
    loss.tick_params(labelbottom=False)
    accuracy.set_xlabel("epoch", fontsize=8, color=GREY)


def _draw_loss(axes: Axes, history: History) -> None:
    """On a logarithmic scale, which shows the end as well as the beginning."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.set_yscale("log")
    epochs, steps = history.epochs, np.asarray(history.losses, dtype=float)
    done = np.arange(1, len(steps) + 1) * len(epochs) / max(1, len(steps))
    shown = _drawable(axes, steps)
    axes.plot(done[shown], steps[shown], color=FAINT, linewidth=0.6, label="each step")
    ends = _draw_epochs(axes, [(e.loss, e.valid_loss) for e in epochs], "{:.3g}")
    low, high = axes.get_ylim()
    axes.yaxis.set_major_locator(LogLocator(subs=_marks(high / low)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter("{:g}".format))
    label_ends(axes, ends)


def _marks(ratio: float) -> tuple[float, ...]:
    """Which multiples of a power of ten to mark where limits are that far apart."""
    if ratio > 200:
        return (1,)
    return (1, 2, 5) if ratio > 10 else (1, 1.5, 2, 3, 5, 7)


def _draw_accuracy(axes: Axes, history: History) -> None:
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    pairs = [(e.train_accuracy, e.valid_accuracy) for e in history.epochs]
    ends = _draw_epochs(axes, pairs, "{:.2%}")
    known = [accuracy for pair in pairs for accuracy in pair if accuracy is not None]
    axes.set_ylim(max(0.0, 1 - 1.1 * max(0.05, 1 - min(known, default=1.0))), 1)
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    label_ends(axes, ends)


def _draw_epochs(
    axes: Axes, pairs: Sequence[tuple[float, float | None]], text: str
) -> list[tuple[float, str, str]]:
    """Draw (training, validation) of each epoch; what to write at their ends.

    Training, a mean over the epoch, is drawn at its middle, validation at its end.
    """
    from matplotlib.ticker import MaxNLocator

    quieten(axes)
    count, ends = len(pairs), []
    axes.set_xlim(0, max(1, count))
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    middles, lasts = np.arange(count) + 0.5, np.arange(count) + 1.0
    series = np.asarray(pairs, dtype=float).reshape(-1, 2).T
    looks = (("training", GREY, middles), ("validation", BLUE, lasts))
    for (name, colour, at), values in zip(looks, series, strict=True):
        shown = _drawable(axes, values)
        if shown.any():
            look = {**LINE, "color": colour, "marker": "o" if count <= 12 else ""}
            axes.plot(at[shown], values[shown], label=name, **look)
            height = float(values[shown][-1])
            ends.append((height, f"{name} {text.format(values[-1])}", colour))
    return ends


def _drawable(axes: Axes, values: Values) -> Values:
    """Which values have a place on the scale of the axes."""
    return np.isfinite(values) & ((values > 0) | (axes.get_yscale() != "log"))


def activations() -> Figure:
    """The activation functions and, by their own pullbacks, their derivatives."""
    figure = page(
        4.05,
        "Activation functions and their derivatives",
        "The dot is the derivative at 0, which at a kink is a convention",
    )
    for column, (name, f_vjp) in enumerate(ACTIVATIONS.items()):
        left = 0.75 + 1.43 * column
        value = axes_at(figure, left, 1.25, 1.25, 1.3)
        slope = axes_at(figure, left, 2.75, 1.25, 0.95)
        value.set_title(name, fontsize=9, color=INK, loc="left", weight="bold")
        _draw_activation(value, slope, f_vjp)
        for axes in (value, slope):
            axes.tick_params(labelleft=column == 0)
    figure.axes[0].set_ylabel("value", fontsize=9, color=BLUE)
    figure.axes[1].set_ylabel("derivative", fontsize=9, color=VERMILION)
    return figure


def _draw_activation(
    value: Axes, slope: Axes, f_vjp: Callable[[Array], tuple[Array, Pullback]]
) -> None:
    # An odd number of points, so that 0 is one of them.
    x = np.linspace(-4.0, 4.0, 401)
    y, pullback = f_vjp(x)
    (derivative,) = pullback(np.ones_like(x))
    value.plot(x, y, color=BLUE, **LINE)
    for side in (x <= 0, x > 0):
        # Two lines: at a kink the derivative jumps.
        slope.plot(x[side], derivative[side], color=VERMILION, **LINE)
    slope.plot(x[x == 0], derivative[x == 0], "o", color=VERMILION, **LINE)
    for axes, low, high in ((value, -1.4, 4.2), (slope, -1.2, 1.2)):
        quieten(axes)
        axes.grid(color=GRID)
        axes.axhline(0, color=FAINT, linewidth=0.8, zorder=1)
        axes.set(xlim=(-4.2, 4.2), ylim=(low, high), xticks=(-4, -2, 0, 2, 4))
        axes.set_yticks(np.arange(-1, high))
    value.tick_params(labelbottom=False)
