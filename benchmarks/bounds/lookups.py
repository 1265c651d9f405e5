"""Rows of a table, labels as numbers, products of vectors: the ways to write them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import orders
from draws import Case, Draw, Reals
from subjects import (
    FMA,
    Implementation,
    Subject,
    autograd,
    on_numpy,
    on_torch,
    referenced,
    torch,
)

functional = None if torch is None else torch.nn.functional


# Rows of a table.


def looked_up(draw: Draw) -> Case:
    """Indices, of which many are the same, and a table."""
    rows, n = draw.integer(1, 12), draw.length(high=2000)
    shape = draw.shape()[:2] if draw.chance(0.5) else (n,)
    table = draw.numbers(rows, draw.integer(1, 5))
    return Case(draw.form, (draw.rng.integers(0, rows, shape), table))


def looked_up_back(draw: Draw) -> Case:
    """The same, after a cotangent of each place."""
    indices, table = looked_up(draw).inputs
    g = draw.numbers(*indices.shape, table.shape[1])
    return Case(draw.form, (g, indices, table[::-1].copy()))


def one_product(indices: Any, table: Reals) -> Reals | None:
    """Labels as numbers, times the table: of numbers that are finite."""
    if not np.isfinite(table).all():
        return None
    return np.eye(len(table), dtype=table.dtype)[indices] @ table


Scattered = Callable[[Reals, Reals, Reals], Reals | None]


def scattered(function: Scattered) -> Implementation:
    """A pullback by what adds rows to those of a table of zeros, at indices."""

    def pullback(g: Reals, indices: Reals, table: Reals) -> Any:
        rows = g.reshape(-1, table.shape[1])
        found = function(np.zeros_like(table), indices.reshape(-1), rows)
        return None if found is None else (found,)

    return on_numpy(pullback)


def added_at(new: Reals, indices: Reals, g: Reals) -> Reals:
    """NumPy's own."""
    np.add.at(new, indices, g)
    return new


def added_up(new: Reals, indices: Reals, g: Reals) -> Reals:
    """The rows of each index together."""
    for i in range(len(new)):
        new[i] = g[indices == i].sum(0, dtype=g.dtype)
    return new


def counted(new: Reals, indices: Reals, g: Reals) -> Reals:
    """Each column in float64, rounded at the end."""
    for i in range(new.shape[1]):
        new[:, i] = np.bincount(indices, g[:, i], len(new))
    return new


def multiplied(new: Reals, indices: Reals, g: Reals) -> Reals | None:
    """Labels as numbers, transposed, times rows that are finite."""
    if not np.isfinite(g).all():
        return None
    return np.eye(len(new), dtype=new.dtype)[indices].T @ g


def torch_added(g: Any, indices: Any, table: Any) -> Any:
    """PyTorch's index_add_."""
    rows = g.reshape(-1, table.shape[1])
    return (torch.zeros_like(table).index_add_(0, indices.reshape(-1), rows),)


EMBEDDING = (
    Subject(
        "embedding",
        looked_up,
        referenced("embedding"),
        {
            "NumPy": on_numpy(lambda i, table: table[i]),
            "NumPy, take": on_numpy(lambda i, table: np.take(table, i, axis=0)),
            "NumPy, product": on_numpy(one_product),
            "PyTorch": on_torch(lambda i, table: functional.embedding(i, table)),
        },
    ),
    Subject(
        "embedding.pullback",
        looked_up_back,
        referenced("embedding.pullback"),
        {
            "NumPy, add.at": scattered(added_at),
            "NumPy, sums": scattered(added_up),
            "NumPy, bincount": scattered(counted),
            "NumPy, product": scattered(multiplied),
            "PyTorch, index_add": on_torch(torch_added),
            "PyTorch autograd": on_torch(
                lambda g, i, table: autograd(lambda w: functional.embedding(i, w))(
                    g, table
                )
            ),
        },
    ),
)


# Labels as numbers.


def labelled(draw: Draw) -> Case:
    """Labels, and how many classes there are."""
    classes = draw.integer(1, 12)
    return Case(draw.form, (draw.rng.integers(0, classes, draw.shape()), classes))


