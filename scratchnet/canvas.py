"""The look of the pictures: pages, axes, text and colours, and how they are saved.

Everything is placed in inches from the top left corner, so that nothing moves with the
data. Nothing touches pyplot: no global state, no display, any thread. Colours keep one
meaning: blue is the result, grey the background to it, vermilion what is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

import numpy as np

from scratchnet.errors import ScratchnetError, UnavailableError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's blue and vermilion, told apart with any colour vision.
BLUE, VERMILION = "#0072B2", "#D55E00"
INK, GREY, FAINT, GRID = "#222222", "#6E7378", "#C9CDD2", "#ECEEF0"
CROSS = "\N{BALLOT X}"
#: In inches: every picture is as wide as a page of text.
WIDTH, MARGIN = 8.0, 0.3
#: Where what is below the heading may begin.
BODY = 0.9
DPI = 200


def require() -> None:
    """Raise UnavailableError where Matplotlib is not installed: ask before training."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise UnavailableError(
            "pictures",
            "Matplotlib is not installed",
            "required to draw them",
            'pip install "scratchnet[report]"',
        ) from None


def page(height: float, title: str, note: str = "") -> Figure:
    """A white figure with a heading. Raises UnavailableError without Matplotlib."""
    require()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor="white")
    say(figure, MARGIN, 0.45, title, size=13, weight="bold")
    say(figure, MARGIN, 0.7, shorten(note, 110, placeholder=" …"), color=GREY)
    return figure


def say(
    figure: Figure,
    left: float,
    top: float,
    text: str,
    /,
    *,
    size: int = 9,
    **style: Any,
) -> None:
    """Write text whose baseline begins there."""
    x, y = left / WIDTH, 1 - top / figure.get_figheight()
    figure.text(x, y, text, **{"color": INK, "fontsize": size, **style})


def axes_at(
    figure: Figure, left: float, top: float, width: float, height: float
) -> Axes:
    """Axes in this rectangle."""
    high = figure.get_figheight()
    bottom = high - top - height
    return figure.add_axes((left / WIDTH, bottom / high, width / WIDTH, height / high))


def quieten(axes: Axes) -> None:
    """Leave a light grid, a base line and small tick labels."""
    axes.spines[["left", "top", "right"]].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    axes.grid(axis="y", color=GRID)
    axes.set_axisbelow(True)
    axes.tick_params(which="both", length=0, labelsize=8, labelcolor=GREY)


def tile(axes: Axes, image: np.ndarray[Any, Any], /, **style: Any) -> Any:
    """Show an image without ticks, in a faint frame; what a colour bar explains."""
    axes.set_xticks([])
    axes.set_yticks([])
    frame(axes, FAINT, 0.6)
    return axes.imshow(image, interpolation="nearest", **style)


def frame(axes: Axes, colour: str, width: float) -> None:
    """Frame the axes."""
    for spine in axes.spines.values():
        spine.set(color=colour, linewidth=width)


def label_ends(axes: Axes, ends: Sequence[tuple[float, str, str]]) -> None:
    """Name curves beside their last heights: (height, text, colour), spread apart.

    The limits of the axes must be final.
    """
    to_axes = axes.transData + axes.transAxes.inverted()
    wanted = [float(to_axes.transform((1, y))[1]) for y, _, _ in ends]
    width, height = axes.bbox.width / DPI, axes.bbox.height / DPI
    for y, (_, text, colour) in zip(spread(wanted, 0.17 / height), ends, strict=True):
        axes.text(
            1 + 0.08 / width,
            y,
            text,
            transform=axes.transAxes,
            color=colour,
            fontsize=9,
            va="center_baseline",
        )


def spread(heights: Sequence[float], gap: float) -> list[float]:
    """The heights moved apart to at least the gap: same order, same mean."""
    order = sorted(range(len(heights)), key=heights.__getitem__)
    moved = list(heights)
    for low, high in pairwise(order):
        moved[high] = max(moved[high], moved[low] + gap)
    shift = (sum(moved) - sum(heights)) / max(1, len(heights))
    return [height - shift for height in moved]


def shades(*colours: str) -> Any:
    """The colour map from the first of these colours to the last."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("shades", list(colours))


def save(figure: Figure, path: Path, /) -> Path:
    """Write a PNG to path, replacing what is there all at once.

    Raises ScratchnetError where that cannot be done; what is there then stays.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    content = BytesIO()
    # No date and no version: the same figure is the same bytes.
    canvas: Any = FigureCanvasAgg(figure)
    canvas.print_png(content, metadata={"Software": None})
    unfinished = path.with_name(f"{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(content.getvalue())
        unfinished.replace(path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        raise ScratchnetError(
            "pictures",
            f"{path} cannot be written ({error.strerror})",
            "required a folder with space to write to",
        ) from None
    return path
