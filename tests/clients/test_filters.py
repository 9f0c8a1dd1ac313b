"""Parameters that clients document, at each client's own API date: the rows of the truth that pass, and refusals."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import pytest

from tests.clients.exchange import Sandbox, Server
from tests.clients.matrix import put
from tests.clients.processes import Answer, Peer
from tests.clients.published import CLIENTS, Published, of_push
from tests.clients.truths import SCENARIO, Question, Row, differences, question_of, truth_at

pytestmark = pytest.mark.clients

EVENT = "KXHIGHNY-25NOV07"
MARKET = f"{EVENT}-T60"
RESTING_ORDER = "d0000000-0000-4000-8000-000000000004"
UNKNOWN_ORDER = "d0000000-0000-4000-8000-999999999999"


def seconds(instant: str) -> int:
    return int(datetime.fromisoformat(instant).timestamp())


class Filter(NamedTuple):
    method: str
    arguments: Mapping[str, Any]
    passes: Callable[[Row], bool]


# Windows begin and end on the second of a row, which they include.
FILTERS = (
    Filter("positions", {"ticker": MARKET}, lambda row: bool(row["ticker"] == MARKET)),
    Filter("positions", {"event_ticker": EVENT}, lambda row: True),
    Filter("positions", {"ticker": "KXHIGHNY-NONE"}, lambda row: False),
    Filter("settlements", {"ticker": "KXDONE-25OCT-Y"}, lambda row: bool(row["ticker"] == "KXDONE-25OCT-Y")),
    Filter("settlements", {"event_ticker": "KXDONE-25OCT"}, lambda row: bool(row["event"] == "KXDONE-25OCT")),
    Filter(
        "settlements",
        {"min_ts": seconds("2025-10-21T10:00:00Z"), "max_ts": seconds("2025-10-21T10:59:59Z")},
        lambda row: bool(row["ticker"] == "KXDONE-25OCT-Y"),
    ),
    Filter("fills", {"ticker": MARKET}, lambda row: bool(row["ticker"] == MARKET)),
    Filter("fills", {"order_id": RESTING_ORDER}, lambda row: bool(row["order"] == RESTING_ORDER)),
    Filter(
        "fills",
        {"min_ts": seconds("2025-11-03T10:05:00Z"), "max_ts": seconds("2025-11-03T11:30:00Z")},
        lambda row: bool("2025-11-03T10:05" <= row["created"] <= "2025-11-03T11:30:00Z"),
    ),
    Filter("orders", {"ticker": MARKET}, lambda row: bool(row["ticker"] == MARKET)),
    Filter(
        "orders", {"event_ticker": f"{EVENT},KXDONE-25OCT"}, lambda row: row["ticker"].startswith((EVENT, "KXDONE"))
    ),
    Filter(
        "orders", {"min_ts": seconds("2025-11-03T12:20:00Z")}, lambda row: bool(row["created"] >= "2025-11-03T12:20")
    ),
)
SUBACCOUNT_FILTERS = (
    Filter("fills", {"subaccount": 3}, lambda row: bool(row["subaccount"] == "3")),
    Filter("orders", {"subaccount": 0}, lambda row: bool(row["subaccount"] == "0")),
)


class Asked(NamedTuple):
    client: Published
    peer: Peer
    sandbox: Sandbox

    def put(self, method: str, **changes: Any) -> tuple[Question, Answer]:
        question = question_of(method)._replace(**changes)
        return question, put(self.peer, self.sandbox, question)


@pytest.fixture(scope="module", params=of_push(CLIENTS), ids=lambda client: client.title)
def asked(request: pytest.FixtureRequest, server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    client: Published = request.param
    client.python()
    sandbox = server.control.open(SCENARIO.read_text(encoding="utf-8"), client.api_date, "paused")
    with client.driven(tmp_path_factory.mktemp(client.driver) / "log.txt") as peer:
        yield Asked(client, peer, sandbox)
    sandbox.delete()


def test_filters_leave_what_passes(asked: Asked) -> None:
    had_subaccounts = asked.client.api_date != "2025-12"
    for each in (*FILTERS, *SUBACCOUNT_FILTERS) if had_subaccounts else FILTERS:
        question, answer = asked.put(each.method, arguments=each.arguments)
        true = [row for row in truth_at(question, asked.client.api_date) if each.passes(row)]
        assert list(differences(answer["rows"], true, may_omit=False, where=str(each))) == []


def test_only_merchants_are_told_what_their_orders_are_worth(asked: Asked) -> None:
    _, answer = asked.put("resting_order_value", account="alice")
    assert answer["status"] == 403


def test_an_unknown_order_is_not_found(asked: Asked) -> None:
    for method in ("order", "queue_position"):
        _, answer = asked.put(method, arguments={"order_id": UNKNOWN_ORDER})
        assert answer["status"] == 404


def test_a_key_of_one_subaccount_reads_that_alone(asked: Asked) -> None:
    question, answer = asked.put("fills", key="third", arguments={})
    true = [row for row in truth_at(question, asked.client.api_date) if row["subaccount"] == "3"]
    assert list(differences(answer["rows"], true, may_omit=False, where="fills")) == []
