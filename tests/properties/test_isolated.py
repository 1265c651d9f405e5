"""What a subject does to its process is a verdict with its inputs, never our end."""

import builtins
import os
import random
import signal
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from scratchnet.errors import ArgumentError, ArgumentTypeError, UnavailableError
from scratchnet.testing import FLOAT64, check, ops
from scratchnet.testing.cases import deck
from scratchnet.testing.document import document, told
from scratchnet.testing.isolated import (
    Began,
    Example,
    Found,
    InternalError,
    Outcome,
    Request,
    events,
    outcome,
    process,
)
from scratchnet.testing.loading import loaded
from scratchnet.testing.replay import replayed

WILD = Path(__file__).with_name("wild.py")
PLAIN = "equals_the_oracle"
FOUR = (PLAIN, "results_are_of_their_kind", "inputs_are_untouched", "results_are_new")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs POSIX processes")


def wild(name, **options):
    """A short request for a function of wild.py, as softmax."""
    usual = {"targets": ("numpy:float64",), "laws": (PLAIN,), "examples": 15}
    return Request(f"{WILD}:{name}", "softmax", **(usual | options))


def only(found):
    (result,) = found.results
    return result


def size(result):
    """How many numbers the witness has."""
    return np.prod(result["witness"]["arguments"][0]["shape"])


def without_time(results):
    return [{k: x for k, x in each.items() if k != "seconds"} for each in results]


@pytest.mark.parametrize(
    ("name", "laws"),
    [
        ("softmax", (PLAIN, "rows_are_independent", "what_does_not_fit_is_refused")),
        ("unshifted", (PLAIN, "results_are_new")),
        ("nothing", (PLAIN,)),
        ("exits", (PLAIN,)),
    ],
)
def test_the_results_are_those_of_check(name, laws):
    seen = list(events(wild(name, laws=laws, seed=3)))
    subject = loaded(f"{WILD}:{name}")
    options = {"targets": ["numpy:float64"], "laws": laws, "examples": 15, "seed": 3}
    report = check(subject, ops.softmax, vjp="autograd", **options)
    expected = [told(each) for each in report.results]
    for each in expected:
        if each["witness"] is not None:
            each["witness"] |= {"pullback": None, "given": {}}
    found = seen[-1]
    assert without_time(found.results) == without_time(expected)
    assert (found.ok, found.untested) == (report.ok, list(report.untested))
    began = [each for each in seen if isinstance(each, Began)]
    assert [each.law for each in began] == list(laws)
    assert [each.result for each in seen if isinstance(each, Found)] == [*found.results]
    assert any(isinstance(each, Example) for each in seen)


def test_a_pullback_is_asked_as_well():
    laws = ("gradients_equal_the_oracle", "pullbacks_leave_memory_alone")
    names = "softmax_vjp", "leaves_on_the_way_back"
    held, left = (
        outcome(wild("softmax", vjp=f"{WILD}:{name}", laws=laws[: 2 - i]))
        for i, name in enumerate(names)
    )
    assert held.ok
    assert [each["law"] for each in held.results] == list(laws)
    assert only(left)["verdict"] == "CRASHES"
    assert "\n  under g = " in only(left)["message"]
    assert only(left)["witness"]["vjp"] == f"{WILD}:leaves_on_the_way_back"


def test_a_crash_is_a_verdict_with_its_inputs_and_three_in_a_row_are_enough():
    found = outcome(wild("segfaults", laws=FOUR))
    assert [each["verdict"] for each in found.results] == ["CRASHES"] * 3
    first, second, _ = found.results
    assert "ended with signal 11 (SIGSEGV)\n  in segfaults, line" in first["message"]
    assert "the smallest example of those that were drawn" in first["message"]
    assert "as it was drawn" in second["message"]
    assert f"witness   {ops.softmax.name}(np.array(" in first["text"]
    drawn = [x.arrays[0].size for x in deck(ops.softmax, FLOAT64, 15, 0)]
    assert size(first) == min(each for each in drawn if each > 3)
    assert size(second) > size(first)
    assert any("the last law not asked, since it" in each for each in found.untested)
    # The inputs are such as it crashes for, and no others.
    crashing = first["witness"] | {"subject": f"{WILD}:softmax"}
    assert replayed(crashing).ok


def test_an_exit_while_a_smaller_example_is_looked_for_is_seen():
    result = only(outcome(wild("leaves_while_it_is_shrunk", examples=30)))
    assert result["verdict"] == "CRASHES"
    assert "exited with code 0 (os._exit)" in result["message"]
    assert (
        "an example before it was WRONG\n  the example is the one" in result["message"]
    )
    assert result["witness"]["arguments"][0]["shape"] == [2]


def test_what_gives_no_result_hangs():
    result = only(outcome(wild("never_returns", seconds=0.5)))
    assert result["verdict"] == "HANGS"
    assert "gave no result within 0.5 s\n  in never_returns, line" in result["message"]
    assert size(result)


@pytest.mark.skipif(not process.memory_is_watched(), reason="memory is not told here")
def test_what_takes_all_memory_is_ended():
    result = only(outcome(wild("eats", memory=300_000_000)))
    assert result["verdict"] == "CRASHES"
    assert "took more than 300 MB of memory\n  in eats, line" in result["message"]
    assert size(result) > 3


def test_what_closes_our_files_writes_to_none_of_ours():
    result = only(outcome(wild("closes")))
    assert "closed the files of its process" in result["message"]
    assert size(result) > 3


