"""The page of a report: all of its document, well formed, and nothing from outside."""

from __future__ import annotations

import json
import re
import sys
from functools import cache
from itertools import chain, cycle, zip_longest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from properties.pages import Parsed, full, over_the_batch, report, right, unshifted

from scratchnet.errors import UnavailableError
from scratchnet.testing import words

matplotlib = pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")

from scratchnet.testing import figures  # noqa: E402
from scratchnet.testing.page import PARTS, fragment, page  # noqa: E402

#: Anything by which a page asks for something, or runs it.
OUTSIDE = r"https?:|//|src=|href|url\(|@import|xmlns|<script|<iframe|\bon\w+="


def documents():
    """Of right code, of wrong code, with everything, and of a check of nothing."""
    subjects = (right, unshifted, over_the_batch)
    found = {each.__name__: report(each).document() for each in subjects}
    nothing = {**found["right"], "results": [], "ok": False}
    return {**found, "full": full(found["over_the_batch"]), "nothing": nothing}


@pytest.fixture(params=["right", "unshifted", "over_the_batch", "full", "nothing"])
def document(request):
    return documents()[request.param]


@pytest.fixture
def whole(document):
    """Its page."""
    return written(page, json.dumps(document))


@pytest.fixture
def part(document):
    """The same for a notebook."""
    return written(fragment, json.dumps(document))


@cache
def written(made, told):
    return made(json.loads(told))


def told(found):
    """All that is to be read somewhere on a page."""
    results = found["results"]
    yield from (found["subject"], found["operation"], found["seed"])
    yield from (words.verdict(found), *words.others(found), found.get("output", ""))
    for key in ("untested", "notes", "diagnosis", "replay"):
        yield from found.get(key, ())
    for key in ("environment", "restriction"):
        yield from chain(*found[key].items())
    yield from chain(*words.rows(results))
    for each in results:
        yield from (each["claim"], *chain(*words.rows([each])))
        lines = each["text"].split("\n") if each["verdict"] != "HOLDS" else []
        yield from (line[10 * (line[:10].strip() in PARTS) :] for line in lines)


def flat(text):
    """As a reader sees it: spaces of any kind, and any number, are one."""
    return " ".join(str(text).split())


def missing(found, shown):
    """What a page does not show."""
    text = flat(Parsed(shown).text)
    return [each for each in map(flat, told(found)) if each not in text]


def test_a_page_shows_everything_in_its_document(document, whole):
    assert missing(document, whole) == []


def test_a_part_of_a_notebook_shows_the_same(part, whole):
    assert Parsed(part).text.split() == Parsed(whole).text.split()


@pytest.mark.parametrize("name", ["notes", "output", "replay", "untested", "diagnosis"])
def test_what_a_page_leaves_out_is_found(name):
    """The control of the two tests above."""
    found = documents()["full"]
    less = page({**found, name: type(found[name])()})
    assert missing(found, less) == [
        *map(flat, [found[name]] if name == "output" else found[name])
    ]


def test_a_law_that_a_page_leaves_out_is_found():
    found = documents()["full"]
    law = found["results"][-1]
    others = [each for each in found["results"] if each["law"] != law["law"]]
    lost = missing(found, page({**found, "results": others}))
    assert {law["claim"], law["law"]} <= {*lost}


def test_a_page_is_well_formed_and_in_order(whole):
    read = Parsed(whole)
    assert not read.wrong
    assert not [attrs for _, attrs in read.elements if "id" in attrs]
    levels = [tag for tag, _ in read.elements if re.fullmatch(r"h\d", tag)]
    assert levels == ["h1", *["h2"] * (len(levels) - 1)]
    assert len(read.all("main")) == len(read.all("header")) == 1
    assert read.all("html") == [{"lang": "en"}]


def test_whoever_does_not_see_the_page_can_use_it(whole):
    """Names of figures, of what scrolls, and of what a cell stands below and beside."""
    read = Parsed(whole)
    assert all(each["role"] == "img" for each in read.all("svg"))
    named = (*read.all("svg", "section"), *(x for _, x in read.elements if "role" in x))
    assert all(each["aria-label"] for each in named)
    assert all(each.get("scope") in ("col", "row") for each in read.all("th"))
    assert all(each["tabindex"] == "0" for each in read.all("pre"))


