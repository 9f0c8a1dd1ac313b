"""What a push leaves to `make test-all` exists: a test that is renamed would be run on each push again."""

from tests.helpers.effort import OF_TEST_ALL
from tests.house.checkout import ROOT


def test_what_is_left_out_exists() -> None:
    for name in OF_TEST_ALL:
        path, _, test = name.partition("::")
        assert f"def {test}" in (ROOT / path).read_text(encoding="utf-8"), name
