"""Of how much nothing may be said: the caps of each law, operation and format.

Of laws that compare with the oracle alone. Where two results are compared it depends on
the machine as well, as one of them may overflow.

`silence.json` holds the shares of the examples of seed 0, as the command below wrote
them; they only fall. What is not in it is capped at 0.

    pytest tests/equivalence/test_operations.py --junitxml=report.xml
    python tests/equivalence/silence.py report.xml
"""

import json
import sys
from math import ceil
from pathlib import Path
from xml.etree import ElementTree

FILE = Path(__file__).with_name("silence.json")
CAPS = json.loads(FILE.read_text()) if FILE.exists() else {}
LAWS = ("equals_the_oracle", "gradients_equal_the_oracle", "is_exact_on_the_grid")
FEWEST = 50
#: Shares are kept in parts of so many.
PARTS = 1000


def enough(result):
    """Fail where a law that holds was asked of too little.

    Of fewer examples than there are to be in float64, of no numbers, or where it says
    nothing about more of them than it used to.
    """
    assert result.compared
    assert result.examples >= (FEWEST if result.subject.target.is_full else 1)
    if result.law.name not in LAWS:
        return
    form = result.subject.target.format.name
    operation = result.subject.operation.name
    cap = CAPS.get(form, {}).get(result.law.name, {}).get(operation, 0)
    assert parts(result.silent, result.compared) <= cap, "more is left unsaid"


def parts(silent, compared):
    return ceil(PARTS * silent / (silent + compared or 1))


def shares(report):
    """The largest share of each format, law and operation in a report of pytest."""
    caps = {}
    for each in ElementTree.parse(report).iter("property"):
        told = json.loads(each.get("value")) if each.get("name") == "scratchnet" else {}
        if told.get("silent") and told["law"] in LAWS:
            of_law = caps.setdefault(told["target"].split(":")[-1], {})
            of_operation = of_law.setdefault(told["law"], {})
            name, share = told["operation"], parts(told["silent"], told["compared"])
            of_operation[name] = max(share, of_operation.get(name, 0))
    return caps


if __name__ == "__main__":
    FILE.write_text(json.dumps(shares(sys.argv[1]), indent=1, sort_keys=True) + "\n")
