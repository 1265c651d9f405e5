"""A witness is run again from its file: the same case, to the bit and the stride."""

import copy
import json
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from scratchnet import cli
from scratchnet.errors import ArgumentError, DataError, ScratchnetError
from scratchnet.testing import OPS, Contract, check
from scratchnet.testing.contract import ULPS
from scratchnet.testing.replay import loaded, read, replayed
from scratchnet.testing.search import Search

DOUBLE, SINGLE, HALF = (f"numpy:float{bits}" for bits in (64, 32, 16))
MINE = '''
from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import numpy as np

from scratchnet.testing import Algorithm, Op, Reference
from scratchnet.testing.strategies import Family
from scratchnet.testing.laws import Finding, law


@dataclass
class Scale:
    """Dataclasses look up the module that they are in."""

    by: float


twos = Family("twos", "what is not 2", lambda codes, form: 2.0 + 0 * codes[..., 0])
double = Op(
    "double",
    "()->()",
    Reference("mine", (Algorithm("", lambda x: 2 * x),)),
    families=(twos,),
)


def over_the_batch(x, *, axis=-1):
    e = np.exp(x)
    return e / e.sum(axis=0, keepdims=True)


def right(x, *, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def over_a_near_axis(x, *, axis=None):
    """Without keepdims; axes wrap around."""
    axes = range(x.ndim) if axis is None else np.atleast_1d(axis)
    return x.sum(axis=tuple({int(i) % max(1, x.ndim) for i in axes}))


def trebled(x):
    return Scale(3).by * x


def no_nan(x):
    return np.where(x > 0, x, x.dtype.type(0))


def by_a_mask(x):
    return x * (x > 0)


def relu(x):
    return np.maximum(x, x.dtype.type(0))


def as_it_lies(x):
    """As if its elements were neighbours in memory, whose end is its beginning."""
    owner = x
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    first = (x.ctypes.data - owner.ctypes.data) // x.itemsize
    places = first + np.arange(x.size)
    every = owner.ravel(order="K").take(places, mode="wrap")
    return relu(every.reshape(x.shape))


def used_up(x):
    y = relu(x)
    if x.flags.writeable:
        x[...] = 0
    return y


def over_everything(x):
    return over_the_batch(x.reshape(-1)).reshape(x.shape)


def unweighted(g, x, *, axis=-1):
    return (g * right(x, axis=axis),)


def pulled(g, x):
    return (g * x,)


def squared(x):
    return relu(x), lambda g: (np.where(x <= 0, 0, g * g).astype(g.dtype),)


def by_the_count(x, labels, *, weights, ignore_index, reduction):
    counts = np.full(labels.shape, True)
    if ignore_index is not None:
        counts = labels != ignore_index
    weights = np.ones(x.shape[-1], x.dtype) if weights is None else weights
    chosen = np.where(counts, labels, 0)
    costs = -np.take_along_axis(x, chosen[..., None], axis=-1)[..., 0]
    costs = np.where(counts, costs * weights[chosen], x.dtype.type(0))
    if reduction == "none":
        return costs
    return costs.sum() if reduction == "sum" else costs.mean()


def first_batch(x, y, *, batch_size, **_):
    return [(x[:batch_size], y[:batch_size])]


def stands_still(parameters, gradients, state, **_):
    return parameters, state


def of_tensors(x):
    return x.clamp(min=0) + (x > 1)


@law()
def is_two(subject, case):
    """Claim   f(x) == 2"""
    (y,) = subject(case)
    return Finding(compared=1) if np.all(y == 2) else Finding("WRONG", "not 2")


def of_rows_alone(x):
    if x.ndim == 0:
        raise ValueError("no rows")
    return relu(x)


anonymous = {"relu": lambda x: x, "is_two": law()(is_two.check)}
'''
RELU, SOFTMAX = OPS["relu"], OPS["softmax"]
#: Subject, VJP rule, operation, law and target of each.
BROKEN = {
    "double": ("over_the_batch", "", SOFTMAX, "equals_the_oracle", DOUBLE),
    "single": ("over_the_batch", "", SOFTMAX, "equals_the_oracle", SINGLE),
    "half": ("over_the_batch", "", SOFTMAX, "equals_the_oracle", HALF),
    "rows": ("over_the_batch", "", SOFTMAX, "rows_are_independent", DOUBLE),
    "NaN": ("no_nan", "", RELU, "equals_the_oracle", DOUBLE),
    "infinities": ("by_a_mask", "", RELU, "equals_the_oracle", SINGLE),
    "strides": ("as_it_lies", "", RELU, "the_layout_does_not_matter", DOUBLE),
    "written": ("used_up", "", RELU, "inputs_are_untouched", DOUBLE),
    "refused": (
        *("over_a_near_axis", "", OPS["sum"], "what_does_not_fit_is_refused", DOUBLE),
    ),
    "labels": ("by_the_count", "", OPS["nll"], "equals_the_oracle", DOUBLE),
    "pullback": ("pulled", "", RELU.pullback, "equals_the_oracle", DOUBLE),
    "VJP rule": ("relu", "squared", RELU, "gradients_equal_the_oracle", DOUBLE),
    "linear": ("relu", "squared", RELU, "pullbacks_are_linear", DOUBLE),
    "loader": ("first_batch", "", OPS["loader"], "every_row_comes_once", DOUBLE),
    "optimizer": (
        *("stands_still", "", OPS["optimizer"], "every_step_equals_the_oracle"),
        SINGLE,
    ),
}
TORCH = {
    "PyTorch": (*("of_tensors", "", RELU, "equals_the_oracle", "torch:cpu:float32"),)
}


