"""A stranger's repository that gates on a device, and sessions of it.

The device is a simulated one: it answers on every machine, and what is true of it is
true of CUDA, since the plugin and the gate know devices by name alone.
"""

from dataclasses import dataclass

import pytest
from typer.testing import CliRunner

from scratchnet.cli import app

DEVICE = "simulated:gpu"
REPORT = "report.xml"
REQUIRE = f"--scratchnet-require={DEVICE}"
LAW = """
import pytest
from scratchnet.arrays import array_namespace
from scratchnet.testing import Target, ops

HERE = Target.named("simulated:gpu:float64")

def softmax(x, axis=-1):
    xp = array_namespace(x)
    powers = xp.exp(x - xp.max(x, axis=axis, keepdims=True))
    return powers / xp.sum(powers, axis=axis, keepdims=True)

@pytest.mark.verifies(ops.softmax, targets=HERE, laws="equals_the_oracle")
def test_law(law):
    law.holds_for(softmax)
"""
PLAIN = """
@pytest.mark.device("simulated:gpu")
def test_plain():
    assert float(HERE.array(1.0)) == 1
"""
BOTH = LAW + PLAIN


@dataclass
class Ended:
    """A session: its exit code, what it printed, and what the gate says of it."""

    code: int
    said: str
    gate: int
    reasons: str

    @property
    def is_green(self):
        """Whether a CI that looks at both would let it pass."""
        return self.code == 0 and self.gate == 0


@pytest.fixture
def gated(pytester, monkeypatch):
    """Runs a file of tests as a CI would, then the gate on its report."""
    for name in ("PYTEST_ADDOPTS", "SCRATCHNET_REQUIRE", "GITHUB_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    # What a session sets before CUDA is used, it leaves set.
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    pytester.makeini("[pytest]")

    def run(
        body, *options, require=(REQUIRE,), floors=(), report=REPORT, apart=False, **env
    ):
        pytester.makepyfile(test_it=body)
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        where = "subprocess" if apart else "inprocess"
        command = getattr(pytester, f"runpytest_{where}")
        found = command(f"--junitxml={REPORT}", "-q", *require, *options)
        told = CliRunner().invoke(
            app, ["gate", report, "--require", DEVICE, *floors], catch_exceptions=False
        )
        said = f"{found.stdout.str()}\n{found.stderr.str()}"
        return Ended(int(found.ret), said, told.exit_code, told.output)

    return run
