"""Run the steps of a job of a workflow here, in a clean clone of the last commit.

    tox -e job -- tests cpu --matrix env=lint

The workflow is read, not repeated: its own lines run, in bash as it runs there. For the
four actions that it uses there are stand-ins: a clone, a virtual environment, and
artifacts that are files in a folder. What is not known here is refused in a sentence.

Not done: `needs` and `if` of the job itself, since it was asked for; cancellation.
Exit code 1 where a step failed, 2 for what cannot be run.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
#: What would make a run here differ from one there, or from the next one here.
DROPPED = ("GITHUB_", "HYPOTHESIS_", "PYTEST_", "PYTHONPATH", "SCRATCHNET_", "TOX_")
DROPPED += ("VIRTUAL_ENV",)
JOB_KEYS = {"env", "if", "name", "needs", "permissions", "runs-on", "steps"}
JOB_KEYS |= {"strategy", "timeout-minutes"}
STEP_KEYS = {"env", "if", "name", "run", "uses", "with"}
#: When a step runs, by whether those before it succeeded.
CONDITIONS: dict[str, Callable[[bool], bool]] = {
    "success()": lambda well: well,
    "always()": lambda _: True,
    "failure() || cancelled()": lambda well: not well,
}


class Refused(Exception):  # noqa: N818 - an answer, not an error
    """What cannot be run here, in a sentence."""


def parsed(text: str) -> dict[str, Any]:
    """A workflow, each of its values as text: `on` stays a word."""
    return dict(yaml.load(text, Loader=yaml.BaseLoader))


def legs(job: Mapping[str, Any]) -> list[dict[str, str]]:
    """The combinations of a matrix, which here are those that it includes."""
    matrix = job.get("strategy", {}).get("matrix", {"include": [{}]})
    if set(matrix) != {"include"}:
        raise Refused("of a matrix `include` alone is known here")
    return [dict(leg) for leg in matrix["include"]]


def the_leg(job: Mapping[str, Any], wanted: Mapping[str, str]) -> dict[str, str]:
    """The one combination that has these values."""
    found = [leg for leg in legs(job) if wanted.items() <= leg.items()]
    if len(found) != 1:
        every = "; ".join(
            " ".join(f"{k}={v}" for k, v in leg.items()) for leg in legs(job)
        )
        raise Refused(f"--matrix fits {len(found)} combinations, not one of: {every}")
    return found[0]


def require_known(where: str, told: Mapping[str, Any], known: set[str]) -> None:
    """Raise Refused for a key that would be passed over."""
    if unknown := sorted(set(told) - known):
        raise Refused(f"{where}: {unknown[0]} is not known here")


@dataclass
class Job:
    """A job that runs here: what expressions and variables mean, where things are."""

    known: dict[str, str]
    scratch: Path
    artifacts: Path
    env: dict[str, str]
    well: bool = True
    ended: list[str] = field(default_factory=list)

    @property
    def work(self) -> Path:
        """Where the steps run."""
        return self.scratch / "work"

    def filled(self, text: str) -> str:
        """A text in which each expression has its value. Raises Refused for others."""

        def value(match: re.Match[str]) -> str:
            expression = match[1]
            if expression not in self.known:
                raise Refused(
                    f"{match[0]} has no value here: "
                    f"give it one with --set {expression!r}=VALUE"
                )
            return self.known[expression]

        return EXPRESSION.sub(value, text)

    def filled_all(self, told: Mapping[str, str]) -> dict[str, str]:
        """The same for each value."""
        return {key: self.filled(value) for key, value in told.items()}

    def run(self, step: Mapping[str, Any], over: Mapping[str, str]) -> None:
        """One step, where its condition says so."""
        name = step.get("name") or step.get("uses", "").partition("@")[0]
        if not CONDITIONS[step.get("if", "success()")](self.well):
            self.ended.append(f"{name}: not run")
            return
        print(f"== {name}", flush=True)
        if "uses" in step:
            action = step["uses"].partition("@")[0]
            code = ACTIONS[action](self, self.filled_all(step.get("with", {})))
        else:
            env = self.env | self.filled_all(step.get("env", {})) | dict(over)
            code = self.bash(self.filled(step["run"]), env)
        self.well &= code == 0
        self.ended.append(f"{name}: exit code {code}")

    def bash(self, text: str, env: Mapping[str, str]) -> int:
        """As GitHub calls it where the shell is said to be bash."""
        script = self.scratch / "step.sh"
        script.write_text(text, encoding="utf-8")
        options = ("--noprofile", "--norc", "-eo", "pipefail")
        command = ["bash", *options, str(script)]
        return subprocess.run(command, cwd=self.work, env=env, check=False).returncode


def checkout(job: Job, told: Mapping[str, str]) -> int:
    """A clone of the last commit: what is not committed is not in it."""
    require_known("actions/checkout", told, {"persist-credentials"})
    clone = ["git", "clone", "--quiet", str(ROOT), str(job.work)]
    at = ["git", "-C", str(job.work), "checkout", "--quiet", "--detach"]
    for command in (clone, [*at, job.known["github.sha"]]):
        subprocess.run(command, check=True)
    return 0


def setup_python(job: Job, told: Mapping[str, str]) -> int:
    """A virtual environment of this version, first in the path."""
    require_known("actions/setup-python", told, {"python-version"})
    python, where = f"python{told['python-version']}", job.scratch / "python"
    found = shutil.which(python)
    made = found and subprocess.run([found, "-m", "venv", where], check=False)
    if not made or made.returncode:
        raise Refused(f"{python} does not run here")
    job.env["PATH"] = f"{where / 'bin'}{os.pathsep}{job.env['PATH']}"
    return 0


def upload(job: Job, told: Mapping[str, str]) -> int:
    """Files below what their paths have in common; hidden ones where that is said."""
    keys = {"if-no-files-found", "include-hidden-files", "name", "path"}
    require_known("actions/upload-artifact", told, keys)
    patterns = told["path"].split()
    # Up to the first part that stands for several.
    starts = [job.work / re.split(r"/?[^/]*\*", each)[0] for each in patterns]
    base = Path(os.path.commonpath(starts))
    base = base.parent if base.is_file() else base
    found = [path for each in patterns for path in job.work.glob(each)]
    files = [
        file
        for path in found
        for file in (path.rglob("*") if path.is_dir() else [path])
        if file.is_file()
        and (told.get("include-hidden-files") == "true" or not hidden(job, file))
    ]
    for file in files:
        at = job.artifacts / told["name"] / file.relative_to(base)
        at.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, at)
    print(f"{len(files)} files are in {job.artifacts / told['name']}")
    return int(not files and told.get("if-no-files-found") == "error")


def hidden(job: Job, file: Path) -> bool:
    """Whether a part of its name says so."""
    return any(part.startswith(".") for part in file.relative_to(job.work).parts)


def download(job: Job, told: Mapping[str, str]) -> int:
    """What an earlier job left."""
    require_known("actions/download-artifact", told, {"name", "path"})
    kept = job.artifacts / told["name"]
    if not kept.is_dir():
        raise Refused(
            f"there is no artifact {told['name']}: run the job that leaves it"
        )
    shutil.copytree(kept, job.work / told["path"], dirs_exist_ok=True)
    return 0


ACTIONS: dict[str, Callable[[Job, Mapping[str, str]], int]] = {
    "actions/checkout": checkout,
    "actions/setup-python": setup_python,
    "actions/upload-artifact": upload,
    "actions/download-artifact": download,
}


def require_possible(flow: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The job of this name, of which every key means something here."""
    if name not in flow["jobs"]:
        raise Refused(f"there is no job {name}: known are {', '.join(flow['jobs'])}")
    if flow.get("defaults") != {"run": {"shell": "bash"}}:
        raise Refused("`defaults` has to say that the shell is bash, and no more")
    job: Mapping[str, Any] = flow["jobs"][name]
    require_known(name, job, JOB_KEYS)
    for step in job["steps"]:
        require_known(name, step, STEP_KEYS)
        require_known(f"{name}: if", {step.get("if", "success()"): 0}, set(CONDITIONS))
        action = step.get("uses", "actions/checkout").partition("@")[0]
        require_known(f"{name}: uses", {action: 0}, set(ACTIONS))
    return job


