"""`scratchnet verify`: the pipeline held to every law, built-ins beside it."""

import json
import re
from math import inf

import pytest
from typer.testing import CliRunner

from scratchnet import verification
from scratchnet.cli import app
from scratchnet.selfcheck import OPERATIONS, OURS
from scratchnet.sheet import sheet
from scratchnet.testing import Target
from scratchnet.verification import Verified, count, verified, worst

NUMPY = Target.named("numpy:float64")
FEW = {name: OURS[name] for name in ("relu", "softmax", "loader")}


@pytest.fixture
def few(monkeypatch):
    """Three operations, in one process."""
    monkeypatch.setattr(verification, "OURS", FEW)
    monkeypatch.setattr(verification.os, "cpu_count", lambda: 1)


def run(*arguments):
    return CliRunner().invoke(app, ["verify", "--targets", "numpy:float64", *arguments])


def wrong(x, axis=-1):
    return OURS["softmax"][0](x, axis=axis) * 2


def test_every_operation_of_ours_is_one_of_the_harness():
    assert OURS.keys() <= OPERATIONS.keys()
    assert {"softmax", "matmul", "train_step", "loader", "optimizer"} <= OURS.keys()


@pytest.mark.usefixtures("few")
def test_ours_and_the_built_ins_are_asked():
    done = []
    found = verified((NUMPY,), examples=4, processes=1, progress=done.append)
    assert [(x.operation, x.who) for x in found] == [
        *(("relu", "ours"), ("relu", "NumPy")),
        *(("softmax", "ours"), ("softmax", "NumPy")),
        ("loader", "ours"),
    ]
    assert sum(done) == count((NUMPY,)) == len(found)
    assert all(each.ok and each.compared for each in found)
    assert {x.asked for x in found if x.who == "NumPy"} == {1}
    assert worst(found)["softmax", "ours"].asked > 10


@pytest.mark.usefixtures("few")
def test_what_is_asked_on_no_target_is_no_job():
    """A loader, of float32."""
    found = verified((Target.named("numpy:float32"),), examples=2, processes=1)
    assert "loader" not in {each.operation for each in found}


@pytest.mark.usefixtures("few")
def test_a_green_run_ends_with_0_and_says_what_holds():
    told = run("--examples", "4", "--epochs", "1")
    assert told.exit_code == 0, told.output
    assert "softmax" in told.output
    assert "laws hold for 3 operations on numpy:float64" in told.output
    assert "trained on the digits: accuracy 0." in told.output


@pytest.mark.usefixtures("few")
def test_a_broken_law_ends_with_1_and_is_shown(monkeypatch):
    monkeypatch.setitem(FEW, "softmax", (wrong, None))
    told = run("--examples", "10", "--epochs", "0")
    assert told.exit_code == 1
    assert "softmax of ours on numpy:float64" in told.output
    assert "WRONG equals_the_oracle on numpy:float64" in told.output


@pytest.mark.usefixtures("few")
def test_nothing_at_all_ends_with_3(monkeypatch):
    monkeypatch.setattr(verification, "OURS", {})
    assert run("--epochs", "0").exit_code == 3


@pytest.mark.usefixtures("few")
def test_json_holds_what_the_table_says():
    told = run("--examples", "4", "--epochs", "0", "--json", "-")
    found = json.loads(told.stdout)
    assert found["schema"] == 1
    assert found["ok"]
    assert found["accuracy"] is None
    assert {each["who"] for each in found["results"]} == {"ours", "NumPy"}
    assert found["environment"]["numpy"]


@pytest.mark.usefixtures("few")
def test_the_picture_has_a_row_for_each_operation(tmp_path):
    pytest.importorskip("matplotlib")
    picture = tmp_path / "beside.png"
    told = run("--examples", "4", "--epochs", "0", "--picture", str(picture))
    assert told.exit_code == 0, told.output
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.usefixtures("few")
def test_the_page_has_a_row_for_each_operation_and_needs_nothing_else(tmp_path):
    pytest.importorskip("jinja2")
    page = tmp_path / "verify.html"
    told = run("--examples", "4", "--epochs", "0", "--html", str(page))
    assert told.exit_code == 0, told.output
    text = page.read_text()
    assert {name for name in OURS if f"<code>{name}</code>" in text} == {*FEW}
    assert not re.search(r"https?:|src=|href=", text)


def test_what_is_broken_is_on_the_page_as_text():
    pytest.importorskip("jinja2")
    known = ("softmax", "ours", "numpy:float64", inf, 1, 2, 10, 100, 0.5)
    page = sheet([Verified(*known, said="WRONG <script>of x</script>")], None, 3)
    assert "BROKEN" in page
    assert "&lt;script&gt;of x" in page
    assert "1 of 2 laws hold for 1 operations on numpy:float64" in page


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--targets", "numpy:float99"), "float99"),
        (("--json", "one", "--picture", "one"), "required a file for each"),
        (("--picture", "-"), "required a file for each"),
        (("--html", "-"), "required a file for each"),
    ],
)
def test_what_cannot_be_is_a_sentence(options, said):
    told = CliRunner().invoke(app, ["verify", *options])
    assert told.exit_code != 0
    assert said in str(told.exception)
