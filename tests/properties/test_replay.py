"""A witness can be run again: exactly that case, with the same verdict."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from scratchnet import cli
from scratchnet.errors import ArgumentError, DataError
from scratchnet.testing import check, ops
from scratchnet.testing.replay import read, replayed

NUMPY = ["numpy:float64"]


def over_everything(x):
    e = np.exp(x - x.max()) if x.size else x
    return e / e.sum() if x.size else e


def no_infinities(x):
    return np.where(np.isfinite(x), np.maximum(x, 0), 0.0).astype(x.dtype)


def unweighted(x, labels, *, reduction, **_):
    rows = x.reshape(-1, x.shape[-1])
    costs = -rows[np.arange(len(rows)), np.clip(labels.reshape(-1), 0, x.shape[-1] - 1)]
    if reduction == "none":
        return costs.reshape(labels.shape)
    return costs.sum() if reduction == "sum" else costs.mean()


def backward(g, x):
    return (g * over_everything(x),)


SUBJECTS = {
    "softmax": (ops.softmax, over_everything, "equals_the_oracle"),
    "rows": (ops.softmax, over_everything, "rows_are_independent"),
    "infinities": (ops.relu, no_infinities, "equals_the_oracle"),
    "labels": (ops.nll, unweighted, "equals_the_oracle"),
    "a pullback": (ops.softmax.pullback, backward, "equals_the_oracle"),
}


def witness(name, target="numpy:float64"):
    operation, subject, law = SUBJECTS[name]
    report = check(subject, operation, targets=[target], laws=[law])
    (found,) = json.loads(report.to_json())["results"]
    return found


@pytest.mark.parametrize("where", ["numpy:float64", "numpy:float32", "numpy:float16"])
@pytest.mark.parametrize("name", ["softmax", "infinities", "labels", "a pullback"])
def test_a_replay_says_what_was_said(name, where):
    found = witness(name, where)
    again = replayed(found["witness"])
    assert (again.verdict, again.finding.message) == (
        found["verdict"],
        found["message"],
    )


def test_a_law_of_rows_is_replayed_on_the_same_row():
    found = witness("rows")
    assert replayed(found["witness"]).finding.message == found["message"]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "witness.json"
    path.write_text(json.dumps(witness("softmax")["witness"]))
    return path


def run(*arguments):
    return CliRunner().invoke(cli.app, ["replay", *map(str, arguments)])


def test_the_command_says_what_is_broken_and_then_that_it_is_mended(file, tmp_path):
    broken = run(file)
    assert broken.exit_code == 1
    assert broken.output.startswith("WRONG equals_the_oracle on numpy:float64")
    assert "witness   softmax(np.array(" in broken.output
    mended = tmp_path / "mended.py"
    mended.write_text(
        "import numpy as np\n"
        "def softmax(x):\n"
        "    e = np.exp(x - x.max(-1, keepdims=True))\n"
        "    return e / e.sum(-1, keepdims=True)\n"
    )
    held = run(file, "--subject", f"{mended}:softmax")
    assert held.exit_code == 0
    assert held.output.startswith("equals_the_oracle holds on numpy:float64")


def test_what_is_no_witness_is_said(tmp_path):
    path = tmp_path / "other.json"
    with pytest.raises(DataError, match="No such file"):
        read(path)
    path.write_text("{")
    with pytest.raises(DataError, match="required JSON"):
        read(path)
    path.write_text('{"schema": 2}')
    with pytest.raises(DataError, match="no witness of schema 1"):
        read(path)


@pytest.mark.parametrize(
    "damage",
    [{"law": "gravity"}, {"layouts": ["sideways"]}, {"family": "x"}, {"root": "zz"}],
    ids=str,
)
def test_a_damaged_witness_is_said(damage):
    with pytest.raises(DataError, match="required one as it was written"):
        replayed(witness("softmax")["witness"] | damage)


def test_a_function_without_an_address_has_to_be_given_one():
    report = check(lambda x: x + 1, ops.relu, targets=NUMPY)
    found = json.loads(report.to_json())["results"][0]["witness"]
    with pytest.raises(ArgumentError, match=r"--subject file\.py:name"):
        replayed(found)
    with pytest.raises(ArgumentError, match="which does not exist"):
        replayed(found, subject="nowhere.py:f")
    with pytest.raises(ArgumentError, match="no 'f' in"):
        replayed(found, subject="math:f")
