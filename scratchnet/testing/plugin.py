"""The pytest plugin: a marker, a fixture, and what a session says of itself.

    @pytest.mark.verifies(ops.softmax)
    def test_my_softmax(law):
        law.holds_for(my_softmax)

is a test for each law on each target. Importing this imports neither NumPy, PyTorch
nor Hypothesis.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from scratchnet.testing.verification import Verification

#: What a test leaves in its report, also for the controller of pytest-xdist.
PROPERTY = "scratchnet"
_FOUND = pytest.StashKey[dict[str, list[dict[str, Any]]]]()
_PROFILE = pytest.StashKey[tuple[Any, str]]()
_ASKED = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options that narrow or widen what every law is asked."""
    group = parser.getgroup("scratchnet", "property-based verification of array code")
    group.addoption(
        "--scratchnet-targets",
        metavar="T,T",
        help="targets of all `verifies` tests, such as numpy:float64,torch:cpu:float32",
    )
    group.addoption(
        "--scratchnet-examples",
        type=int,
        metavar="N",
        help="examples of each law on each target (100)",
    )
    group.addoption(
        "--scratchnet-seconds",
        type=float,
        metavar="S",
        help="seconds for each law on each target, at most",
    )
    group.addoption(
        "--scratchnet-seed",
        type=int,
        default=0,
        metavar="N",
        help="what examples are drawn from (0); the same ones for the same seed",
    )


def pytest_configure(config: pytest.Config) -> None:
    """The marker, and whether this is the package that was installed."""
    config.addinivalue_line(
        "markers",
        "verifies(operation, *, targets=None, laws=None, examples=None): a test for "
        "each law of the operation on each target; takes the fixture `law`",
    )
    config.stash[_FOUND] = {}
    config.stash[_ASKED] = False
    if (problem := _foreign()) is not None:
        raise pytest.UsageError(problem)
    _options(config)


def _options(config: pytest.Config) -> None:
    """Refuse what cannot be, before anything is collected."""
    examples = config.getoption("--scratchnet-examples")
    if examples is not None and examples < 1:
        raise pytest.UsageError(f"--scratchnet-examples={examples}: required 1 or more")
    seconds = config.getoption("--scratchnet-seconds")
    if seconds is not None and not seconds > 0:
        raise pytest.UsageError(f"--scratchnet-seconds={seconds}: required above 0")