def put(labels: Reals, classes: int) -> Reals:
    """1 at each label of zeros."""
    found = np.zeros((labels.size, classes))
    found[np.arange(labels.size), labels.reshape(-1)] = 1
    return found.reshape(*labels.shape, classes)


def in_format(function: Callable[..., Any]) -> Implementation:
    """Numbers of any dtype in the format, which within asks for."""

    def implementation(case: Case) -> Any:
        return case.form.rounded(np.asarray(function(*case.inputs), np.float64)).astype(
            np.float32 if case.form.name == "bfloat16" else case.form.name
        )

    return implementation


def torchs_one_hot(case: Case) -> Any:
    """PyTorch's integers, as numbers."""
    found = functional.one_hot(*case.tensors.inputs)
    return found.to(getattr(torch, case.form.name))


ONE_HOT = (
    Subject(
        "one_hot",
        labelled,
        referenced("one_hot"),
        {
            "NumPy, eye": in_format(lambda labels, n: np.eye(n)[labels]),
            "NumPy, put": in_format(put),
            "NumPy, ==": in_format(lambda labels, n: labels[..., None] == np.arange(n)),
            "PyTorch": torchs_one_hot,
        },
    ),
)


# Products of vectors.


def vectors(draw: Draw) -> Case:
    """Two of one length, which may be long."""
    k = 0 if draw.chance(0.01) else draw.length()
    return Case(draw.form, (draw.numbers(k), draw.others(k)))


def two_vectors(draw: Draw) -> Case:
    """Two of any length."""
    a = draw.numbers(draw.length(high=300))
    return Case(draw.form, (a, draw.others(draw.integer(0, 12))))


def summed_by(order: Callable[[Any], Any]) -> Implementation:
    """The products, each rounded, added in an order."""

    def implementation(case: Case) -> Any:
        a, b = case.inputs
        return order(a * b) if len(a) else None

    return implementation


def fused(case: Case) -> Any:
    """Product and sum at once, from the first to the last."""
    a, b = case.inputs
    return orders.fused(a, b, case.form) if len(a) else None


def multiplying(
    name: str,
    drawn: Callable[[Draw], Case],
    numpys: Callable[..., Any],
    torchs: Callable[..., Any],
    pullback: Callable[..., Any],
    values: Mapping[str, Implementation],
    pullbacks: Mapping[str, Implementation] = MappingProxyType({}),
) -> tuple[Subject, Subject]:
    """A product and its pullback, in NumPy, in PyTorch, and in other ways."""

    def drawn_back(draw: Draw) -> Case:
        case = drawn(draw)
        with np.errstate(all="ignore"):
            sides = np.shape(numpys(*case.inputs))
        return case.with_inputs(draw.others(*sides), *case.inputs)

    value = {"NumPy": on_numpy(numpys), "PyTorch": on_torch(torchs), **values}
    back = {
        "NumPy": on_numpy(pullback),
        "PyTorch autograd": on_torch(autograd(torchs)),
        **pullbacks,
    }
    pulled = f"{name}.pullback"
    return (
        Subject(name, drawn, referenced(name), value),
        Subject(pulled, drawn_back, referenced(pulled), back),
    )


VECTORS = (
    *multiplying(
        "dot",
        vectors,
        np.dot,
        lambda a, b: torch.dot(a, b),
        lambda g, a, b: (g * b, g * a),
        {
            "NumPy, @": on_numpy(np.matmul),
            **{
                f"NumPy, {name}": summed_by(order)
                for name, order in orders.SUMS.items()
            },
            FMA: fused,
        },
    ),
    *multiplying(
        "outer",
        two_vectors,
        np.outer,
        lambda a, b: torch.outer(a, b),
        lambda g, a, b: (g @ b, g.T @ a),
        {
            "NumPy, multiply": on_numpy(np.multiply.outer),
            "NumPy, einsum": on_numpy(lambda a, b: np.einsum("i,j->ij", a, b)),
        },
        {
            "NumPy, sums": on_numpy(
                lambda g, a, b: ((g * b).sum(1), (g * a[:, None]).sum(0))
            )
        },
    ),
)

LOOKUPS = (*EMBEDDING, *ONE_HOT, *VECTORS)
