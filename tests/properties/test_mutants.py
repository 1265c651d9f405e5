"""Planted bugs: what they are, and what counts as found.

That each of them is found by its law, and correct code by none, `tox -e mutants` asks.
"""

import json
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from scratchnet import cli
from scratchnet.errors import ArgumentError
from scratchnet.selfcheck import OURS
from scratchnet.testing import LAWS, OPS, Finding, Target
from scratchnet.testing.laws import law
from scratchnet.testing.mutants import MUTANTS, asking, kill_matrix
from scratchnet.testing.mutants.listing import as_json, troubles, verdict
from scratchnet.testing.mutants.matrix import Outcome, Row
from scratchnet.testing.mutants.page import described

ROOT = Path(__file__).parents[2]
KILLABLE = MUTANTS["softmax-over-the-batch"]


def test_every_operation_of_the_pipeline_has_five_mutants():
    counts = Counter(each.operation for each in MUTANTS.values())
    assert {name for name in OURS if counts[name] < 5} == set()
    assert counts.keys() <= OPS.keys()


def test_there_are_many():
    assert len(MUTANTS) >= 140


def test_every_law_is_named_by_a_mutant():
    assert {each.law for each in MUTANTS.values()} == LAWS.keys()


def is_told(each):
    """What is wrong, in a sentence without its period, where, and what differs."""
    return bool(each.says and each.says[-1] != "." and each.shows and each.diff)


def test_every_mutant_says_what_is_wrong():
    assert [each.id for each in MUTANTS.values() if not is_told(each)] == []


# What is not killed as it must be is said, and nothing is killed that is not.


def planted(**changes):
    return replace(KILLABLE, **changes)


def asked(*mutants, **options):
    usual = {"processes": 1, "seeds": 1, "examples": 40}
    return kill_matrix(mutants, **{**usual, **options})


#: No fault: another name for the same number.
EQUIVALENT = planted(
    id="softmax-as-it-is", edits={"return powers / total": "return powers / +total"}
)


def test_correct_code_survives():
    matrix = asked(EQUIVALENT)
    (row,) = matrix.rows
    assert row.survived
    assert row.trouble == "survived"
    assert not matrix.ok


def test_survivors_come_first():
    matrix = asked(KILLABLE, MUTANTS["softmax-without-a-shift"], EQUIVALENT)
    assert [row.survived for row in matrix.rows] == [True, False, False]


def test_a_kill_by_another_law_is_not_enough():
    (row,) = asked(planted(law="inputs_are_untouched")).rows
    assert not row.survived
    assert row.trouble == "inputs_are_untouched does not kill it"


def test_a_kill_for_another_reason_is_not_enough():
    (row,) = asked(planted(verdict="MUTATES")).rows
    assert row.trouble == "is WRONG, expected MUTATES"


def test_a_kill_under_some_seeds_is_not_enough():
    dead, alive = Outcome("WRONG", 3, 0.0), Outcome("HOLDS", 100, 0.0)
    row = Row(KILLABLE, {KILLABLE.law: dead}, (dead, alive))
    assert row.trouble == "killed under 1 of 2 seeds"
    assert replace(row, seeds=(dead, dead)).trouble == ""


def test_what_compared_nothing_killed_nothing():
    assert not Outcome("VACUOUS", 0, 0.0).killed


@law()
def rows_are_independent(subject, case):
    """In place of the law of that name: whatever it is asked of breaks it."""
    del subject, case
    return Finding("WRONG", "whatever it is")


def test_no_kill_counts_where_correct_code_fails(monkeypatch):
    """Neither of the law that it breaks, nor on the example."""
    name = KILLABLE.law
    monkeypatch.setattr(asking, "LAWS", {**LAWS, name: rows_are_independent})
    matrix = asked(KILLABLE)
    (row,), (baseline,) = matrix.rows, matrix.baselines
    assert baseline.red == (name,)
    assert name not in row.killers
    assert row.seeds_killed == 0
    assert matrix.alarms == 2
    assert not matrix.ok
    assert "correct code, rows_are_independent: WRONG" in troubles(matrix)[0]


def test_a_law_without_a_kill_is_said():
    """And one without a kill of its own."""
    matrix = asked(KILLABLE, whole=True)
    assert "steps_are_pure" in matrix.idle
    assert "rows_are_independent" in matrix.redundant
    assert "steps_are_pure kills no mutant" in troubles(matrix)
    assert not replace(matrix, whole=False).idle


def test_two_processes_find_what_one_does():
    mutants = [KILLABLE, MUTANTS["relu-one-buffer"]]
    one, two = asked(*mutants), asked(*mutants, processes=2)
    assert [row.killers for row in one.rows] == [row.killers for row in two.rows]
    assert [row.examples for row in one.rows] == [row.examples for row in two.rows]


def test_a_target_that_is_not_here_is_said(monkeypatch):
    monkeypatch.setattr(Target, "unavailable", lambda _: "no such thing")
    matrix = asked(KILLABLE)
    assert matrix.missing == (KILLABLE,)
    assert KILLABLE.id in troubles(matrix)[-1]
    # Of nothing nothing holds; of others it is said, and no fault.
    assert not matrix.ok
    assert verdict(matrix) == "no mutant was asked about"


