"""Profiles and fixtures for this repository's own tests."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis.database import (
    DirectoryBasedExampleDatabase,
    MultiplexedDatabase,
    ReadOnlyDatabase,
)
from targets import CPU, HALF, Devices

from scratchnet.testing import requirement
from scratchnet.testing.targets import Target

# Runs of pytest inside of tests: what the plugin says is tested by them.
pytest_plugins = ["pytester", "gpu.gated"]
pytest_plugins += ["properties.asking", "properties.jobs", "properties.strangers"]

# Hypothesis brings a `ci` profile of its own and loads it where it sees a CI: every
# field is set here, so that nothing of it is inherited.
EVERY_FIELD = {
    "backend": "hypothesis",
    "database": None,
    "deadline": None,
    "derandomize": False,
    "max_examples": 100,
    "phases": tuple(Phase),
    "print_blob": True,
    "report_multiple_bugs": False,
    "stateful_step_count": 50,
    "suppress_health_check": (HealthCheck.function_scoped_fixture,),
    "verbosity": Verbosity.normal,
}
ROOT = Path(__file__).parent


def examples_in(root: Path) -> MultiplexedDatabase:
    """What failed here, and in a nightly run, as unpacked into build/nightly.

    Nothing is written there. The workflow `nightly` has the command that fetches it.
    """
    theirs = DirectoryBasedExampleDatabase(root / "build" / "nightly" / ".hypothesis")
    ours = DirectoryBasedExampleDatabase(root / ".hypothesis")
    return MultiplexedDatabase(ours, ReadOnlyDatabase(theirs))


EXAMPLES = examples_in(ROOT)
PROFILES = {
    "dev": {"max_examples": 50, "database": EXAMPLES},
    "ci": {"derandomize": True},
    "nightly": {"max_examples": 1000, "database": EXAMPLES},
    "gpu": {"max_examples": 50, "derandomize": True},
    "debug": {"max_examples": 5, "verbosity": Verbosity.verbose},
}


def pytest_configure(config: pytest.Config) -> None:
    for name, fields in PROFILES.items():
        settings.register_profile(name, **(EVERY_FIELD | fields))
    asked = config.getoption("--hypothesis-profile")
    if asked is None:
        settings.load_profile("ci" if os.environ.get("CI") else "dev")
    if asked == "nightly" and not config.getoption("--scratchnet-seed"):
        # Said by the header; the workers of xdist are told the same one.
        config.option.scratchnet_seed = 1 + secrets.randbelow(2**32)
    Devices.required = requirement.named(config)


#: Asked for by name, by `tox -e mutants`, `gate`, `check`, `docs` and `page`: what one
#: environment tells, the others need not tell again.
BY_NAME = ("test_harness_mutants.py", "gpu", "test_isolated.py", "test_diagnosis.py")
BY_NAME += ("test_site.py", "test_check_command.py", "test_page_in_browser.py")
BY_NAME += ("test_examples.py", "test_adapters.py", "test_ranks.py", "test_taken.py")
BY_NAME += ("test_page.py", "test_plain_tests.py", "test_kinks.py", "test_momentum.py")
BY_NAME += ("test_pictures.py", "test_decks.py", "test_campaign.py")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    name = collection_path.name
    if name not in BY_NAME:
        return None
    named = any(name in Path(each.partition("::")[0]).parts for each in config.args)
    return None if named else True


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes a `target` runs on every CPU target, in tests/gpu on devices.

    One that takes `any_target` runs in half precision too, on CPUs.
    """
    on_device = "gpu" in Path(metafunc.module.__file__).parts
    for name, on_cpu in {"target": CPU, "any_target": (*CPU, *HALF)}.items():
        if name in metafunc.fixturenames:
            targets = Devices.targets() if on_device else on_cpu
            metafunc.parametrize(name, targets, ids=str)


def pytest_runtest_setup(item: pytest.Item) -> None:
    params = item.callspec.params if hasattr(item, "callspec") else {}
    targets = (x for x in params.values() if isinstance(x, Target))
    for reason in filter(None, (target.unavailable() for target in targets)):
        pytest.skip(reason)
    if item.get_closest_marker("mnist") and not os.environ.get("SCRATCHNET_MNIST"):
        pytest.skip("SCRATCHNET_MNIST does not name a folder with the MNIST files")


@pytest.fixture(scope="session")
def mnist_folder() -> Path:
    """The folder with the real MNIST files; mark the test `mnist`."""
    return Path(os.environ["SCRATCHNET_MNIST"])


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a session of the whole suite in which a law of an operation is missing."""
    config = session.config
    if hasattr(config, "workerinput") or not _is_whole(config):
        return
    from equivalence.reported import missing

    plugin = config.pluginmanager.get_plugin("scratchnet-session")
    if found := missing(plugin.told):
        plugin.wrong += [f"{law} of {name} compared nothing" for name, law in found]
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _is_whole(config: pytest.Config) -> bool:
    """Whether all tests were asked for, and could run to the end."""
    narrowed = ("keyword", "markexpr", "lf", "maxfail", "collectonly", "deselect")
    narrowed += ("ignore", "ignore_glob")
    paths = {Path(each).resolve() for each in config.args}
    return paths <= {ROOT, ROOT / "tests"} and not any(
        config.getoption(each, None) for each in narrowed
    )
