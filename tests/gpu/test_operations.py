"""Every operation where arrays live on a device: each against the oracle.

What is asked is the same with a GPU and without: the target alone is another.
"""

from equivalence.subjects import OURS
from gpu.asked import THEIRS, marked, of_ours, of_pytorchs
from targets import Devices


@marked(of_ours())
def test_ours(law):
    law.holds_for(*OURS[law.operation.name])


if Devices.on_cuda():

    @marked(of_pytorchs())
    def test_pytorchs(law):
        law.holds_for(*THEIRS[law.operation.name])
