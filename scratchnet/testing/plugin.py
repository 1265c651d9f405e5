"""The pytest plugin: a marker, a fixture, and what a session says of itself.

    @pytest.mark.verifies(ops.softmax)
    def test_my_softmax(law):
        law.holds_for(my_softmax)

is a test for each law on each target. Importing this imports neither NumPy, PyTorch
nor Hypothesis, and a session without such tests does not need them.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scratchnet.errors import ScratchnetError
from scratchnet.testing import requirement, summary
from scratchnet.testing.guards import ProfileWatch, foreign, profile_said
from scratchnet.testing.junit import LAW, read_told

if TYPE_CHECKING:
    from scratchnet.testing.verification import Verification

#: What a worker of pytest-xdist tells its controller at the end.
_WRONG = "scratchnet_wrong"
_SESSION = pytest.StashKey["_Session"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options that narrow or widen what every law is asked."""
    group = parser.getgroup("scratchnet", "property-based verification of array code")
    group.addoption(
        "--scratchnet-targets",
        metavar="T,T",
        help="targets such as numpy:float64,torch:cpu:float32, each of which must be "
        "here; a marker's own go before",
    )
    group.addoption(
        "--scratchnet-examples",
        type=int,
        metavar="N",
        help="examples of each law on each target (100); a marker's own go before",
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
    requirement.add_options(group)


def pytest_configure(config: pytest.Config) -> None:
    """The marker, and whether this is the package that was installed."""
    config.addinivalue_line(
        "markers",
        "verifies(*operations, targets=None, laws=None, examples=None, waive={}): a "
        "test for each law of each operation on each target; takes the fixture `law`",
    )
    requirement.forget(config)
    if problem := foreign(Path(__file__).resolve().parents[1]):
        raise pytest.UsageError(problem)
    if not config.getoption("help"):
        _require_possible(config)
    session = config.stash[_SESSION] = _Session(config)
    config.pluginmanager.register(session, "scratchnet-session")
    requirement.configure(config, session.wrong)


def _require_possible(config: pytest.Config) -> None:
    """Refuse options that cannot be, before anything is collected."""
    examples = config.getoption("--scratchnet-examples")
    if examples is not None and examples < 1:
        raise pytest.UsageError(f"--scratchnet-examples={examples}: required 1 or more")
    seconds = config.getoption("--scratchnet-seconds")
    if seconds is not None and not seconds > 0:
        raise pytest.UsageError(f"--scratchnet-seconds={seconds}: required above 0")
    targets = _targets(config)
    if targets is None:
        return
    from scratchnet.testing.targets import available

    for each in targets:
        try:
            available([each])
        except ScratchnetError as error:
            raise pytest.UsageError(f"--scratchnet-targets: {_plain(error)}") from None


def _targets(config: pytest.Config) -> tuple[str, ...] | None:
    option = config.getoption("--scratchnet-targets")
    return None if option is None else tuple(map(str.strip, option.split(",")))


def _plain(error: Exception) -> str:
    """The sentence without the function of ours that it is about."""
    return str(error).removeprefix(f"{error.args[0]}: ")


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Versions, targets and Hypothesis' settings."""
    names = ("scratchnet", "numpy", "torch", "hypothesis")
    targets = _targets(config)
    where = usual_targets() if targets is None else ", ".join(targets)
    examples = config.getoption("--scratchnet-examples") or 100
    seconds = config.getoption("--scratchnet-seconds")
    limit = "" if seconds is None else f" or {seconds:g} s"
    return [
        f"verifies: {', '.join(map(_version, names))}",
        f"  laws on {where}: {examples} examples{limit} each, "
        f"seed {config.getoption('--scratchnet-seed')}",
        f"  Hypothesis' settings, for tests of its own: {profile_said()}",
    ]


def _version(name: str) -> str:
    try:
        return f"{name} {metadata.version(name)}"
    except metadata.PackageNotFoundError:
        return f"no {name}"


def usual_targets() -> str:
    """What `default_targets` are, without importing NumPy for it."""
    torch = " and torch:cpu" if find_spec("torch") else ""
    return f"numpy{torch} in float64 and float32"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for each law of each operation on each target."""
    markers = list(metafunc.definition.iter_markers("verifies"))
    if not markers:
        return
    name = metafunc.definition.name
    if "law" not in metafunc.fixturenames:
        pytest.fail(f"{name}: `verifies` requires the fixture `law`", pytrace=False)
    from scratchnet.testing.asked import asked_of, ids_of

    overall = _targets(metafunc.config)
    asked: dict[Any, None] = {}
    said = ""
    try:
        # The nearest comes first; ids are in the order in which they are written.
        for marker in reversed(markers):
            asked |= dict.fromkeys(asked_of(marker.args, marker.kwargs, overall))
    except ScratchnetError as error:
        said = f"{name}: {error}"
    if said:  # after the error, which pytest would print as its cause
        pytest.fail(said, pytrace=False)
    metafunc.config.stash[_SESSION].asked = True
    metafunc.parametrize("law", list(asked), ids=ids_of(asked), indirect=True)


@pytest.fixture
def law(request: pytest.FixtureRequest) -> Verification:
    """The law that this test is about, on a target: `law.holds_for(function)`."""
    from scratchnet.testing.verification import Verification

    if not hasattr(request, "param"):
        pytest.fail(
            "the fixture `law` requires the marker: @pytest.mark.verifies(operation)",
            pytrace=False,
        )
    config, node = request.config, request.node
    return Verification(
        request.param,
        examples=config.getoption("--scratchnet-examples"),
        seconds=config.getoption("--scratchnet-seconds"),
        seed=config.getoption("--scratchnet-seed"),
        cache=getattr(config, "cache", None),
        base=config.invocation_params.dir,
        name=node.nodeid,
        left=lambda told: node.user_properties.append((LAW, json.dumps(told))),
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail a marked test that is no test of a law: of unittest, for example."""
    params = getattr(getattr(item, "callspec", None), "params", {})
    if item.get_closest_marker("verifies") and "law" not in params:
        pytest.fail(
            "`verifies` is for functions and for methods of plain classes that take "
            "the fixture `law`: nothing was checked",
            pytrace=False,
        )


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """Fail a test that passes without having asked its law, or with a broken one."""
    passed = yield
    verification = pyfuncitem.funcargs.get("law")
    if pyfuncitem.get_closest_marker("verifies"):
        if not getattr(verification, "asked", True):
            said = "law.holds_for was not called: nothing was checked"
            pytest.fail(said, pytrace=False)
        if getattr(verification, "broken", False):
            said = "the law is broken, and the test has caught what says so"
            pytest.fail(said, pytrace=False)
    return passed


class _Session:
    """What the tests of a session leave, and whether the session itself is sound."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.asked = False
        self.told: list[summary.Told] = []
        self.wrong: list[str] = []
        self.watch = ProfileWatch()

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        """Remember how Hypothesis was configured."""
        self.watch.begin()

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, Any, Any]:
        """See what the import of a file changes."""
        if isinstance(collector, pytest.File):
            self.watch.before()
        report = yield
        if isinstance(collector, pytest.File):
            self.watch.after(collector.nodeid)
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Generator[None, Any, Any]:
        """Tests begin under what was configured."""
        self.watch.judge()
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """See what a test changes."""
        ran = yield
        self.watch.after(item.nodeid)
        return ran

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One test more."""
        if report.when != "call":
            return
        found = (value for name, value in report.user_properties if name == LAW)
        self.told += filter(None, map(read_told, found))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """What was wrong in a worker of pytest-xdist."""
        for each in getattr(node, "workeroutput", {}).get(_WRONG, ()):
            if each not in self.wrong:
                self.wrong.append(each)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a session that changed Hypothesis' settings, or asked no law at all."""
        if self.asked:
            self.watch.judge()
            self.wrong += filter(None, (self.watch.wrong,))
        if hasattr(self.config, "workeroutput"):
            self.config.workeroutput[_WRONG] = self.wrong
            return
        if summary.was_empty(self.told):
            self.wrong.append("no law was asked: each one was left out")
        if self.wrong and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> None:
        """Of each operation: laws held, worst error, examples, comparisons, seconds."""
        if not self.told and not self.wrong:
            return
        terminalreporter.section("verified")
        for line in summary.lines(self.told):
            terminalreporter.write_line(line)
        for each in self.wrong:
            terminalreporter.write_line(f"ERROR: {each}", red=True)
