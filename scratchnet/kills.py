"""The picture of a kill matrix: a row for each law, a column for each mutant."""

from __future__ import annotations

from itertools import accumulate, groupby
from typing import TYPE_CHECKING

import numpy as np

from scratchnet.canvas import (
    BLUE,
    FAINT,
    GREY,
    GRID,
    INK,
    MARGIN,
    VERMILION,
    WIDTH,
    axes_at,
    frame,
    page,
    say,
    shades,
    spread,
    tile,
)
from scratchnet.testing.mutants.listing import ALIVE, OTHER, OWN, UNASKED, marks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from scratchnet.testing.mutants import Matrix

#: In inches: the names of laws, what each kills, a row, and the names of operations.
_NAMES, _COUNTS, _ROW, _BELOW = 2.5, 0.75, 0.165, 1.35
_TOP = 1.25
#: Names are this far apart, in parts of the width.
_APART = 0.026
#: What is drawn, from the lightest to what matters most.
_SHADES = {UNASKED: "white", ALIVE: GRID, OTHER: "#9CC8E3", OWN: BLUE}


def picture(matrix: Matrix, /) -> Figure:
    """The matrix. Raises UnavailableError without Matplotlib."""
    rows = sorted(matrix.rows, key=lambda row: row.mutant.operation)
    high = _ROW * len(matrix.laws)
    figure = page(
        _TOP + high + _BELOW,
        f"{len(rows)} planted bugs, {len(matrix.laws)} laws",
        "A column for each bug, by operation; the laws that find it.",
    )
    _legend(figure)
    left, width = MARGIN + _NAMES, WIDTH - 2 * MARGIN - _NAMES - _COUNTS
    axes = axes_at(figure, left, _TOP, width, high)
    codes = [list(map(list(_SHADES).index, marks(row, matrix.laws))) for row in rows]
    grid = np.array(codes, dtype=int).T.reshape(len(matrix.laws), len(rows))
    colours = shades(*_SHADES.values())
    tile(axes, grid, aspect="auto", cmap=colours, vmin=0, vmax=len(_SHADES) - 1)
    frame(axes, FAINT, 0.6)
    _operations(axes, [row.mutant.operation for row in rows])
    for i, law in enumerate(matrix.laws):
        top = _TOP + (i + 0.7) * _ROW
        kills, alone = len(matrix.kills(law)), len(matrix.alone(law))
        colour = INK if kills else VERMILION
        say(figure, MARGIN, top, law.replace("_", " "), size=7, color=colour)
        say(figure, left + width + 0.1, top, f"{kills}", size=7, color=colour)
        say(figure, left + width + 0.42, top, f"{alone}", size=7, color=GREY)
    return figure


def _legend(figure: Figure) -> None:
    """What the shades mean, and the two columns of numbers."""
    left = MARGIN + _NAMES
    told = (
        ("\N{BLACK SQUARE} the law named for it", BLUE),
        ("\N{BLACK SQUARE} another law", _SHADES[OTHER]),
        ("\N{BLACK SQUARE} not found; white: not asked", FAINT),
    )
    for text, colour in told:
        say(figure, left, _TOP - 0.12, text, size=7, color=colour)
        left += 1.35
    right = WIDTH - MARGIN - _COUNTS + 0.1
    say(figure, right, _TOP - 0.12, "kills", size=7, color=GREY)
    say(figure, right + 0.32, _TOP - 0.12, "alone", size=7, color=GREY)


def _operations(axes: Axes, names: list[str]) -> None:
    """The names of operations below their columns, and lines between them."""
    axes.set_autoscale_on(False)
    groups = [(name, len(list(same))) for name, same in groupby(names)]
    ends = list(accumulate(count for _, count in groups))
    middles = [
        end - (count + 1) / 2 for end, (_, count) in zip(ends, groups, strict=True)
    ]
    places = spread(middles, _APART * len(names))
    for place, middle, end, (name, _) in zip(
        places, middles, ends, groups, strict=True
    ):
        axes.text(
            place,
            -0.045,
            name,
            transform=axes.get_xaxis_transform(),
            rotation=90,
            va="top",
            ha="center",
            fontsize=6,
            color=INK,
        )
        axes.plot(
            [middle, place],
            [-0.003, -0.04],
            transform=axes.get_xaxis_transform(),
            color=FAINT,
            linewidth=0.5,
            clip_on=False,
        )
        axes.axvline(end - 0.5, color="white", linewidth=0.8)
