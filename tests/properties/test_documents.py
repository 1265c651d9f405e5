"""What the documents say is true: their code runs, their lists are complete."""

import ast
import re
from contextlib import suppress
from pathlib import Path

import pytest
from gpu.gated import DEVICE

import scratchnet
import scratchnet.testing
import scratchnet.testing.strategies
from scratchnet.testing import LAWS, OPS, floors, gate, junit, laws, op
from scratchnet.testing.asked import asked_of
from scratchnet.testing.references import REFERENCES, listing
from scratchnet.testing.verification import Verification

ROOT = Path(__file__).parents[2]


def python_blocks(document: str) -> str:
    """All Python of a document, as one program: later blocks build on earlier ones."""
    text = (ROOT / document).read_text()
    return "\n\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))


def verify(test, mark):
    """Run a test that is marked `verifies`, as the plugin would."""
    for asked in asked_of(mark.args, mark.kwargs):
        found = []
        law = Verification(asked, 10, None, 0, None, ROOT, "", found.append)
        with suppress(pytest.skip.Exception):
            test(law)
        assert found


DOCUMENTS = [
    "README.md",
    "CONTRIBUTING.md",
    "docs/why-not-rtol.md",
    "docs/oracle.md",
    "docs/checking.md",
    "docs/strategies.md",
    "docs/check.md",
]


def test_no_page_has_code_that_is_not_run():
    """That of docs/gpu.md is run on a device, below."""
    pages = (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))
    names = (page.relative_to(ROOT).as_posix() for page in pages)
    assert {each for each in names if python_blocks(each)} == {
        *DOCUMENTS,
        "docs/gpu.md",
    }


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_code_of_a_document_runs(document):
    program = python_blocks(document)
    if "import torch" in program:
        pytest.importorskip("torch")
    names: dict[str, object] = {}
    # No name of a file: whoever asks for the source would read the document as one.
    exec(compile(program, f"<{document}>", "exec"), names)
    tests = [value for name, value in names.items() if name.startswith("test_")]
    for test in tests:
        for mark in getattr(test, "pytestmark", ()):
            verify(test, mark)
            break
        else:
            test()
    # A document whose code checks nothing would pass whatever became of it.
    assert tests or "assert" in program


def test_the_tests_of_the_page_on_gpus_open_the_gate(gated):
    """On a simulated device; and, where nothing is required, they do not."""
    page = python_blocks("docs/gpu.md").replace("torch:cuda:", f"{DEVICE}:")
    tests = page.replace('device("cuda")', f'device("{DEVICE}")')
    good = gated(tests)
    assert good.is_green, good.said + good.reasons
    assert gated(tests, require=()).gate == 1


def test_the_reasons_on_the_page_are_those_of_the_gate():
    """Each is a part of a sentence in its source."""
    page = (ROOT / "docs" / "gpu.md").read_text()
    rows = re.findall(r"^\| (`.*?) \|", page.split("## When")[1], re.MULTILINE)
    reasons = re.findall(r"`(.*?)`", " ".join(rows))
    modules = (gate, junit, floors)
    sources = [ast.parse(Path(each.__file__).read_text()) for each in modules]
    nodes = [node for source in sources for node in ast.walk(source)]
    texts = [node.value for node in nodes if isinstance(node, ast.Constant)]
    said = " ".join(text for text in texts if isinstance(text, str))
    assert len(reasons) >= 15
    assert not [each for each in reasons if each not in re.sub(r"\s+", " ", said)]


@pytest.mark.parametrize(
    "module", [scratchnet, scratchnet.testing, scratchnet.testing.strategies]
)
def test_public_names_are_sorted_and_each_can_be_imported(module):
    assert module.__all__ == sorted(module.__all__)
    missing = [name for name in module.__all__ if not hasattr(module, name)]
    assert not missing


@pytest.mark.parametrize(
    ("module", "documents"),
    [
        (scratchnet.testing, ("docs/oracle.md", "docs/checking.md", "docs/check.md")),
        (scratchnet.testing.strategies, ("docs/strategies.md",)),
    ],
)
def test_the_public_names_of_the_harness_are_documented(module, documents):
    text = "".join((ROOT / document).read_text() for document in documents)
    code = " ".join(re.findall(r"```.*?```|`[^`]+`", text, re.DOTALL))
    assert set(module.__all__) <= set(re.findall(r"\w+", code))


def test_public_names_are_those_that_the_stub_imports():
    """A name that is imported in the stub but not promised, or promised twice."""
    stub = ast.parse((ROOT / "scratchnet" / "__init__.pyi").read_text())
    imported = [
        alias.name
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
    assert sorted(imported) == scratchnet.__all__


def test_operations_and_laws_are_listed():
    """In docs/checking.md, as the declarations and the docstrings have them."""
    document = (ROOT / "docs" / "checking.md").read_text()
    assert op.listing(OPS.values()) in document
    assert laws.listing(LAWS.values()) in document


def test_the_accepted_algorithms_are_listed():
    """In docs/algorithms.md, below its heading: what `listing` makes of them."""
    document = (ROOT / "docs" / "algorithms.md").read_text()
    assert listing(REFERENCES.values()) in document


def test_an_operation_is_declared_in_ten_lines():
    """Its pullback included: what it means is a reference, as elsewhere."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    code = (
        text.split("## Declare it")[1].split("```python")[1].split("\n\ndef test_")[0]
    )
    lines = [line for line in code.splitlines() if line.strip()]
    assert any(" = Op(" in line for line in lines)
    assert len(lines) <= 10
