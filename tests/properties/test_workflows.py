"""The workflows: pinned, with the least permissions, and never green by accident."""

import configparser
import json
import math
import re

import pytest
from hypothesis import find, settings
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase
from hypothesis.errors import NoSuchExample
from properties.jobs import ROOT, script

FOLDER = ROOT / ".github" / "workflows"
run_job = script()


def of_the_page():
    """The workflow that docs/gpu.md gives to copy."""
    return re.search(r"```yaml\n(.*?)```", (ROOT / "docs/gpu.md").read_text(), re.S)[1]


TEXTS = {each.name: each.read_text() for each in sorted(FOLDER.iterdir())}
TEXTS["docs/gpu.md"] = of_the_page()
FLOWS = {name: run_job.parsed(text) for name, text in TEXTS.items()}
JOBS = {(a, b): job for a, flow in FLOWS.items() for b, job in flow["jobs"].items()}
GPU = [at for at, job in JOBS.items() if "self-hosted" in str(job["runs-on"])]
GATED = ["tests.yml", "docs/gpu.md"]
GOOD = dict.fromkeys(("cpu", "page", "wheel", "gpu"), "success")


def test_all_of_them_are_looked_at():
    assert set(TEXTS) == {"tests.yml", "nightly.yml", "docs/gpu.md"}
    assert {name for name, _ in GPU} == set(TEXTS)


@pytest.mark.parametrize("name", TEXTS)
def test_actions_are_pinned_and_say_which_version(name):
    """A tag may be moved to other code, a commit cannot."""
    used = re.findall(r"uses: *(.*)", TEXTS[name])
    assert used
    for each in used:
        assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each)


def test_one_action_has_one_version():
    used = re.findall(r"uses: *(.*)", "".join(TEXTS.values()))
    assert len({each.partition("@")[0] for each in used}) == len(set(used)) == 4


@pytest.mark.parametrize("name", FLOWS)
def test_nothing_is_permitted_that_no_job_asks_for(name):
    assert FLOWS[name]["permissions"] == {}
    assert FLOWS[name]["concurrency"]["group"]


def checkouts(job):
    return [step for step in job["steps"] if "checkout" in step.get("uses", "")]


@pytest.mark.parametrize("at", JOBS, ids=" ".join)
def test_a_job_ends_and_may_read_at_most(at):
    job = JOBS[at]
    assert 0 < int(job["timeout-minutes"]) <= 180
    assert job["permissions"] in ({}, {"contents": "read"})
    kept = {step["with"].get("persist-credentials") for step in checkouts(job)}
    assert kept <= {"false"}


@pytest.mark.parametrize("at", JOBS, ids=" ".join)
def test_a_job_runs_here_too(at):
    """No key that the script passes over, `continue-on-error` for one."""
    name, job = at
    assert run_job.require_possible(FLOWS[name], job) == JOBS[at]
    for step in JOBS[at]["steps"]:
        assert "|| true" not in step.get("run", "")


@pytest.mark.parametrize("at", GPU, ids=" ".join)
def test_the_gate_is_a_step_that_always_runs_after_the_tests(at):
    steps = JOBS[at]["steps"]
    names = [step.get("name") for step in steps]
    gate, tests = steps[names.index("Gate")], steps[names.index("Tests")]
    assert names.index("Gate") > names.index("Tests")
    assert gate["if"] == "always()"
    assert "gate/bin/scratchnet gate" in gate["run"]
    assert "--require cuda" in gate["run"]
    assert "if" not in tests


@pytest.mark.parametrize("name", GATED)
def test_the_last_job_waits_for_every_other_and_always_runs(name):
    *others, last = FLOWS[name]["jobs"].items()
    assert last[1]["needs"] == [each for each, _ in others]
    assert last[1]["if"] == "always()"


def last_job(results):
    """The options of the last job, where others ended so."""
    told = json.dumps({k: {"result": v, "outputs": {}} for k, v in results.items()})
    sha = "github.event.pull_request.head.sha=abc"
    return ["--set", f"toJSON(needs)={told}", "--set", sha]


@pytest.fixture
def page(tmp_path):
    (tmp_path / "page.yml").write_text(of_the_page())
    return tmp_path


def test_all_is_green_where_every_job_succeeded(run_here):
    assert run_here("tests", "all", *last_job(GOOD)).code == 0


