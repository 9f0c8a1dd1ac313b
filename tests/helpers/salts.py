"""Salts of recordings in tests: a test that is run again gets the same pseudonyms."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from types import SimpleNamespace

import pytest

CURRENT_TEST = "PYTEST_CURRENT_TEST"
"""The variable in which pytest keeps the test that it runs."""


@contextmanager
def salts_by_test() -> Iterator[None]:
    """Make the salts of the block from the names of the tests: each recording of a test has another one."""
    numbers = Counter[str]()

    def salt(size: int) -> bytes:
        test = os.environ.get(CURRENT_TEST, "").partition(" (")[0]
        numbers[test] += 1
        return sha256(f"{test} {numbers[test]}".encode()).digest()[:size]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mockexchange.recording.pseudonyms.secrets", SimpleNamespace(token_bytes=salt))
        yield
