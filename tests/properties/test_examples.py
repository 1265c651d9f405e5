"""The table of examples/README.md: what each of its commands finds."""

import re
import sys
from functools import cache
from pathlib import Path

import pytest

from scratchnet import cli

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples"
ROW = re.compile(
    r"\| `(?P<command>examples/[^`]+)` \| (?P<verdict>[^|]+) \| (?P<shows>[^|]+) \|"
)
LIKE = "ehaves exactly like: "
#: Enough for all of them but this one: on few of them the mean of equal numbers rounds.
FEW, MORE = 25, {"examples/standardizer.py:GuardedScaler": 100}
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs processes")


@cache
def rows():
    """What the table says of each command: verdict, law, and what it behaves like."""
    found = {}
    for row in ROW.finditer((FOLDER / "README.md").read_text()):
        verdict, _, law = row["verdict"].partition(", ")
        like = row["shows"].partition(LIKE)[2]
        found[row["command"]] = (verdict, law.strip("`"), like)
    return found


def file_of(command):
    return FOLDER / command.partition(":")[0].removeprefix("examples/")


def is_of_torch(file):
    return "import torch\n" in file.read_text()


@pytest.fixture
def found(monkeypatch, capsys, tmp_path):
    """Runs `scratchnet check`: the exit code, and what the table would say of it."""

    def run(command):
        of_torch = is_of_torch(file_of(command))
        if of_torch:
            pytest.importorskip("torch")
        target = "torch:cpu:float64" if of_torch else "numpy:float64"
        subject, *options = command.split()
        # Importing another library in vain takes longer than the laws.
        options += ["--targets", target, "--examples", str(MORE.get(subject, FEW))]
        monkeypatch.setattr(sys, "argv", ["scratchnet", "check", subject, *options])
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        monkeypatch.chdir(ROOT)
        with pytest.raises(SystemExit) as exited:
            cli.main()
        return exited.value.code or 0, read(capsys.readouterr().out)

    return run


def read(printed):
    """The verdict, the law of the gravest break, what it behaves like."""
    gravest = re.search(r"^([A-Z]+) (\w+) on \S+$", printed, re.M)
    if gravest is None:
        *_, last = printed.splitlines()
        assert re.search(r": all \d+ laws hold, [\d,]+ examples", last), printed
        return ("holds", "", "")
    like = re.search(rf"{LIKE}(.*?) \((?:planted bug|\d+ fresh)", printed)
    return (*gravest.groups(), like[1] if like else "")


@pytest.mark.parametrize("command", rows())
def test_the_table_says_what_is_found(command, found):
    code, seen = found(command)
    assert seen == rows()[command]
    assert code == int(seen[0] != "holds")


def test_the_table_has_every_file():
    files = {file for file in FOLDER.iterdir() if file.suffix == ".py"}
    assert len(files) == 10
    assert {file_of(command) for command in rows()} == files


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.py")), ids=lambda x: x.name)
def test_a_file_has_what_is_right_and_what_is_wrong(file):
    verdicts = {row[0] for command, row in rows().items() if file_of(command) == file}
    assert "holds" in verdicts
    assert verdicts != {"holds"}
