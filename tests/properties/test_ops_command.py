"""`scratchnet ops`: what is listed and told, and built-ins by the names they have."""

import importlib
import sys
from functools import reduce
from importlib.util import find_spec

import numpy as np
import pytest

from scratchnet import cli
from scratchnet.testing import OPS
from scratchnet.testing.counterparts import COUNTERPARTS, counterpart, suggested
from scratchnet.testing.mutants import MUTANTS

#: There is none: a whole step is no built-in.
WITHOUT = {"train_step"}
#: Later than the oldest NumPy that is tested.
LATER = {"numpy.matvec"} if np.lib.NumpyVersion(np.__version__) < "2.2.0" else set()
HERE = [
    name
    for name in COUNTERPARTS
    if find_spec(name.partition(".")[0]) and name not in LATER
]


@pytest.fixture
def command(monkeypatch, capsys):
    """Runs `scratchnet ops` with these arguments: exit code, stdout, stderr."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["scratchnet", "ops", *arguments])
        with pytest.raises(SystemExit) as exited:
            cli.main()
        return exited.value.code or 0, *capsys.readouterr()

    return run


# The table of built-ins.


def found(name):
    """What a full name stands for, imported as far as it is modules."""
    first, *rest = name.split(".")
    path = first

    def into(thing, part):
        nonlocal path
        path = f"{path}.{part}"
        if not hasattr(thing, part):
            return importlib.import_module(path)
        return getattr(thing, part)

    return reduce(into, rest, importlib.import_module(first))


def test_every_operation_has_a_built_in():
    assert {each.operation for each in COUNTERPARTS.values()} == OPS.keys() - WITHOUT


def test_no_built_in_is_two_operations():
    """A later line of the table would take the place of an earlier one."""
    from scratchnet.testing import counterparts

    names = [name for _, each, _ in counterparts._ROWS for name in each.split()]
    assert len(names) == len({*names}) == len(COUNTERPARTS)


@pytest.mark.parametrize("name", HERE)
def test_built_ins_are_there(name):
    assert callable(found(name))


def test_built_ins_of_numpy_are_looked_up():
    """The control: a list of none would pass, and so would a name that is none."""
    assert len([each for each in HERE if each.startswith("numpy.")]) >= 15
    with pytest.raises(ModuleNotFoundError):
        found("numpy.softmax")


@pytest.mark.parametrize(
    ("name", "operation"),
    [
        ("torch.nn.functional.softmax", "softmax"),
        ("F.log_softmax", "log_softmax"),
        ("torch.nn.Softmax", "softmax"),
        ("nn.CrossEntropyLoss", "cross_entropy"),
        ("np.max", "amax"),
        ("numpy.max", "amax"),
        ("jnp.tanh", "tanh"),
        ("scipy.special.softmax", "softmax"),
        ("jax.nn.softmax", "softmax"),
        ("tf.nn.relu", "relu"),
        ("keras.activations.gelu", "gelu"),
    ],
)
def test_built_ins_are_known_as_they_are_imported(name, operation):
    assert counterpart(name).operation == operation


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("torch.nn.functional.softmax", "dim is axis; its logarithm is log_softmax"),
        ("torch.nn.functional.cross_entropy", "it takes logits, not probabilities"),
        ("torch.nn.functional.binary_cross_entropy", "it takes probabilities"),
        ("numpy.var", "ddof is correction"),
        ("torch.var", "correction is 1 without being given"),
    ],
)
def test_what_is_to_be_minded_is_said(name, said):
    assert said in counterpart(name).mind


def test_names_that_end_alike_are_the_closest():
    assert suggested("mylib.softmax", COUNTERPARTS).startswith(
        "the closest: torch.nn.functional.softmax, torch.softmax, "
    )
    assert suggested("sotfmax", OPS) == "the closest: softmax, log_softmax"
    assert suggested("qqqq", OPS) == "`scratchnet ops` lists the operations"


# The command.


def test_all_operations_are_listed(command):
    code, out, err = command()
    rows = [line.split() for line in out.splitlines() if line.strip()]
    assert (code, err) == (0, "")
    assert [row[0] for row in rows if row[0] in OPS] == [*OPS]
    laws = {row[0]: row[-1] for row in rows}
    assert (laws["softmax"], laws["optimizer"]) == ("15", "5")
    assert "exp(s) / sum(exp(s)) with s = x - max(x)." in out


def test_an_operation_is_described(command):
    code, out, err = command("cross_entropy")
    count = sum(each.operation == "cross_entropy" for each in MUTANTS.values())
    assert (code, err) == (0, "")
    for line in (
        "cross_entropy(logits, labels, **options)",
        "  signature   (c)->(), c >= 1",
        "  options     weights: None, drawn",
        "              reduction: 'mean', 'none', 'sum'",
        "  accepted    nll(log_softmax(x)): by each of its algorithms",
        f"  bugs        {count} are planted: "
        "scratchnet mutants --operation cross_entropy",
        "  laws        equals_the_oracle",
        "              gradients_equal_the_oracle, of its pullback",
    ):
        assert line in out.splitlines()


def test_what_is_free_and_what_is_worse_is_told(command):
    _, out, _ = command("amax")
    assert "  free        shapes that do not fit may be taken" in out
    assert "which of several that tie gets the gradient" in out
    _, out, _ = command("elu")
    assert "  INACCURATE  alpha (exp(x) - 1): cancels near 0" in out


@pytest.mark.parametrize("name", OPS)
def test_every_operation_can_be_described(command, name):
    code, out, _ = command(name)
    assert code == 0
    assert "  meaning     " in out
    assert out.startswith(OPS[name].usage)


def test_a_built_in_leads_to_its_operation(command):
    code, out, err = command("--like", "torch.nn.functional.softmax")
    assert (code, err) == (0, "")
    assert out.splitlines()[:4] == [
        "torch.nn.functional.softmax is softmax",
        "  mind        dim is axis; its logarithm is log_softmax",
        "",
        "softmax(x, *, axis=-1)",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("sotfmax",),
            "ops: operation 'sotfmax', required one that there is\n"
            "  the closest: softmax, log_softmax",
        ),
        (
            ("numpy.max",),
            "  of a built-in: scratchnet ops --like numpy.max",
        ),
        (
            ("--like", "torch.softmx"),
            "ops: --like='torch.softmx', required a built-in that is known\n"
            "  the closest: torch.softmax, ",
        ),
        (("softmax", "--like", "np.max"), "required one of them"),
    ],
)
def test_unknown_names_are_refused_with_the_closest(command, arguments, said):
    code, out, err = command(*arguments)
    assert (code, out) == (cli.UNUSABLE, "")
    assert said in err
