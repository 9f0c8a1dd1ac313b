"""What the product writes has the bytes that were recorded: `digests.txt` has a line for each subject.

If a change of bytes is meant, write the digests anew and say so in the commit: `python -m tests.golden.record write`.
"""

import pytest

from tests.golden.command_line import run
from tests.golden.parts import BUILT_IN, PARTS, is_possible
from tests.golden.record import differences


@pytest.mark.parametrize("part", PARTS)
def test_what_is_written_is_as_recorded(part: str) -> None:
    if not is_possible(part):
        pytest.skip("PostgreSQL is not installed: Debian's package is `postgresql`")
    found = differences(part)
    assert not found, "\n".join(["the bytes are not those of tests/golden/digests.txt:", *found])


def test_every_scenario_is_recorded() -> None:
    listed = {line.split("\t")[0] for line in run("scenario list").splitlines()[2:]}
    assert listed == set(BUILT_IN)
