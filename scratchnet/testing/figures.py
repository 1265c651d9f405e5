"""Figures of a document as SVG that stands inside a page: no address, no colour of its
own, text that stays text.

Colours are variables of the page's style, which knows whether it is light or dark.
Placed in inches from the top, without pyplot; a reader's own settings of Matplotlib
change nothing.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from scratchnet.testing.spread import LEAST

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Stand-ins of the style's colours, while Matplotlib draws.
INK, GREY, LINE, GOOD, BAD = ("#0a0a01", "#0a0a02", "#0a0a03", "#0a0a04", "#0a0a05")
_VARIABLES = {
    INK: "var(--ink)",
    GREY: "var(--grey)",
    LINE: "var(--line)",
    GOOD: "var(--good)",
    BAD: "var(--bad)",
}
#: In inches: a figure fits a telephone.
WIDTH, MARGIN = 3.4, 0.04
#: The name of a law, its bars, both and a space; what is below the last of them.
_NAME, _HIGH, _LAW, _AXIS = 0.22, 0.36, 0.66, 0.24
_WIDE = WIDTH - 2 * MARGIN
#: A bar by a name: the name, the longest bar, the height of a row.
_NAMES, _BARS, _BAR = 1.4, 1.5, 0.2
_SMALL = 9
_KEPT = {"svg", "g", "path", "text"}
_LOST = {"id", "clip-path", "version", "width", "height"}


def errors(target: str, laws: Mapping[str, Mapping[str, int]], /) -> str:
    """How near the bound errors came on a target: a row of bars for each law.

    laws: counts of examples by their largest error, as a `Spread` has them.
    """
    said = (_said_of_errors(law, counts) for law, counts in laws.items())
    with _own_settings():
        figure = _figure(_LAW * len(laws) + _AXIS)
        for i, (law, counts) in enumerate(laws.items()):
            _law(_axes(figure, MARGIN, _LAW * i + _NAME, _WIDE, _HIGH), law, counts)
        _scale(figure.axes[-1])
        return _inline(figure, f"errors on {target}: {'; '.join(said)}")


def bars(what: str, counts: Mapping[str, int], /) -> str:
    """A horizontal bar for each name, the longest first, and its count."""
    ordered = sorted(counts.items(), key=lambda each: -each[1])
    said = ", ".join(f"{name} {count:,}" for name, count in ordered)
    with _own_settings():
        figure = _figure(_BAR * len(ordered))
        axes = _axes(figure, _NAMES, 0, _BARS, _BAR * len(ordered))
        longest = ordered[0][1] or 1
        axes.barh(range(len(ordered)), [n for _, n in ordered], 0.6, color=GOOD)
        axes.set(xlim=(0, longest), ylim=(len(ordered) - 0.5, -0.5))
        for i, (name, count) in enumerate(ordered):
            y = 1 - (i + 0.5) / len(ordered)
            _write(axes, -0.08 / _BARS, y, _cut(name, 22), ha="right", color=INK)
            end = count / longest + 0.06 / _BARS
            _write(axes, end, y, f"{count:,}", color=GREY)
        return _inline(figure, f"{what}: {said}")


#: Where bars stand: one for each power of two up to the bound, and one for what is
#: beyond it; on the other side how many examples were exact, in digits: most are, and
#: beside a bar of them no other would be seen.
_EXACT, _BEYOND = LEAST - 4.0, 3.0
_BOUND = 0.75
_ENDS = (_EXACT - 1.8, _BEYOND + 2.6)


def _law(axes: Axes, law: str, counts: Mapping[str, int]) -> None:
    heights = _heights(counts)
    exact, total = heights.pop(_EXACT, 0), sum(counts.values())
    colours = [BAD if x == _BEYOND else GOOD for x in heights]
    axes.bar(list(heights), list(heights.values()), width=0.8, color=colours)
    axes.set(xlim=_ENDS, ylim=(0, max(heights.values(), default=0) or 1))
    axes.axvline(_BOUND, color=BAD, linewidth=1, linestyle=(0, (3, 2)))
    axes.spines["bottom"].set(visible=True, color=LINE, linewidth=0.8)
    above = 1 + 0.1 / _HIGH
    _write(axes, 0, above, _cut(law, 36), color=INK)
    _write(axes, 1, above, f"{total:,}", ha="right", color=GREY)
    _write(axes, _part(_EXACT), 0.3, f"{exact:,}", ha="center", color=INK)


def _heights(counts: Mapping[str, int]) -> Counter[float]:
    """Examples by the place of their bar."""
    heights: Counter[float] = Counter()
    for size, count in counts.items():
        heights[_place(size)] += count
    return heights


def _place(size: str) -> float:
    if size == "inf":
        return _BEYOND
    if size == "0":
        return _EXACT
    return int(size) if int(size) <= 0 else _BEYOND


def _part(place: float) -> float:
    """A place in parts of the width."""
    return (place - _ENDS[0]) / (_ENDS[1] - _ENDS[0])


def _scale(axes: Axes) -> None:
    """What the places of bars mean, below the last of them."""
    told = {
        _EXACT: ("exact", "center", GREY),
        LEAST: (f"2{_raised(LEAST)}", "center", GREY),
        LEAST / 2: (f"2{_raised(LEAST // 2)}", "center", GREY),
        _BOUND - 0.2: ("bound", "right", GREY),
        _ENDS[1]: ("beyond", "right", BAD),
    }
    for place, (text, side, colour) in told.items():
        _write(axes, _part(place), -0.13 / _HIGH, text, ha=side, color=colour)


def _raised(power: int) -> str:
    """A power as superscript digits."""
    return str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _said_of_errors(law: str, counts: Mapping[str, int]) -> str:
    heights = _heights(counts)
    exact, beyond = heights[_EXACT], heights[_BEYOND]
    near = [x for x, n in heights.items() if n and _EXACT < x < _BEYOND]
    most = f"; others up to 2^{max(near):.0f} of the bound" if near else ""
    return (
        f"{law}, {sum(counts.values())} examples: {exact} exact, {beyond} beyond{most}"
    )


def _figure(height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(WIDTH, max(height, _BAR)), facecolor="none")


def _axes(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes in this rectangle, in inches: nothing but what is drawn on them."""
    high = figure.get_figheight()
    place = (left / WIDTH, 1 - (top + height) / high, width / WIDTH, height / high)
    axes = figure.add_axes(place, facecolor="none")
    axes.spines[:].set_visible(False)
    axes.set(xticks=[], yticks=[])
    return axes


