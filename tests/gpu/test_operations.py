"""Every operation where arrays live on a device: each against the oracle.

What is asked is the same with a GPU and without: the target alone is another.
"""

from gpu.asked import THEIRS, marked, on_standins, ours_on_cuda, theirs_on_cuda
from targets import Devices

from scratchnet.selfcheck import OURS


@marked(ours_on_cuda() if Devices.on_cuda() else on_standins())
def test_ours(law):
    law.holds_for(*OURS[law.operation.name])


if Devices.on_cuda():

    @marked(theirs_on_cuda())
    def test_pytorchs(law):
        law.holds_for(*THEIRS[law.operation.name])
