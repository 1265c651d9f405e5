"""What the documents say is true: their code runs, their lists are complete."""

import ast
import re
from pathlib import Path

import pytest

import scratchnet
import scratchnet.testing
import scratchnet.testing.strategies
from scratchnet.testing.references import REFERENCES, listing

ROOT = Path(__file__).parents[2]


def python_blocks(document: str) -> str:
    """All Python of a document, as one program: later blocks build on earlier ones."""
    text = (ROOT / document).read_text()
    return "\n\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))


@pytest.mark.parametrize(
    "document",
    [
        "README.md",
        "CONTRIBUTING.md",
        "docs/why-not-rtol.md",
        "docs/oracle.md",
        "docs/strategies.md",
    ],
)
def test_the_code_of_a_document_runs(document):
    program = python_blocks(document)
    names: dict[str, object] = {}
    exec(compile(program, document, "exec"), names)
    tests = [value for name, value in names.items() if name.startswith("test_")]
    for test in tests:
        test()
    # A document whose code checks nothing would pass whatever became of it.
    assert tests or "assert" in program


@pytest.mark.parametrize(
    "module", [scratchnet, scratchnet.testing, scratchnet.testing.strategies]
)
def test_public_names_are_sorted_and_each_can_be_imported(module):
    assert module.__all__ == sorted(module.__all__)
    missing = [name for name in module.__all__ if not hasattr(module, name)]
    assert not missing


@pytest.mark.parametrize(
    ("module", "document"),
    [
        (scratchnet.testing, "docs/oracle.md"),
        (scratchnet.testing.strategies, "docs/strategies.md"),
    ],
)
def test_the_public_names_of_the_harness_are_documented(module, document):
    text = (ROOT / document).read_text()
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


def test_the_accepted_algorithms_are_listed():
    """In docs/algorithms.md, below its heading: what `listing` makes of them."""
    document = (ROOT / "docs" / "algorithms.md").read_text()
    assert listing(REFERENCES.values()) in document
