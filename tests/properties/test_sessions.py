"""What a session says of itself, and what must not change under it."""

import json
import sys
import xml.etree.ElementTree as ElementTree
from importlib import metadata

import pytest
from properties.strangers import CODE, FEW, ON_NUMPY, THREE_LINES, only, summary

from scratchnet.testing import junit, plugin
from scratchnet.testing.guards import foreign
from scratchnet.testing.targets import default_targets


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
        if each.get("name") == junit.LAW
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