def run(asked: argparse.Namespace, scratch: Path) -> int:
    """All steps of a job; the exit code."""
    flow = parsed((asked.folder / f"{asked.workflow}.yml").read_text(encoding="utf-8"))
    job, over = require_possible(flow, asked.job), pairs(asked.env)
    head = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    sha = subprocess.run(
        head, capture_output=True, text=True, check=True
    ).stdout.strip()
    known = {"github.sha": sha} | pairs(asked.set)
    known |= {f"matrix.{k}": v for k, v in the_leg(job, pairs(asked.matrix)).items()}
    env = {k: v for k, v in os.environ.items() if not k.startswith(DROPPED)}
    here = Job(known, scratch, asked.artifacts.resolve(), env | {"CI": "true"})
    here.work.mkdir()
    for told in (flow.get("env", {}), job.get("env", {})):
        here.env |= here.filled_all(told)
    here.env |= over
    for step in job["steps"]:
        here.run(step, over)
    print("\n".join(here.ended))
    print(f"{asked.job} {'succeeded' if here.well else 'failed'}")
    return int(not here.well)


def pairs(told: list[str]) -> dict[str, str]:
    """NAME=VALUE, each of them."""
    if wrong := [each for each in told if "=" not in each]:
        raise Refused(f"{wrong[0]!r} is not of the form NAME=VALUE")
    return {name: value for name, _, value in (each.partition("=") for each in told)}


def main() -> int:
    """Read the command line; what cannot be run is a sentence."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workflow", help="the name of its file, without .yml")
    parser.add_argument("job")
    for option, what in (
        ("--matrix", "which combination of a matrix"),
        ("--set", "what an expression is, such as github.run_id=1"),
        ("--env", "a variable in place of the one that the workflow sets"),
    ):
        parser.add_argument(option, action="append", default=[], help=what)
    parser.add_argument("--folder", type=Path, default=ROOT / ".github" / "workflows")
    parser.add_argument("--artifacts", type=Path, default=ROOT / "build" / "artifacts")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="job-") as scratch:
        try:
            return run(asked, Path(scratch))
        except Refused as refused:
            print(f"error: {refused}", file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main())
