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
FEW, MORE = 15, {"examples/standardizer.py:GuardedScaler": 100}
#: The library that a file is about: importing another in vain takes longer than laws.
#: What is broken of a derivative is found by others in less time.
ON = {
    "numpy": ("--targets", "numpy:float64"),
    "torch": (
        *("--targets", "torch:cpu:float64"),
        *("--waive", "pullbacks_are_derivatives=it takes long"),
    ),
}
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


def library_of(file):
    return "torch" if "import torch\n" in file.read_text() else "numpy"


@pytest.fixture
def found(monkeypatch, capsys, tmp_path):
    """Runs `scratchnet check`: the exit code, and what the table would say of it."""

    def run(command):
        library = library_of(file_of(command))
        pytest.importorskip(library)
        subject, *options = command.split()
        options += [*ON[library], "--examples", str(MORE.get(subject, FEW))]
        # What it behaves like is looked for where the table names it.
        options += [] if rows()[command][2] else ["--quick"]
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
        assert re.search(r": all \d+ laws hold on .*, [\d,]+ examples", last), printed
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
