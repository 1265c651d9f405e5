"""The command line: what it prints, what it leaves, what it refuses."""

import errno
import itertools
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from scratchnet import (
    UnavailableError,
    checkpoint,
    cli,
    experiment,
    pictures,
    training,
)
from scratchnet.commands import console, train
from scratchnet.experiment import CHECKPOINT


@pytest.fixture
def command(monkeypatch, capsys):
    """Runs `scratchnet` with these arguments: exit code, stdout, stderr."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["scratchnet", *map(str, arguments)])
        with pytest.raises(SystemExit) as exited:
            cli.main()
        return exited.value.code or 0, *capsys.readouterr()

    return run


@pytest.fixture
def undrawn(monkeypatch):
    monkeypatch.setattr(pictures, "write_all", lambda *_: [])


# For claims about something else: drawing takes longer than training.
without_pictures = pytest.mark.usefixtures("undrawn")


def report(path):
    return json.loads(path.read_text())


def test_training_without_options_learns_the_digits(command):
    code, out, err = command("train")
    *rows, verdict = out.splitlines()
    assert code == 0
    assert err == ""
    assert len(rows) == 2 + 30  # what is trained, the heading, a row for each epoch
    assert verdict.startswith("validation accuracy")
    assert float(verdict.split()[-1]) >= 0.97


def test_the_json_has_the_schema_that_is_promised(command, tmp_path):
    code, _, _ = command("train", "--epochs", 2, "--json", tmp_path / "run.json")
    found = report(tmp_path / "run.json")
    assert code == 0
    assert found["schema"] == 1
    assert [sorted(epoch) for epoch in found["epochs"]] == 2 * [
        ["loss", "seconds", "train_accuracy", "valid_accuracy", "valid_loss"]
    ]
    assert found["final"] == {
        "valid_accuracy": found["epochs"][-1]["valid_accuracy"],
        "valid_loss": found["epochs"][-1]["valid_loss"],
    }


def test_json_on_stdout_is_nothing_but_json(command):
    _, out, err = command("train", "--epochs", 1, "--json", "-")
    assert json.loads(out)["settings"]["epochs"] == 1
    assert "validation accuracy" in err


def test_a_diverged_run_is_said_and_is_still_json(command, tmp_path):
    with np.errstate(all="ignore"):
        _, out, _ = command(
            "train", "--epochs", 1, "--lr", 1e38, "--json", tmp_path / "run.json"
        )
    assert "training diverged" in out
    assert report(tmp_path / "run.json")["final"]["valid_loss"] is None


def test_the_same_seed_gives_the_same_run_and_another_another(command, tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        command("train", "--epochs", 1, "--seed", seed, "--json", tmp_path / name)
    a, b, c = (report(tmp_path / name)["sha256"] for name in "abc")
    assert a == b
    assert a != c


def interrupt_at(call, function):
    """The function, until this call of it: then control-C."""
    calls = itertools.count(1)

    def interrupted(*arguments, **options):
        if next(calls) == call:
            raise KeyboardInterrupt
        return function(*arguments, **options)

    return interrupted


NET = ("train", "--epochs", 3, "--hidden", 8, "--momentum", 0.9)


@pytest.fixture
def broken_off(command, tmp_path, monkeypatch):
    """The folder of a run of NET that was interrupted in its second epoch."""
    with monkeypatch.context() as patch:
        patch.setattr(training, "train_step", interrupt_at(30, training.train_step))
        code, _, err = command(*NET, "--out", tmp_path / "run")
    assert code == console.INTERRUPTED
    assert "--resume goes on from there" in err
    return tmp_path / "run"


@without_pictures
def test_an_interrupted_run_goes_on_as_if_unbroken(command, broken_off, tmp_path):
    command(*NET, "--json", tmp_path / "unbroken")
    _, out, _ = command(
        *NET, "--out", broken_off, "--resume", "--json", tmp_path / "resumed"
    )
    assert "resumed after 29 steps" in out
    unbroken, resumed = report(tmp_path / "unbroken"), report(tmp_path / "resumed")
    assert resumed["sha256"] == unbroken["sha256"]


def test_an_unfinished_run_is_not_overwritten(command, broken_off):
    before = (broken_off / CHECKPOINT).read_bytes()
    code, _, err = command(*NET, "--out", broken_off)
    assert code == cli.UNUSABLE
    assert "holds an unfinished run (epoch 1 of 3)" in err
    assert (broken_off / CHECKPOINT).read_bytes() == before


@without_pictures
def test_a_finished_run_is_replaced(command, tmp_path):
    codes = [command("train", "--epochs", 1, "--out", tmp_path)[0] for _ in range(2)]
    assert codes == [0, 0]


def contents(folder):
    """What is in the folder, byte for byte; a folder in it counts as empty."""
    return {path: path.is_file() and path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def finished(command, tmp_path, monkeypatch):
    """The folder of a finished run without pictures."""
    monkeypatch.setattr(pictures, "write_all", lambda *_: [])
    command("train", "--epochs", 1, "--out", tmp_path / "run")
    return tmp_path / "run"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--dtype", "int32"),
        ("--dtype", "pi"),
        ("--data", "nowhere"),
        ("--json", "."),
        ("--json", "run"),
    ],
)
def test_a_refused_command_leaves_the_finished_run(
    command, finished, monkeypatch, arguments
):
    monkeypatch.chdir(finished.parent)
    before = contents(finished)
    code, out, err = command("train", "--out", "run", *arguments)
    assert code == cli.UNUSABLE
    assert out == ""
    assert len(err.splitlines()) == 1
    assert contents(finished) == before


def test_a_twin_that_cannot_be_made_leaves_the_finished_run(
    command, finished, monkeypatch
):
    pytest.importorskip("torch")

    def unavailable(_):
        raise UnavailableError("twin", "no PyTorch", "required")

    monkeypatch.setattr(train, "_twin", unavailable)
    before = contents(finished)
    code, _, err = command("train", "--out", finished, "--compare")
    assert code == cli.UNUSABLE
    assert "error: twin: no PyTorch, required" in err
    assert contents(finished) == before


def test_a_history_that_is_a_folder_is_refused_before_training(command, finished):
    (finished / "history.json").unlink()
    (finished / "history.json").mkdir()
    before = contents(finished)
    code, out, err = command("train", "--out", finished)
    assert code == cli.UNUSABLE
    assert out == ""
    assert f"{finished / 'history.json'} (Is a directory), required a writable" in err
    assert contents(finished) == before


def test_a_folder_in_the_way_of_the_checkpoint_is_refused_before_training(
    command, finished
):
    (finished / f"{CHECKPOINT}.partial").mkdir()
    before = contents(finished)
    code, out, err = command("train", "--out", finished)
    assert code == cli.UNUSABLE
    assert out == ""
    assert f"{finished / CHECKPOINT} cannot be written" in err
    assert contents(finished) == before


def test_a_file_that_is_there_is_replaced_by_the_outcome_alone(command, tmp_path):
    """That it can be written to is tried before training without changing it."""
    (tmp_path / "run.json").write_text("before")
    command("train", "--epochs", 0, "--lr", -1, "--json", tmp_path / "run.json")
    assert (tmp_path / "run.json").read_text() == "before"
    command("train", "--epochs", 0, "--json", tmp_path / "run.json")
    assert report(tmp_path / "run.json")["epochs"] == []


def test_another_run_is_not_resumed(command, broken_off):
    code, _, err = command(*NET, "--seed", 1, "--out", broken_off, "--resume")
    assert code == cli.UNUSABLE
    assert "was trained with seed=0, but the command says 1" in err


def test_another_net_is_not_resumed(command, broken_off):
    code, _, err = command(*NET, "--hidden", 9, "--out", broken_off, "--resume")
    assert code == cli.UNUSABLE
    assert "is of another architecture" in err


@without_pictures
def test_a_changed_rate_is_said_when_resuming(command, broken_off):
    code, _, err = command(*NET, "--lr", 0.01, "--out", broken_off, "--resume")
    assert code == 0
    assert "note: resumed with other settings: lr was 0.1, is 0.01" in err


@without_pictures
def test_resuming_where_nothing_was_saved_starts(command, tmp_path):
    """So that whatever restarts a killed run need not ask how far it came."""
    code, out, _ = command("train", "--epochs", 1, "--out", tmp_path, "--resume")
    assert code == 0
    assert "resumed" not in out


def test_a_run_leaves_checkpoint_history_and_pictures(command, tmp_path):
    pytest.importorskip("matplotlib")
    command("train", "--epochs", 2, "--out", tmp_path / "run")
    assert {path.name for path in (tmp_path / "run").iterdir()} == {
        "activations.png",
        CHECKPOINT,
        "confusion.png",
        "curves.png",
        "history.json",
        "predictions.png",
        "summary.png",
        "weights.png",
    }


@without_pictures
@pytest.mark.parametrize("activation", experiment.ACTIVATIONS)
def test_the_twin_learns_the_same(command, tmp_path, activation):
    """Also from the velocities of a resumed run; the same batches, the same weights."""
    pytest.importorskip("torch")
    net = ("train", "--hidden", 8, "--activation", activation, "--dtype", "float64")
    sgd = ("--momentum", 0.9, "--weight-decay", 1e-3, "--compare")
    run = ("--out", tmp_path, "--json", tmp_path / "run.json")
    command(*net, *sgd, *run, "--epochs", 1)
    code, out, _ = command(*net, *sgd, *run, "--epochs", 2, "--resume")
    found = report(tmp_path / "run.json")
    assert code == 0
    assert "difference" in out
    (twin,) = found["torch"]
    assert twin["valid_accuracy"] == found["epochs"][1]["valid_accuracy"]
    # How far it may be is judged step by step: equivalence/test_comparison.py.
    assert np.isfinite(twin["largest_difference"])


#: Longer than any file system takes.
LONG = "x" * 300
REFUSED = {
    "SGD: learning_rate=nan, required finite and not negative": ("--lr", "nan"),
    "SGD: momentum=-1.0, required finite and not negative": ("--momentum", -1),
    "train: data='nowhere', required digits, mnist, or a folder with MNIST": (
        "--data",
        "nowhere",
    ),
    "namespace_named: library='jax', known: numpy, torch": ("--library", "jax"),
    "from_numpy: dtype='bfloat16', which numpy does not have": ("--dtype", "bfloat16"),
    "from_numpy: device='cuda', required a usable device": ("--device", "cuda"),
    "train: activation='gelu', required one of relu": ("--activation", "gelu"),
    "train: dtype='int32', required one of float16, bfloat16, float32, float64": (
        "--dtype",
        "int32",
    ),
    "train: compile with library='numpy', required library='torch'": ("--compile",),
    "train: --resume without --out, required the folder": ("--resume",),
    "train: --json in file, required a folder to write to": ("--json", "file/a.json"),
    "train: --out in file, required a folder to write to": ("--out", "file"),
    "train: --out in file/run, required a folder": ("--out", "file/run"),
    f"train: {LONG}/history.json (File name too long)": ("--out", LONG),
    f"train: {LONG} (File name too long), required a writable file": ("--json", LONG),
    "train: . (Is a directory), required a writable file": ("--json", "."),
    f"train: data='{LONG}'": ("--data", LONG),
    "SGD: learning_rate=-1.0": ("--lr", -1, "--out", "new", "--json", "new/a.json"),
    "for '--batch-size'": ("--batch-size", 0),
    "for '--hidden'": ("--hidden", 0),
    "for '--seed'": ("--seed", -1),
}


@pytest.mark.parametrize(("sentence", "arguments"), REFUSED.items())
def test_bad_input_is_one_sentence_and_touches_nothing(
    command, tmp_path, monkeypatch, sentence, arguments
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    code, out, err = command("train", *arguments)
    assert code == cli.UNUSABLE
    assert sentence in err
    assert "Traceback" not in err
    assert out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.fixture
def locked(tmp_path, monkeypatch):
    """A folder that may not be entered: simulated, since root may enter any."""
    folder = tmp_path / "locked"
    folder.mkdir()
    access, stat = os.access, Path.stat

    def asked(path, mode):
        return folder not in (path, *path.parents) and access(path, mode)

    def looked_at(path, **options):
        if folder in path.parents:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return stat(path, **options)

    monkeypatch.setattr(os, "access", asked)
    monkeypatch.setattr(Path, "stat", looked_at)
    return folder


@pytest.mark.parametrize("option", ["--out", "--json", "--data"])
def test_a_folder_that_may_not_be_entered_is_one_sentence(command, locked, option):
    code, out, err = command("train", option, locked / "new" / "name")
    assert code == cli.UNUSABLE
    assert out == ""
    assert err.startswith("error: train: ")
    assert str(locked / "new") in err
    assert len(err.splitlines()) == 1


@without_pictures
def test_a_full_disk_is_said_and_the_last_checkpoint_stays(
    command, tmp_path, monkeypatch
):
    command("train", "--epochs", 1, "--out", tmp_path)
    before = (tmp_path / CHECKPOINT).read_bytes()

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoint, "save_file", full)
    code, _, err = command("train", "--epochs", 2, "--out", tmp_path, "--resume")
    assert code == cli.UNUSABLE
    assert "No space left on device" in err
    assert (tmp_path / CHECKPOINT).read_bytes() == before


def test_a_defect_of_ours_is_told_apart(command, monkeypatch):
    def defect(*_):
        raise AssertionError

    monkeypatch.setattr(train, "Experiment", defect)
    code, _, err = command("train")
    assert code == cli.INTERNAL
    assert "this is a defect of scratchnet" in err


def test_the_doctor_names_versions_and_devices(command):
    code, out, _ = command("doctor")
    assert code == 0
    assert np.__version__ in out
    assert "numpy:cpu" in out
