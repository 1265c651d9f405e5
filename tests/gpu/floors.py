"""What sessions of tests/gpu execute at least: floors.json, and how it is made.

    python tests/gpu/floors.py

Made of the declarations alone, without a device: of each operation, law and format that
asked.py asks, the examples that the law is about are counted; a floor is half of them,
as other versions of Hypothesis draw others. Of other tests those that are collected are
counted, a file at a time: on CUDA each runs on one target more than on a stand-in.
"""

import json
import sys
from collections import Counter
from dataclasses import replace
from math import ceil, inf
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FILE = HERE / "floors.json"
sys.path.insert(0, str(HERE.parent))

import pytest  # noqa: E402
from gpu.asked import CUDA, on_cuda, on_standins  # noqa: E402
from targets import STANDIN  # noqa: E402

from scratchnet.testing import LAWS, devices, floors  # noqa: E402
from scratchnet.testing.binding import Binding  # noqa: E402
from scratchnet.testing.engine import usual_examples  # noqa: E402
from scratchnet.testing.laws import Finding  # noqa: E402
from scratchnet.testing.search import Search, Tally, examples_of  # noqa: E402


def kept():
    """The floors of CUDA, and of what stands in for it."""
    collected = of_files()
    here, there = (devices.of_target(each[0]) for each in (STANDIN, CUDA))
    return {
        "schema": floors.SCHEMA,
        here: {"examples": examples(on_standins(), here), "tests": collected[here]},
        there: {
            "examples": examples(on_cuda(), there),
            "tests": dict(Counter(collected[here]) + Counter(collected[there])),
        },
    }


def examples(every, device):
    """A floor for each operation, law and format that is asked on a device."""
    found = {}
    for operation, law, target, count in cells(every, device):
        forms = found.setdefault(operation.name, {}).setdefault(law.name, {})
        form = str(target).rpartition(":")[2]
        number = ceil(drawn(operation, law, target, count) / 2)
        forms[form] = forms.get(form, 0) + number
    return found


def cells(every, device):
    """Each operation, law and target of a device that somebody is asked about."""
    for asked in every:
        for operation, target, law in (
            (operation, target, law)
            for operation in asked.operations
            for target in asked.targets
            for law in LAWS.values()
            if devices.of_target(target) == device
        ):
            has_vjp = asked.table[operation.name][1] is not None
            pulled = has_vjp or not law.needs_vjp
            if (
                law.applies(operation, target)
                and pulled
                and law.name not in asked.waive
            ):
                yield operation, law, target, asked.examples or usual_examples(target)


def drawn(operation, law, target, count):
    """How many examples a law that holds is asked of, so many of which are wanted."""
    if (
        target.compiled
    ):  # Which kinds of calls there are is seen where they can be made.
        target = replace(target, device="cpu")
    subject = Binding(len, None, operation, (target,), None, (), ()).on(target)
    counted = replace(law, check=lambda *_: Finding(compared=1), needs_vjp=False)
    tally = Tally()
    of = law.asks(operation)
    Search(counted, subject, inf).first(
        examples_of(of, subject, count, 0, tally), tally
    )
    return tally.examples


class _Collected:
    """Keeps what a session collects."""

    def pytest_collection_finish(self, session):
        self.items = session.items


def of_files():
    """How many tests of each device there are in each file, but for those of laws."""
    kept = _Collected()
    known = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
    pytest.main(["--collect-only", "-qq", *known, str(HERE)], plugins=[kept])
    found = {}
    for item in kept.items:
        for name in devices.of_item(item) if "law" not in item.fixturenames else ():
            files = found.setdefault(name, Counter())
            files[item.nodeid.partition("::")[0]] += 1
    return {name: dict(sorted(files.items())) for name, files in found.items()}


if __name__ == "__main__":
    FILE.write_text(f"{json.dumps(kept(), indent=1)}\n")