def test_a_part_of_a_notebook_is_only_a_part(part):
    read = Parsed(part)
    assert not read.wrong
    assert not read.all("html", "head", "body", "main", "title", "meta", "h1", "h2")


def test_a_page_asks_nothing_of_anybody(whole, part):
    assert not re.findall(OUTSIDE, whole + part)


def test_a_page_forbids_what_it_does_not_need():
    read = Parsed(page(documents()["right"]))
    policies = [x["content"] for x in read.all("meta") if "http-equiv" in x]
    assert [each.split(";")[0] for each in policies] == ["default-src 'none'"]


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("right", "✓ HOLDS"),
        ("unshifted", "✗ BROKEN"),
        ("nothing", "✗ NOTHING WAS ASKED"),
    ],
)
def test_the_verdict_comes_first_in_words(name, word):
    found = documents()[name]
    text = flat(Parsed(page(found)).text)
    assert text.startswith(f"{word} {words.verdict(found)}")


def test_what_came_and_what_was_expected_is_read_from_the_message():
    text = flat(Parsed(page(documents()["over_the_batch"])).text)
    assert re.search(r"yours 1\.0 expected 0\.5 allowed error \d\.\d+e-\d+ claim", text)
    lost = flat(Parsed(page(documents()["unshifted"])).text)
    assert "yours nan expected 1.0 claim" in lost


def test_laws_without_an_error_are_named_if_they_hold():
    said = "Without any error in any example: results_are_of_their_kind."
    assert said in flat(Parsed(page(documents()["right"])).text)
    assert said[:30] not in Parsed(page(documents()["over_the_batch"])).text


@pytest.mark.parametrize(
    ("message", "numbers"),
    [
        ("result: actual 3, expected 5, give or take 1", ("3", "5", "1")),
        (
            "at [0] of (1,): actual 3.0, expected 5.0\n"
            "  off by 2, 4e+15 ulps of float64, where nothing has to round",
            ("3.0", "5.0", "0"),
        ),
        ("shape (1,), expected (2,)", None),
        ("ValueError: actual size is 3", None),
    ],
)
def test_messages_of_other_kinds(message, numbers):
    found = documents()["over_the_batch"]
    for each in found["results"]:
        each["message"] = message
    text = flat(Parsed(page(found)).text)
    if numbers is None:
        assert "yours" not in text
    else:
        shown = "yours {} expected {} allowed error {} claim".format(*numbers)
        assert shown in text


#: As text, as an attribute, as a template, as what XML and formulas are made of.
ATTACK = (
    "<script>alert(1)</script>"
    "</pre></style></title><img src=x onerror=alert(1)>"
    """" onmouseover="alert(1)" x=' y="""
    "{{ 7 * 7 }}{% raw %}"
    "-->]]>&lt;b&gt;$x^1$"
)


def changed(change, found):
    """A document, or a part of it, with each of its texts changed, but not the keys."""
    if isinstance(found, str):
        return change(found)
    if isinstance(found, dict):
        return {key: changed(change, each) for key, each in found.items()}
    return [changed(change, x) for x in found] if isinstance(found, list) else found


@pytest.mark.parametrize("made", [page, fragment])
def test_no_text_of_a_document_becomes_more_than_text(made):
    """Each of them, verdicts and names of counts alike, stands where text stood."""
    plain = made(counted("z" * len(ATTACK)))
    read = Parsed(made(counted(ATTACK)))
    assert not unlike(read.skeleton, Parsed(plain).skeleton)
    assert not read.wrong
    assert ATTACK in read.text


def unlike(some, others):
    """The first two elements that differ: all of them would be pages to read."""
    return next(
        (pair for pair in zip_longest(some, others) if len({*map(str, pair)}) > 1), None
    )


def counted(more):
    """The document with this at the end of every text, and in every name of a count."""
    found = changed(lambda each: f"{each} {more}", documents()["full"])
    for each in found["results"]:
        each["verdict"] = each["verdict"].removesuffix(f" {more}")
        for name in ("shapes", "families", "layouts"):
            each[name] = {f"{key}{more}": n for key, n in each[name].items()}
    return found


def test_text_that_is_not_escaped_is_seen():
    """The control: the parser tells markup from text."""
    assert Parsed(f"<p>{ATTACK}</p>").all("script")


ANYTHING = st.text(st.characters(exclude_categories=()), max_size=20)


