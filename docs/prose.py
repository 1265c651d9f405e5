"""A Sphinx extension: docstrings are prose, which reStructuredText would misread.

In it `x * y` would open an emphasis, and single backticks would be no code. Here what
is in backticks stays code, a *word* stays emphasized and an indented block as it is; an
argument that is explained, `axis: ...`, begins a line; all else is taken literally.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

from sphinx.application import Sphinx
from sphinx.util.inspect import TypeAliasForwardRef

_KEPT = re.compile(r"(`[^`]+`|(?<!\S)\*\w+\*(?![\w*]))")
_MARKUP = re.compile(r"([\\*_|`<>\[\]])")
_ESCAPED = r"\\\1"
#: Where a sentence begins that explains arguments, `x, y: ...`, or errors.
_BEGINS = re.compile(r"(?:^|(?<=[.,;] ))(?:(\w+(?:, \w+)*): |Raises )")
#: Defaults that are no Python, and fields that are nobody's business.
_FACTORY = re.compile(r"<[^<>]*>")
_PRIVATE = re.compile(r", _\w+: [^=]*= ?<[^<>]*>")


def setup(app: Sphinx) -> dict[str, bool]:
    """Rewrite docstrings and signatures as autodoc finds them."""
    app.connect("autodoc-process-docstring", _rewrite)
    app.connect("autodoc-process-signature", _shorten)
    # Sphinx 9.0 writes an alias within another type as this object, not by its name.
    TypeAliasForwardRef.__repr__ = lambda alias: alias.name  # type: ignore[method-assign]
    return {"parallel_read_safe": True}


def _rewrite(
    _app: Sphinx, _what: str, _name: str, of: object, _how: Any, lines: list[str]
) -> None:
    names = _names(of)
    blocks = re.split(r"\n\s*\n", "\n".join(lines).strip("\n"))
    lines[:] = [line for block in blocks for line in _markup(block, names)]


def _shorten(
    _app: Sphinx, _what: str, _name: str, _of: object, _how: Any, *parts: str | None
) -> tuple[str | None, ...]:
    return tuple(part and _FACTORY.sub("...", _PRIVATE.sub("", part)) for part in parts)


def _names(of: object) -> set[str]:
    """What a docstring may explain: arguments and attributes."""
    names = {each for each in dir(of) if not each.startswith("_")}
    try:
        return names | set(inspect.signature(of).parameters)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return names


def _markup(block: str, names: set[str]) -> Iterator[str]:
    if all(line.startswith("    ") for line in block.splitlines()):
        yield from (".. code-block:: text", "", *block.splitlines(), "")
        return
    for labels, text in _sentences(" ".join(block.split()), names):
        bold = ", ".join(f"**{_MARKUP.sub(_ESCAPED, each)}**" for each in labels)
        yield from (f"- {bold}: {_literal(text)}" if bold else _literal(text), "")


def _sentences(text: str, names: set[str]) -> Iterator[tuple[list[str], str]]:
    """What explains arguments, by their names, and what stands before and after."""
    at, labels = 0, list[str]()
    for found in _BEGINS.finditer(text):
        these = found[1].split(", ") if found[1] else []
        if set(these) <= names:
            if before := text[at : found.start()].rstrip(",; "):
                yield labels, before
            at, labels = found.end() if these else found.start(), these
    yield labels, text[at:]


def _literal(text: str) -> str:
    """The text as markup: code and emphasis as such, the rest as itself."""
    parts = _KEPT.split(text)
    parts[::2] = (_MARKUP.sub(_ESCAPED, part) for part in parts[::2])
    parts[1::2] = (part.replace("`", "``") for part in parts[1::2])
    return "".join(parts)
