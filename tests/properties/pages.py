"""Documents of real checks, and pages as a parser reads them."""

from __future__ import annotations

from functools import cache
from html.parser import HTMLParser

import numpy as np

from scratchnet.testing import check, ops

#: Elements that have no end, and those that stand within a line.
VOID, INLINE = {"meta", "wbr"}, {"code", "span"}
#: One that compares by a bound, and one of facts.
LAWS = ("equals_the_oracle", "results_are_of_their_kind")


def right(x, *, axis=-1):
    """Softmax, as it should be."""
    largest = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    powers = np.exp(x - np.where(np.isinf(largest), 0, largest))
    return powers / powers.sum(axis=axis, keepdims=True)


def unshifted(x, *, axis=-1):
    """Overflows."""
    powers = np.exp(x)
    return powers / powers.sum(axis=axis, keepdims=True)


def over_the_batch(x, *, axis=-1):  # noqa: ARG001 - the bug
    """Over the wrong axis, and not for empty arrays."""
    powers = np.exp(x - np.max(x))
    return powers / powers.sum(axis=0)


@cache
def report(subject):
    """Few examples, and of what is wrong one target: what is looked at is the page."""
    targets = ("numpy:float64", "numpy:float32")[: 1 + (subject is right)]
    return check(subject, ops.softmax, targets=targets, laws=LAWS, examples=20)


def full(found):
    """A document with all that one may have."""
    return {
        **found,
        "restriction": {"axis": "-1"},
        "diagnosis": ["behaves exactly like: softmax over the batch axis"],
        "notes": ["called with NumPy arrays"],
        "untested": ["the pullback: no vjp was given"],
        "output": "epoch 1\nepoch 2\n" * 30,
        "replay": ["scratchnet replay witness.json"],
    }


class Parsed(HTMLParser):
    """A page: its elements, its text, and what is wrong with it."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.text, self.wrong, self.open = [], "", [], []
        self.feed(page)
        self.close()
        self.wrong += [f"{tag} has no end" for tag in self.open]

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if len(dict(attrs)) < len(attrs):
            self.wrong.append(f"{tag} has an attribute twice")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"{tag} ends, which was not open")
        self.text += " " * (tag not in INLINE)

    def handle_data(self, data):
        if not {"style", "title"} & set(self.open):
            self.text += data

    def all(self, *tags):
        """The attributes of elements of these kinds."""
        return [attrs for tag, attrs in self.elements if tag in tags]

    @property
    def skeleton(self):
        """Elements and the names of their attributes: what no text may change."""
        return [(tag, sorted(attrs)) for tag, attrs in self.elements]
