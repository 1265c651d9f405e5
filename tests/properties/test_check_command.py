"""scratchnet check: a verdict on anybody's function, and what is written of it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from scratchnet import cli
from scratchnet.testing import OPS, loaded, suspects
from scratchnet.testing.replay import read, replayed

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs POSIX processes")
needs_torch = pytest.mark.skipif(not find_spec("torch"), reason="needs PyTorch")
#: A short check: of one target, of few examples.
SHORT = ("--targets", "numpy:float64", "--examples", "15")
PLAIN = ("--law", "equals_the_oracle")

MINE = '''
"""As strangers write it."""
import numpy as np


def softmax(x, axis=-1):
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def over_the_batch(x):
    e = np.exp(x - x.max(axis=0))
    return e / e.sum(axis=0)


def of_matrices(x):
    rows, columns = x.shape
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def without_keepdims(x):
    e = np.exp(x - x.max())
    return e / e.sum(axis=-1)


def refuses_single_rows(x, axis=-1):
    if x.shape[0] == 1:
        raise ValueError("a batch of one")
    return softmax(x, axis)


def with_temperature(x, temperature, dim=-1):
    return softmax(x / temperature, dim)


def talks(x, axis=-1):
    print("look at me")
    return softmax(x, axis)


def leaves(x):
    raise SystemExit(3)


def softmax_pullback(g, x, axis=-1):
    y = softmax(x, axis)
    return y * (g - (g * y).sum(axis=axis, keepdims=True))


class Softmax:
    def __init__(self, axis=-1):
        self.axis = axis

    def forward(self, x):
        self.y = softmax(x, self.axis)
        return self.y

    def backward(self, g):
        return g * self.y * (1 - self.y)


def coarse(x):
    return np.exp(x) * (1 + 8e-16) - 0.0


def of_tensors(x):
    return x.softmax(-1)
'''


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A folder with a stranger's file, where the command is run."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "mine.py").write_text(MINE)
    monkeypatch.chdir(tmp_path / "mine")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "mine"


@pytest.fixture
def command(mine, monkeypatch, capsys):
    """Runs `scratchnet check` with these arguments: exit code, stdout, stderr."""

    def run(subject, *arguments):
        address = f"{mine.name}.py:{subject}"
        line = ["scratchnet", "check", address, *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", line)
        with pytest.raises(SystemExit) as exited:
            cli.main()
        return exited.value.code or 0, *capsys.readouterr()

    return run


def test_right_code_holds_and_nothing_is_written_beside_it(command, mine):
    code, out, err = command("softmax", "--as", "softmax", *SHORT)
    assert (code, err) == (0, "")
    assert out.splitlines()[-1].startswith(
        "mine.py:softmax as softmax: all 9 laws hold"
    )
    assert "not tested: the pullback: no vjp was given, and autograd is" in out
    assert [each.name for each in mine.iterdir()] == ["mine.py"]


def test_wrong_code_shows_what_breaks_it_and_what_it_behaves_like(command):
    code, out, _ = command("over_the_batch", "--as", "softmax", *SHORT, *PLAIN)
    assert code == 1
    assert "WRONG equals_the_oracle on numpy:float64" in out
    assert "witness   softmax(np.array([[0., 0.]], 'float64'), axis=-1)" in out
    assert "actual 1.0, expected 0.5" in out
    assert "behaves exactly like: softmax with axis=0 (" in out
    assert "holds of 1-d arrays, and is broken of 2-d" in out
    assert out.splitlines()[-1].endswith("1 of 1 laws are broken on numpy:float64")


def test_the_name_of_the_function_is_the_operation_where_it_is_one(command):
    code, out, _ = command("softmax", *SHORT, *PLAIN)
    assert (code, "as softmax: the one law holds on numpy:float64" in out) == (0, True)
    code, _, err = command("over_the_batch", *SHORT)
    assert code == 2
    assert err.startswith(
        "error: check: no --as, and 'over_the_batch' is none, required"
    )


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("sofmax", "the closest: softmax, log_softmax"),
        ("F.sofmax", "torch.nn.functional.softmax"),
    ],
)
def test_what_is_no_operation_is_told_with_the_closest(command, name, says):
    code, out, err = command("softmax", "--as", name)
    assert (code, out) == (2, "")
    assert says in err


def test_a_built_in_stands_for_its_operation(command):
    code, out, _ = command("softmax", "--as", "F.softmax", *SHORT, *PLAIN)
    assert (code, "as softmax" in out) == (0, True)


# What the documents show.

ROOT = Path(__file__).parents[2]


@needs_torch
@pytest.mark.parametrize("document", ["README.md", "docs/check.md"])
def test_what_a_document_shows_is_what_is_printed(command, mine, document):
    """Its first block of Python, and its first block of text."""
    text = (ROOT / document).read_text()
    (mine / "mine.py").write_text(re.search(r"```python\n(.*?)```", text, re.S)[1])
    code, out, _ = command("softmax", "--as", "softmax")
    assert code == 1
    shown = re.search(r"```text\n(.*?)```", text, re.S)[1]
    assert shown.count("\n") >= 5
    assert shown in out


# What it is called to see.


def found(path):
    return json.loads(path.read_text())


def test_ranks_that_are_always_refused_are_not_asked(command, tmp_path):
    file = tmp_path / "found.json"
    code, out, _ = command("of_matrices", "--as", "softmax", *SHORT, "--json", file)
    assert code == 0
    assert found(file)["restriction"]["ranks"] == "(2,)"
    assert "not tested: 3-d arrays: it raises ValueError: too many values" in out


def test_what_is_refused_of_some_shapes_is_a_verdict(command):
    """Without keepdims it answers for square arrays, and that is wrong."""
    code, out, _ = command("without_keepdims", "--as", "softmax", *SHORT, *PLAIN)
    assert code == 1
    assert "could not be broadcast" in out
    assert "ranks=" not in out.partition("not tested")[2]


def test_a_side_of_1_that_is_refused_is_a_verdict(command):
    code, out, _ = command("refuses_single_rows", "--as", "softmax", *SHORT, *PLAIN)
    assert code == 1
    assert "REFUSES" in out
    assert "a batch of one" in out


def test_what_ends_its_process_refuses_nothing(command):
    code, out, _ = command("leaves", "--as", "softmax", *SHORT, *PLAIN)
    assert code == 1
    assert "SystemExit: 3" in out


# Options that narrow, and that state a contract.


def test_options_narrow_what_is_asked(command, tmp_path):
    file = tmp_path / "found.json"
    options = ("--dims", "2,3", "--no-empty", "--finite", "--kwargs", "axis=-1")
    code, *_ = command("softmax", "--as", "softmax", *SHORT, *options, "--json", file)
    told = found(file)
    assert code == 0
    assert told["restriction"]["ranks"] == "(2, 3)"
    assert told["restriction"]["empty"] == "False"
    assert told["restriction"]["axis"] == "-1"
    assert "special" not in told["restriction"]["families"]
    drawn = {name for each in told["results"] for name in each["families"]}
    assert "special" not in drawn
    shapes = {name for each in told["results"] for name in each["shapes"]}
    assert not shapes & {"empty", "1-d", "4-d"}


def test_an_argument_of_its_own_is_given(command):
    options = ("--kwargs", "temperature=1.0")
    code, out, _ = command("with_temperature", "--as", "softmax", *SHORT, *options)
    assert code == 0
    assert "note: its dim is axis" in out
    options = ("--kwargs", "temperature=2.0", *PLAIN)
    assert command("with_temperature", "--as", "softmax", *SHORT, *options)[0] == 1
    code, _, err = command("with_temperature", "--as", "softmax", *SHORT)
    assert code == 2
    assert "temperature" in err
    options = ("--kwargs", "heat=2.0")
    code, _, err = command("with_temperature", "--as", "softmax", *SHORT, *options)
    assert (code, "has no argument 'heat'" in err) == (2, True)


def test_ulps_that_are_stated_are_allowed_and_printed(command):
    options = ("--as", "sigmoid", *SHORT, *PLAIN, "--dims", "1")
    tanh = ("--as", "tanh", *SHORT, *PLAIN)
    code, out, _ = command("softmax", *tanh, "--ulp", "tanh=20")
    assert (code, "note: contract: tanh within 20 ulps" in out) == (1, True)
    assert command("softmax", *options, "--ulp", "exp=many")[0] == 2
    assert command("softmax", *options, "--ulp", "exq=2")[0] == 2
    assert command("softmax", *options, "--accumulate", "float3")[0] == 2


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--accumulate", "float64"), "sums are added up in float64"),
        (("--tf32",), "factors of products have 11 bits"),
        (("--ftz",), "subnormal numbers may be 0"),
    ],
)
def test_a_contract_is_printed(command, options, says):
    asked = ("--as", "softmax", "--examples", "5", *PLAIN, "--dtypes", "float32")
    code, out, _ = command("softmax", *asked, *options)
    assert (code, f"note: contract: {says}" in out) == (0, True)


def test_tf32_is_asked_in_float32_alone(command, tmp_path):
    file = tmp_path / "found.json"
    asked = ("--as", "softmax", "--examples", "5", *PLAIN, "--tf32", "--json", file)
    assert command("softmax", *asked)[0] == 0
    assert {each["target"] for each in found(file)["results"]} == {"numpy:float32"}


def test_a_law_is_waived_for_a_reason(command):
    waive = ("--waive", "inputs_are_untouched=it is meant")
    code, out, _ = command("softmax", "--as", "softmax", *SHORT, *waive)
    assert code == 0
    assert "not tested: inputs_are_untouched: waived, it is meant" in out
    for wrong in (
        "inputs_are_untouched",
        "inputs_are_untouched=",
        "nothing=it is meant",
    ):
        assert command("softmax", "--as", "softmax", *SHORT, "--waive", wrong)[0] == 2


def test_a_quick_check_asks_less(command, tmp_path):
    file = tmp_path / "found.json"
    command("softmax", "--as", "softmax", "--quick", "--json", file)
    told = found(file)
    assert {each["target"] for each in told["results"]} == {"numpy:float64"}
    assert max(each["examples"] for each in told["results"]) <= 25 * 8


# The way back.


def test_a_pullback_of_its_own_is_asked(command):
    back = ("--pullback", "mine.py:softmax_pullback")
    law = ("--law", "gradients_equal_the_oracle")
    assert command("softmax", "--as", "softmax", *SHORT, *back, *law)[0] == 0
    wrong = ("--pullback", "mine.py:softmax")
    assert command("softmax", "--as", "softmax", *SHORT, *wrong, *law)[0] in (1, 2)


def test_a_pullback_is_an_operation(command):
    asked = ("--as", "softmax.pullback", *SHORT, *PLAIN)
    code, out, _ = command("softmax_pullback", *asked)
    assert (code, "as softmax.pullback: the one law holds on numpy:float64" in out) == (
        0,
        True,
    )


def test_a_layer_is_asked_both_ways(command, tmp_path):
    file = tmp_path / "found.json"
    asked = ("--as", "softmax", *SHORT, "--law", "gradients_equal_the_oracle")
    code, out, _ = command("Softmax", *asked, "--json", file)
    assert code == 1
    assert "note: forward and backward of an object, made anew for each call" in out
    assert "the pullback behaves exactly like" in out or "WRONG" in out
    (result,) = found(file)["results"]
    assert result["witness"]["subject"].endswith("mine.py:Softmax")
    assert not replayed(result["witness"]).ok


@needs_torch
def test_a_function_of_tensors_is_traced_by_autograd(command, tmp_path):
    file = tmp_path / "found.json"
    law = ("--law", "gradients_equal_the_oracle")
    asked = ("--as", "softmax", "--dtypes", "float64", "--examples", "10", *law)
    code, _, _ = command("of_tensors", *asked, "--json", file)
    assert code == 0
    (result,) = found(file)["results"]
    assert result["target"] == "torch:cpu:float64"


# What is written.


def test_a_test_that_is_written_says_the_same_to_pytest(command, tmp_path):
    test = tmp_path / "tests" / "test_mine.py"
    for name, code in (("of_matrices", 0), ("over_the_batch", 1)):
        asked = ("--as", "softmax", *SHORT, "--write-test", test)
        assert command(name, *asked)[0] == code
        line = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test]
        ran = subprocess.run(line, capture_output=True, text=True, cwd=test.parent)
        assert ran.returncode == code, ran.stdout + ran.stderr
        assert ("_of_the_witness" in test.read_text()) == bool(code)
    assert "test_over_the_batch_of_the_witness" in ran.stdout


def test_a_test_of_a_loss_without_all_cotangents_is_green(command, mine, tmp_path):
    (mine / "mine.py").write_text(
        "import numpy as np\n"
        "def mse(x, t):\n    return np.mean((x - t) ** 2)\n"
        "def back(g, x, t):\n    return g * 2 * (x - t) / x.size\n"
    )
    test = tmp_path / "test_mse.py"
    options = ("--pullback", "mine.py:back", "--no-empty", "--write-test", test)
    code, out, _ = command("mse", *SHORT, *options)
    assert (code, "cotangents=1" in out) == (0, True)
    line = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test]
    ran = subprocess.run(line, capture_output=True, text=True, cwd=tmp_path)
    assert ran.returncode == 0, ran.stdout


def test_what_a_file_sets_for_its_process_does_not_reach_what_is_ours(command, mine):
    """Warnings that are errors, and a timer."""
    (mine / "mine.py").write_text(
        "import signal, numpy as np\n"
        "np.seterr(all='raise')\n"
        "def gone(*_): raise RuntimeError('late')\n"
        "signal.signal(signal.SIGALRM, gone)\n"
        "signal.setitimer(signal.ITIMER_REAL, 1.5)\n"
        "def relu(x):\n    return np.maximum(x, 0)\n"
    )
    code, out, err = command("relu", *SHORT)
    assert (code, err) == (0, ""), out


def test_what_ends_it_for_some_calls_is_shown_with_one_of_them(command, mine):
    (mine / "mine.py").write_text(
        "import os, numpy as np\n"
        "def softmax(x, axis=-1):\n"
        "    if axis == 0:\n        os._exit(3)\n"
        "    e = np.exp(x - np.max(x, axis=axis, keepdims=True))\n"
        "    return e / e.sum(axis=axis, keepdims=True)\n"
    )
    code, out, _ = command("softmax", *PLAIN)
    assert code == 1
    assert re.search(r"witness .*axis=0\)", out), out


def test_a_test_of_somebody_else_is_not_written_over(command, tmp_path):
    test = tmp_path / "test_mine.py"
    test.write_text("def test_mine(): ...\n")
    code, out, err = command("softmax", "--as", "softmax", "--write-test", test)
    assert (code, out) == (2, "")
    assert "which is there" in err
    assert test.read_text() == "def test_mine(): ...\n"


def test_a_page_is_written(command, tmp_path):
    pytest.importorskip("jinja2")
    page = tmp_path / "page.html"
    asked = ("--as", "softmax", *SHORT, *PLAIN, "--html", page)
    assert command("over_the_batch", *asked)[0] == 1
    assert "behaves exactly like: softmax with axis=0" in page.read_text()


@pytest.mark.parametrize(
    "options",
    [
        ("--json", "one.file", "--html", "one.file"),
        ("--html", "-"),
        ("--write-test", "-"),
        ("--json", "mine.py/there.json"),
    ],
)
def test_what_cannot_be_written_is_refused_before_any_work(command, options):
    code, out, err = command("softmax", "--as", "softmax", *options)
    assert (code, out) == (2, "")
    assert err.startswith("error: check: ")


def test_json_on_stdout_is_nothing_but_json(command):
    asked = ("--as", "softmax", *SHORT, *PLAIN, "--json", "-")
    code, out, err = command("over_the_batch", *asked)
    assert code == 1
    told = json.loads(out)
    assert told["ok"] is False
    assert told["diagnosis"][0].startswith("behaves exactly like: softmax with axis=0")
    assert err.splitlines()[-1].endswith("laws are broken on numpy:float64")


def test_the_replay_that_is_printed_runs(command, mine):
    _, out, _ = command("over_the_batch", "--as", "softmax", *SHORT, *PLAIN)
    (line,) = [each for each in out.splitlines() if each.startswith("replay: ")]
    file = Path(line.split()[-1])
    assert mine not in file.parents
    assert replayed(read(file)).verdict == "WRONG"


def test_what_cannot_be_kept_is_said(command, mine, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(mine / "mine.py"))
    code, out, _ = command("over_the_batch", "--as", "softmax", *SHORT, *PLAIN)
    assert code == 1
    assert "replay: not kept (" in out


def test_what_it_prints_is_kept_out_unless_it_is_asked_for(command):
    asked = ("--as", "softmax", *SHORT, *PLAIN)
    assert "look at me" not in command("talks", *asked)[1]
    assert "look at me" in command("talks", *asked, "--show-output")[1]


# Bad input.


@pytest.mark.parametrize(
    ("subject", "says"),
    [
        ("absent.py:softmax", "absent.py"),
        ("mine.py:absent", "no 'absent' in mine.py"),
        ("mine.py", "required file.py:name or module:name"),
        ("no_such_module:softmax", "no_such_module"),
        ("broken.py:softmax", "ZeroDivisionError"),
    ],
)
def test_what_is_not_there_is_a_sentence(mine, monkeypatch, capsys, subject, says):
    (mine / "broken.py").write_text("x = 1 / 0\n")
    line = ["scratchnet", "check", subject, "--as", "softmax"]
    monkeypatch.setattr(sys, "argv", line)
    with pytest.raises(SystemExit) as exited:
        cli.main()
    out, err = capsys.readouterr()
    assert (exited.value.code, out) == (2, "")
    assert says in err
    assert err.splitlines()[-1].startswith(("error: check: ", "  "))


@pytest.mark.parametrize(
    "options",
    [
        ("--dims", "x"),
        ("--dims", "0"),
        ("--targets", "numpy:float65"),
        ("--dtypes", "float65"),
        ("--kwargs", "axis"),
        ("--kwargs", "axis={1: 2}"),
        ("--vjp", "mine.py:softmax", "--pullback", "mine.py:softmax"),
        ("--law", "no_such_law"),
        ("--seconds", "0"),
    ],
)
def test_options_that_cannot_be_are_a_sentence(command, options):
    code, out, err = command("softmax", "--as", "softmax", *options)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert "Traceback" not in err


def test_an_error_of_ours_is_told_apart(mine, monkeypatch, capsys):
    (mine / "worse.py").write_text(
        "import scratchnet.testing.isolated.worker as ours\n"
        "ours.hold = lambda *a, **o: 1 / 0\n"
        "def softmax(x, axis=-1): return x\n"
    )
    line = ["scratchnet", "check", "worse.py:softmax", "--as", "softmax", *SHORT]
    monkeypatch.setattr(sys, "argv", line)
    with pytest.raises(SystemExit) as exited:
        cli.main()
    assert exited.value.code == 70
    assert "this is a defect of scratchnet" in capsys.readouterr().err


def test_nothing_that_is_compared_is_a_code_of_its_own(command):
    """Of empty arrays alone there are no numbers."""
    asked = ("--as", "argmax", "--targets", "numpy:float64", "--examples", "1")
    code, out, _ = command("of_tensors", *asked, "--law", "inputs_are_untouched")
    assert code in (1, 3)
    assert "laws" in out


def test_it_can_be_interrupted(mine):
    (mine / "slow.py").write_text(
        "import time\ndef softmax(x, axis=-1):\n    time.sleep(1)\n    return x\n"
    )
    line = [sys.executable, "-m", "scratchnet.cli"]
    line = [sys.executable, "-c", "from scratchnet.cli import main; main()"]
    asked = ["check", "slow.py:softmax", "--as", "softmax", *SHORT]
    started = subprocess.Popen(
        [*line, *asked], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    time.sleep(4)
    started.send_signal(signal.SIGINT)
    out, err = started.communicate(timeout=30)
    assert (started.returncode, out) == (130, "")
    assert "interrupted: nothing was written" in err


# Which break is shown first.


def gravity(verdict, family="moderate", shape=(2, 3)):
    return suspects.gravity(verdict, "", family, [shape])


def test_what_is_wrong_of_ordinary_numbers_goes_first():
    order = [
        gravity("WRONG"),
        suspects.gravity("WRONG", "", "moderate", [(2,)], pullback=True),
        gravity("REFUSES"),
        gravity("WRONG", shape=(0, 2)),
        gravity("WRONG", "extreme"),
        gravity("REFUSES", shape=(0, 2)),
        gravity("REFUSES", "special"),
        gravity("ACCEPTS"),
        gravity("MUTATES"),
        gravity("ALIASES"),
        gravity("HOLDS"),
    ]
    assert order == sorted(order, reverse=True)
    read_only = suspects.gravity("REFUSES", "it is read-only", "moderate", [(2,)])
    assert gravity("VACUOUS") < read_only < gravity("ALIASES")


def test_public_names_load_and_replay():
    """What a test that was written imports."""
    assert loaded("numpy:exp") is np.exp
    assert OPS["softmax"].restrict(ranks=(2,)).restriction["ranks"] == (2,)
