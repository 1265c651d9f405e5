"""The pytest plugin, as a stranger meets it: ids, failures, misuse, options, guards.

Each test is a session of its own in an empty folder. Those that set up Hypothesis, and
those about what is imported, are processes of their own.
"""

import json
import re
import sys
import xml.etree.ElementTree as ElementTree
from importlib import metadata

import _pytest.pytester
import pytest

from scratchnet.testing import asked, plugin, verification
from scratchnet.testing.guards import foreign
from scratchnet.testing.targets import default_targets

CODE = """
import numpy as np
import pytest
from scratchnet.testing import ops

def softmax(x, axis=-1):
    powers = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return powers / np.sum(powers, axis=axis, keepdims=True)

def softmax_vjp(x, axis=-1):
    y = softmax(x, axis)
    return y, lambda g: (y * (g - np.sum(g * y, axis=axis, keepdims=True)),)

def wrong(x, axis=-1):
    powers = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return powers / np.sum(powers, axis=0, keepdims=True)

"""
THREE_LINES = """
@pytest.mark.verifies(ops.softmax)
def test_mine(law):
    law.holds_for({})
"""
ON_NUMPY = "--scratchnet-targets=numpy:float64"
FEW = "--scratchnet-examples=10"
FEWER = "--scratchnet-examples=3"
ORACLE = "equals_the_oracle-numpy:float64"
NOT_OF_PULLBACKS = [
    *("equals_the_oracle", "results_are_of_their_kind", "rows_are_independent"),
    *("empty_and_0d_are_no_exceptions", "what_does_not_fit_is_refused"),
    *("the_layout_does_not_matter", "inputs_are_untouched", "results_are_new"),
    "two_runs_agree",
]


@pytest.fixture(autouse=True)
def libraries_stay_loaded(monkeypatch):
    """Pytester forgets what its sessions imported; NumPy can be loaded only once."""
    snapshot = _pytest.pytester.SysModulesSnapshot

    def kept(preserve=None):
        del preserve
        return snapshot(lambda name: not name.startswith(("test_it", "test_other")))

    monkeypatch.setattr(_pytest.pytester, "SysModulesSnapshot", kept)


@pytest.fixture
def session(pytester):
    """Runs a file of tests on NumPy, in this process."""

    def run(body, *options, targets=ON_NUMPY):
        pytester.makepyfile(test_it=CODE + body)
        return pytester.runpytest_inprocess(*filter(None, (targets,)), FEW, *options)

    return run


@pytest.fixture
def process(pytester):
    """Runs files of tests on NumPy, in a process of its own."""

    def run(*options, **files):
        for name, body in files.items():
            pytester.makepyfile(**{name: CODE + body})
        return pytester.runpytest_subprocess(ON_NUMPY, FEW, *options)

    return run


def only(law, call="law.holds_for(softmax)"):
    """A test of a single law."""
    return f"""
@pytest.mark.verifies(ops.softmax, laws="{law}")
def test_mine(law):
    {call}
"""


def ids(result):
    """The ids that a verbose session printed, with what came of each."""
    found = re.findall(r"^[^:\s]+::(\S+) ([A-Z]+)", result.stdout.str(), re.M)
    return {name: outcome for name, outcome in found if outcome != "-"}


def summary(result):
    """The table of a session, by operation and heading."""
    table = re.search(r"^operation  .*^in all  .*?$", result.stdout.str(), re.M | re.S)
    heads, *rows = (re.split(r"  +", line) for line in table[0].splitlines())
    return {row[0]: dict(zip(heads, row, strict=True)) for row in rows}


def test_three_lines_are_a_test_for_each_law(session):
    result = session(THREE_LINES.format("softmax"), "-v")
    found = ids(result)
    held = [name for name, outcome in found.items() if outcome == "PASSED"]
    assert held == [f"test_mine[{law}-numpy:float64]" for law in NOT_OF_PULLBACKS]
    assert set(found.values()) == {"PASSED", "SKIPPED"}
    assert result.ret == 0


