"""The reader of tolerances: comparisons that a source makes but for a chosen error.

It reads syntax trees, and follows names to what they are given within the file. That a
bound was derived it cannot know: such places are exempted one by one, with the reason,
in `tests/properties/test_tolerances.py`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bindings import bindings, carried, closed, is_name
from expressions import (
    called,
    is_constant,
    is_difference,
    is_distance,
    is_formatted,
    is_literal,
    is_rounding,
)

#: Functions that compare with a tolerance of their own.
TOLERANT = {
    *("allclose", "isclose", "approx", "assert_close", "assert_allclose"),
    *("assert_almost_equal", "assert_approx_equal", "assert_array_almost_equal"),
    *("assert_array_almost_equal_nulp", "assert_array_max_ulp"),
    *("assertAlmostEqual", "assertNotAlmostEqual"),
    *("gradcheck", "gradgradcheck", "check_grad", "check_grads"),
}
KEYWORDS = {
    *("rtol", "atol", "rel_tol", "abs_tol", "decimal", "places", "delta"),
    *("nulp", "maxulp", "significant"),
}
ORDERINGS = {
    *("less", "less_equal", "greater", "greater_equal", "assert_array_less"),
    *("lt", "le", "gt", "ge", "__lt__", "__le__", "__gt__", "__ge__"),
    *("assertLess", "assertLessEqual", "assertGreater", "assertGreaterEqual"),
}
EQUALITIES = {
    *("equal", "not_equal", "array_equal", "array_equiv", "eq", "ne", "__eq__"),
    *("assert_equal", "assert_array_equal", "assert_string_equal", "assertEqual"),
    *("startswith", "endswith"),
}


@dataclass(frozen=True)
class Finding:
    """Which rule a source breaks, and the expression that does, as `ast` writes it."""

    rule: str
    text: str


def tolerances(source: str) -> Iterator[Finding]:
    """Every construct of a source that compares numbers but for a chosen error."""
    tree = ast.parse(source)
    names = Names.of(tree)
    rules = {rule: broken_by(names) for rule, broken_by in RULES.items()}
    for node in ast.walk(tree):
        for rule, breaks in rules.items():
            if breaks(node):
                yield Finding(rule, _text(node))


def _text(node: ast.AST) -> str:
    return node.name if isinstance(node, ast.alias) else ast.unparse(node)


@dataclass(frozen=True)
class Names:
    """Names of a file that stand for what no comparison should hold."""

    literals: frozenset[str]
    differences: frozenset[str]
    distances: frozenset[str]
    roundings: frozenset[str]

    @classmethod
    def of(cls, tree: ast.Module) -> Names:
        """Those that are given to one, through any number of other names."""
        given = [(name, list(carried(value))) for name, value in bindings(tree)]
        # What is computed from a rounded number is no longer one.
        themselves = [
            (name, [x for x in parts if x is parts[0] or is_formatted(x)])
            for name, parts in given
        ]
        constants = [(name, parts) for name, parts in given if is_constant(parts[0])]
        differences = closed(given, is_difference)
        return cls(
            closed(constants, is_literal),
            differences,
            closed(given, lambda node: is_distance(node, differences)),
            closed(themselves, is_rounding),
        )


def is_ordering(node: ast.AST) -> bool:
    match node:
        case ast.Compare(ops=ops):
            return any(isinstance(x, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for x in ops)
    return called(node) in ORDERINGS


def is_comparison(node: ast.AST) -> bool:
    return isinstance(node, ast.Compare) or called(node) in ORDERINGS | EQUALITIES


def is_two_sided(node: ast.AST, differences: frozenset[str]) -> bool:
    """Between x - c and x + c, or a difference between -c and c: abs written out."""
    compared = {ast.unparse(x): x for x in compared_in(node)}
    for text in compared:
        if text.replace(" - ", " + ") in compared.keys() - {text}:
            return True
        ends = {text, text.removeprefix("-"), text.removeprefix("-(").removesuffix(")")}
        if len(ends & compared.keys()) > 1 and any(
            is_difference(part) or is_name(part, differences)
            for other in compared.keys() - ends
            for part in carried(compared[other])
        ):
            return True
    return False


def compared_in(node: ast.AST) -> list[ast.expr]:
    """What a comparison, or several that are joined by `and`, put in order."""
    match node:
        case ast.Compare(left=left, comparators=more) if is_ordering(node):
            return [left, *more]
        case ast.BoolOp(op=ast.And(), values=parts):
            pass
        case ast.BinOp(left=left, op=ast.BitAnd(), right=right):
            parts = [left, right]
        case ast.Call(args=args) if called(node) in ORDERINGS:
            return args
        case ast.Call(args=parts) if called(node) == "logical_and":
            pass
        case _:
            return []
    return [x for part in parts for x in compared_in(part)]


def is_tolerant(node: ast.AST) -> bool:
    """The name of a function that has a tolerance of its own."""
    match node:
        case ast.Name(name) | ast.Attribute(attr=name) | ast.alias(name):
            return name in TOLERANT
        case ast.Call(ast.Name("getattr"), [_, ast.Constant(str(name)), *_]):
            return name in TOLERANT
    return False


def is_keyword(node: ast.AST) -> bool:
    """The name of a tolerance, as that of an argument or of a variable."""
    match node:
        case ast.keyword(arg=str(name)):
            return name in KEYWORDS
        case ast.Dict(keys=keys):
            names = {key.value for key in keys if isinstance(key, ast.Constant)}
            return bool(names & {"rtol", "atol", "rel_tol", "abs_tol"})
        case ast.Name(name) | ast.arg(name):
            return name in {"rtol", "atol"}
    return False


def is_given_bound(node: ast.AST, literals: frozenset[str]) -> bool:
    """A bound, or what bounds are derived from, that is written out: numbers."""
    match node:
        case ast.Call(args=[_, _, value, *_]) if called(node) == "Bounded":
            pass
        case ast.Call(args=[_, _, _, _, value, *_]) if called(node) == "Contract":
            pass
        case ast.keyword(arg="error" | "ulps", value=value):
            pass
        case _:
            return False
    return any(
        (isinstance(x, ast.Constant) and isinstance(x.value, int | float) and x.value)
        or is_name(x, literals)
        for x in ast.walk(value)
    )


Breaks = Callable[[ast.AST], bool]
#: Each rule: what breaks it, once it is known what names stand for.
RULES: dict[str, Callable[[Names], Breaks]] = {
    "tolerant function": lambda _: is_tolerant,
    "named tolerance": lambda _: is_keyword,
    "chosen number": lambda names: (
        lambda node: (
            is_ordering(node)
            and any(is_literal(x) or is_name(x, names.literals) for x in ast.walk(node))
        )
    ),
    "distance": lambda names: (
        lambda node: (
            is_ordering(node)
            and any(
                is_distance(x, names.differences) or is_name(x, names.distances)
                for x in ast.walk(node)
            )
        )
    ),
    "two-sided": lambda names: lambda node: is_two_sided(node, names.differences),
    "rounding": lambda names: (
        lambda node: (
            is_comparison(node)
            and any(
                is_rounding(x) or is_name(x, names.roundings) for x in ast.walk(node)
            )
        )
    ),
    "given bound": lambda names: lambda node: is_given_bound(node, names.literals),
}
