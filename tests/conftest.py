"""Fixtures that several folders share, and no deadline for one example of a property: a shared core may be late."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.helpers.delayed_logs import chosen_seed, delayed_logs
from tests.helpers.library_versions import skip_earlier
from tests.helpers.postgres import postgres, postgres_server
from tests.helpers.salts import salts_by_test

__all__ = ["postgres", "postgres_server"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    skip_earlier(items)


@pytest.fixture(scope="session", autouse=True)
def _logs_as_chosen() -> Iterator[None]:
    """Put sandboxes on logs that suspend, in a run that wants it."""
    seed = chosen_seed()
    if seed is None:
        yield
    else:
        with delayed_logs(seed):
            yield


@pytest.fixture(scope="session", autouse=True)
def _salts_by_test() -> Iterator[None]:
    """Give recordings the same pseudonyms in each run: a test that is right for nearly all salts fails by chance."""
    with salts_by_test():
        yield


settings.register_profile("without deadlines", deadline=None)
settings.load_profile("without deadlines")
