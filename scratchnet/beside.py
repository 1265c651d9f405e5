"""The picture of a verification: errors in parts of their bounds, by whose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from scratchnet.canvas import (
    BLUE,
    CROSS,
    FAINT,
    GREY,
    INK,
    MARGIN,
    VERMILION,
    WIDTH,
    axes_at,
    page,
    quieten,
    say,
)
from scratchnet.verification import WHO, Verified, where, worst

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: In inches: names of operations, a row, what is above and below, laws held.
_NAMES, _ROW, _TOP, _BELOW, _LAWS = 1.55, 0.2, 1.2, 0.6, 0.95
#: How each is drawn: colour, marker, and how large.
_MARKS = {
    "ours": (BLUE, "o", 34.0),
    "NumPy": (GREY, "|", 60.0),
    "PyTorch": (GREY, "x", 22.0),
}


def picture(found: Sequence[Verified], /) -> Figure:
    """A row for each operation. Raises UnavailableError without Matplotlib."""
    known = worst(found)
    names = list(dict.fromkeys(each.operation for each in found))
    ours = [known[name, "ours"] for name in names]
    held, asked = sum(x.held for x in ours), sum(x.asked for x in ours)
    targets = where(x.target for x in found if x.who == "ours")
    figure = page(
        _TOP + _ROW * len(names) + _BELOW,
        f"{len(names)} operations by hand: {held:,} of {asked:,} laws hold",
        f"The largest error of each in parts of its bound, on {targets}.",
    )
    _legend(figure, [who for who in WHO if any(x.who == who for x in found)])
    width = WIDTH - 2 * MARGIN - _NAMES - _LAWS
    left = MARGIN + _NAMES
    axes = axes_at(figure, left, _TOP, width, _ROW * len(names))
    _prepare(axes, len(names))
    for i, name in enumerate(names):
        _row(axes, i, [known[name, who] for who in WHO if (name, who) in known])
        top = _TOP + (i + 0.68) * _ROW
        mine = known[name, "ours"]
        colour = INK if mine.ok else VERMILION
        say(figure, MARGIN, top, name.replace("_", " "), size=8, color=colour)
        said = f"{mine.held} of {mine.asked}"
        say(figure, left + width + 0.15, top, said, size=8, color=colour)
    say(figure, left + width + 0.15, _TOP - 0.1, "laws held", size=8, color=GREY)
    bottom = _TOP + _ROW * len(names) + 0.42
    said = "error / bound: beyond 1 nothing correct can be"
    say(figure, left, bottom, said, size=8, color=GREY)
    return figure


def _prepare(axes: Axes, count: int) -> None:
    quieten(axes)
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", color=FAINT, linewidth=0.5)
    axes.set_xlim(-0.02, 1.06)
    axes.set_ylim(count - 0.5, -0.5)
    axes.set_yticks([])
    axes.axvline(1, color=VERMILION, linewidth=0.8)


def _row(axes: Axes, at: int, who: Sequence[Verified]) -> None:
    axes.axhline(at, color=FAINT, linewidth=0.4, zorder=0)
    for each in who:
        colour, marker, size = _MARKS[each.who]
        place = min(each.ratio, 1.04)
        if each.ok:
            axes.scatter(place, at, s=size, c=colour, marker=marker, zorder=3)
        else:
            style: dict[str, Any] = {
                "color": VERMILION,
                "ha": "center",
                "va": "center_baseline",
            }
            axes.text(place, at, CROSS, fontsize=9, **style)


def _legend(figure: Figure, shown: Sequence[str]) -> None:
    """What the marks mean."""
    left = MARGIN + _NAMES
    signs = {"ours": "\N{BLACK CIRCLE}", "NumPy": "|", "PyTorch": "\u00d7"}
    for who in shown:
        said = f"{signs[who]} {who}"
        say(figure, left, _TOP - 0.1, said, size=8, color=_MARKS[who][0])
        left += 0.8