def test_with_a_vjp_nothing_is_skipped(session):
    result = session(THREE_LINES.format("softmax, vjp=softmax_vjp"), "-q")
    assert result.parseoutcomes() == {"passed": 14}
    result.stdout.no_fnmatch_line("*not tested*")


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
    ("option", "said"),
    [
        ("--scratchnet-examples=0", "--scratchnet-examples=0: required 1 or more"),
        ("--scratchnet-seconds=-1", "--scratchnet-seconds=-1.0: required above 0"),
        ("--scratchnet-seconds=nan", "--scratchnet-seconds=nan: required above 0"),
        ("--scratchnet-targets=", "--scratchnet-targets: target='', required *"),
        (
            "--scratchnet-targets=foo:float32",
            "--scratchnet-targets: target='foo:float32', required a library among *",
        ),
        (
            "--scratchnet-targets=numpy:float64,numpy:bfloat16",
            "--scratchnet-targets: target='numpy:bfloat16', required a dtype that *",
        ),
        (
            "--scratchnet-targets=torch:float32+compiled",
            "--scratchnet-targets: target='torch:float32+compiled', which laws do *",
        ),
    ],
)
def test_what_cannot_be_is_a_usage_error(session, option, said):
    """Whether or not anything would have been asked."""
    result = session("", option, targets=None)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {said}"])
    assert "Traceback" not in result.stderr.str() + result.stdout.str()


def test_a_target_that_is_not_here_is_a_usage_error(session, monkeypatch):
    """As CUDA is where there is none: asked for, it is never a skip."""
    monkeypatch.setattr(
        "scratchnet.testing.targets._unavailable", lambda *_: "no such device"
    )
    target = "--scratchnet-targets=numpy:float32"
    result = session(THREE_LINES.format("softmax"), target, targets=None)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [
            "ERROR: --scratchnet-targets: numpy:float32 was asked for, but it is not "
            "available: no such device"
        ]
    )


def test_targets_are_narrowed_and_widened(session):
    every = "--scratchnet-targets=numpy:float16, numpy:float32,numpy:float16"
    body = THREE_LINES.format("softmax") + only("two_runs_agree").replace(
        "laws=", 'targets="numpy:float64", laws='
    ).replace("mine", "its_own")
    result = session(body, "--collect-only", "-q", every, targets=None)
    lines = result.stdout.lines
    oracle = [line.split("oracle-")[1] for line in lines if "equals_the_oracle" in line]
    assert oracle == ["numpy:float16]", "numpy:float32]"]
    assert [line for line in lines if "its_own" in line] == [
        "test_it.py::test_its_own[two_runs_agree-numpy:float64]"
    ]


def drawn(session, *options, marker=""):
    """The examples that a session told of, and what the subject was given."""
    body = f"""
seen = []
def spy(x, axis=-1):
    seen.append(x.tobytes())
    return softmax(x, axis)

@pytest.mark.verifies(ops.softmax, laws="equals_the_oracle"{marker})
def test_mine(law):
    law.holds_for(spy)

def test_seen(record_property):
    import hashlib
    print("seen", hashlib.sha256(b"".join(seen)).hexdigest())
"""
    result = session(body, "-s", *options)
    assert result.ret == 0
    seen = re.search(r"seen (\w+)", result.stdout.str())[1]
    return int(summary(result)["softmax"]["examples"]), seen


def test_examples_are_as_many_as_were_asked_for(session):
    assert drawn(session)[0] == 10
    assert drawn(session, "--scratchnet-examples=30")[0] == 30
    assert drawn(session, marker=", examples=25")[0] == 25


def test_seconds_end_a_law_early(session):
    assert drawn(session, "--scratchnet-seconds=1e-9")[0] == 1


def test_the_seed_decides_on_the_examples(session):
    first, again, other = (
        drawn(session, f"--scratchnet-seed={seed}")[1] for seed in (1, 1, 2)
    )
    assert first == again != other


def test_two_sessions_are_the_same(session):
    runs = [
        session(THREE_LINES.format("wrong"), "-v", "-k", "oracle or rows")
        for _ in range(2)
    ]
    assert ids(runs[0]) == ids(runs[1])
    said = [
        run.stdout.str().split("FAILURES")[1].split(" verified ")[0] for run in runs
    ]
    assert said[0] == said[1]


# Misuse


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "@pytest.mark.verifies(ops.softmax)\ndef test_mine(): pass",
            "test_mine: `verifies` requires the fixture `law`",
        ),
        (
            "@pytest.mark.verifies\ndef test_mine(law): pass",
            "test_mine: verifies: nothing, required an Op, such as *",
        ),
        (
            "@pytest.mark.verifies('softmax')\ndef test_mine(law): pass",
            "test_mine: verifies: 'softmax', required an Op, such as *",
        ),
        (
            "@pytest.mark.verifies(ops.softmax, law='x')\ndef test_mine(law): pass",
            "test_mine: verifies: option 'law', required targets, laws, examples",
        ),
        (only("is_right"), "test_mine: check: law 'is_right', required laws among *"),
        (
            only("is_exact_on_the_grid"),
            "test_mine: check: law 'is_exact_on_the_grid', which is not about softmax",
        ),
        (
            only("two_runs_agree").replace("laws", "examples=0, laws"),
            "test_mine: verifies: examples=0, required 1 or more",
        ),
        (
            only("two_runs_agree").replace("laws", "examples='9', laws"),
            "test_mine: verifies: examples='9', required a whole number",
        ),
        (
            only("two_runs_agree").replace("laws", "targets=3, laws"),
            "test_mine: verifies: targets=3, required names",
        ),
        (
            only("two_runs_agree").replace("laws", "targets=[], laws"),
            "test_mine: verifies: two_runs_agree of softmax on no target, required *",
        ),
        (
            only("two_runs_agree").replace("laws", "targets='numpy:bfloat16', laws"),
            "test_mine: *target='numpy:bfloat16', required a dtype that numpy has",
        ),
    ],
)
def test_a_marker_that_asks_nothing_possible_is_an_error(session, body, said):
    """Of collection: all of them are seen at once, and no test of the file runs."""
    result = session(body)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines([said])
    assert "plugin.py" not in result.stdout.str()


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


