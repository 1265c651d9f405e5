"""The benchmark of a GPU, on the CPU: its figures add up, its clock
reads CUDA's events, and what it cannot do it refuses in a sentence."""

import json
import os
import subprocess
import sys
from operator import setitem
from pathlib import Path
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")
FOLDER = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(FOLDER))

import on_gpu  # noqa: E402
from device import checking, clock, tables, training  # noqa: E402
from device.plan import Plan  # noqa: E402

TINY = Plan(
    nets=((784, 10), (784, 3, 10)),
    batches=(8,),
    rows=20,
    products=((2, 3, 4), (1, 0, 1)),
    seconds=0.0,
    examples=4,
    checked=1,
    compile=False,
)


@pytest.fixture(scope="module")
def figures():
    kept = []
    threads = torch.get_num_threads()
    found = on_gpu.measured(TINY, "cpu", keep=lambda x: kept.append(json.dumps(x)))
    assert torch.get_num_threads() == threads
    assert json.loads(kept[-1]) == json.loads(json.dumps(found))
    assert len(kept) == 1 + 4 + 2 + 8
    return found


def test_every_figure_is_there(figures):
    assert figures["failures"] == []
    assert [(x["what"], x["batches"]) for x in figures["training"]] == [
        ("step", 2),
        ("epoch", 2),
    ] * 2
    for row in figures["training"] + figures["products"]:
        assert len(row["seconds"]) == 2
        for times in row["seconds"].values():
            assert len(times) >= clock.FEWEST
            assert min(times) > 0
    targets = {(x["operation"], x["target"]) for x in figures["checks"]}
    forms = ("torch:cpu:float32", "torch:cpu:float64")
    assert targets == {(name, form) for name in checking.CHECKED for form in forms}
    assert all(min(x["rates"]) > 0 for x in figures["checks"])
    assert all(x["all laws"]["examples"] > 0 for x in figures["checks"])


def test_the_parts_of_a_check_are_all_there_and_no_more_than_the_whole(figures):
    for row in figures["checks"]:
        assert tuple(row["parts"]) == checking.PARTS
        assert all(seconds > 0 for seconds in row["parts"].values()), row
        assert sum(row["parts"].values()) <= row["whole"]


def test_a_part_within_a_part_counts_once(monkeypatch):
    """The control of the sum: parts that held others would count those twice."""
    now = [0]
    monkeypatch.setattr(checking, "time", SimpleNamespace(perf_counter=lambda: now[0]))
    watch = checking.Stopwatch(settle=lambda: None)
    inner = watch.timed(checking.BACK, lambda: setitem(now, 0, now[0] + 20))

    def outer():
        inner(), inner()
        now[0] += 3

    watch.timed(checking.ORACLE, outer)()
    assert watch.seconds[checking.BACK] == 40
    assert watch.seconds[checking.ORACLE] == 3


def test_the_page_says_what_ran_and_all_that_was_measured(figures):
    page = "\n\n".join(tables.sections(figures))
    assert "of no use as figures" in page
    for said in (*figures["facts"].values(), "784-3-10, 8", "2 x 3 x 4", "`sgd`"):
        assert said in page
    assert "Failed" not in page


def test_a_part_that_fails_is_noted_and_the_others_go_on(monkeypatch):
    def refuse(*_, **__):
        raise RuntimeError("no more memory\nand much more")

    monkeypatch.setattr(training, "perceptron", refuse)
    monkeypatch.setattr(checking, "CHECKED", {})
    found = on_gpu.measured(TINY, "cpu")
    assert found["failures"] == ["training: RuntimeError: no more memory"]
    assert len(found["products"]) == 2
    assert "- training: RuntimeError" in tables.sections(found)[-1]


def test_a_law_that_is_broken_is_noted(monkeypatch):
    """A check that ends at its first example would look fast."""
    wrong = (lambda x, **_: x, checking.ops.softmax)
    monkeypatch.setattr(checking, "CHECKED", {"softmax": wrong})
    failures = []
    assert not list(checking.measured(TINY, clock.Clock("cpu"), failures))
    assert "equals_the_oracle on torch:cpu:float32" in failures[0]


def test_what_does_not_compile_is_noted_and_left_out():
    def broken():
        raise SystemError("no compiler")

    works, failures = {"by hand": lambda: 1, "compiled": broken}, []
    assert [*training.warmed(works, failures, "784-10")] == ["by hand"]
    assert failures == ["784-10, compiled: SystemError: no compiler"]


class Event:
    """One of CUDA's, a quarter of a second after the one before it."""

    at = 0.0

    def __init__(self, *, enable_timing):
        assert enable_timing

    def record(self):
        Event.at += 250.0
        self.at = Event.at

    def synchronize(self):
        pass

    def elapsed_time(self, later):
        return later.at - self.at


