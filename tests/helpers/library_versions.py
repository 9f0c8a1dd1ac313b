"""Which versions of libraries a run has: a part of the suite runs with the lowest and with the newest ones too."""

from collections.abc import Iterable
from importlib.metadata import version

import pytest

from mockexchange.cli.doctor_checks import numbers_of


def is_at_least(library: str, lowest: str) -> bool:
    return numbers_of(version(library)) >= numbers_of(lowest)


def skip_earlier(items: Iterable[pytest.Item]) -> None:
    """Skip the tests that are marked `since(library, version, why)`, where the library is an earlier version."""
    for item in items:
        for mark in item.iter_markers("since"):
            library, lowest, why = mark.args
            if not is_at_least(library, lowest):
                item.add_marker(pytest.mark.skip(reason=f"{library} before {lowest}: {why}"))