def test_subjects_may_be_parametrized_and_come_of_fixtures(session):
    body = """
@pytest.fixture
def made():
    return softmax

@pytest.mark.parametrize("f", [softmax, wrong], ids=["right", "wrong"])
@pytest.mark.verifies(ops.softmax, laws="equals_the_oracle")
def test_mine(law, f, made, tmp_path):
    law.holds_for(f)
"""
    found = ids(session(body, "-v"))
    assert sorted(found.values()) == ["FAILED", "PASSED"]
    assert {name.replace("right", "wrong") for name, _ in found.items()} in (
        {f"test_mine[{ORACLE}-wrong]"},
        {f"test_mine[wrong-{ORACLE}]"},
    )


def test_methods_of_a_marked_class_are_tests(session):
    body = """
@pytest.mark.verifies(ops.softmax, laws=["equals_the_oracle"])
class TestMine:
    def test_it(self, law):
        law.holds_for(softmax)
"""
    assert ids(session(body, "-v")) == {f"TestMine::test_it[{ORACLE}]": "PASSED"}


@pytest.mark.parametrize(
    "marks",
    [
        "@pytest.mark.verifies(ops.softmax, ops.log_softmax, laws=ONE)",
        "@pytest.mark.verifies(ops.softmax, laws=ONE)\n"
        "@pytest.mark.verifies(ops.log_softmax, laws=iter(ONE))",
    ],
)
def test_ids_of_several_operations_begin_with_them(session, marks):
    body = f"""
ONE = ["equals_the_oracle"]
{marks}
def test_mine(law):
    law.holds_for(softmax)
"""
    assert ids(session(body, "-v")) == {
        f"test_mine[softmax-{ORACLE}]": "PASSED",
        f"test_mine[log_softmax-{ORACLE}]": "FAILED",
    }


def test_a_fixture_of_that_name_elsewhere_is_left_alone(session):
    body = """
@pytest.mark.parametrize("law", [1, 2])
def test_mine(law):
    assert law
"""
    result = session(body)
    assert result.parseoutcomes() == {"passed": 2}
    result.stdout.no_fnmatch_line("*verified*")


# What is left out


def test_a_subject_of_numpy_is_not_asked_on_torch_unless_that_was_asked_for(session):
    pytest.importorskip("torch")
    body = only("equals_the_oracle")
    usual = session(body, "-rs", targets=None)
    assert usual.parseoutcomes() == {"passed": 2, "skipped": 2}
    reason = "torch:cpu:float64: the subject raises TypeError for such arrays"
    usual.stdout.fnmatch_lines([f"not tested: {reason}, in test_it.py::test_mine"])
    usual.stdout.fnmatch_lines([f"SKIPPED [[]1[]] test_it.py:*: {reason}"])
    asked = session(body, targets="--scratchnet-targets=torch:cpu:float64")
    assert asked.ret == 1
    asked.stdout.fnmatch_lines(["REFUSES equals_the_oracle on torch:cpu:float64"])


def test_a_subject_that_runs_nowhere_is_not_skipped(session, monkeypatch):
    body = """
def broken(x, axis=-1):
    raise RuntimeError("never")
""" + only("equals_the_oracle", "law.holds_for(broken)")
    here = tuple(t for t in default_targets() if t.library == "numpy")
    for module in (asked, verification):
        monkeypatch.setattr(module, "default_targets", lambda: here)
    assert session(body, targets=None).parseoutcomes() == {"failed": 2}