def _foreign() -> str | None:
    """What is wrong with where this package came from; None if nothing is."""
    here = Path(__file__).resolve().parents[1]
    try:
        installed = metadata.distribution("scratchnet")
    except metadata.PackageNotFoundError:
        return None
    told = installed.read_text("direct_url.json") or "{}"
    if json.loads(told).get("dir_info", {}).get("editable"):
        return None
    there = Path(str(installed.locate_file("scratchnet"))).resolve()
    if there == here or not there.exists():
        return None
    return (
        f"scratchnet was imported from {here}, but {there} is what is installed\n"
        "  run `pytest`, not `python -m pytest`, with --import-mode=importlib"
    )


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Remember how Hypothesis is set, if it is in use."""
    hypothesis = sys.modules.get("hypothesis")
    if hypothesis is not None and hasattr(hypothesis, "settings"):
        default = hypothesis.settings.default
        session.config.stash[_PROFILE] = default, _set(default)


def _set(settings: Any) -> str:
    names = ("max_examples", "derandomize", "deadline")
    return ", ".join(f"{name}={getattr(settings, name)}" for name in names)


def pytest_report_header(config: pytest.Config) -> str:
    """Versions, targets and Hypothesis' profile."""
    versions = []
    for name in ("scratchnet", "numpy", "torch", "hypothesis"):
        try:
            versions.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            versions.append(f"no {name}")
    targets = config.getoption("--scratchnet-targets") or "the usual ones"
    examples = config.getoption("--scratchnet-examples") or "100"
    profile = config.stash.get(_PROFILE, (None, "not in use"))[1]
    seed = config.getoption("--scratchnet-seed")
    return (
        f"verifies: {', '.join(versions)}; targets {targets}; {examples} examples, "
        f"seed {seed}; profile {profile}"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for each law of each operation on each target."""
    markers = list(metafunc.definition.iter_markers("verifies"))
    if not markers:
        return
    name = metafunc.definition.name
    if "law" not in metafunc.fixturenames:
        raise pytest.UsageError(f"{name}: `verifies` requires the fixture `law`")
    from scratchnet.errors import ScratchnetError
    from scratchnet.testing.verification import asked_of

    metafunc.config.stash[_ASKED] = True
    option = metafunc.config.getoption("--scratchnet-targets")
    overall = tuple(option.split(",")) if option else None
    asked: list[Any] = []
    try:
        for marker in reversed(markers):
            asked += asked_of(*marker.args, **{"overall": overall, **marker.kwargs})
    except (ScratchnetError, TypeError) as error:
        raise pytest.UsageError(f"{name}: {error}") from None
    several = len({each.operation.title for each in asked}) > 1
    params = [
        pytest.param(each, id=f"{each.operation.name}-{each}" if several else str(each))
        for each in asked
    ]
    metafunc.parametrize("law", params, indirect=True)


@pytest.fixture
def law(request: pytest.FixtureRequest) -> Iterator[Verification]:
    """The law that this test is about, on a target: `law.holds_for(function)`."""
    from scratchnet.testing.verification import Verification

    if not hasattr(request, "param"):
        pytest.fail(
            "the fixture `law` requires the marker: @pytest.mark.verifies(operation)",
            pytrace=False,
        )
    config = request.config
    verification = Verification(
        request.param,
        examples=config.getoption("--scratchnet-examples"),
        seconds=config.getoption("--scratchnet-seconds"),
        seed=config.getoption("--scratchnet-seed"),
        folder=_folder(config),
        name=request.node.name,
        left=lambda x: request.node.user_properties.append((PROPERTY, json.dumps(x))),
    )
    yield verification
    if not verification.asked:
        pytest.fail("law.holds_for was not called: nothing was checked", pytrace=False)


def _folder(config: pytest.Config) -> Path | None:
    """Where witnesses are kept, if this session keeps anything."""
    cache = getattr(config, "cache", None)
    if cache is None:
        return None
    folder: Path = cache.mkdir("scratchnet")
    return folder


class _Tally:
    """Collects what tests left, in the process that reports."""

    def __init__(self, config: pytest.Config) -> None:
        self.found = config.stash[_FOUND]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One test more."""
        if report.when != "call":
            return
        for name, value in report.user_properties:
            if name == PROPERTY:
                told = json.loads(str(value))
                self.found.setdefault(told["operation"], []).append(told)


@pytest.hookimpl(trylast=True)
def pytest_collection(session: pytest.Session) -> None:
    """Collect what tests leave from here on."""
    if not session.config.pluginmanager.hasplugin("scratchnet-tally"):
        session.config.pluginmanager.register(
            _Tally(session.config), "scratchnet-tally"
        )


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a session in which Hypothesis was set otherwise than it was configured."""
    config = session.config
    if config.stash.get(_ASKED, False) and _profile_changed(config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _profile_changed(config: pytest.Config) -> str:
    """How Hypothesis' settings were changed under us; empty where they were not."""
    if _PROFILE not in config.stash:
        return ""
    before, said = config.stash[_PROFILE]
    now = sys.modules["hypothesis"].settings.default
    return "" if now == before else f"{said} became {_set(now)}"


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Of each operation: laws held, worst error, examples, comparisons, seconds."""
    if change := _profile_changed(config) if config.stash.get(_ASKED, False) else "":
        terminalreporter.write_line(
            f"ERROR: Hypothesis' profile was changed during the session: {change}",
            red=True,
        )
    found = config.stash[_FOUND]
    if not found:
        return
    terminalreporter.section("verified")
    for line in _summary(found):
        terminalreporter.write_line(line)


def _summary(found: dict[str, list[dict[str, Any]]]) -> list[str]:
    rows: list[tuple[str, ...]] = [
        (
            "operation",
            "laws held",
            "error/bound",
            "examples",
            "least",
            "comparisons",
            "seconds",
        )
    ]
    everything: list[dict[str, Any]] = []
    for name, told in sorted(found.items()):
        everything += told
        rows.append(_row(name, told))
    rows.append(_row("in all", everything))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def _row(name: str, told: list[dict[str, Any]]) -> tuple[str, ...]:
    held = sum(each["held"] for each in told)
    return (
        name,
        f"{held} of {len(told)}",
        f"{max(each['ratio'] for each in told):.2g}",
        f"{sum(each['examples'] for each in told):,}",
        f"{min(each['examples'] for each in told):,}",
        f"{sum(each['compared'] for each in told):,}",
        f"{sum(each['seconds'] for each in told):.1f}",
    )
