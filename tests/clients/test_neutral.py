"""How drivers make plain rows of a client's objects, and what they answer when the client breaks."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from types import SimpleNamespace
from typing import Any

import pytest

from contracts.clients.neutral import Driver, Method, Watched, pages_of, perform, row_of


class Side(Enum):
    YES = "yes"


FOUND = SimpleNamespace(
    side=Side.YES,
    count=Decimal("7.50"),
    taker=True,
    at=datetime(2025, 11, 3, 11, tzinfo=UTC),
    group=None,
    tags=["a", "b"],
    inner=SimpleNamespace(name="deep"),
    parts=[{"shard": 0}, {"shard": 1}],
    levels=[("0.50", "3")],
)


def test_a_row_has_our_names_and_text() -> None:
    plain = {name: name for name in ("side", "count", "taker", "at", "group", "tags")}
    assert row_of(FOUND, {**plain, "name": "inner.name", "first": "tags.0"}) == {
        "side": "yes",
        "count": "7.50",
        "taker": "true",
        "at": "2025-11-03T11:00:00+00:00",
        "group": None,
        "tags": ["a", "b"],
        "name": "deep",
        "first": "a",
    }


def test_lists_of_objects_become_lists_of_rows() -> None:
    shape = {"parts": ("parts", {"shard": "shard"}), "levels": ("levels", {"price": "0"}), "group": ("group", {})}
    assert row_of(FOUND, shape) == {
        "parts": [{"shard": "0"}, {"shard": "1"}],
        "levels": [{"price": "0.50"}],
        "group": None,
    }


def test_pages_are_followed_to_the_end_and_not_for_ever() -> None:
    cursors = iter(["a", "b", ""])
    pages = list(pages_of(lambda cursor=None: SimpleNamespace(asked=cursor, cursor=next(cursors))))
    assert [page.asked for page in pages] == [None, "a", "b"]
    with pytest.raises(AssertionError, match="circles"):
        list(pages_of(lambda cursor=None: SimpleNamespace(cursor="again")))


class Refused(Exception):
    status_code = 403


def raise_it(client: Any) -> Any:
    client.portfolio.fills()
    raise Refused("no")


def answer(method: str) -> dict[str, Any]:
    client = SimpleNamespace(portfolio=SimpleNamespace(fills=lambda: [FOUND], orders=list))
    methods = {
        "fills": Method(lambda client: client.portfolio.fills(), {"count": "count"}),
        "broken": Method(raise_it, {}),
        "unread": Method(lambda client: client.portfolio.fills(), {"count": "amount"}),
    }
    driver = Driver(lambda *_: client, methods, lambda _: ["portfolio.fills", "portfolio.orders"])
    watched = Watched(client, set())
    perform(driver, watched, {"task": "fills", "arguments": {}})
    return perform(driver, watched, {"task": method, "arguments": {}})


def test_what_a_client_raises_is_an_answer() -> None:
    assert answer("fills") == {"rows": [{"count": "7.50"}]}
    assert answer("broken") == {"error": "Refused: no", "status": 403}
    assert answer("unread")["status"] is None
    assert answer("orders") == {"unsupported": True}


def test_calls_that_nothing_made_are_named() -> None:
    assert answer("untried") == {"rows": [{"call": "portfolio.orders"}]}