def test_laws_of_pullbacks_are_left_out_with_one_reason(session):
    result = session(THREE_LINES.format("softmax"), "-rs")
    lines = [x for x in result.stdout.lines if x.startswith(("SKIPPED", "not tested"))]
    assert [re.sub(r":\d+:", ":N:", line) for line in lines] == [
        "not tested: laws of pullbacks: no vjp was given, in test_it.py::test_mine",
        "SKIPPED [5] test_it.py:N: laws of pullbacks: no vjp was given",
    ]


def test_a_session_says_what_an_operation_was_restricted_to(session):
    body = "def plain(x):\n    return softmax(x)\n" + THREE_LINES.format("plain")
    result = session(body, "-q")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "not tested: softmax restricted to axis=the default, in *",
            "not tested: what_does_not_fit_is_refused: softmax restricted to axis=the "
            "default leaves nothing that it is about, in *",
        ]
    )


def test_a_session_that_asked_no_law_fails(session):
    result = session(THREE_LINES.format("softmax"), "-k", "pullbacks")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["ERROR: no law was asked: each one was left out"])


def test_a_law_that_compared_nothing_fails(session):
    body = """
@pytest.mark.verifies(ops.relu.restrict(max_side=1), laws="rows_are_independent")
def test_mine(law):
    law.holds_for(lambda x: np.maximum(x, 0))
"""
    result = session(body)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["VACUOUS rows_are_independent*", "*no example that the law is about was drawn"]
    )


# What a session says


def test_the_header_says_what_verdicts_depend_on(pytester):
    result = pytester.runpytest_inprocess("--scratchnet-seed=7")
    numpy, torch = metadata.version("numpy"), plugin._version("torch")
    result.stdout.fnmatch_lines(
        [
            f"verifies: scratchnet *, numpy {numpy}, {torch}, hypothesis *",
            f"  laws on {plugin.usual_targets()}: 100 examples each, seed 7",
            "  Hypothesis' settings, for tests of its own: max_examples=*",
        ]
    )


def test_the_header_knows_the_usual_targets():
    """Formerly `the usual ones`: it cannot ask, since that imports NumPy."""
    said = plugin.usual_targets()
    for target in default_targets():
        assert str(target).removesuffix(f":{target.format}") in said
        assert str(target.format) in said
    assert ("torch" in said) == any(t.library == "torch" for t in default_targets())


def test_the_summary_adds_up_what_tests_left(session, pytester):
    body = (
        THREE_LINES.format("softmax")
        + """
@pytest.mark.verifies(ops.log_softmax)
def test_other(law):
    law.holds_for(softmax)
"""
    )
    result = session(body, "--junit-xml=report.xml")
    rows = summary(result)
    left = [
        json.loads(each.get("value"))
        for each in ElementTree.parse(pytester.path / "report.xml").iter("property")
        if each.get("name") == plugin.PROPERTY
    ]
    asked = [each for each in left if "held" in each]
    assert list(rows) == ["log_softmax", "softmax", "in all"]
    for name, row in rows.items():
        of = [each for each in asked if name in ("in all", each["operation"])]
        held = [each for each in of if each["held"]]
        assert row["laws held"] == f"{len(held)} of {len(of)}"
        assert int(row["examples"]) == sum(each["examples"] for each in of)
        assert int(row["fewest"]) == min(each["examples"] for each in held)
        compared = sum(each["compared"] for each in of)
        assert int(row["comparisons"].replace(",", "")) == compared
    assert rows["softmax"]["laws held"] == "9 of 9"
    assert rows["log_softmax"]["laws held"] != "9 of 9"
    assert len(left) - len(asked) == 10


def test_an_infinite_error_is_json_all_the_same(session, pytester):
    body = """
def infinite(x, axis=-1):
    return softmax(x, axis) * np.inf
""" + only("equals_the_oracle", "law.holds_for(infinite)")
    result = session(body, "--junit-xml=report.xml", "-q")
    assert "Infinity" not in (pytester.path / "report.xml").read_text()
    assert summary(result)["softmax"]["error/bound"] == "inf"


def test_workers_tell_their_controller(process):
    """All of it: the summary, and that a test changed Hypothesis' settings."""
    pytest.importorskip("xdist")
    body = THREE_LINES.format("wrong")
    changed = "\nfrom hypothesis import settings\n" + CHANGES
    result = process(
        "-n2", "-q", "-k", "oracle or rows or new or linear", test_it=body + changed
    )
    assert summary(result)["softmax"]["laws held"] == "1 of 3"
    result.stdout.fnmatch_lines(
        [
            "not tested: laws of pullbacks: no vjp was given, in test_it.py::test_mine",
            "ERROR: Hypothesis' settings were changed by test_it.py: max_examples=*",
        ]
    )


# Guards

CHANGES = """
settings.register_profile("mine", max_examples=7)
settings.load_profile("mine")
"""
BECAME = "* became max_examples=7*"