@pytest.fixture(autouse=True)
def _first_found(monkeypatch):
    """The first example that breaks a law will do, however large it is."""
    monkeypatch.setattr(Search, "smallest", lambda *found: found[-1])


@pytest.fixture
def mine(tmp_path):
    """Where the subjects lie: `mine("relu")` is the address of relu."""
    file = tmp_path / "mine.py"
    file.write_text(MINE)
    return lambda name: f"{file}:{name}"


@pytest.fixture
def recorded(mine):
    """What a check has left of a subject that is broken so, as JSON holds it."""

    def made(kind):
        name, back, operation, law, target = (BROKEN | TORCH)[kind]
        modules = {}
        subject = loaded(mine(name), modules)
        vjp = loaded(mine(back), modules) if back else None
        options = {"vjp": vjp, "laws": [law], "targets": [target]}
        (result,) = check(subject, operation, **options).broken
        return json.loads(json.dumps(result.recorded(), allow_nan=False))

    return made


@pytest.fixture
def command(monkeypatch, capsys):
    """Runs `scratchnet` with these arguments: exit code, stdout, stderr."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["scratchnet", *map(str, arguments)])
        with pytest.raises(SystemExit) as exited:
            cli.main()
        return exited.value.code or 0, *capsys.readouterr()

    return run


@pytest.mark.parametrize("kind", [*BROKEN, *(TORCH if find_spec("torch") else ())])
def test_a_witness_finds_again_what_it_is_a_witness_of(recorded, kind):
    witness = recorded(kind)
    result = replayed(witness)
    assert (result.verdict, result.finding.message) == (
        witness["verdict"],
        witness["message"],
    )
    assert result.recorded() == witness


@pytest.mark.parametrize(
    ("kind", "values"), [("NaN", {"nan"}), ("infinities", {"inf", "-inf"})]
)
def test_what_is_not_finite_is_kept_in_words(recorded, kind, values):
    (x,) = recorded(kind)["arguments"]
    assert {*x["values"]} & values


@pytest.mark.parametrize(
    ("name", "where", "law"),
    [
        ("as_it_lies", DOUBLE, "the_layout_does_not_matter"),
        ("of_tensors", "torch:cpu:float32", "equals_the_oracle"),
    ],
)
def test_where_an_array_lay_is_kept(mine, name, where, law):
    """The strides are those of the array that the subject was given, in bytes."""
    if where.startswith("torch"):
        pytest.importorskip("torch")
    given, subject = [], loaded(mine(name))

    def seen(x):
        given.append(strides(x))
        return subject(x)

    (result,) = check(seen, RELU, targets=[where], laws=[law]).broken
    (x,) = result.recorded()["arguments"]
    assert len(x["strides"]) == len(x["shape"]) > 0
    assert x["strides"] in given
    (lying,), _ = result.witness.on(result.subject.target)
    assert x["strides"] == strides(lying)


def strides(x):
    if isinstance(x, np.ndarray):
        return list(x.strides)
    return [step * x.element_size() for step in x.stride()]


def test_where_a_broken_layout_lay_is_no_dense_one(recorded):
    witness = recorded("strides")
    assert witness["layouts"] != ["contiguous"]
    (x,) = witness["arguments"]
    size = np.dtype(x["dtype"]).itemsize
    dense = [int(np.prod(x["shape"][i + 1 :])) * size for i in range(len(x["shape"]))]
    assert x["strides"] != dense


def test_labels_and_weights_are_kept(recorded):
    witness = recorded("labels")
    scores, labels = witness["arguments"]
    assert (scores["dtype"], labels["dtype"]) == ("float64", "int64")
    assert witness["options"]["reduction"] == "mean"
    assert "weights" in witness["options"]


def test_an_operation_of_ones_own_is_found_beside_the_subject(mine):
    """As long as it is a name of the file: nothing is ever unpickled."""
    modules = {}
    operation, subject = (loaded(mine(name), modules) for name in ("double", "trebled"))
    (result,) = check(
        subject, operation, targets=[DOUBLE], laws=["equals_the_oracle"]
    ).results
    witness = result.recorded()
    assert witness["operation"] == mine("double")
    assert replayed(witness).finding.message == witness["message"]


def test_a_mended_subject_holds(recorded, mine):
    witness = recorded("double")
    assert replayed(witness, subject=mine("right")).ok
    assert not replayed(witness, subject=mine("over_the_batch")).ok


# What a subject was held to.


def once(subject, operation, law, **options):
    """What a check finds of one law, as JSON holds it, and replayed."""
    (result,) = check(
        subject, operation, targets=[DOUBLE], laws=[law], **options
    ).broken
    witness = json.loads(json.dumps(result.recorded(), allow_nan=False))
    return result, witness, replayed(witness)


RELAXED = {"exp": 2 * ULPS["exp"]}
CONTRACTS = {
    "wide": Contract("float64", ulps=RELAXED, reasons={"ulps": "a table"}),
    "half": Contract("float16", accumulator="float32", flush_to_zero=True),
    "narrow": Contract("float32", input_precision=11, reciprocals=True),
}


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_contract_is_kept(mine, name):
    contract = CONTRACTS[name]
    subject = loaded(mine("over_the_batch"))
    result, witness, again = once(
        subject, SOFTMAX, "equals_the_oracle", contract=contract
    )
    assert witness["contract"]["ulps"] == (RELAXED if name == "wide" else {})
    assert again.subject.contract == result.subject.contract
    assert again.subject.contract.reasons == contract.reasons
    assert again.finding == result.finding
    assert again.recorded() == witness


def test_the_targets_own_contract_is_not_kept(recorded):
    assert recorded("double")["contract"] is None


RESTRICTED = {
    "ranks": {"ranks": [1, 2], "empty": False},
    "values": {"families": ["ties", "special"], "dtypes": "float64", "max_side": 2},
    "options": {"axis": [-1, 0]},
    "one option": {"axis": -1},
}


@pytest.mark.parametrize("name", RESTRICTED)
@pytest.mark.parametrize("pulled", [False, True])
def test_a_restriction_is_kept(mine, name, pulled):
    operation, subject = SOFTMAX.restrict(**RESTRICTED[name]), "over_the_batch"
    if pulled:
        operation, subject = operation.pullback, "unweighted"
    result, witness, again = once(loaded(mine(subject)), operation, "equals_the_oracle")
    assert again.subject.operation.title == result.subject.operation.title
    assert again.subject.operation.parameters == operation.parameters
    assert again.finding == result.finding
    assert again.recorded() == witness


def test_what_is_restricted_away_is_not_asked_when_replayed(mine):
    """Without rows there was nothing to hold; and then there is nothing still."""
    subject = loaded(mine("of_rows_alone"))
    alone = RELU.restrict(empty=False)
    law = "empty_and_0d_are_no_exceptions"
    result, _, again = once(subject, alone, law)
    assert result.finding == again.finding
    assert again.subject.operation.restriction["empty"] is False


def test_an_option_that_the_subject_lacks_is_no_restriction_of_the_witness(mine):
    subject = loaded(mine("over_everything"))
    result, witness, again = once(subject, SOFTMAX, "equals_the_oracle")
    assert witness["restriction"] == {}
    assert again.subject.operation.title == result.subject.operation.title


def test_a_law_of_ones_own_is_found_where_it_is(mine):
    modules = {}
    subject, own = (loaded(mine(name), modules) for name in ("relu", "is_two"))
    result, witness, again = once(subject, RELU, own)
    assert witness["own_law"] == mine("is_two")
    assert (again.law.name, again.finding) == ("is_two", result.finding)
    assert again.recorded() == witness


def test_a_law_of_ones_own_without_an_address_is_asked_for(mine):
    """Not taken for a damaged file, nor for a standard law of the same name."""
    modules = {}
    subject, others = (loaded(mine(name), modules) for name in ("relu", "anonymous"))
    (result,) = check(subject, RELU, targets=[DOUBLE], laws=[others["is_two"]]).broken
    said = r"law 'is_two' of your own, .*\n  give it a name in a file"
    for damage in ({}, {"law": "is_two", "own_law": mine("relu")}):
        with pytest.raises(ArgumentError, match=said):
            replayed(result.recorded() | damage)


# Functions without an address.


def test_a_function_without_an_address_is_asked_for(mine):
    anonymous = loaded(mine("anonymous"))["relu"]
    (result,) = check(
        anonymous, RELU, targets=[DOUBLE], laws=["equals_the_oracle"]
    ).results
    witness = result.recorded()
    assert witness["subject"] == ""
    with pytest.raises(ArgumentError, match=r"has no address.*\n  --subject file.py:"):
        replayed(witness)
    assert replayed(witness, subject=mine("relu")).ok


def test_a_vjp_without_an_address_is_asked_for(recorded, mine):
    """A law of pullbacks says nothing without one."""
    witness = recorded("linear") | {"vjp": ""}
    with pytest.raises(ArgumentError, match=r"the vjp has no.*\n  --vjp file.py:name"):
        replayed(witness)
    assert replayed(witness, vjp=mine("squared")).verdict == "WRONG"


def test_what_is_built_in_can_be_recorded():
    """It has no file."""
    (result,) = check(max, RELU, targets=[DOUBLE], laws=["equals_the_oracle"]).results
    assert result.recorded()["subject"] == "builtins:max"


# Files that are damaged.


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Expecting value.*, required JSON"),
        ("{", "required JSON"),
        ("[1, 2]", "is no witness of schema 1, required one"),
        ('{"schema": 2, "law": "two_runs_agree"}', "is no witness of schema 1"),
        ('{"schema": 1}', "is no witness of schema 1"),
    ],
)
def test_a_file_that_is_no_witness_is_refused(tmp_path, text, said):
    file = tmp_path / "witness.json"
    file.write_text(text)
    with pytest.raises(DataError, match=f"replay: .*witness.json.*{said}"):
        read(file)


def test_a_file_that_is_missing_or_is_no_text_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"absent.json: .*, required a file"):
        read(tmp_path / "absent.json")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe{")
    with pytest.raises(DataError, match="required JSON"):
        read(tmp_path / "binary.json")


NEEDED = (
    *("law", "target", "operation", "subject", "family", "format", "root"),
    *("layouts", "arguments", "options"),
)


@pytest.mark.parametrize("key", NEEDED)
def test_a_witness_without_a_part_is_refused(recorded, key):
    witness = recorded("double")
    del witness[key]
    with pytest.raises(DataError, match=f"a witness with KeyError.'{key}'."):
        replayed(witness)


DAMAGED = {
    "law": ["is_nice", None, [], "every_row_comes_once", "steps_are_pure"],
    "operation": [3, ["softmax"], "nothing", ""],
    "subject": [3, ["f"], "softmax", "absent.py:softmax", "no.such.module:f"],
    "vjp": [3, "squared"],
    "target": ["numpy", "jax:float64", 3, "strict:float64+compiled"],
    "family": ["nice", None],
    "format": ["float65", 64],
    "root": ["0", "xyz", None],
    "layouts": [["diagonal"], [], "contiguous", None, ["strided", "strided"]],
    "arguments": [None, "x", [], [{"dtype": "float64"}], [{"shown": "<object>"}]],
    "options": [None, ["axis"], {"axis": {"float": "far"}}],
    "restriction": [3, {"ranks": "two"}, {"nice": True}, {"options": {"axis": 1}}],
    "contract": [3, {"format": "float65"}, {"promise": 1}, {"format": 64}],
    "own_law": [3, "", "absent.py:law"],
}


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key in DAMAGED for value in DAMAGED[key]]
)
def test_a_witness_with_a_damaged_part_is_refused(recorded, key, value):
    """In a sentence: never a stack trace, and never a verdict about something else."""
    with pytest.raises(ScratchnetError, match=r": .*, "):
        replayed(recorded("double") | {key: value})


def test_a_law_that_there_is_not_is_named(recorded):
    with pytest.raises(DataError, match="replay: law 'nope', required one of equals_"):
        replayed(recorded("double") | {"law": "nope"})


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("values", ["0x1p0"]),
        ("values", ["one", "two"]),
        ("values", None),
        ("values", ["0x1p99999", "0x1p0"]),
        ("shape", ["a"]),
        ("shape", [7]),
        ("shape", [-5]),
        ("strides", [1, 2, 3]),
        ("dtype", "float99"),
        ("dtype", "O"),
    ],
)
def test_an_array_that_is_damaged_is_refused(recorded, part, value):
    witness = copy.deepcopy(recorded("double"))
    witness["arguments"][0][part] = value
    with pytest.raises(DataError, match="required one as it was written"):
        replayed(witness)


# The command.


@pytest.fixture
def kept(recorded, tmp_path):
    """The file of a witness."""
    file = tmp_path / "witness.json"
    file.write_text(json.dumps(recorded("double")))
    return file


def test_the_command_says_what_is_broken_still(command, kept):
    code, out, err = command("replay", kept)
    assert (code, err) == (1, "")
    assert out.startswith(f"WRONG equals_the_oracle on {DOUBLE}\nclaim     abs(f(x)")
    assert "\nwitness   softmax(np.array(" in out
    assert "\nerror     at [" in out


def test_the_command_says_that_what_is_mended_holds(command, kept, mine):
    """Also where the file itself was mended: it is read each time."""
    code, out, err = command("replay", kept, "--subject", mine("right"))
    assert (code, err) == (0, "")
    assert out == f"equals_the_oracle holds on {DOUBLE}: 1 example\n"
    file = Path(mine("").removesuffix(":"))
    file.write_text(
        MINE.replace("def over_the_batch", "def old").replace("right", "over_the_batch")
    )
    assert command("replay", kept)[0] == 0


@pytest.mark.parametrize(
    "text", ["raise SystemExit(0)", "1 / 0", "def (", "import nothing_like_it"]
)
def test_a_file_that_cannot_be_imported_is_no_law_that_holds(command, kept, mine, text):
    """One that exits with 0 least of all."""
    Path(mine("").removesuffix(":")).write_text(text)
    code, out, err = command("replay", kept)
    assert (code, out) == (2, "")
    # The user's own lines of the traceback go before.
    assert err.splitlines()[-1].startswith("error: replay: ")
    assert "required a module to import" in err


def test_the_command_refuses_what_it_cannot_run_in_a_sentence(command, kept, tmp_path):
    for arguments in ([tmp_path / "absent.json"], [kept, "--subject", "nowhere"]):
        code, out, err = command("replay", *arguments)
        assert (code, out) == (2, "")
        assert err.startswith("error: replay: ")
        assert "Traceback" not in err
