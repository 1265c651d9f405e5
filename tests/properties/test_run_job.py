"""The script that runs the steps of a workflow here: as there, or not at all."""

import pytest

HEAD = "a" * 40


@pytest.fixture
def flow(run_here, tmp_path):
    """Runs a job of a workflow whose jobs are this text."""

    def call(jobs, *options, job="one", above="defaults: {run: {shell: bash}}"):
        (tmp_path / "it.yml").write_text(f"{above}\njobs:\n{jobs}")
        return run_here("it", job, *options, folder=tmp_path)

    return call


STEPS = """
  one:
    steps:
      - {name: first, run: false | cat}
      - {name: second, run: echo never}
      - {name: third, if: always(), run: echo always}
      - {name: fourth, if: failure() || cancelled(), run: echo afterwards}
"""


def test_steps_run_as_they_do_there(flow):
    """A failure in a pipe is one, and ends what does not always run."""
    found = flow(STEPS)
    assert found.code == 1
    lines = ["first: exit code 1", "second: not run", "third: exit code 0"]
    assert "\n".join([*lines, "fourth: exit code 0", "one failed"]) in found.said
    assert "\nnever" not in found.said


def test_values_and_variables_arrive(flow, monkeypatch):
    monkeypatch.setenv("SCRATCHNET_REQUIRE", "what is set here is not set there")
    jobs = """
  one:
    env: {A: "${{ matrix.a }}", B: "ours"}
    strategy: {matrix: {include: [{a: x y}, {a: z}]}}
    steps:
      - run: echo "$A, $B, $CI, ${SCRATCHNET_REQUIRE-unset}, ${{ github.run_id }}"
"""
    given = ("--matrix", "a=x y", "--env", "B=theirs", "--set", "github.run_id=7")
    found = flow(jobs, *given)
    assert "x y, theirs, true, unset, 7\n" in found.said
    assert found.code == 0


REFUSED = {
    "an expression": ("steps: [{run: 'echo ${{ secrets.KEY }}'}]", "secrets.KEY }}"),
    "an action": ("steps: [{uses: some/action@1}]", "some/action is not known"),
    "a key of a step": ("steps: [{run: a, shell: sh}]", "shell is not known"),
    "a key of a job": ("container: x\n    steps: []", "container is not known"),
    "a condition": ("steps: [{if: a == b, run: a}]", "a == b is not known"),
    "a matrix": ("strategy: {matrix: {a: [1]}}\n    steps: []", "`include` alone"),
    "no one combination": (
        "strategy: {matrix: {include: [{a: x}, {a: y}]}}\n    steps: []",
        "fits 2 combinations, not one of: a=x; a=y",
    ),
    "an artifact that is not there": (
        f"steps: [{{uses: actions/download-artifact@{HEAD}, "
        "with: {name: wheel, path: dist}}]",
        "there is no artifact wheel",
    ),
    "a Python that is not there": (
        f"steps: [{{uses: actions/setup-python@{HEAD}, with: {{python-version: 9}}}}]",
        "python9 does not run here",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_known_is_refused(flow, what):
    body, said = REFUSED[what]
    found = flow(f"  one:\n    {body}\n")
    assert found.code == 2
    assert said in found.said


def test_another_shell_and_another_job_are_refused(flow):
    assert "that the shell is bash" in flow(STEPS, above="on: push").said
    assert "there is no job two: known are one" in flow(STEPS, job="two").said


def test_the_last_commit_is_checked_out(flow):
    found = flow(f"""
  one:
    steps:
      - {{uses: actions/checkout@{HEAD}, with: {{persist-credentials: "false"}}}}
      - run: |
          test -z "$(git status --porcelain)"
          test "$(git rev-parse HEAD)" = "${{{{ github.sha }}}}"
          test -f .github/run_job.py
""")
    assert found.code == 0, found.said


@pytest.mark.parametrize(("hidden", "code"), [("false", 1), ("true", 0)])
def test_artifacts_go_from_job_to_job(flow, hidden, code):
    """Files whose names begin with a dot go along where that is said."""
    jobs = f"""
  one:
    steps:
      - run: mkdir .a b c && touch .a/x b/y.xml c/z
      - uses: actions/upload-artifact@{HEAD}
        with: {{name: n, path: "  .a\\n  b/*.xml\\n", include-hidden-files: "{hidden}"}}
  two:
    steps:
      - uses: actions/download-artifact@{HEAD}
        with: {{name: n, path: got}}
      - run: test -f got/b/y.xml; test ! -e got/c; test -f got/.a/x
"""
    assert flow(jobs).code == 0
    assert flow(jobs, job="two").code == code


def test_an_artifact_of_nothing_is_an_error(flow):
    told = "{name: n, path: dist/*.whl, if-no-files-found: error}"
    found = flow(f"""
  one:
    steps:
      - {{uses: actions/upload-artifact@{HEAD}, with: {told}}}
""")
    assert found.code == 1