def test_settings_changed_by_an_import_fail_the_session(process):
    """As importing torch.testing._internal changes them, before Hypothesis was in use
    and under a name of its own."""
    body = only("two_runs_agree")
    result = process(
        test_a="import test_b",
        test_b="from hypothesis import settings" + CHANGES + body,
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert result.parseoutcomes() == {"passed": 1}
    result.stdout.fnmatch_lines(
        [f"ERROR: Hypothesis' settings were changed by test_a.py: {BECAME}"]
    )


def test_settings_changed_by_a_test_fail_the_session(process):
    result = process(
        test_it=only("two_runs_agree")
        + f"""
def test_culprit():
    from hypothesis import settings
    {CHANGES.strip().replace(chr(10), chr(10) + "    ")}

def test_innocent(): pass
"""
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [f"*settings were changed by test_it.py::test_culprit: {BECAME}"]
    )


def test_settings_that_are_restored_or_configured_are_fine(process, pytester):
    """A conftest.py in a folder that is only found while collecting configures too."""
    folder = pytester.mkpydir("some")
    (folder / "conftest.py").write_text("from hypothesis import settings" + CHANGES)
    (folder / "test_it.py").write_text(
        CODE
        + only("two_runs_agree")
        + """
def test_borrows():
    from hypothesis import settings
    settings.load_profile("default")
    settings.load_profile("mine")
"""
    )
    result = process()
    assert result.ret == 0
    assert result.parseoutcomes() == {"passed": 2}


def test_sessions_that_verify_nothing_are_left_alone(process):
    change = "from hypothesis import settings" + CHANGES
    result = process(test_it=change + "def test_it(): pass")
    assert result.ret == 0
    result.stdout.no_fnmatch_line("*ERROR*")


class Installed:
    """What importlib.metadata finds."""

    def __init__(self, folder, told=None):
        self.folder, self.told = folder, told

    def read_text(self, name):
        return self.told if name == "direct_url.json" else None

    def locate_file(self, name):
        return self.folder / name


def test_a_checkout_is_not_tested_where_a_wheel_is_installed(
    pytester, tmp_path, monkeypatch
):
    (tmp_path / "scratchnet").mkdir()
    monkeypatch.setattr(metadata, "distribution", lambda _: Installed(tmp_path))
    result = pytester.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [
            f"ERROR: scratchnet was imported from *, but {tmp_path}/scratchnet is *",
            "  run `pytest`, not `python -m pytest`, with --import-mode=importlib",
        ]
    )


@pytest.mark.parametrize(
    ("told", "found"),
    [('{"dir_info": {"editable": true}}', ""), ('{"url": "x"}', "was imported from")],
)
def test_an_editable_install_is_the_checkout(tmp_path, monkeypatch, told, found):
    (tmp_path / "scratchnet").mkdir()
    monkeypatch.setattr(metadata, "distribution", lambda _: Installed(tmp_path, told))
    assert found in foreign(tmp_path / "checkout" / "scratchnet")
    assert foreign(tmp_path / "scratchnet") == ""


# Other people's repositories


def test_strict_repositories_are_satisfied(process, pytester):
    """Warnings as errors, strict markers, pytest's own way to import."""
    pytester.makeini(
        "[pytest]\naddopts = --strict-markers --strict-config -W error\n"
        "xfail_strict = true"
    )
    result = process(test_it=THREE_LINES.format("softmax, vjp=softmax_vjp"))
    assert result.parseoutcomes() == {"passed": 14}


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


PROBE = """
import sys, pytest
pytest.main({options!r})
print("loaded:", *({{"numpy", "torch", "hypothesis"}} & sys.modules.keys()))
"""


def loaded(pytester, *options):
    ran = pytester.run(sys.executable, "-c", PROBE.format(options=list(options)))
    return set(ran.stdout.lines[-1].removeprefix("loaded:").split())


@pytest.mark.parametrize("options", [["--help"], ["-q"]], ids=str)
def test_sessions_that_verify_nothing_load_nothing(pytester, options):
    """Without Hypothesis' own plugin, which loads it once a test has run."""
    pytester.makepyfile("def test_it(): pass")
    assert loaded(pytester, "-p", "no:hypothesispytest", *options) == set()


def test_the_probe_sees_what_is_loaded(pytester):
    """The control; asked on NumPy, laws do without PyTorch."""
    pytester.makepyfile(CODE + only("two_runs_agree"))
    options = ON_NUMPY, FEW, "-q", "-p", "no:hypothesispytest"
    assert loaded(pytester, *options) == {"numpy", "hypothesis"}
