"""The page of a report in a real browser: by name alone, by `tox -e page`.

It says nothing where there is no Chromium: that is a failure, not a skip.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import cache

import pytest
from playwright.sync_api import Browser, sync_playwright
from properties.pages import full, over_the_batch, report, right, unshifted

from scratchnet.testing.page import fragment, page

SUBJECTS = {each.__name__: each for each in (right, unshifted, over_the_batch)}
NAMES = ("chromium", "chromium-browser", "google-chrome")
SCHEMES, WIDTHS = ("light", "dark"), (1100, 400)
#: What text must stand out by, and what a bar must: WCAG 2.2, 1.4.3 and 1.4.11.
TEXT, SHAPE = 4.5, 3

#: All that is drawn, with its colour and that of what is behind it.
DRAWN = """() => {
  const ground = (x) => {
    for (; x; x = x.parentElement) {
      const colour = getComputedStyle(x).backgroundColor;
      if (colour !== 'rgba(0, 0, 0, 0)') return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) {
    const said = texts.currentNode.data.trim(), x = texts.currentNode.parentElement;
    const style = getComputedStyle(x);
    if (said && x.getClientRects().length && x.tagName !== 'STYLE')
      found.push([said, x.closest('svg') ? style.fill : style.color, ground(x)]);
  }
  for (const x of document.querySelectorAll('path')) {
    const fill = getComputedStyle(x).fill;
    // What has none is a line below bars, or at the bound, which is told in words.
    if (fill !== 'none') found.push(['', fill, ground(x)]);
  }
  return found;
}"""
SIZES = """() => [...document.querySelectorAll('svg')].map(
  (x) => [x.getBoundingClientRect().width, x.getBoundingClientRect().height])"""
UNFOLD = "() => document.querySelectorAll('details').forEach((x) => { x.open = true; })"
OVERFLOW = "() => document.documentElement.scrollWidth - window.innerWidth"
COLOURS = """() => {
  const style = getComputedStyle(document.querySelector('.scratchnet'));
  return [style.color, style.backgroundColor];
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.fail("no Chromium is installed here: apt-get install chromium")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=found)
        yield browser
        browser.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Opens a page; what it asks for and complains of is kept beside it."""
    contexts = []

    def opened(html, scheme="light", width=1100):
        size = {"width": width, "height": 800}
        contexts.append(browser.new_context(color_scheme=scheme, viewport=size))
        seen, asked = contexts[-1].new_page(), []
        seen.on("console", lambda said: asked.append(f"console: {said.text}"))
        seen.on("pageerror", lambda error: asked.append(f"error: {error}"))
        seen.on("request", lambda request: asked.append(f"request: {request.url}"))
        file = tmp_path / "page.html"
        file.write_text(html, encoding="utf-8")
        seen.goto(file.as_uri())
        seen.evaluate(UNFOLD)
        return seen, [x for x in asked if x != f"request: {file.as_uri()}"]

    yield opened
    for each in contexts:
        each.close()


def luminance(colour):
    """By WCAG; of colours that nothing shines through."""
    assert colour.startswith("rgb("), f"{colour} is not opaque"
    parts = [int(each) / 255 for each in colour[4:-1].split(", ")]
    r, g, b = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts
    )
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def is_light(seen):
    """Whether what a page has behind its text is lighter than the text."""
    text, ground = map(luminance, seen.evaluate(COLOURS))
    return ground > text


def complaints(seen, asked):
    """What is wrong with a page that is open, each with its kind first."""
    found = list(asked)
    if (over := seen.evaluate(OVERFLOW)) > 0:
        found.append(f"overflow: {over} pixels")
    for said, colour, ground in (drawn := seen.evaluate(DRAWN)):
        if (ratio := contrast(colour, ground)) < (TEXT if said else SHAPE):
            found.append(f"contrast: {ratio:.2f} of {said or 'a bar'!r}")
    found += [f"figure: {w} x {h}" for w, h in seen.evaluate(SIZES) if w * h < 5000]
    return found if len(drawn) > 50 else [*found, f"text: {len(drawn)} pieces"]


@cache
def document(name):
    found = report(SUBJECTS.get(name, over_the_batch)).document()
    return full(found) if name == "full" else found


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", [*SUBJECTS, "full"])
def test_a_page_is_fit_to_be_read(opened, name, scheme, width):
    """Legible, as wide as the window, with its figures, and by itself."""
    seen, asked = opened(page(document(name)), scheme, width)
    assert seen.locator("svg").count() >= 4
    assert complaints(seen, asked) == []


FAULTS = {
    "contrast": '<p style="color: #888; background: #777">grey on grey</p>',
    "overflow": '<div style="width: 500px; height: 1px"></div>',
    "figure": '<svg role="img" style="width: 0"></svg>',
    "console": '<script>console.error("kept from running, and said")</script>',
    "request": '<img alt="" src="other.png">',
}


@pytest.mark.parametrize("kind", FAULTS)
def test_what_is_wrong_with_a_page_is_seen(opened, kind):
    """The control of the test above."""
    html = page(document("right")).replace("</main>", f"{FAULTS[kind]}</main>")
    if kind == "request":  # which the page's own policy keeps from being sent
        html = html.replace("default-src 'none'", "default-src *")
    found = complaints(*opened(html, width=400))
    assert kind in {each.partition(":")[0] for each in found}


def test_light_is_light_and_dark_is_dark(opened):
    html = page(document("right"))
    assert [is_light(opened(html, each)[0]) for each in SCHEMES] == [True, False]


def test_on_paper_it_is_light_unfolded_and_on_the_sheet(opened):
    """A4 within margins of 1 cm."""
    seen, _ = opened(page(document("full")), "dark", width=718)
    seen.evaluate(UNFOLD.replace("true", "false"))
    hidden = seen.locator("details pre, details table").all()
    assert hidden
    assert not any(each.is_visible() for each in hidden)
    seen.emulate_media(media="print", color_scheme="dark")
    assert is_light(seen)
    assert all(each.is_visible() for each in hidden)
    assert seen.evaluate(OVERFLOW) <= 0


#: As notebooks are: with rules of their own, and a theme that the screen may not have.
NOTEBOOK = """<!doctype html><html lang="en"><title>notebook</title><style>
body {{ background: {ground}; color: {ink}; }}
.output tbody tr:nth-child(odd) {{ background: #bbb; }}
.output td, .output th {{ color: #888; text-align: right; }}
.output code, .output pre {{ background: #888; }}
</style><body data-jp-theme-light="{light}"><div class="output">{shown}</div></body>"""
THEMES = {"true": ("#fff", "#000"), "false": ("#111", "#fff")}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_in_a_notebook_it_is_legible_whatever_its_theme(opened, scheme, theme):
    ground, ink = THEMES[theme]
    told = {"ground": ground, "ink": ink, "light": theme}
    html = NOTEBOOK.format(**told, shown=fragment(document("full")))
    seen, asked = opened(html, scheme)
    assert complaints(seen, asked) == []
    assert is_light(seen) == (theme == "true")
    align = "() => getComputedStyle(document.querySelector('tbody th')).textAlign"
    assert seen.evaluate(align) == "left"
