"""The gate: a session is green only where the device that it requires was used.

Every way below to run tests of a device without the device is green somewhere: with
plain pytest, with markers that are strict, with warnings as errors.
"""

import pytest
from gpu.gated import BOTH, DEVICE, LAW, PLAIN

from scratchnet.testing import Target

FLOORS = "floors.json"
ABSENT = ("--scratchnet-require=cuda",)
SKIPPED = {
    "a skip in the test": PLAIN.replace("assert", "pytest.skip('no device'); assert"),
    "a mark that skips": "@pytest.mark.skipif(True, reason='no device')" + PLAIN,
    "a failure that is expected": "@pytest.mark.xfail" + PLAIN.replace("== 1", "== 2"),
    "a module that is not there": PLAIN.replace(
        "assert", "pytest.importorskip('no_such_module'); assert"
    ),
    "an empty set that is expected to fail": """
@pytest.mark.xfail(reason="got empty parameter set for (device)")
@pytest.mark.parametrize("device", [None])
def test_plain(device):
    assert device
""",
    "a broken law that is expected to fail": """
@pytest.mark.xfail
@pytest.mark.verifies(ops.softmax, targets=HERE, laws="equals_the_oracle")
def test_broken(law):
    law.holds_for(lambda x, axis=-1: softmax(x, axis) * 2)
""",
    "a broken law whose failure is skipped": """
@pytest.mark.verifies(ops.softmax, targets=HERE, laws="equals_the_oracle")
def test_broken(law):
    try:
        law.holds_for(lambda x, axis=-1: softmax(x, axis) * 2)
    except BaseException:
        pytest.skip("no device")
""",
    "the second of two devices": """
@pytest.mark.device("strict:device1")
@pytest.mark.device("simulated:gpu")
def test_plain():
    pytest.skip("no device")
""",
    "a device among several": """
@pytest.mark.parametrize("targets", [(Target.named("strict:device1:float32"), HERE)])
def test_plain(targets):
    pytest.skip("no device")
""",
    "a fixture that skips": """
@pytest.fixture
def device():
    pytest.skip("no device")

@pytest.mark.device("simulated:gpu")
def test_plain(device):
    assert device
""",
    "no parameters": """
@pytest.mark.parametrize("device", [])
def test_plain(device):
    assert device
""",
}
#: Options that leave a test of the device out, and what is said of it.
LEFT_OUT = {
    ("-k", "law"): "1 of its tests were deselected",
    ("-k", "nothing"): "of its tests were deselected",
    ("-m", "not device"): "1 of its tests were deselected",
    ("--deselect", "test_it.py::test_plain"): "1 of its tests were deselected",
    ("--collect-only",): "no test passed",
    ("--ignore", "test_it.py"): "no test passed",
    ("--scratchnet-examples=1",): "softmax equals_the_oracle float64: 1 examples",
}


@pytest.fixture
def floors(gated):
    """What a good session executed."""
    good = gated(BOTH, floors=("--write-floors", FLOORS))
    assert good.is_green, good.said + good.reasons
    return FLOORS


def test_with_the_device_all_is_green(gated, floors):
    """The control: what is red below is red for what it lacks."""
    good = gated(BOTH, f"--scratchnet-floors={floors}", floors=("--floors", floors))
    assert good.is_green, good.said + good.reasons
    assert f"the gate is open: {DEVICE}" in good.reasons


def test_with_the_device_several_processes_are_green(gated, floors):
    good = gated(
        BOTH, "-n2", f"--scratchnet-floors={floors}", floors=("--floors", floors)
    )
    assert good.is_green, good.said + good.reasons


@pytest.fixture
def without_a_gpu():
    if not Target.named("torch:cuda:float32").unavailable():
        pytest.skip("there is one: the next test hides it")


@pytest.mark.parametrize(
    ("require", "env"),
    [
        (ABSENT, {}),
        ((), {"SCRATCHNET_REQUIRE": "cuda"}),
    ],
    ids=["the option", "the variable"],
)
@pytest.mark.usefixtures("without_a_gpu")
def test_a_required_device_that_does_not_answer_ends_the_session(gated, require, env):
    """Before anything is collected, with a code that says so."""
    found = gated(BOTH, require=require, **env)
    assert found.code == pytest.ExitCode.USAGE_ERROR
    assert "torch:cuda is required, but it does not answer" in found.said
    assert found.gate == 1
    assert "no report" in found.reasons


