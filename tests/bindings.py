"""What the names of a source are given, and what of an expression is handed on.

Names count for the whole file, whatever their scope.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator


def closed(
    given: list[tuple[str, list[ast.AST]]], holds: Callable[[ast.AST], bool]
) -> frozenset[str]:
    """The names that are given what holds, or one of the names found so.

    given: names, each with the parts of what it is given.
    """
    names = {name for name, parts in given if any(map(holds, parts))}
    while more := {
        name
        for name, parts in given
        if name not in names and any(is_name(part, names) for part in parts)
    }:
        names |= more
    return frozenset(names)


def is_name(node: ast.AST, names: frozenset[str] | set[str]) -> bool:
    """One of these names, or a call of a method that has one."""
    match node:
        case ast.Name(name) | ast.Call(ast.Attribute(attr=name)):
            return name in names
    return False


def carried(node: ast.AST) -> Iterator[ast.AST]:
    """An expression and the parts of it whose values it hands on, changed or not:
    not where it looks something up, and not how many times it multiplies."""
    yield node
    match node:
        case ast.Call(func=ast.Name("range" | "len")):
            parts = []
        case ast.Call(func=value, args=args):
            parts = [value, *args]
        case ast.BinOp(left=value, op=ast.Pow()):
            parts = [value]
        case ast.BinOp(left=left, right=right):
            parts = [left, right]
        case ast.Attribute(value=value) | ast.Subscript(value=value):
            parts = [value]
        case ast.Starred(value=value) | ast.NamedExpr(value=value):
            parts = [value]
        case ast.UnaryOp(operand=value) | ast.Lambda(body=value):
            parts = [value]
        case ast.IfExp(body=value, orelse=other):
            parts = [value, other]
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Dict(values=parts):
            pass
        case ast.ListComp(elt=value) | ast.GeneratorExp(elt=value):
            parts = [value]
        case ast.JoinedStr(values=parts):
            pass
        case _:
            parts = []
    for part in parts:
        yield from carried(part)


def bindings(tree: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Names with what they are given: by assignment, in a loop, as a default, as a
    parameter of a test, and functions with what they return."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    yield from _unpacked(target, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                yield from _unpacked(target, value)
            case ast.AugAssign(target=target, value=value):
                yield from _unpacked(target, value)
            case ast.NamedExpr(target=target, value=value):
                yield from _unpacked(target, value)
            case ast.For(target=target, iter=value):
                yield from _unpacked(target, value)
            case ast.comprehension(target=target, iter=value):
                yield from _unpacked(target, value)
            case ast.FunctionDef(name=name, args=arguments, decorator_list=decorators):
                for part in ast.walk(node):
                    if isinstance(part, ast.Return) and part.value:
                        yield name, part.value
                yield from _defaults(arguments)
                for each in decorators:
                    yield from _parameters(each)


def _unpacked(target: ast.AST, value: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Names of a target, side by side with the parts of the value where it has any."""
    match target, value:
        case ast.Name(name), _:
            yield name, value
        case ((ast.Tuple(names) | ast.List(names)), (ast.Tuple(xs) | ast.List(xs))) if (
            len(names) == len(xs)
        ):
            for each in zip(names, xs, strict=True):
                yield from _unpacked(*each)
        case ((ast.Tuple(names) | ast.List(names)), _):
            for each in names:
                yield from _unpacked(each, value)


def _defaults(arguments: ast.arguments) -> Iterator[tuple[str, ast.AST]]:
    named = [*arguments.posonlyargs, *arguments.args]
    defaults = arguments.defaults
    yield from (
        (argument.arg, value)
        for argument, value in (
            *zip(named[len(named) - len(defaults) :], defaults, strict=True),
            *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
        )
        if value is not None
    )


def _parameters(decorator: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Names with each value that `pytest.mark.parametrize` gives them."""
    match decorator:
        case ast.Call(ast.Attribute(attr="parametrize"), [names, ast.List(rows), *_]):
            several = isinstance(names, ast.Tuple)
            target = (
                ast.Tuple([ast.Name(each.value) for each in names.elts])
                if several
                else ast.Name(getattr(names, "value", ""))
            )
            for row in rows:
                yield from _unpacked(target, row)
