"""Tests of a device, in a session of pytest.

One is a test whose target is there, or that is marked `device`. Numerics are pinned
while it runs, its fixtures too, and its report says what it allocated.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import ExitStack
from typing import Any

import pytest

from scratchnet.errors import ScratchnetError
from scratchnet.testing import devices
from scratchnet.testing.junit import DEVICE

_PINS: pytest.StashKey[list[Any]] = pytest.StashKey()
_SETTINGS = pytest.StashKey[str]()


class DeviceTests:
    """Tests of a device: skipped where it is not here, else under pinned numerics.

    Where the device is required, `Requirement` takes no skip.
    """

    @pytest.hookimpl(tryfirst=True)
    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Refuse markers that name no device, before any test runs."""
        try:
            devices.of_item(item)
        except ScratchnetError as error:
            raise pytest.UsageError(f"{item.nodeid}: {error}") from None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Pin numerics, for fixtures too."""
        with ExitStack() as stack:
            pins = item.stash[_PINS] = []
            for name in devices.of_item(item):
                target = devices.target_on(name)
                if not target.unavailable():
                    from scratchnet.testing import numerics

                    pins.append(stack.enter_context(numerics.pinned(target)))
                    settings = numerics.settings(target, target.contract)
                    item.stash[_SETTINGS] = settings
            return (yield)

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Skip a test whose device does not answer; but not that of a law, whose target
        was asked for. To ask is the warm-up: a first call takes seconds."""
        for name in devices.of_item(item):
            reason = devices.target_on(name).unavailable()
            if reason and not item.get_closest_marker("verifies"):
                pytest.skip(reason)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Note what is allocated, and see that numerics are what they were."""
        before = {name: devices.allocated(name) for name in devices.of_item(item)}
        if settings := item.stash.get(_SETTINGS, ""):
            item.add_report_section("call", "numerics", settings)
        try:
            ran = yield
        finally:
            for name, count in before.items():
                item.user_properties.append((DEVICE, _used(item, name, count)))
        changed = ", ".join(filter(None, (x.changed() for x in item.stash[_PINS])))
        if changed:
            pytest.fail(f"the test has changed numerics: {changed}", pytrace=False)
        return ran


def _used(item: pytest.Item, name: str, before: int | None) -> str:
    """What a test tells of a device: how many arrays it has allocated there."""
    after = devices.allocated(name)
    count = None if after is None or before is None else after - before
    test = item.nodeid.partition("[")[0]
    return json.dumps({"device": name, "test": test, "allocated": count})