def test_a_device_that_is_hidden_ends_the_session(gated):
    found = gated(BOTH, require=ABSENT, apart=True, CUDA_VISIBLE_DEVICES="")
    assert found.code == pytest.ExitCode.USAGE_ERROR
    assert "torch:cuda is required, but it does not answer" in found.said
    assert found.gate == 1


def test_a_device_that_only_says_that_it_is_there_ends_the_session(gated, pytester):
    """`torch.cuda.is_available()` has been true where there was no device."""
    pytest.importorskip("torch")
    pytester.makeconftest("import torch\ntorch.cuda.is_available = lambda: True\n")
    found = gated(BOTH, require=ABSENT, apart=True, CUDA_VISIBLE_DEVICES="")
    assert found.code == pytest.ExitCode.USAGE_ERROR
    assert "does not answer" in found.said


def test_a_misspelled_variable_ends_the_session(gated):
    found = gated(BOTH, require=(), SCRATCHNET_REQIURE="cuda")
    assert found.code == pytest.ExitCode.USAGE_ERROR
    assert "SCRATCHNET_REQIURE is set in the environment, but there is no" in found.said


@pytest.mark.parametrize(
    "text", ["gpu", "torch:gpu", "torch:cuda:float32", "cuda,", ""]
)
def test_a_misspelled_device_ends_the_session(gated, text):
    found = gated(BOTH, require=(f"--scratchnet-require={text}",))
    assert found.code == pytest.ExitCode.USAGE_ERROR
    assert "Traceback" not in found.said


def test_a_variable_that_names_nothing_ends_the_session(gated, pytester):
    """Also where a conftest.py asks what is required before the plugin does."""
    pytester.makeconftest(
        "from scratchnet.testing import requirement\n"
        "def pytest_configure(config): requirement.named(config)\n"
    )
    found = gated(BOTH, require=(), SCRATCHNET_REQUIRE="")
    assert found.code == pytest.ExitCode.USAGE_ERROR, found.said
    assert "INTERNALERROR" not in found.said


@pytest.mark.parametrize("how", SKIPPED)
def test_a_skip_is_a_failure(gated, how):
    found = gated(LAW + SKIPPED[how])
    assert found.code == pytest.ExitCode.TESTS_FAILED, found.said
    assert f"{DEVICE} is required, but this was skipped" in found.said
    assert found.gate == 1


def test_a_file_that_is_skipped_as_a_whole_is_an_error(gated, pytester):
    pytester.makepyfile(test_other="import pytest\npytest.importorskip('no_such')\n")
    found = gated(BOTH)
    assert found.code == pytest.ExitCode.TESTS_FAILED, found.said
    assert "test_other.py was skipped while it was collected" in found.said
    assert found.gate == 1


@pytest.mark.parametrize("options", LEFT_OUT, ids=" ".join)
def test_what_is_left_out_is_an_error(gated, floors, options):
    found = gated(BOTH, *options, f"--scratchnet-floors={floors}")
    assert found.code != 0, found.said
    assert LEFT_OUT[options] in found.said
    assert found.gate == 1


DROPS = """
def pytest_collection_modifyitems(items):
    items[:] = [item for item in items if "plain" not in item.name]
"""
IDLES = """
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item):
    return True if "plain" in item.name else None
"""


@pytest.mark.parametrize(
    ("hook", "options"),
    [(DROPS, ()), (IDLES, ("-n1",))],
    ids=["of the list", "of a protocol"],
)
def test_what_a_hook_drops_is_missed(gated, pytester, hook, options):
    """Without a word to anybody, and without floors."""
    pytester.makeconftest(hook)
    found = gated(BOTH, *options, apart=bool(options))
    assert found.code == pytest.ExitCode.TESTS_FAILED, found.said
    assert "1 test of required devices did not run" in found.said
    assert found.gate == 1


@pytest.mark.parametrize("option", ["--lf", "--sw"])
def test_what_leaves_tests_out_in_silence_is_refused(gated, option):
    found = gated(BOTH, option)
    assert found.code == pytest.ExitCode.USAGE_ERROR
    assert "leaves tests out, but a device is required" in found.said


def test_a_class_that_is_collected_as_no_test_is_missed(gated):
    idle = """
class TestIt:
    def __init__(self):
        pass

    def test_it(self):
        pass
"""
    found = gated(BOTH + idle, "-Wdefault")
    assert found.code == pytest.ExitCode.TESTS_FAILED, found.said
    assert "not collected: cannot collect test class" in found.said


