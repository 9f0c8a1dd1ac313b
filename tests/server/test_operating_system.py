"""How many files this process may open, raised as far as wanted and allowed."""

import resource
import sys

import pytest

from mockexchange.server.operating_system import FILES_WANTED, allow_many_files
from tests.helpers.rows import each_row


@each_row(
    ("soft", "hard", "raised_to"),
    [
        (256, resource.RLIM_INFINITY, FILES_WANTED),
        (1_024, 4_096, 4_096),
        (1_024, 1_000_000, FILES_WANTED),
        (FILES_WANTED + 1, FILES_WANTED + 1, None),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, None),
    ],
)
def test_it_is_raised_and_never_lowered(
    soft: int, hard: int, raised_to: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda which: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda which, pair: told.append(pair))
    assert allow_many_files() == (raised_to or soft)
    assert told == ([(raised_to, hard)] if raised_to else [])


def test_there_is_nothing_to_raise_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert allow_many_files() == 0