def test_the_clock_of_cuda_reads_its_events_and_its_allocator(monkeypatch):
    memory = SimpleNamespace(now=1000, peak=9000)
    stand_in = SimpleNamespace(
        Event=Event,
        synchronize=lambda _: None,
        reset_peak_memory_stats=lambda _: setattr(memory, "peak", memory.now),
        memory_allocated=lambda _: memory.now,
        max_memory_allocated=lambda _: memory.peak,
    )
    monkeypatch.setattr(clock.torch, "cuda", stand_in)
    cuda = clock.Clock("cuda")
    assert cuda.seconds(lambda: None, 5) == 0.05
    assert cuda.peak(lambda: setattr(memory, "peak", max(memory.peak, 1700))) == 700
    assert clock.Clock("cpu").peak(lambda: None) is None


def run(*command, **environment):
    return subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True
    )


def test_a_device_that_does_not_answer_is_refused():
    hidden = run(sys.executable, FOLDER / "on_gpu.py", CUDA_VISIBLE_DEVICES="")
    assert hidden.returncode == 2
    assert not hidden.stdout
    assert hidden.stderr.startswith("--device cuda: required one that answers, but ")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--device", "cpu"], "--write: required figures of a GPU"),
        (["--read"], "--write: required figures of a GPU"),
    ],
)
def test_figures_of_a_cpu_do_not_get_into_the_page(
    options, reason, figures, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(on_gpu, "README", tmp_path / "absent")
    kept = tmp_path / "gpu.json"
    kept.write_text(json.dumps(figures))
    options = [*options, str(kept)] if options == ["--read"] else options
    assert on_gpu.main([*options, "--write"]) == 2
    assert reason in capsys.readouterr().err


def test_figures_of_a_gpu_get_into_the_page(figures, tmp_path, monkeypatch, capsys):
    page = tmp_path / "README.md"
    page.write_text("a\n<!-- on a gpu: begin -->\nold\n<!-- on a gpu: end -->\nz\n")
    monkeypatch.setattr(on_gpu, "README", page)
    facts = {**figures["facts"], "device": "a GPU", "capability": "9.0"}
    kept = tmp_path / "gpu.json"
    kept.write_text(json.dumps({**figures, "facts": facts, "whole": True}))
    assert on_gpu.main(["--read", str(kept), "--write"]) == 0
    text = page.read_text()
    assert text.startswith(
        "a\n<!-- on a gpu: begin -->\n\n`python benchmarks/on_gpu.py`"
    )
    assert text.endswith("<!-- on a gpu: end -->\nz\n")
    assert "old" not in text
    assert "### Checks" in capsys.readouterr().out
    page.write_text("without marks")
    with pytest.raises(ValueError, match="does not have <!-- on a gpu: begin -->"):
        on_gpu.main(["--read", str(kept), "--write"])


#: Stands for an interpreter: notes what it is asked for, and fails where it is told to.
INTERPRETER = """#!/usr/bin/env bash
echo "$*" >>"$CALLS"
case "$*" in
    *"-m pytest"*) exit "${TESTS:-0}" ;;
    *" gate "*) exit "${GATE:-0}" ;;
    *on_gpu.py*) echo "figures"; sleep "${SLOW:-0}" ;;
esac
"""


@pytest.fixture
def script(tmp_path):
    """Runs the script with a stand-in for Python; what it printed, and its calls."""
    python, out = tmp_path / "python", tmp_path / "out"
    python.write_text(INTERPRETER)
    python.chmod(0o755)
    calls = tmp_path / "calls"

    def ran(**environment):
        path = FOLDER / "on_gpu.sh"
        known = {"ON_GPU_PYTHON": str(python), "CALLS": str(calls)}
        return run("bash", path, out, **known, **environment), out, calls

    return ran


def test_the_script_takes_every_step_in_turn(script):
    ran, out, calls = script()
    assert ran.returncode == 0, ran.stderr
    steps = [line.partition(":")[0] for line in ran.stdout.splitlines()]
    assert steps == ["facts", "tests", "gate", "figures"]
    assert (out / "steps.txt").read_text() == ran.stdout
    assert (out / "gpu.md").read_text() == "figures\n"
    asked = calls.read_text().splitlines()[-3:]
    report = out / "report.xml"
    floors = "tests/gpu/floors.json"
    assert f"--scratchnet-require cuda --scratchnet-floors {floors}" in asked[0]
    assert asked[0].endswith(f" --junitxml={report}")
    assert asked[1].endswith(f"gate {report} --require cuda --floors {floors}")
    assert asked[2].endswith(f"--device cuda --json {out / 'gpu.json'}")


def test_the_script_goes_on_and_ends_with_the_worst_exit_code(script):
    ran, out, _ = script(TESTS="3", GATE="1", ON_GPU_DEVICE="cpu")
    assert ran.returncode == 3
    assert "tests: exit code 3" in ran.stdout
    assert "gate: exit code 1" in ran.stdout
    assert (out / "gpu.md").read_text() == "figures\n"


def test_the_script_stops_what_takes_too_long(script):
    ran, _, _ = script(SLOW="60", ON_GPU_SECONDS="1")
    assert ran.returncode == 124
    assert "figures: exit code 124" in ran.stdout


def test_the_script_leaves_no_report_of_an_earlier_run(script):
    _, out, _ = script()
    (out / "report.xml").write_text("green")
    script(TESTS="4")
    assert not (out / "report.xml").exists()