def test_each_test_counts_once(gated, floors):
    """Two workers of pytest-xdist that run the same one are no two tests."""
    found = gated(
        LAW, "-n2", "--dist=each", f"--scratchnet-floors={floors}", apart=True
    )
    assert found.code == pytest.ExitCode.TESTS_FAILED, found.said
    assert "test_it.py: 1 test passed, at least 2 are required" in found.said


@pytest.mark.parametrize(
    "marker", ["device", "device()", "device(1)", "device('gpu')", "device(of='cuda')"]
)
def test_a_marker_that_names_no_device_is_a_usage_error(gated, marker):
    found = gated(BOTH.replace('device("simulated:gpu")', marker))
    assert found.code == pytest.ExitCode.USAGE_ERROR, found.said
    assert "INTERNALERROR" not in found.said


def test_a_marker_may_name_its_device(gated):
    assert gated(BOTH.replace("device(", "device(name=")).is_green


@pytest.mark.parametrize("gone", [LAW, BOTH.replace("test_law", "law")])
def test_a_test_that_is_gone_is_an_error(gated, floors, gone):
    found = gated(gone, f"--scratchnet-floors={floors}")
    assert found.code == pytest.ExitCode.TESTS_FAILED, found.said
    assert "passed, at least 2 are required" in found.said


def test_a_law_that_is_never_asked_is_an_error(gated):
    found = gated(BOTH.replace("law.holds_for", "lambda x:"))
    assert found.code == pytest.ExitCode.TESTS_FAILED
    assert "law.holds_for was not called" in found.said
    assert found.gate == 1


@pytest.mark.parametrize(
    "body", ["return", "assert sum([1.0]) == 1", "import numpy; assert numpy.ones(1)"]
)
def test_a_test_that_uses_nothing_of_its_device_is_an_error(gated, body):
    """It returned early, or has computed on the host all along."""
    found = gated(
        BOTH.replace("assert float", f"{body}\n    assert float", 1)
        if body == "return"
        else LAW + PLAIN.partition("    assert")[0] + f"    {body}\n"
    )
    assert found.code == pytest.ExitCode.TESTS_FAILED, found.said
    assert "nothing was allocated there: test_it.py::test_plain" in found.said
    assert found.gate == 1


def test_results_on_the_host_are_wrong(gated):
    """A subject that comes back from a fallback with arrays of NumPy."""
    elsewhere = "__import__('numpy').from_dlpack(powers / xp.sum("
    body = BOTH.replace('"equals_the_oracle"', '["two_runs_agree"]')
    body = body.replace("powers / xp.sum(", elsewhere).replace(
        "=True)\n\n", "=True))\n\n"
    )
    found = gated(body)
    assert found.code == pytest.ExitCode.TESTS_FAILED, found.said
    assert "no result lived there" in found.said
    assert found.gate == 1


@pytest.mark.parametrize(
    "ends", ["__import__('os')._exit(0)", "pytest.exit('done', returncode=0)"]
)
def test_a_session_that_ends_early_is_no_proof(gated, ends):
    """The first leaves with code 0 and without a report: a good one of an earlier
    session must not be left in its place."""
    assert gated(BOTH).is_green
    body = BOTH.replace("    assert float", f"    {ends}\n    assert float")
    found = gated(body, apart=True)
    assert found.gate == 1
    assert not found.is_green


def test_a_worker_that_dies_is_no_proof(gated):
    ends = "__import__('os')._exit(0)"
    body = BOTH.replace("    assert float", f"    {ends}\n    assert float")
    found = gated(body, "-n2", apart=True)
    assert found.code != 0
    assert found.gate == 1


def test_without_the_plugin_there_is_no_proof(gated):
    found = gated(
        "def test_plain(): pass",
        *("-p", "no:scratchnet"),
        require=(),
        SCRATCHNET_REQUIRE=DEVICE,
    )
    assert found.code == 0
    assert found.gate == 1
    assert f"the session did not require {DEVICE}" in found.reasons


def test_a_session_that_requires_nothing_is_no_proof(gated):
    found = gated(BOTH, require=())
    assert found.code == 0
    assert found.gate == 1
    assert "it may have skipped" in found.reasons


def test_floors_of_another_device_are_none(gated, floors, pytester):
    """To the command: the session may have been given none."""
    other = (pytester.path / floors).read_text().replace(DEVICE, "torch:cuda")
    (pytester.path / floors).write_text(other)
    found = gated(BOTH, floors=("--floors", floors))
    assert found.code == 0
    assert found.gate == 1
    assert f"the floors are not of {DEVICE}" in found.reasons
