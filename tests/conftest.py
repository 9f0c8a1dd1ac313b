"""Fixtures that several folders share, and the settings of properties: a shared core may be late, so no deadlines."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.helpers.delayed_logs import chosen_seed, delayed_logs
from tests.helpers.effort import EXAMPLES_DEFAULT, OF_TEST_ALL, examples
from tests.helpers.library_versions import skip_earlier
from tests.helpers.postgres import postgres, postgres_server
from tests.helpers.salts import salts_by_test

LEFT = tuple(OF_TEST_ALL)
__all__ = ["postgres", "postgres_server"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    skip_earlier(items)
    for item in items:
        if item.nodeid.startswith(LEFT):
            item.add_marker("thorough")


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


settings.register_profile("tests", deadline=None, max_examples=examples(EXAMPLES_DEFAULT))
settings.load_profile("tests")
