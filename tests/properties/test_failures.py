"""What a stranger reads of a failure: a short proof, and the line that replays it."""

import re
import sys

import pytest
from properties.strangers import CODE, FEWER, only


def test_a_failure_is_a_short_proof_on_one_screen(session):
    result = session(only("rows_are_independent", "law.holds_for(wrong)"), "-q")
    assert result.ret == 1
    said = result.stdout.str().split("FAILURES")[1].split(" verified ")[0]
    assert "Traceback" not in said
    assert "holds_for" not in said
    assert len(said.splitlines()) < 20
    result.stdout.fnmatch_lines(
        [
            "*test_mine[[]rows_are_independent-numpy:float64[]]*",
            "WRONG rows_are_independent on numpy:float64",
            "claim     f(x)[[]i[]] == f(x[[]i:i+1[]])[[]0[]] *",
            "witness   softmax(np.array([[][[]0.[]], [[]0.[]][]], 'float64'), axis=-1)",
            "error     row 0 alone: at *",
            "suspect   a reduction over the loop axis; *",
            "replay    scratchnet replay .pytest_cache*float64.json",
            "FAILED *::test_mine[[]rows_are_independent-numpy:float64[]]*",
        ]
    )


def test_a_failure_is_replayed_by_the_line_that_it_prints(session, pytester):
    result = session(only("equals_the_oracle", "law.holds_for(wrong)"))
    said = result.stdout.str()
    command = re.search(r"^replay    scratchnet (replay \S+)$", said, re.M)[1].split()
    assert (pytester.path / command[1]).is_file()
    main = "from scratchnet.cli import main; main()"
    replayed = pytester.run(sys.executable, "-c", main, *command)
    assert replayed.ret == 1
    verdict = said[said.index("WRONG equals") : said.index("\nreplay ")]
    assert verdict in replayed.stdout.str()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("law.holds_for(lambda x, axis=-1: wrong(x))", "*.json --subject file.py:name"),
        (
            "law.holds_for(wrong, vjp=lambda x, axis=-1: softmax_vjp(x))",
            "*.json --vjp file.py:name",
        ),
    ],
)
def test_what_has_no_address_is_asked_for(session, call, said):
    result = session(only("equals_the_oracle", call))
    result.stdout.fnmatch_lines([f"replay    scratchnet replay {said}"])


def test_witnesses_of_tests_of_one_name_are_kept_apart(pytester, session):
    """Also of those whose names no file system takes."""
    one = only("equals_the_oracle", "law.holds_for(wrong)")
    pytester.makepyfile(test_other=CODE + one)
    several = '@pytest.mark.parametrize("s", ["?", "é", "x" * 300], ids=str)'
    session(several + one.replace("(law)", "(law, s)"), FEWER)
    folder = pytester.path / ".pytest_cache" / "d" / "scratchnet"
    names = [each.name for each in folder.iterdir()]
    assert len(names) == 4
    assert all(re.fullmatch(r"[A-Za-z0-9_.=-]{,170}", name) for name in names)


def test_a_subject_that_raises_pages_fits_on_a_screen(session):
    subject = """
def pages(x, axis=-1):
    raise ValueError("\\n".join(["a very long line " * 99] * 99))
"""
    result = session(subject + only("two_runs_agree", "law.holds_for(pages)"), "-q")
    said = result.stdout.str().split("FAILURES")[1].split(" verified ")[0]
    assert len(said.splitlines()) < 24
    result.stdout.fnmatch_lines(["REFUSES two_runs_agree*", "*lines more", "suspect *"])


# Options


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "def test_mine(law): pass",
            "the fixture `law` requires the marker: @pytest.mark.verifies(operation)",
        ),
        (
            only("two_runs_agree", "pass"),
            "law.holds_for was not called: nothing was checked",
        ),
        (
            only("two_runs_agree", "[law.holds_for(f) for f in (softmax, wrong)]"),
            "law.holds_for was called twice: a test is about one subject",
        ),
        (
            only(
                "equals_the_oracle",
                "try: law.holds_for(wrong)\n    except BaseException: pass",
            ),
            "the law is broken, and the test has caught what says so",
        ),
        (
            only("two_runs_agree", "law.holds_for(lambda: 0)"),
            "check: <lambda>() as softmax: too many positional arguments, required *",
        ),
        (
            only("two_runs_agree", "law.holds_for(3)"),
            "check: the subject is a int, required a function that computes softmax",
        ),
        (
            only("pullbacks_are_linear"),
            "verifies: pullbacks_are_linear was asked for, but laws of pullbacks: no *",
        ),
        (
            "import unittest\nclass TestIt(unittest.TestCase):\n"
            "    @pytest.mark.verifies(ops.softmax)\n    def test_it(self): pass",
            "`verifies` is for functions and for methods of plain classes *",
        ),
    ],
)
def test_a_test_that_checks_nothing_fails(session, body, said):
    result = session(body)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([said])
    assert "plugin.py" not in result.stdout.str()
    assert "verification.py" not in result.stdout.str()


def test_a_test_that_fails_or_skips_by_itself_does_so_once(session):
    """That it did not ask its law either is no second error."""
    body = only("two_runs_agree", "assert not law").replace("mine", "fails")
    body += only("two_runs_agree", "pytest.skip('because')").replace("mine", "skips")
    assert session(body).parseoutcomes() == {"failed": 1, "skipped": 1}


def test_without_a_cache_there_is_no_replay(session, pytester):
    body = only("equals_the_oracle", "law.holds_for(wrong)")
    result = session(body, "-p", "no:cacheprovider")
    assert result.parseoutcomes() == {"failed": 1}
    result.stdout.fnmatch_lines(["WRONG equals_the_oracle*"])
    result.stdout.no_fnmatch_line("replay*")
    assert not (pytester.path / ".pytest_cache").exists()


def test_a_cache_that_cannot_be_written_is_said(session, pytester):
    """A file where the folder should be: no user, not even root, makes one there."""
    (pytester.path / "taken").write_text("")
    body = only("equals_the_oracle", "law.holds_for(wrong)")
    result = session(body, "-o", "cache_dir=taken/cache", "-W", "ignore")
    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines(["WRONG equals_the_oracle*", "replay    not kept: *"])
