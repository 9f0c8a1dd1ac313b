"""One server for the examples of all languages."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.house.serving import COMMAND, served


@pytest.fixture(scope="package")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Any]]:
    """What the ready file says, and where it is: `ready_file`."""
    home = tmp_path_factory.mktemp("examples")
    with served(home, str(COMMAND), "serve", "--scenario", "demo", "--api-date", "latest") as ready:
        yield {**ready, "ready_file": str(home / "ready.json")}


@pytest.fixture(scope="package")
def lines() -> set[str]:
    """The positions of the demo's alice, as each example prints them."""
    return {
        "KXFEDDECISION-25DEC-H0 12.00 6.960000",
        "KXHIGHCHI-25NOV05-B60 1.37 0.465800",
        "KXRAINNYC-25NOV05-T1 10.00 5.600000",
        "KXRAINNYC-25NOV05-T2 -25.00 19.750000",
    }
