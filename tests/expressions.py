"""What expressions are: numbers that somebody chose, distances, roundings."""

from __future__ import annotations

import ast
import re
from fractions import Fraction

from bindings import is_name

SUBTRACTIONS = {"subtract", "sub", "rsub", "__sub__", "__rsub__", "diff"}
#: Sizes: a distance, where they are those of a difference.
SIZES = {
    *("abs", "abs_", "fabs", "absolute", "norm", "vector_norm", "matrix_norm"),
    *("hypot", "square", "pow", "power", "float_power", "__abs__"),
}
DISTANCES = {
    *("dist", "cdist", "pdist", "pairwise_distance", "cosine_similarity", "ptp"),
    *("l1_loss", "mse_loss", "smooth_l1_loss", "huber_loss"),
    *("mean_squared_error", "mean_absolute_error", "max_error"),
}
#: To so many decimals; rint(x) == x asks no more than whether x is whole.
ROUNDINGS = {"round", "round_", "around", "quantize", "format_float_positional"}
#: What makes a number of a string or of two integers.
NUMBERS = {"float", "Fraction", "Decimal", "float16", "float32", "float64"}
NUMBER = r"[+-]?\d*\.?\d+(e[+-]?\d+|/[1-9]\d*)?"


def called(node: ast.AST) -> str:
    """The name of the function or method that is called; empty for anything else."""
    match node:
        case ast.Call(ast.Name(name) | ast.Attribute(attr=name)):
            return name
    return ""


def is_literal(node: ast.AST) -> bool:
    """A number that somebody chose: neither whole nor a power of two."""
    match node:
        case ast.Constant(float(x)):
            return is_odd(x)
        case ast.BinOp(ast.Constant(int(x)), ast.Div(), ast.Constant(int(y))) if y:
            return is_odd(Fraction(x, y))
        case ast.BinOp(
            ast.Constant(int(x) | float(x)),
            ast.Pow(),
            ast.UnaryOp(ast.USub(), ast.Constant(int(y))),
        ) if x and y < 400:
            return is_odd(Fraction(x) ** -y)
        case ast.Call(args=[ast.Constant(str(x))]) if called(node) in NUMBERS:
            return bool(re.fullmatch(NUMBER, x)) and is_odd(Fraction(x))
        case ast.Call(args=[ast.Constant(int(x)), ast.Constant(int(y))]) if (
            called(node) == "Fraction" and y
        ):
            return is_odd(Fraction(x, y))
    return False


def is_odd(x: float | Fraction) -> bool:
    """Neither whole, nor a power of two, nor infinite."""
    if x != x or x in (float("inf"), float("-inf")):
        return False
    top, bottom = abs(Fraction(x)).as_integer_ratio()
    return bottom != 1 and not (top == 1 and bottom & (bottom - 1) == 0)


def is_constant(node: ast.AST) -> bool:
    """An expression of literals and names: a constant, not data or a result."""
    fixed = ast.Constant | ast.Name | ast.Attribute | ast.Tuple | ast.List | ast.Dict
    written = fixed | ast.BinOp | ast.UnaryOp | ast.operator | ast.unaryop
    written = written | ast.expr_context
    return all(
        isinstance(part, written) or called(part) in NUMBERS for part in ast.walk(node)
    )


def is_difference(node: ast.AST) -> bool:
    """x - y, in any spelling, but not one with a number that is written out."""
    match node:
        case ast.BinOp(left, ast.Sub(), right):
            return not isinstance(left, ast.Constant) | isinstance(right, ast.Constant)
    return called(node) in SUBTRACTIONS


def is_distance(node: ast.AST, differences: frozenset[str] = frozenset()) -> bool:
    """How far two numbers are apart, in any spelling."""

    def apart(part: ast.AST) -> bool:
        return is_difference(part) or is_name(part, differences)

    match node:
        case ast.BinOp(base, ast.Pow(), _):
            return any(map(apart, ast.walk(base)))
        case ast.BinOp(left, ast.Mult(), right) if ast.dump(left) == ast.dump(right):
            return any(map(apart, ast.walk(left)))
        case ast.BinOp(left, ast.Sub(), right):
            return (called(left), called(right)) == ("max", "min")
    name = called(node)
    if name in {"max", "maximum"}:
        return _is_either_way(node)
    return name in DISTANCES or (name in SIZES and any(map(apart, ast.walk(node))))


def _is_either_way(node: ast.AST) -> bool:
    """Whether it holds x - y and y - x."""
    pairs = {
        (ast.dump(part.left), ast.dump(part.right))
        for part in ast.walk(node)
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Sub)
    }
    return any((right, left) in pairs for left, right in pairs)


def is_formatted(node: ast.AST) -> bool:
    """A part of a string that a number is written into."""
    return isinstance(node, ast.FormattedValue)


def is_rounding(node: ast.AST) -> bool:
    """A number to so many decimals, or written so."""
    match node:
        case ast.FormattedValue(format_spec=ast.JoinedStr([ast.Constant(str(spec))])):
            return "." in spec
        case ast.BinOp(ast.Constant(str(form)), ast.Mod(), _):
            return re.search(r"%[^a-zA-Z%]*\.", form) is not None
        case ast.Call(ast.Attribute(ast.Constant(str(form)), "format")):
            return re.search(r"\{[^}]*:[^}]*\.", form) is not None
        case ast.Call(ast.Name("format"), [_, ast.Constant(str(spec))]):
            return "." in spec
        case ast.Subscript(value, ast.Slice()):
            return called(value) in {"str", "repr"}
    return called(node) in ROUNDINGS