@pytest.mark.parametrize("result", ["failure", "cancelled", "skipped"])
@pytest.mark.parametrize("job", GOOD)
def test_all_is_red_where_a_job_did_anything_else(run_here, job, result):
    found = run_here("tests", "all", *last_job(GOOD | {job: result}))
    assert found.code == 1
    assert f"{job}: {result}" in found.said
    assert ("run-gpu-abc" in found.said) == ((job, result) == ("gpu", "skipped"))


def test_all_is_red_where_there_is_no_job(run_here):
    assert run_here("tests", "all", *last_job({})).code == 1


@pytest.mark.parametrize("result", ["success", "failure", "cancelled", "skipped"])
def test_the_last_job_of_the_page_takes_success_alone_for_success(
    run_here, page, result
):
    given = ("--set", f"needs.gpu.result={result}")
    found = run_here("page", "gpu-was-used", *given, folder=page)
    assert found.code == int(result != "success")


HEAD, OLD = "a" * 40, "b" * 40
OURS, FORK = "we/it", "they/it"
EVENTS = {
    "a push": ("push", None, [], True),
    "a branch of ours": ("pull_request", OURS, [], True),
    "a fork": ("pull_request", FORK, [], False),
    "a fork with another label": ("pull_request", FORK, ["docs", "run-gpu-"], False),
    "a fork whose head was read": (
        "pull_request",
        FORK,
        ["docs", f"run-gpu-{HEAD}"],
        True,
    ),
    "a fork that was pushed to": ("pull_request", FORK, [f"run-gpu-{OLD}"], False),
    "a fork that is gone": ("pull_request", None, [], False),
}


@pytest.mark.parametrize("name", GATED)
@pytest.mark.parametrize("event", EVENTS)
def test_code_of_a_fork_runs_on_the_gpu_once_its_head_was_read(name, event):
    kind, source, labels, runs = EVENTS[event]
    values = {
        "github.event.pull_request.head.repo.full_name": source,
        "github.event.pull_request.labels.*.name": labels,
        "github.event.pull_request.head.sha": HEAD,
        "github.event_name": kind,
        "github.repository": OURS,
    }
    condition = JOBS[name, "gpu"]["if"].replace("||", "or").replace("&&", "and")
    for path, value in values.items():
        condition = condition.replace(path, repr(value))
    given = {"contains": lambda a, b: b in a, "format": str.format}
    assert eval(condition, {"__builtins__": {}}, given) is runs


def test_environments_are_those_of_tox():
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini")
    base = "\n".join(tox["testenv"].values())
    factors = {
        factor
        for each in re.findall(r"^!?([\w,]+):", base, re.M)
        for factor in each.split(",")
    }
    named = {leg["env"] for job in JOBS.values() for leg in run_job.legs(job) if leg}
    named |= set(re.findall(r"tox run -e (\S+)", "".join(TEXTS.values())))
    assert {"lint", "type", "mutants", "nightly", "page", "py312-np2-cuda"} <= named
    for name in named:
        known = all(x in factors or re.fullmatch(r"py3\d+", x) for x in name.split("-"))
        assert f"testenv:{name}" in tox or known, name
    # Whoever has no GPU runs all of them.
    assert "cuda" not in tox["tox"]["env_list"]


def test_what_failed_at_night_is_asked_here(pytestconfig, tmp_path):
    """From build/nightly, which stays as it is, before what is drawn: the simplest."""
    hooks = pytestconfig.pluginmanager.get_plugin(str(ROOT / "conftest.py"))
    theirs = tmp_path / "build" / "nightly" / ".hypothesis"
    night = settings(database=DirectoryBasedExampleDatabase(theirs), max_examples=1000)
    again = settings(database=hooks.examples_in(tmp_path), max_examples=1)

    def found(how, above=1000):
        one = {"settings": how, "database_key": b"k"}
        return find(st.integers(), lambda x: x > above, **one)

    with pytest.raises(NoSuchExample):
        found(again)
    assert found(night) == 1001
    left = {file: file.read_bytes() for file in theirs.rglob("*") if file.is_file()}
    assert found(again) == 1001
    # What does not fail any more is forgotten, where that may be written.
    with pytest.raises(NoSuchExample):
        found(settings(again, max_examples=10), above=math.inf)
    assert left == {f: f.read_bytes() for f in theirs.rglob("*") if f.is_file()}
    assert hooks.PROFILES["nightly"]["database"] is hooks.EXAMPLES
