"""The pytest plugin, as a stranger meets it: markers, ids, options and misuse."""

import re

import pytest
from properties.strangers import (
    NOT_OF_PULLBACKS,
    ORACLE,
    THREE_LINES,
    ids,
    only,
    summary,
)

from scratchnet.testing import asked, verification
from scratchnet.testing.targets import Target, default_targets


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
            "--scratchnet-targets=numpy:float32+compiled",
            "--scratchnet-targets: target='numpy:float32+compiled', required torch *",
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
            "test_mine: verifies: option 'law', required targets, laws, examples, *",
        ),
        (
            only("is_right"),
            "test_mine: verifies: law 'is_right', required laws among *",
        ),
        (
            only("is_exact_on_the_grid"),
            "test_mine: verifies: law 'is_exact_on_the_grid', which is not about *",
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


def test_a_waived_law_is_skipped_with_its_reason(session):
    body = """
@pytest.mark.verifies(ops.relu, waive={"results_are_new": "it is in place"})
def test_mine(law):
    law.holds_for(lambda x: np.maximum(x, 0) if (x < 0).any() else x)
"""
    result = session(body, "-rs")
    assert result.parseoutcomes()["skipped"] == 6
    result.stdout.fnmatch_lines(
        ["not tested: results_are_new: waived, it is in place*"]
    )
    assert "failed" not in result.parseoutcomes()


@pytest.mark.parametrize(
    ("waive", "said"),
    [
        ('{"gravity": "none here"}', "verifies: law 'gravity', required laws among *"),
        ('{"two_runs_agree": ""}', "*'two_runs_agree' is waived for '', required a *"),
        ('"two_runs_agree"', "*waive='two_runs_agree', required a reason for each *"),
    ],
)
def test_what_cannot_be_waived_is_said(session, waive, said):
    marker = f"@pytest.mark.verifies(ops.relu, waive={waive})"
    result = session(f"{marker}\ndef test_mine(law): law.holds_for(np.abs)")
    assert result.ret != 0
    result.stdout.fnmatch_lines([f"*{said}"])


ON_A_DEVICE = """
@pytest.mark.verifies(ops.softmax, laws="two_runs_agree", targets="torch:cuda:float32")
def test_mine(law):
    law.holds_for(softmax)

@pytest.mark.device("cuda")
def test_plain():
    assert False
"""


def test_collecting_asks_no_device_whether_it_is_there(session, monkeypatch):
    """That would initialise it."""
    asked = []
    monkeypatch.setattr(
        Target, "unavailable", lambda self: asked.append(self) or "gone"
    )
    result = session(ON_A_DEVICE, "--collect-only", "-q", targets=None)
    result.stdout.fnmatch_lines(["*::test_mine?two_runs_agree-torch:cuda:float32]"])
    assert not asked


def test_a_device_that_is_not_there_fails_its_laws_and_skips_other_tests(
    session, monkeypatch
):
    """A target that was asked for is never skipped."""
    monkeypatch.setattr(Target, "unavailable", lambda _: "gone")
    result = session(ON_A_DEVICE, targets=None)
    assert result.parseoutcomes() == {"failed": 1, "skipped": 1}
    result.stdout.fnmatch_lines(
        ["check: torch:cuda:float32 was asked for, but it is not available: gone"]
    )
