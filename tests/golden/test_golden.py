"""What the product writes has the bytes that were recorded: `digests.txt` has a line for each subject.

If a change of bytes is meant, write the digests anew and say so in the commit: `python -m tests.golden.record write`.
"""

import pytest

from tests.golden.parts import PARTS
from tests.golden.record import differences


@pytest.mark.parametrize("part", PARTS)
def test_what_is_written_is_as_recorded(part: str) -> None:
    found = differences(part)
    assert not found, "\n".join(["the bytes are not those of tests/golden/digests.txt:", *found])
