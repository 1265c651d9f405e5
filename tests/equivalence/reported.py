"""What a session's own report has to hold: each law of each operation compared numbers.

The report is what the plugin adds up: a test that is gone is not in it.
"""

from importlib.util import find_spec

from equivalence import beyond

from scratchnet.built_ins import NUMPYS, PYTORCHS
from scratchnet.selfcheck import OPERATIONS, OURS
from scratchnet.testing import LAWS

#: The file whose tests ask every law of every operation.
WHERE = "tests/equivalence/test_operations.py"


def missing(told):
    """The laws of operations that compared nothing in what these tests told."""
    found = {
        (each["operation"], each["law"])
        for each in told
        if each.get("compared") and each["test"].startswith(WHERE)
    }
    return sorted(claimed() - found)


def claimed():
    """Each operation with each law about it, where a subject has what the law asks."""
    tables = [OURS, NUMPYS, beyond.NUMPYS]
    tables += [PYTORCHS, beyond.PYTORCHS] * bool(find_spec("torch"))
    pulled = {name for table in tables for name, (_, vjp) in table.items() if vjp}
    return {
        (name, law.name)
        for name, op in OPERATIONS.items()
        for law in LAWS.values()
        if law.is_about(op)
        and law.asks(op)
        and (name in pulled or not law.needs_vjp)
        # Of devices none is among the targets there.
        and not law.on_device
    }
