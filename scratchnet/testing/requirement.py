"""Devices in a session of pytest: tests of a device, and devices that are required.

A test of a device is one whose target is there, or that is marked `device`. Numerics
are pinned while it runs, and its report says what it allocated. Where the device is
required, none of them may be skipped, left out, or pass without having used it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scratchnet.errors import ScratchnetError
from scratchnet.testing import devices, gate, origin
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
    except (ScratchnetError, gate.Shut) as error:
        raise pytest.UsageError(str(error)) from None
    _without_old_report(config)
    config.pluginmanager.register(
        Requirement(config, names, floors, wrong), "scratchnet-requirement"
    )


def named(config: pytest.Config) -> tuple[str, ...]:
    """The devices that a session requires. Raises ArgumentError for what are none."""
    option = config.getoption("--scratchnet-require")
    text = os.environ.get(VARIABLE, "") if option is None else option
    return () if option is None and not text else devices.named(text)


def _require_known_variables() -> None:
    """A variable that is misspelled would require nothing, without a word."""
    for name in os.environ:
        if name.startswith("SCRATCHNET_") and name not in VARIABLES:
            raise pytest.UsageError(
                f"{name} is set in the environment, but there is no such variable: "
                f"known are {', '.join(VARIABLES)}"
            )


def _floors(path: Path | None, names: Iterable[str]) -> gate.Told:
    if path is None:
        return {}
    found = gate.read_floors(path)
    for name in names:
        if name not in found:
            raise gate.Shut(f"{path}: it holds no floors of {name}, which is required")
    return found


def _without_old_report(config: pytest.Config) -> None:
    """A session that does not reach its end must not leave the report of another."""
    path = config.getoption("xmlpath", None)
    if path and not hasattr(config, "workerinput"):
        Path(path).unlink(missing_ok=True)


class DeviceTests:
    """Tests of a device: skipped where it is not here, else under pinned numerics.

    Where the device is required, `Requirement` takes no skip.
    """

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Skip a test whose device does not answer; but not that of a law, whose target
        was asked for. To ask is the warm-up: a first call takes seconds."""
        name = devices.of_item(item)
        reason = name and devices.target_on(name).unavailable()
        if reason and not item.get_closest_marker("verifies"):
            pytest.skip(reason)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Pin numerics, and see at the end that they are what they were."""
        name = devices.of_item(item)
        if not name:
            return (yield)
        from scratchnet.testing import numerics

        target = devices.target_on(name)
        told: dict[str, Any] = {"device": name, "test": item.nodeid.partition("[")[0]}
        with numerics.pinned(target) as pins:
            before = devices.allocated(name)
            if settings := numerics.settings(target, target.contract):
                item.add_report_section("call", "numerics", settings)
            try:
                ran = yield
            finally:
                after = devices.allocated(name)
                told["allocated"] = None if after is None else after - (before or 0)
                item.user_properties.append((gate.DEVICE, json.dumps(told)))
            if changed := pins.changed():
                pytest.fail(f"the test has changed numerics: {changed}", pytrace=False)
        return ran


class Requirement:
    """What a session must not be green without."""

    def __init__(
        self,
        config: pytest.Config,
        names: tuple[str, ...],
        floors: gate.Told,
        wrong: list[str],
    ) -> None:
        self.config = config
        self.names = names
        self.floors = floors
        self.wrong = wrong
        self.facts = devices.facts(names)
        self.ran: dict[str, list[gate.Ran]] = {name: [] for name in names}
        self.left: set[str] = set()
        self.log: LogXML | None = None

    def pytest_report_header(self) -> list[str]:
        """Which devices are required, and what they are."""
        return [
            f"  required: {name} ({self.facts[f'{name}.name']})" for name in self.names
        ]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        """Tell the report what it is of."""
        from _pytest.junitxml import xml_key

        if not hasattr(self.config, "workerinput"):
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
                self.log.add_global_property(f"{gate.SESSION}{name}", value)

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """No test of a required device is left out."""
        for name in self.names:
            count = sum(devices.of_item(item) == name for item in items)
            if count:
                self._say(
                    f"{name} is required, but {count} of its tests were deselected"
                )

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """No file is skipped as a whole: what is in it nobody knows."""
        if report.skipped:
            why = _reason(report.longrepr)
            self._say(f"{report.nodeid} was skipped while it was collected: {why}")

    def _say(self, problem: str) -> None:
        if problem not in self.wrong:
            self.wrong.append(problem)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Which tests have to end; those of pytest-xdist are known to workers only."""
        items = {x.nodeid: devices.of_item(x) for x in session.items}
        self.left = {test for test, name in items.items() if name in self.names}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """A skip, or a failure that was expected, is a failure on a required device."""
        report = yield
        told = any(name == gate.LAW for name, _ in report.user_properties)
        if report.outcome == "skipped" and not told:
            name, why = devices.of_item(item), _reason(report.longrepr)
            if name in self.names or why.startswith(_EMPTY):
                wanted = name or ", ".join(self.names)
                report.outcome = "failed"
                report.longrepr = f"{wanted} is required, but this was skipped: {why}"
                if hasattr(report, "wasxfail"):
                    del report.wasxfail
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One test more: what it says is in its properties, also under pytest-xdist."""
        if report.when != "call":
            return
        self.left.discard(report.nodeid)
        properties = dict(report.user_properties)
        if gate.DEVICE not in properties:
            return
        told = json.loads(str(properties[gate.DEVICE]))
        law = json.loads(str(properties.get(gate.LAW, "{}")))
        outcome = gate.outcome_of(report.outcome, law)
        ran = gate.Ran(told["test"], outcome, told["allocated"], law)
        if told["device"] in self.ran:
            self.ran[told["device"]].append(ran)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a session that has not used what was required."""
        if hasattr(self.config, "workerinput"):
            return
        if self.left:
            self._say(f"{len(self.left)} tests of required devices did not run")
        for name in self.names:
            for each in gate.of_device(name, self.ran[name], self.floors):
                self._say(each)
        if self.wrong and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        self._tell({"exitstatus": str(int(session.exitstatus))})


def _reason(longrepr: Any) -> str:
    """Why something was skipped."""
    said = str(longrepr[-1]) if isinstance(longrepr, tuple) else str(longrepr or "")
    return said.removeprefix("Skipped: ") or "no reason is given"