def _write(axes: Axes, x: float, y: float, text: str, **style: Any) -> None:
    """Text, placed in parts of the axes: as it is, no formula in it."""
    style |= {"transform": axes.transAxes, "va": "center_baseline"}
    axes.text(x, y, text, parse_math=False, fontsize=_SMALL, **style)


def _cut(text: str, most: int) -> str:
    return f"{text[: most - 1]}…" if text[most:] else text


def _inline(figure: Figure, says: str) -> str:
    """A figure as an SVG element; says: what it shows, to those who do not see it."""
    content = BytesIO()
    figure.savefig(content, format="svg", metadata={"Date": None})
    root = ElementTree.fromstring(content.getvalue())  # noqa: S314 - Matplotlib's
    _simplify(root)
    high = figure.get_figheight() * 72
    root.attrib |= {"role": "img", "aria-label": says}
    root.attrib |= {"width": f"{WIDTH * 72:g}pt", "height": f"{high:g}pt"}
    return ElementTree.tostring(root, encoding="unicode")


@contextmanager
def _own_settings() -> Iterator[None]:
    """Matplotlib's own settings, whatever the reader's are; text stays text."""
    import matplotlib

    with matplotlib.rc_context(), warnings.catch_warnings():
        # That its font lacks a letter does not matter: the reader's own is used.
        warnings.simplefilter("ignore")
        matplotlib.rcdefaults()
        matplotlib.rcParams["svg.fonttype"] = "none"
        yield


def _simplify(element: ElementTree.Element) -> None:
    """Leave what is seen: no names of files, no names at all, colours of the page."""
    element.tag = element.tag.rpartition("}")[2]
    kept = {k: v for k, v in element.attrib.items() if k not in _LOST}
    element.attrib.clear()
    element.attrib |= {k: _coloured(v) if k == "style" else v for k, v in kept.items()}
    for child in list(element):
        if child.tag.rpartition("}")[2] in _KEPT and not _unseen(child):
            _simplify(child)
        else:
            element.remove(child)


def _unseen(element: ElementTree.Element) -> bool:
    """Whether it is a path without a colour: the ground of a figure and of axes."""
    return element.get("style") == "fill: none"


def _coloured(style: str) -> str:
    """A style with the page's colours, and the page's font."""
    style = re.sub(r" ?font-family: [^;]*;", "", style)
    return re.sub("#0a0a0[1-5]", lambda match: _VARIABLES[match[0]], style)
