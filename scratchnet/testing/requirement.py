"""Devices that a session of pytest requires.

They answer, and none of their tests is skipped, left out, or passes without having used
them.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scratchnet.errors import ScratchnetError
from scratchnet.testing import devices, gate, origin
from scratchnet.testing.device_tests import DeviceTests
from scratchnet.testing.floors import count, read_floors
from scratchnet.testing.junit import (
    DEVICE,
    LAW,
    SESSION,
    Ran,
    Shut,
    Told,
    outcome_of,
    read_told,
)
from scratchnet.testing.workspace import set_workspace, workspace

if TYPE_CHECKING:
    from _pytest.junitxml import LogXML


VARIABLE = "SCRATCHNET_REQUIRE"
#: Every variable of the environment that is ours, and what it is for.
VARIABLES = {
    VARIABLE: "devices that are required, as by --scratchnet-require",
    "SCRATCHNET_MNIST": "the folder with the MNIST files, for the tests of scratchnet",
}
_EMPTY = "got empty parameter set"


def add_options(group: pytest.OptionGroup) -> None:
    """The options of devices."""
    group.addoption(
        "--scratchnet-require",
        metavar="DEVICE",
        help="a device such as cuda, or several: it must answer, and no test of it may "
        f"be skipped, left out, or pass without it; also {VARIABLE}",
    )
    group.addoption(
        "--scratchnet-floors",
        type=Path,
        metavar="FILE",
        help="what must be executed on required devices, at least; written by "
        "`scratchnet gate REPORT --write-floors FILE`",
    )


def forget(config: pytest.Config) -> None:
    """Remove the report of an earlier session, first of all: one that does not begin,
    or does not reach its end, must not leave it in its place."""
    path = config.getoption("xmlpath", None)
    if not path or hasattr(config, "workerinput"):
        return
    report = Path(os.path.expandvars(path)).expanduser()
    # A device or a pipe is no report that could be mistaken for this session's.
    if report.is_file() and not report.is_symlink():
        report.unlink()


def configure(config: pytest.Config, wrong: list[str]) -> None:
    """See that what is required is here, before anything is collected.

    wrong: what is to be said at the end of the session. Raises UsageError.
    """
    _require_known_variables()
    config.addinivalue_line(
        "markers",
        "device(name): a test that runs on a device such as cuda: numerics are pinned, "
        "and where the device is required it must have used it",
    )
    config.pluginmanager.register(DeviceTests(), "scratchnet-devices")
    if config.getoption("help"):
        return
    try:
        names = named(config)
        if not names:
            return
        if "torch:cuda" in names:
            set_workspace(workspace())
        for name in names:
            devices.require(name)
        floors = _floors(config.getoption("--scratchnet-floors"), names)
    except (ScratchnetError, Shut) as error:
        raise pytest.UsageError(str(error)) from None
    _require_whole(config)
    config.pluginmanager.register(
        Requirement(config, names, floors, wrong), "scratchnet-requirement"
    )


#: What leaves tests out without telling anybody which.
_NARROWING = {"lf": "--last-failed", "stepwise": "--stepwise"}


def _require_whole(config: pytest.Config) -> None:
    for name, option in _NARROWING.items():
        if config.getoption(name, False):
            raise pytest.UsageError(
                f"{option} leaves tests out, but a device is required: all of its "
                "tests have to run"
            )


def named(config: pytest.Config) -> tuple[str, ...]:
    """The devices that a session requires. Raises UsageError for what are none."""
    option = config.getoption("--scratchnet-require")
    text = os.environ.get(VARIABLE) if option is None else option
    try:
        return () if text is None else devices.named(text)
    except ScratchnetError as error:
        raise pytest.UsageError(str(error)) from None


def _require_known_variables() -> None:
    """A variable that is misspelled would require nothing, without a word."""
    for name in os.environ:
        if name.startswith("SCRATCHNET_") and name not in VARIABLES:
            raise pytest.UsageError(
                f"{name} is set in the environment, but there is no such variable: "
                f"known are {', '.join(VARIABLES)}"
            )


def _floors(path: Path | None, names: Iterable[str]) -> Told:
    if path is None:
        return {}
    found = read_floors(path)
    for name in names:
        if name not in found:
            raise Shut(f"{path}: it holds no floors of {name}, which is required")
    return found


class Requirement:
    """What a session must not be green without."""

    def __init__(
        self,
        config: pytest.Config,
        names: tuple[str, ...],
        floors: Told,
        wrong: list[str],
    ) -> None:
        self.config = config
        self.names = names
        self.floors = floors
        self.wrong = wrong
        self.facts = devices.facts(names)
        #: Of each required device: tests that were collected, and those that ran.
        self.collected: set[str] = set()
        self.ran: dict[str, dict[str, Ran]] = {name: {} for name in names}
        self.log: LogXML | None = None
        self.is_worker = hasattr(config, "workerinput")

    def pytest_report_header(self) -> list[str]:
        """Which devices are required, and what they are."""
        return [
            f"  required: {name} ({self.facts[f'{name}.name']})" for name in self.names
        ]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        """Tell the report what it is of."""
        from _pytest.junitxml import xml_key

        if not self.is_worker:
            self.log = self.config.stash.get(xml_key, None)
        started = datetime.now(UTC).isoformat(timespec="seconds")
        self._tell(
            {"required": ",".join(self.names), "started": started}
            | self.facts
            | origin.facts(self.config.rootpath)
        )

    def _tell(self, told: dict[str, str]) -> None:
        if self.log is not None:
            for name, value in told.items():
                self.log.add_global_property(f"{SESSION}{name}", value)

    def _of(self, item: pytest.Item) -> tuple[str, ...]:
        """The required devices of a test."""
        return tuple(name for name in devices.of_item(item) if name in self.names)

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """A test more that has to run, whatever becomes of the list of tests."""
        if self._of(item):
            self.collected.add(item.nodeid)

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """No test of a required device is left out."""
        gone = [item.nodeid for item in items if self._of(item)]
        self.collected -= {*gone}
        if gone:
            self._say(
                f"{', '.join(self.names)} is required, but {len(gone)} of its tests "
                "were deselected"
            )

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """No file is skipped as a whole: what is in it nobody knows."""
        if report.skipped:
            why = _reason(report)
            self._say(f"{report.nodeid} was skipped while it was collected: {why}")

    def pytest_warning_recorded(self, warning_message: Any) -> None:
        """What looks like a test and is collected as none: nobody else misses it."""
        if issubclass(warning_message.category, pytest.PytestCollectionWarning):
            self._say(f"not collected: {warning_message.message}")

    def _say(self, problem: str) -> None:
        if problem not in self.wrong:
            self.wrong.append(problem)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """A skip, or a failure that was expected, is a failure on a required device;
        but for a law that was left out for a reason that it told."""
        report = yield
        names, why = self._of(item), _reason(report)
        if report.outcome == "skipped" and not _was_left_out(report):
            if names or _EMPTY in why:
                wanted = ", ".join(names or self.names)
                report.outcome = "failed"
                report.longrepr = f"{wanted} is required, but this was skipped: {why}"
                vars(report).pop("wasxfail", None)
        elif report.failed:
            for name in names:
                if gone := devices.target_on(name).lost():
                    item.session.shouldfail = f"{name} does not answer any more: {gone}"
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One test more: what it says is in its properties, also under pytest-xdist."""
        if report.when != "call":
            return
        law = next(iter(_told(report, LAW)), {})
        for told in _told(report, DEVICE):
            outcome = outcome_of(report.outcome, law)
            ran = self.ran.get(told["device"], {})
            if report.nodeid not in ran or ran[report.nodeid].outcome == "passed":
                ran[report.nodeid] = Ran(told["test"], outcome, told["allocated"], law)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """What a worker of pytest-xdist has collected."""
        self.collected |= {*getattr(node, "workeroutput", {}).get(_COLLECTED, ())}

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a session that has not used what was required."""
        if self.is_worker:
            # An attribute that pytest-xdist gives to its workers.
            self.config.workeroutput[_COLLECTED] = sorted(self.collected)  # type: ignore[attr-defined]
            return
        left = self.collected.difference(*self.ran.values())
        if left:
            self._say(f"{count(len(left), 'test')} of required devices did not run")
        for name in self.names:
            for each in gate.of_device(name, self.ran[name].values(), self.floors):
                self._say(each)
        idle = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
        if self.wrong and session.exitstatus in idle:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        self._tell({"exitstatus": str(int(session.exitstatus))})


#: What a worker of pytest-xdist tells its controller at the end.
_COLLECTED = "scratchnet_collected"


def _told(report: Any, name: str) -> list[Told]:
    """What a test tells under a name, of ours."""
    found = [read_told(value) for key, value in report.user_properties if key == name]
    return [each for each in found if each]


def _was_left_out(report: Any) -> bool:
    """Whether a law was not asked, for a reason that is none of the device."""
    return any("held" not in told for told in _told(report, LAW))


def _reason(report: Any) -> str:
    """Why something was skipped."""
    expected = getattr(report, "wasxfail", "")
    longrepr = report.longrepr
    said = str(longrepr[-1]) if isinstance(longrepr, tuple) else str(longrepr or "")
    return expected or said.removeprefix("Skipped: ") or "no reason is given"