def test_an_interrupt_of_its_own_is_no_interrupt_of_ours():
    assert only(outcome(wild("interrupts")))["verdict"] == "CRASHES"


def state():
    """What a process is left with."""
    return (
        *(Path.cwd(), list(sys.path), dict(os.environ), np.geterr(), random.getstate()),
        *(signal.getsignal(signal.SIGINT), list(warnings.filters), builtins.license),
        np.random.get_state()[1].tolist(),  # noqa: NPY002 - what a stranger seeds
    )


def has_ended(process):
    """Whether a process is not there, or waits for nothing but to be reaped."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    stat = Path(f"/proc/{process}/stat")
    return stat.exists() and ") Z " in stat.read_text()


def test_it_unsettles_its_own_process_alone():
    before = state()
    found = outcome(wild("unsettles", examples=10, kept=1000))
    assert only(found)["verdict"] == "HOLDS"
    assert only(found)["examples"] == 10
    kept, _, dropped = found.output.rpartition("\n... and ")
    assert len(kept) == 1000
    child, first, *_ = found.output.split()
    assert first == "out"
    assert int(dropped.split()[0].replace(",", "")) > 700_000
    assert state() == before
    assert has_ended(int(child))


def test_what_ends_as_it_is_first_called_is_asked_no_more():
    found = outcome(Request(f"{WILD}:leaves_at_once", "softmax"))
    assert only(found)["verdict"] == "CRASHES"
    assert "exited with code 7 (os._exit)\n  when it was first called" in str(
        only(found)["text"]
    ).replace("          ", "  ")
    assert "numpy:float32" in found.untested[0]
    assert "not asked, since it exited with code 7" in found.untested[0]
    assert found.untested[-1].startswith("all other laws: it exited with code 7")


def test_a_file_that_does_not_import_is_a_sentence(tmp_path, monkeypatch):
    (tmp_path / "beside.py").write_text("def fails():\n    return 1 / 0\n")
    (tmp_path / "mine.py").write_text("import beside\nbeside.fails()\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    with pytest.raises(ArgumentError, match="check: 'mine' raises ZeroDiv") as raised:
        outcome(Request("mine:softmax", "softmax"))
    assert "\n" not in str(raised.value)
    assert "beside.fails()" in raised.value.details
    assert "scratchnet" not in raised.value.details
    assert sorted(x.name for x in tmp_path.iterdir()) == ["beside.py", "mine.py"]


def test_a_file_that_ends_the_process_is_a_sentence(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("import os\nos._exit(5)\n")
    with pytest.raises(ArgumentError, match=r"exited with code 5 .* is imported"):
        outcome(Request(f"{file}:softmax", "softmax"))


def test_other_arguments_are_a_sentence():
    with pytest.raises(ArgumentTypeError, match=r"two_arguments\(x, y\) as softmax"):
        outcome(wild("two_arguments"))


def test_an_error_of_ours_is_told_apart(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "import scratchnet.testing.isolated.worker as ours\n"
        "ours.hold = lambda *a, **o: 1 / 0\n"
        "def softmax(x, *, axis=-1): return x\n"
    )
    with pytest.raises(InternalError, match=r"(?s)Traceback.*ZeroDivisionError"):
        outcome(Request(f"{file}:softmax", "softmax", targets=("numpy:float64",)))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("def softmax(:", "raises SyntaxError: invalid syntax"),
        ("import sys; sys.exit(4)", "raises SystemExit: 4, required a module"),
        ("def soft_max(x): ...", "no 'softmax' in .*\n  there is soft_max"),
        ("class softmax:\n  def __init__(self, n): ...\n  def f(self): ...", "missing"),
    ],
)
def test_what_is_not_there_is_a_sentence(tmp_path, text, says):
    file = tmp_path / "mine.py"
    file.write_text(text)
    name = "softmax.f" if text.startswith("class") else "softmax"
    with pytest.raises(ArgumentError, match=f"check: .*{says}"):
        loaded(f"{file}:{name}", where="check")


def test_a_method_is_that_of_an_object(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "class Net:\n"
        "    def forward(self, x): return self, x\n"
        "    @staticmethod\n"
        "    def plain(x): return x\n"
        "    @classmethod\n"
        "    def of(cls, x): return cls, x\n"
    )
    modules = {}
    net = loaded(f"{file}:Net", modules)
    assert isinstance(loaded(f"{file}:Net.forward", modules)(1)[0], net)
    assert loaded(f"{file}:Net.plain", modules)(1) == 1
    assert loaded(f"{file}:Net.of", modules)(1) == (net, 1)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"operation": "softmaxx"}, "operation='softmaxx'"),
        ({"seconds": 0}, "seconds=0"),
        ({"memory": 0}, "memory=0"),
        ({"contract": {"formt": "float32"}}, "required what Contract takes"),
        ({"restriction": {"families": "none"}}, "families='none'"),
    ],
)
def test_a_request_of_what_there_is_not_starts_no_process(options, says):
    request = Request(**({"subject": "there.py:f", "operation": "softmax"} | options))
    with pytest.raises(ArgumentError, match=says):
        outcome(request)


def test_other_platforms_are_told_what_to_do(monkeypatch):
    monkeypatch.setattr(process.os, "name", "nt")
    with pytest.raises(UnavailableError, match=r"call scratchnet\.testing\.check"):
        process.require_processes()


def test_an_outcome_of_nothing_does_not_hold():
    nothing = document("f", ops.softmax, (), seed=0, untested=())
    assert not Outcome(nothing).ok