def test_laws_that_do_not_fit_are_sentences():
    with pytest.raises(ArgumentError, match="law='is_fast', required one of"):
        asked(KILLABLE, laws=["is_fast"])
    with pytest.raises(ArgumentError, match="laws without rows_are_independent, which"):
        asked(KILLABLE, laws=["results_are_new"])
    with pytest.raises(ArgumentError, match="examples=0, required 1 or more"):
        asked(KILLABLE, examples=0)


def test_too_few_examples_are_no_alarm():
    """What compared nothing is vacuous: correct code broke no law."""
    matrix = asked(KILLABLE, examples=1, seeds=0)
    assert matrix.red
    assert matrix.alarms == 0
    assert not matrix.ok


def test_the_page_tells_what_every_mutant_is():
    text = (ROOT / "docs" / "mutants.md").read_text()
    missing = [each.id for each in MUTANTS.values() if described(each) not in text]
    stale = [each.id for each in MUTANTS.values() if each.diff not in text]
    assert missing == stale == []
    assert text.count("\n# ") == len(MUTANTS)


def test_an_edit_that_does_not_fit_is_a_sentence():
    with pytest.raises(ArgumentError, match="stands 0 times in softmax, required once"):
        planted(edits={"no such line": ""}).broken()


def test_an_edit_that_fits_twice_is_a_sentence():
    with pytest.raises(ArgumentError, match="stands 2 times in softmax, required once"):
        planted(edits={"xp.log(": "xp.exp("}).broken()


def test_a_mutant_has_no_past():
    """What a buffer kept for one caller no other sees."""
    one, other = (MUTANTS["relu-one-buffer"].broken().function for _ in range(2))
    assert one.__globals__["_buffers"] is not other.__globals__["_buffers"]


def test_its_source_is_shown_in_tracebacks():
    """As lines with the fault in them."""
    import inspect

    assert "axis=0" in inspect.getsource(KILLABLE.broken().function)
    assert "axis=0" not in inspect.getsource(KILLABLE.correct().function)


# The command.


@pytest.fixture
def command(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["scratchnet", "mutants", *arguments])
        with pytest.raises(SystemExit) as exited:
            cli.main()
        return exited.value.code or 0, *capsys.readouterr()

    return run


ONE = ("--operation", "logsumexp", "--law", "results_are_of_their_kind", "--seeds", "2")


def test_the_command_tells_what_is_killed(command, tmp_path):
    path = tmp_path / "mutants.json"
    code, out, _ = command(*ONE, "--json", str(path))
    assert code == 0
    verdict = out.rstrip().splitlines()[-1]
    assert verdict == (
        "correct code holds for 1 of 1 operations; 1 of 1 mutants killed by the law "
        "named for each, under the first seed and 2 more; median examples 1; "
        "false alarms 0"
    )
    found = json.loads(path.read_text())
    assert found["schema"] == 1
    (told,) = found["mutants"]
    assert told["id"] == "logsumexp-keeps-dimensions"
    assert told["operation"] == "logsumexp"
    assert told["law"] == "results_are_of_their_kind"
    assert told["killed"]
    assert told["examples"] == 1
    assert told["seconds"] > 0
    assert (told["seeds_killed"], told["seeds"]) == (2, 2)


def test_a_survivor_is_exit_code_1(command, monkeypatch):
    survivor = {EQUIVALENT.id: EQUIVALENT}
    monkeypatch.setattr("scratchnet.testing.mutants.MUTANTS", survivor)
    code, out, _ = command("--operation", "softmax", "--seeds", "0")
    assert code == 1
    assert "softmax-as-it-is: survived" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--operation", "softmx"), "--operation='softmx', required one of"),
        (("--law", "is_fast"), "--law='is_fast', required one of"),
        (
            ("--operation", "softmax", "--law", "steps_are_pure"),
            "no mutant of softmax that steps_are_pure must kill",
        ),
        (("--json", "/proc/no/such.json"), "required a writable file"),
        (("--json", "-", "--markdown", "-"), "required a file for each"),
        (("--picture", "-"), "or a picture in -"),
    ],
)
def test_what_cannot_be_asked_is_a_sentence(command, arguments, said):
    code, _, err = command(*arguments)
    assert code == 2
    assert said in err


def test_json_alone_is_on_stdout(command):
    code, out, err = command(*ONE, "--json", "-")
    assert code == 0
    assert json.loads(out)["ok"]
    assert "1 of 1 mutants" in err


def test_a_survivor_has_no_number_of_examples():
    """JSON has no infinity."""
    (told,) = json.loads(as_json(asked(EQUIVALENT)))["mutants"]
    assert told["examples"] is None
    assert not told["killed"]


def test_the_picture_is_drawn(command, tmp_path):
    pytest.importorskip("matplotlib")
    code, _, _ = command(*ONE, "--picture", str(tmp_path / "kills.png"))
    assert code == 0
    assert (tmp_path / "kills.png").read_bytes()[:4] == b"\x89PNG"
