"""The site that `tox -e docs` has built, and what must stop its build."""

import importlib
import inspect
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from sphinx.util.inventory import InventoryFile

ROOT = Path(__file__).parents[2]
SITE = ROOT / "build" / "docs"
PAGES = sorted(SITE.rglob("*.html"))
PUBLIC = ["scratchnet", "scratchnet.testing", "scratchnet.testing.strategies"]
#: What a browser fetches without being asked to.
FETCHED = {"script": "src", "img": "src", "iframe": "src", "source": "src"}
FETCHED |= {"link": "href", "object": "data"}


class Page(HTMLParser):
    """What a page fetches, the words of it, and its title."""

    def __init__(self, file):
        super().__init__()
        self.fetched, self.text = [], []
        self.feed(file.read_text())
        self.words = " ".join("".join(self.text).split())

    def handle_starttag(self, tag, attrs):
        if tag in FETCHED:
            self.fetched.append(dict(attrs).get(FETCHED[tag]) or "")

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def pages():
    assert PAGES, "no site: tox -e docs builds it"
    return {file: Page(file) for file in PAGES}


def entries():
    """The names of ours that the reference has an entry for: not those of members."""
    with (SITE / "objects.inv").open("rb") as file:
        inventory = InventoryFile.load(file, "", lambda base, rest: base + rest)
    kinds = ("function", "class", "exception", "data", "type")
    return {name for kind in kinds for name in inventory.get(f"py:{kind}", {})}


@pytest.mark.parametrize("package", PUBLIC)
def test_every_public_name_has_an_entry(package):
    names = {f"{package}.{name}" for name in importlib.import_module(package).__all__}
    assert names
    assert sorted(names - entries()) == []


def test_no_other_name_is_promised():
    """Types apart, which belong to no module, and the real homes of classes."""
    promised = {name for name in entries() if name.rpartition(".")[0] in PUBLIC}
    modules = [importlib.import_module(package) for package in PUBLIC]
    names = {f"{each.__name__}.{name}" for each in modules for name in each.__all__}
    assert sorted(promised - names) == []


@pytest.mark.parametrize("package", PUBLIC)
def test_an_entry_has_the_docstring_of_what_is_loaded_lazily(package, pages):
    """Its first line, as it is read: the stub has none."""
    folder = SITE / "docs" / "reference"
    words = " ".join(p.words for file, p in pages.items() if file.parent == folder)
    module = importlib.import_module(package)
    of = [getattr(module, name) for name in module.__all__]
    documented = [x for x in of if inspect.isclass(x) or inspect.isfunction(x)]
    lines = [inspect.getdoc(each).partition("\n")[0] for each in documented]
    plain = [re.sub(r"`|(?<!\S)\*(?=\w)|(?<=\w)\*(?!\w)", "", each) for each in lines]
    assert len(plain) > 10
    assert [each for each in plain if " ".join(each.split()) not in words] == []


def test_a_signature_calls_types_by_the_names_of_the_source(pages):
    page = pages[SITE / "docs" / "reference" / "operations.html"]
    assert "softmax(x: Array, /, *, axis: int = -1) → Array" in page.words


def test_nothing_is_fetched_from_elsewhere(pages):
    """The site is read without a network, and nobody learns who reads it."""
    fetched = [address for page in pages.values() for address in page.fetched]
    assert len(fetched) > len(pages)
    assert [each for each in fetched if re.match(r"(\w+:)?//", each)] == []


def test_no_style_fetches_from_elsewhere():
    styles = [file.read_text() for file in SITE.rglob("*.css")]
    assert styles
    for style in styles:
        assert not re.search(r"@import|url\(\s*['\"]?(\w+:)?//", style)


@pytest.fixture
def built(tmp_path):
    """Builds a site of one page, as strictly; the exit code, and what was said."""

    def build(text):
        shutil.copytree(ROOT / "docs", tmp_path / "docs")
        for page in (tmp_path / "docs").rglob("*.md"):
            page.unlink()
        (tmp_path / "docs" / "index.md").write_text(f"# A page\n\n{text}\n")
        (tmp_path / "LICENSE").write_text("None.\n")
        strictly = "-m sphinx --quiet --fail-on-warning --conf-dir docs . site"
        return subprocess.run(
            [sys.executable, *strictly.split()],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )

    return build


RST = "```{{eval-rst}}\n{}\n```"


@pytest.mark.parametrize(
    "text",
    [
        "## Here\n\n[There](#here) and [out of the folder](../LICENSE).",
        RST.format(".. autofunction:: scratchnet.outer\n\n.. py:type:: Array"),
    ],
)
def test_a_page_is_built_where_nothing_is_wrong(built, text):
    done = built(text)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[A page](nowhere.md)", "nowhere.md"),
        ("[A place](#nowhere)", "nowhere"),
        ("[Another's place](index.md#nowhere)", "nowhere"),
        ("[Out of the folder](../NOWHERE.md)", "NOWHERE.md"),
        ("![A picture](nowhere.png)", "nowhere.png"),
        (RST.format(".. autofunction:: scratchnet.nowhere"), "nowhere"),
        (RST.format(".. autofunction:: scratchnet.outer"), "Array"),
        ("```{toctree}\nnowhere\n```", "nowhere"),
    ],
)
def test_a_page_is_not_built_where_something_is_missing(built, text, said):
    done = built(text)
    assert done.returncode == 1
    assert said in done.stderr
