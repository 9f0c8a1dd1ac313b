"""URLs of PostgreSQL databases: no message shows a password."""

import sys

import pytest

from mockexchange.store.opening import read_location, read_serve_location
from mockexchange.store.postgres.url import PostgresUrl, masked
from tests.helpers.rows import each_row
from tests.store.test_postgres import refusal_of


@each_row(
    ("url", "shown"),
    [
        ("postgresql://mock@db/mock", "postgresql://mock@db/mock"),
        ("postgresql://mock:secret@db:5433/mock", "postgresql://mock:***@db:5433/mock"),
        ("postgres://mock:a@b@db,other/mock", "postgres://mock:***@db,other/mock"),
        ("postgresql:///mock?password=secret&host=/run/x", "postgresql:///mock?password=***&host=/run/x"),
        ("mock.db", "mock.db"),
    ],
)
def test_a_password_is_not_shown(url: str, shown: str) -> None:
    assert masked(url) == shown
    assert "secret" not in repr(PostgresUrl(url))


@each_row(
    ("url", "message"),
    [
        ("postgresql://u:secret@127.0.0.1:1/x", "Connection refused"),
        ("postgresql://u:secret@127.0.0.1:1/x", "start PostgreSQL, or correct the host and the port"),
        ("postgresql://u:sec ret@h:1/x", 'it is no URL of PostgreSQL: unexpected spaces found in "***"'),
        ("postgresql://u:s%zzecret@h/x", 'it is no URL of PostgreSQL: invalid percent-encoded token: "***"'),
        ("postgresql://h/x?password=secret&nope=1", 'it is no URL of PostgreSQL: invalid URI query parameter: "nope"'),
    ],
)
def test_a_wrong_url_is_refused_without_its_password(url: str, message: str) -> None:
    refusal = refusal_of(PostgresUrl(url))
    assert message in refusal
    assert not {"secret", "sec ret", "s%zzecret"} & set(refusal.replace(":", " ").split())


def test_what_is_no_store_is_refused_without_its_password() -> None:
    for read in (read_location, read_serve_location):
        with pytest.raises(ValueError, match=r"got 'mysql://u:\*\*\*@h/x'"):
            read("mysql://u:secret@h/x")


def test_the_command_that_installs_the_driver_names_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mockexchange.store.postgres.postgres_store", None)
    refusal = refusal_of(PostgresUrl("postgresql://u:secret@h/x"))
    assert f"{sys.executable} -m pip install 'mockexchange[postgres]'" in refusal
