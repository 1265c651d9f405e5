"""Ours, NumPy's and PyTorch's: every operation, each on its own against the oracle.

They are equivalent: none differs from another by more than both their bounds together.
"""

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from equivalence import beyond, reported, silence
from equivalence.drawn import quiet
from hypothesis import given
from hypothesis import strategies as st
from judged import judge

import scratchnet
from scratchnet import products
from scratchnet.built_ins import NUMPYS, PYTORCHS
from scratchnet.selfcheck import OPERATIONS, OURS
from scratchnet.testing import OPS, Contract, cases, check

NUMPY = [f"numpy:{form}" for form in ("float64", "float32", "float16")]
TORCH = [
    f"torch:cpu:{form}" for form in ("float64", "float32", "float16", "bfloat16")
] * bool(find_spec("torch"))


def named(table):
    """The operations that a table has a subject for."""
    return [OPERATIONS[name] for name in table]


@pytest.fixture
def enough(pytestconfig):
    """Floors and caps are of the usual examples: of others nothing is known."""
    asked = ("seed", "examples", "seconds")
    others = any(pytestconfig.getoption(f"--scratchnet-{each}") for each in asked)
    return (lambda _: None) if others else silence.enough


@pytest.mark.verifies(*named(OURS), targets=[*NUMPY[:1], *TORCH[:1]])
@pytest.mark.verifies(*named(OURS), targets=[*NUMPY[1:], *TORCH[1:]], examples=25)
def test_ours(law, enough):
    enough(law.holds_for(*OURS[law.operation.name]))


@pytest.mark.verifies(*named(NUMPYS | beyond.NUMPYS), targets=NUMPY[::2])
def test_numpys(law, enough):
    enough(law.holds_for(*(NUMPYS | beyond.NUMPYS)[law.operation.name]))


@pytest.mark.skipif(not TORCH, reason="PyTorch is not installed")
@pytest.mark.verifies(
    *named(PYTORCHS | beyond.PYTORCHS), targets=TORCH[::3] or NUMPY[:1]
)
def test_pytorchs(law, enough):
    enough(law.holds_for(*(PYTORCHS | beyond.PYTORCHS)[law.operation.name]))


@quiet
@given(case=cases(OPS["matmul"]), tile=st.integers(1, 20))
def test_products_in_tiles_are_within(case, tile):
    """However small the tile: an edge, a broadcast side and a long inner side too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(products, "TILE", tile)
        found = products.matmul(*case.arguments)
    judge(case.oracle(Contract("float64")), ours=found)


#: Public names that are judged as operations of other names.
JUDGED_AS = {
    "Batches": "loader",
    "Linear": "linear",
    "SGD": "optimizer",
    "Standardizer": "standardizer",
}
#: Public names that are no operations on arrays, by the file that tests them.
PARTICULAR = {
    "properties/test_broadcasting.py": {"broadcast_shapes", "expand_dims", "grids"},
    "properties/test_checkpoint.py": {
        *("Checkpoint", "CheckpointError", "ResumeWarning", "Saver", "load", "save"),
    },
    "properties/test_cli.py": {"UnavailableError"},
    "properties/test_datasets.py": {"DataError", "Dataset", "Split", "digits", "mnist"},
    "properties/test_errors.py": {
        *("ArgumentError", "ArgumentTypeError", "ScratchnetError", "check_labels"),
    },
    "properties/test_layers.py": {
        *("Function", "Sequential", "kaiming_normal", "lecun_normal", "parameters"),
        *("perceptron", "scaled_normal", "state", "with_state"),
    },
    "properties/test_pictures.py": {"Epoch", "History"},
    "properties/test_progress.py": {"ProgressBar"},
    "properties/test_training.py": {
        *("Callback", "Run", "accuracy", "evaluate", "fit", "predict"),
    },
    "properties/test_users_code.py": {"Layer"},
}
TESTS = Path(__file__).parents[1]


def unaccounted(public):
    """Public names that no subject stands for, and no file is named for."""
    rules = {name for name in public if name.endswith("_vjp")}
    known = OURS.keys() | JUDGED_AS.keys() | set().union(*PARTICULAR.values())
    pulled = {name for name, (_, vjp) in OURS.items() if vjp is not None}
    return (public - rules - known) | (rules - {f"{name}_vjp" for name in pulled})


def test_every_public_name_is_declared_and_has_a_subject_or_tests_of_its_own():
    """What the pipeline has is held to what it should be, and its pullback too."""
    public = set(scratchnet.__all__)
    assert unaccounted(public) == set()
    assert OURS.keys() <= OPS.keys()
    assert {*JUDGED_AS.values()} <= OURS.keys()
    assert JUDGED_AS.keys() | set().union(*PARTICULAR.values()) <= public


def test_a_public_name_that_nothing_tests_is_found():
    """The control: a function, a class, a constant and a pullback."""
    new = {"cosine", "Adam", "EPSILON", "outer_vjp"}
    assert unaccounted(set(scratchnet.__all__) | new) == new


@pytest.mark.parametrize("file", PARTICULAR)
def test_what_is_particular_is_in_the_file_that_is_named(file):
    text = (TESTS / file).read_text().lower()
    assert {name for name in PARTICULAR[file] if name.lower() not in text} == set()


def test_every_declaration_has_a_subject_of_each_law():
    """So that every law is asked: that it compared something each test says."""
    tables = (OURS, NUMPYS, PYTORCHS, beyond.NUMPYS, beyond.PYTORCHS)
    pulled = {name for table in tables for name, (_, vjp) in table.items() if vjp}
    assert set().union(*tables) == OPS.keys()
    wanted = {name for name, op in OPS.items() if op.gradient is not None}
    assert wanted == pulled


def test_what_was_asked_of_too_little_is_not_enough():
    """The control: fewer examples, nothing compared, more that is left unsaid."""
    one = {"targets": NUMPY[:1], "laws": ["equals_the_oracle"]}
    (result,) = check(np.tanh, OPS["tanh"], **one).results
    silence.enough(result)
    short = ({"examples": 49}, {"compared": 0}, {"silent": result.compared})
    for each in short:
        with pytest.raises(AssertionError):
            silence.enough(replace(result, **each))


def test_a_law_that_compared_nothing_is_missed_in_the_report():
    """The control of what `conftest.py` asks of a whole session."""
    told = [
        {"operation": name, "law": law, "compared": 1, "test": f"{reported.WHERE}::t"}
        for name, law in reported.claimed()
    ]
    assert reported.missing(told) == []
    told[0]["compared"] = 0
    told[1]["test"] = "tests/properties/test_plugin.py::t"
    lost = sorted((each["operation"], each["law"]) for each in told[:2])
    assert reported.missing(told) == lost
