"""Reports and floors: which of them prove that a device was used, and which do not."""

import json
from pathlib import Path

import pytest
from gpu.gated import BOTH, DEVICE, REPORT

FLOORS = "floors.json"


@pytest.mark.parametrize(
    "options",
    [{"SCRATCHNET_REQIURE": "x"}, {"require": ("--scratchnet-require=gpu",)}],
    ids=["variable", "device"],
)
def test_a_session_that_does_not_begin_leaves_no_report(gated, options):
    """That of an earlier one would pass for its own."""
    assert gated(BOTH).is_green
    found = gated(BOTH, **options)
    assert found.code == pytest.ExitCode.USAGE_ERROR
    assert "no report" in found.reasons


def test_an_old_report_is_found_where_pytest_writes_it(gated, monkeypatch, pytester):
    monkeypatch.setenv("HERE_BELOW", str(pytester.path))
    assert gated(BOTH).is_green
    body = BOTH.replace(
        "    assert float", "    __import__('os')._exit(0)\n    assert float"
    )
    found = gated(body, f"--junitxml=$HERE_BELOW/{REPORT}", apart=True)
    assert found.gate == 1
    assert "no report" in found.reasons


def test_properties_of_strangers_are_let_be(gated):
    told = "    request.node.user_properties += [('scratchnet', 'x')]\n    assert float"
    body = BOTH.replace("def test_plain():", "def test_plain(request):")
    body = body.replace("    assert float", told)
    found = gated(body)
    assert found.is_green, found.said + found.reasons


def test_the_report_of_two_sessions_is_no_proof(gated, pytester):
    assert gated(BOTH).is_green
    text = (pytester.path / REPORT).read_text()
    suite = text[text.index("<testsuite ") : text.index("</testsuites>")]
    two = text.replace("</testsuites>", f"{suite}</testsuites>")
    (pytester.path / "two.xml").write_text(two)
    found = gated(BOTH, report="two.xml")
    assert found.gate == 1
    assert "the report of 2 sessions" in found.reasons


@pytest.mark.parametrize(
    "told", ["7", "[]", "x", '{"test": 1}', '{"test": "a", "device": 3}']
)
def test_a_report_that_tells_nonsense_is_no_proof(gated, pytester, told):
    assert gated(BOTH).is_green
    text = (pytester.path / REPORT).read_text()
    key = 'name="scratchnet.device" value="'
    start = text.index(key) + len(key)
    end = text.index('"', start)
    said = told.replace('"', "&quot;")
    (pytester.path / "odd.xml").write_text(text[:start] + said + text[end:])
    found = gated(BOTH, report="odd.xml", floors=("--floors", FLOORS))
    assert found.gate == 1


def test_the_report_of_another_device_is_no_proof(gated):
    found = gated(
        BOTH.replace(DEVICE, "strict:device2"),
        require=("--scratchnet-require=strict:device2",),
    )
    assert found.code == 0
    assert found.gate == 1


def test_a_report_of_another_time_is_no_proof(gated, pytester):
    assert gated(BOTH).is_green
    report = pytester.path / REPORT
    now = report.read_text().partition('started" value="')[2][:4]
    for year, said in ((int(now) - 1, "stale"), (int(now) + 1, "of the future")):
        old = report.read_text().replace(
            f'started" value="{now}', f'started" value="{year}'
        )
        (pytester.path / "old.xml").write_text(old)
        found = gated(BOTH, report="old.xml")
        assert found.code == 0
        assert found.gate == 1
        assert said in found.reasons


def test_a_report_of_another_commit_is_no_proof(gated, pytester):
    for command in ("init", "commit --allow-empty -m one"):
        pytester.run("git", "-c", "user.name=a", "-c", "user.email=a", *command.split())
    assert gated(BOTH).is_green
    Path(REPORT).rename("old.xml")
    pytester.run(
        *("git", "-c", "user.name=a", "-c", "user.email=a"),
        *("commit", "--allow-empty", "-m", "two"),
    )
    found = gated(BOTH, report="old.xml")
    assert found.code == 0
    assert found.gate == 1
    assert "the report is of commit " in found.reasons


def test_a_report_of_another_run_is_no_proof(gated):
    """The folder of a runner that hosts itself is the same from run to run."""
    assert gated(BOTH, GITHUB_RUN_ID="1").is_green
    Path(REPORT).rename("old.xml")
    found = gated(BOTH, report="old.xml", GITHUB_RUN_ID="2")
    assert found.code == 0
    assert found.gate == 1
    assert "the report is of run 1, not of 2" in found.reasons


@pytest.mark.parametrize("cut", [0, 0.5])
def test_half_a_report_is_no_proof(gated, pytester, cut):
    assert gated(BOTH).is_green
    whole = (pytester.path / REPORT).read_bytes()
    (pytester.path / "half.xml").write_bytes(whole[: int(len(whole) * cut)])
    found = gated(BOTH, report="half.xml")
    assert found.gate == 1
    assert "not a whole report" in found.reasons


FLOOR = '{"schema": 1, "simulated:gpu": %s}'


@pytest.mark.parametrize(
    "text",
    [None, "", "[]", "{}", '{"schema": 1}']
    + [
        FLOOR % x
        for x in ("{}", '{"exmaples": 1}', '{"tests": {"a": 0}}', '{"tests": 1.5}')
    ],
)
def test_floors_that_are_none_are_an_error(gated, pytester, text):
    if text is not None:
        (pytester.path / FLOORS).write_text(text)
    found = gated(BOTH, f"--scratchnet-floors={FLOORS}", floors=("--floors", FLOORS))
    assert found.code == pytest.ExitCode.USAGE_ERROR
    assert "floors" in found.said
    assert found.gate == 1


def test_floors_are_written_of_a_good_session_alone(gated, pytester):
    gated(BOTH.replace("== 1", "== 2"), floors=("--write-floors", FLOORS))
    assert not (pytester.path / FLOORS).exists()
    gated(BOTH, floors=("--write-floors", FLOORS))
    told = json.loads((pytester.path / FLOORS).read_text())
    assert told[DEVICE]["tests"] == {"test_it.py": 2}
    assert told[DEVICE]["examples"]["softmax"]["equals_the_oracle"]["float64"] == 100


def test_what_is_no_file_is_not_removed(gated, pytester):
    """Such as /dev/stdout, which is a link."""
    (pytester.path / "target").write_text("kept")
    (pytester.path / REPORT).symlink_to(pytester.path / "target")
    gated(BOTH, require=("--scratchnet-require=gpu",))
    assert (pytester.path / REPORT).is_symlink()
    assert (pytester.path / "target").read_text() == "kept"
