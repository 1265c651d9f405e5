"""What must hold of a session whatever its tests say: whose code runs, and that nobody
has changed Hypothesis' settings under it. Importing this imports nothing heavy."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

#: The settings of Hypothesis that tests run under.
FIELDS = (
    *("max_examples", "derandomize", "deadline", "phases", "stateful_step_count"),
    *("suppress_health_check", "report_multiple_bugs", "database", "backend"),
)


def foreign(package: Path, /) -> str:
    """What is wrong with a package imported from there; empty if nothing is.

    Where a wheel is installed, the tests are about that wheel: not about a checkout
    that happens to lie in the working directory.
    """
    here = package.resolve()
    try:
        installed = metadata.distribution("scratchnet")
    except metadata.PackageNotFoundError:
        return ""
    told = json.loads(installed.read_text("direct_url.json") or "{}")
    if told.get("dir_info", {}).get("editable"):
        return ""
    there = Path(str(installed.locate_file("scratchnet"))).resolve()
    if there == here or not there.exists():
        return ""
    return (
        f"scratchnet was imported from {here}, but {there} is what is installed\n"
        "  run `pytest`, not `python -m pytest`, with --import-mode=importlib"
    )


def profile() -> Any:
    """Hypothesis' settings now; None where it is not in use. Does not import it."""
    hypothesis = sys.modules.get("hypothesis")
    settings = getattr(hypothesis, "settings", None)
    return getattr(settings, "default", None)


def _initial() -> Any:
    """The settings that Hypothesis starts with, whatever was loaded since."""
    module: Any = sys.modules.get("hypothesis._settings")
    in_ci = getattr(module, "is_in_ci", None)
    name = "CI" if in_ci is not None and in_ci() else "default"
    return getattr(module, name, None) or profile()


@dataclass
class ProfileWatch:
    """Whether the settings of Hypothesis stay as they were configured, and who changed
    them. Configured is what the command line and files named conftest.py say."""

    configured: Any = None
    #: Where they were first found otherwise; empty where they are not.
    culprit: str = ""
    #: What was wrong when the tests began or at the end, in words.
    wrong: str = ""
    _last: Any = field(default=None, repr=False)

    def begin(self) -> None:
        """Take what is set for what is configured."""
        self.configured = self._last = profile()

    def before(self) -> None:
        """Before a file is imported: what changed since the last one, or since the
        beginning, a conftest.py changed."""
        if not self.culprit and profile() is not self._last:
            self.begin()

    def after(self, where: str, /) -> None:
        """After a file was imported or a test was run: who has changed what."""
        self._last = profile()
        if self._last is not None and self.configured is None:
            self.configured = _initial()
        if not _differing(self.configured, self._last):
            self.culprit = ""
        elif not self.culprit:
            self.culprit = where

    def judge(self) -> None:
        """At a moment when everything must be as it was configured."""
        now = profile()
        if self.wrong or not (names := _differing(self.configured, now)):
            return
        self.wrong = (
            f"Hypothesis' settings were changed by {self.culprit or 'this session'}: "
            f"{_said(self.configured, names)} became {_said(now, names)}\n"
            "  restore them there, or load the profile in conftest.py"
        )


def _differing(one: Any, other: Any) -> tuple[str, ...]:
    if one is other or one is None or other is None:
        return ()
    return tuple(
        name
        for name in FIELDS
        if getattr(one, name, None) != getattr(other, name, None)
    )


def _said(settings: Any, names: tuple[str, ...]) -> str:
    return ", ".join(f"{name}={getattr(settings, name, None)}" for name in names)


def profile_said() -> str:
    """What is most worth knowing of Hypothesis' settings."""
    now = profile()
    if now is None:
        return "not loaded yet"
    return _said(now, ("max_examples", "derandomize", "deadline"))
