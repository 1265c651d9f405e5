"""A document of what a check found as a page of HTML, and as a part of a notebook.

One file, no script, no address of anything outside of it. What a subject says of
itself, its messages, paths and output are text and nothing else, whatever they contain.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from scratchnet.errors import UnavailableError
from scratchnet.testing import figures, words
from scratchnet.testing.document import Document, Told, broken

if TYPE_CHECKING:
    from jinja2 import Environment

#: Beside the words, which say the same: of what does not hold, and of what holds.
MARKS = ("\N{BALLOT X}", "\N{CHECK MARK}")
#: What the text of a break has, in this order, each in a column of so many letters.
PARTS = ("claim", "witness", "lying", "error", "suspect")
_COLUMN = 10
#: Control codes, halves of letters, and what is no letter: XML and UTF-8 have none.
_STRANGE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
#: What a document need not have: what was printed, and commands that show it again.
_OPTIONAL: Document = {"output": "", "replay": []}


def page(found: Document, /) -> str:
    """A whole file of HTML, to be written as UTF-8.

    Raises UnavailableError where Jinja2 or Matplotlib are not installed.
    """
    return _rendered("page.html.jinja", found)


def fragment(found: Document, /) -> str:
    """The same as a part of a page, for a notebook. Raises as `page`."""
    return _rendered("fragment.html.jinja", found)


def require() -> None:
    """Raise UnavailableError where Jinja2 or Matplotlib are not installed."""
    for name, module in {"Jinja2": "jinja2", "Matplotlib": "matplotlib"}.items():
        if find_spec(module) is None:
            raise UnavailableError(
                "report as HTML",
                f"{name} is not installed",
                "required to write it",
                'pip install "scratchnet[report]"',
            )


def _rendered(template: str, found: Document) -> str:
    require()
    context = _context({**_OPTIONAL, **_clean(found)})
    return templates().get_template(template).render(context)


def templates(package: str = "scratchnet.testing", /) -> Environment:
    """Templates of a package, and those here: the style of a page, say."""
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    here = PackageLoader("scratchnet.testing")
    return Environment(
        loader=ChoiceLoader([PackageLoader(package), here]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _context(found: Document) -> dict[str, Any]:
    """What the templates are filled with."""
    results = found["results"]
    wrong = broken(results)
    return {
        "found": found,
        "word": _word(found),
        "marks": MARKS,
        "sentence": words.verdict(found),
        "gravest": _gravest(wrong[0]) if wrong else None,
        "others": list(words.others(found)),
        "rest": [each["text"] for each in wrong[1:]],
        "columns": {"words": words.WORDS, "numbers": words.NUMBERS},
        "rows": list(words.rows(results)),
        "single": [row for each in results for row in words.rows([each])],
        "claims": {each["law"]: each["claim"] for each in results},
        "errors": dict(_errors(results)),
        # A law that is broken without a number is not one without an error.
        "exact": [x for x in _exact(results) if all(y["law"] != x for y in wrong)],
        "spreads": dict(_spreads(results)),
    }


def _word(found: Document) -> str:
    if found["ok"]:
        return "HOLDS"
    return "BROKEN" if found["results"] else "NOTHING WAS ASKED"


def _gravest(each: Told) -> dict[str, Any]:
    """A break: its first line, what else its text has by name, and the numbers."""
    headline, *lines = each["text"].split("\n")
    parts: dict[str, list[str]] = {}
    for line in lines:
        name = line[:_COLUMN].rstrip()
        if name in _after(parts):
            parts[name] = [line[_COLUMN:]]
        elif parts:
            parts[list(parts)[-1]].append(line)
    told = {name: _joined(part) for name, part in parts.items()}
    return {"headline": headline, "parts": told, "numbers": _numbers(each["message"])}


def _after(parts: Mapping[str, Any]) -> tuple[str, ...]:
    """The names that may still come."""
    return PARTS[PARTS.index(list(parts)[-1]) + 1 :] if parts else PARTS


def _joined(lines: list[str]) -> str:
    """Lines of a part, without the column that its name stands in."""
    first, *more = lines
    column = " " * _COLUMN
    return "\n".join((first, *(line.removeprefix(column) for line in more)))


def _numbers(message: str) -> dict[str, str]:
    """What came, what was expected and how far off it may be, where a message says."""
    first, _, more = message.partition("\n")
    _, told, both = first.partition("actual ")
    yours, and_expected, expected = both.partition(", expected ")
    if not (told and and_expected):
        return {}
    expected, _, most = expected.partition(", give or take ")
    _, _, bound = more.partition("\n")[0].partition(" times the bound ")
    if ", where nothing has to round" in more.partition("\n")[0]:
        bound = "0"
    allowed = most or bound
    numbers = {"yours": yours, "expected": expected}
    return {**numbers, "allowed error": allowed} if allowed else numbers


def _errors(results: list[Told]) -> Iterator[tuple[str, str]]:
    """A figure for each target, of the laws in which something was not exact."""
    exact = _exact(results)
    for target in dict.fromkeys(each["target"] for each in results):
        laws = {
            each["law"]: each["errors"]
            for each in results
            if each["target"] == target and each["errors"] and each["law"] not in exact
        }
        if laws:
            yield target, figures.errors(target, laws)


def _exact(results: list[Told]) -> list[str]:
    """Laws in which every example was exact, on every target."""
    sizes: dict[str, set[str]] = {}
    for each in results:
        sizes.setdefault(each["law"], set()).update(each["errors"])
    return [law for law, found in sizes.items() if found == {"0"}]


def _spreads(results: list[Told]) -> Iterator[tuple[str, str]]:
    """A figure of how many examples there were of each shape, family and layout."""
    for name in ("shapes", "families", "layouts"):
        counts: Counter[str] = Counter()
        for each in results:
            counts.update(each[name])
        if counts:
            yield name, figures.bars(f"examples by {name}", counts)


def _clean(value: Any) -> Any:
    """The same with text that any file and any reader can take."""
    if isinstance(value, str):
        return _STRANGE.sub("\N{REPLACEMENT CHARACTER}", value.replace("\r\n", "\n"))
    if isinstance(value, Mapping):
        return {_clean(key): _clean(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(each) for each in value]
    return value