@settings(max_examples=10)
@given(st.lists(ANYTHING, min_size=1, max_size=5))
def test_any_text_makes_a_page(texts):
    """Control codes, halves of letters, letters that no font has, and none at all."""
    every = cycle(texts)
    found = changed(lambda _: next(every), documents()["full"])
    # A verdict is one of a few, and stays.
    kept = {"verdict": "WRONG", "families": dict.fromkeys(texts, 1)}
    found["results"] = [{**found["results"][0], **kept}]
    shown = page(found)
    assert not Parsed(shown).wrong
    assert not re.findall("[\x00-\x08\x0b-\x1f]", shown)
    shown.encode()


COUNTS = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 10**6), min_size=1)


@settings(max_examples=15)
@given(COUNTS)
def test_bars_are_as_long_as_their_counts(counts):
    """And between the names and the counts."""
    svg = figures.bars("letters", counts)
    bars = [xs(path) for path in paths(svg, "--good")]
    wanted = sorted(counts.values(), reverse=True)
    lengths = [max(bar) - min(bar) for bar in bars]
    unit = max(lengths) / max(*wanted, 1)
    assert lengths == pytest.approx([unit * each for each in wanted], abs=1e-5)
    texts = [float(each["x"]) for each in Parsed(svg).all("text")]
    for bar, name, count in zip(bars, texts[::2], texts[1::2], strict=True):
        assert 0 < name < min(bar) <= max(bar) < count < 72 * figures.WIDTH
    assert all(f"{name} {n:,}" in svg for name, n in counts.items())


def test_names_in_figures_are_no_formulas():
    name = "$x^1$"
    for svg in (figures.bars("names", {name: 1}), figures.errors("", {name: {"0": 1}})):
        assert name in Parsed(svg).text


SIZES = st.sampled_from(["0", "inf", *map(str, range(-20, 1)), "1", "300"])


@settings(max_examples=15)
@given(st.dictionaries(SIZES, st.integers(1, 99), min_size=1))
def test_errors_are_drawn_on_their_side_of_the_bound(counts):
    """A bar for each power of two before the line, and one behind it at most."""
    svg = figures.errors("numpy:float64", {"law": counts})
    line = min(xs(path)[0] for path in paths(svg, "stroke: var(--bad)"))
    behind = paths(svg, "fill: var(--bad)")
    before = paths(svg, "fill: var(--good)")
    beyond = sum(n for size, n in counts.items() if size in ("inf", "1", "300"))
    within = [size for size in counts if size not in ("0", "inf", "1", "300")]
    assert len(behind) == bool(beyond)
    assert len(before) == len(within)
    assert all(max(xs(path)) < line for path in before)
    assert all(min(xs(path)) > line for path in behind)
    assert f"{counts.get('0', 0)} exact, {beyond} beyond" in svg


def paths(svg, style):
    return [attrs["d"] for attrs in Parsed(svg).all("path") if style in attrs["style"]]


def xs(path):
    return [float(each) for each in re.findall(r"[ML] (\S+)", path)]


def test_figures_have_no_colours_of_their_own(whole):
    """Those of the style are two, for light and dark."""
    for each in re.findall(r"<svg.*?</svg>", whole, re.DOTALL):
        assert not re.findall(r"#[0-9a-f]{3,8}\b|rgb\(", each)
        assert not [x for x in Parsed(each).all("text") if "var(--" not in x["style"]]


def test_a_readers_own_settings_change_nothing_and_stay():
    before = figures.bars("letters", {"a": 1})
    mine = {
        "font.weight": "bold",
        "patch.force_edgecolor": True,
        "svg.fonttype": "path",
    }
    with matplotlib.rc_context(mine):
        assert figures.bars("letters", {"a": 1}) == before
        assert {name: matplotlib.rcParams[name] for name in mine} == mine


@pytest.mark.parametrize("module", ["jinja2", "matplotlib"])
def test_without_what_it_needs_it_says_what_to_install(monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UnavailableError, match="is not installed") as caught:
        page(documents()["right"])
    assert 'pip install "scratchnet[report]"' in str(caught.value)


def test_a_report_shows_itself_in_a_notebook(monkeypatch):
    """Without what it needs, in the text of a terminal."""
    found = report(unshifted)
    assert found._repr_html_() == fragment(found.document())
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert found._repr_html_() is None
    said = []
    found._repr_pretty_(type("Printer", (), {"text": said.append}), False)
    assert said == [str(found)]
