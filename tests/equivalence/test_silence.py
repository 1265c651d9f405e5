"""The caps of what is left unsaid only fall, unless it is said that they may rise."""

import json

import pytest
from equivalence import silence

FORM, LAW = "float64", "equals_the_oracle"
KEPT = {FORM: {LAW: {"sum": 30, "mean": 7, "dot": 4}}}


@pytest.fixture
def written(tmp_path):
    """Runs the command on a report of these shares: its status, and the file after."""
    file, report = tmp_path / "silence.json", tmp_path / "report.xml"
    file.write_text(json.dumps(KEPT))

    def run(shares, *options, law=LAW):
        told = [
            {"law": law, "operation": name, "target": f"numpy:{FORM}"}
            | {"silent": share, "compared": silence.PARTS - share}
            for name, share in shares
        ]
        rows = (f"<property name='scratchnet' value='{json.dumps(x)}'/>" for x in told)
        report.write_text(f"<testsuites>{''.join(rows)}</testsuites>")
        return silence.main([str(report), *options], file), json.loads(file.read_text())

    return run


def caps(**of_law):
    return {FORM: {LAW: of_law}} if of_law else {}


def test_caps_fall_and_what_is_not_in_the_report_stays(written):
    assert written([("sum", 20), ("mean", 7)]) == (0, caps(sum=20, mean=7, dot=4))


def test_the_largest_share_of_several_tests_is_the_cap(written):
    found = [("sum", 20), ("sum", 25), ("sum", 0)]
    assert written(found) == (0, caps(sum=25, mean=7, dot=4))


def test_what_is_all_said_is_capped_at_0(written):
    assert written([("sum", 0)]) == (0, caps(mean=7, dot=4))


@pytest.mark.parametrize(
    ("name", "before", "now"), [("sum", 30, 31), ("tanh", 0, 1), ("mean", 7, 1000)]
)
def test_a_cap_does_not_rise_without_a_word(written, capsys, name, before, now):
    """Not even where others fall."""
    assert written([("dot", 1), (name, now)]) == (1, KEPT)
    said = f"{FORM} {LAW} {name}: {now} of {silence.PARTS}, capped at {before}\n"
    assert capsys.readouterr().out == said


def test_of_examples_that_are_drawn_anew_caps_are_those_of_the_report(written):
    anew = written([("sum", 31), ("tanh", 1), ("mean", 6)], "--drawn-anew")
    assert anew == (0, caps(sum=31, tanh=1, mean=6))


def test_other_laws_have_no_caps(written):
    assert written([("sum", 31)], law="two_runs_agree") == (0, KEPT)


def test_the_file_is_as_the_command_writes_it():
    """Caps that are there go through the command unchanged."""
    again = silence.nested(silence.flat(silence.CAPS))
    text = json.dumps(again, indent=1, sort_keys=True) + "\n"
    assert text == silence.FILE.read_text()
