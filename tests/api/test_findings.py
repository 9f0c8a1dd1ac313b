"""What a server notices in a request that it answers all the same is told by the journal, and is not clean."""

import httpx
import pytest

import mockexchange
from mockexchange.venues.kalshi.parameter_decoding import PAGED_OPERATIONS
from mockexchange.venues.kalshi.resources import OPERATIONS

SCENARIO = """
scenario: small
accounts:
  alice: {subaccounts: {3: {}}}
  desk: {kind: fcm, account_id: fcm7, subtraders: {st1: {}, st2: {}}}
markets: {RAIN-1: {event: RAIN, series: RAIN}}
"""


def ask(exchange: mockexchange.Exchange, target: str) -> httpx.Response:
    """Ask with the key of the FCM for what only an FCM has, else with that of the member."""
    url = exchange.base_url + target
    account = exchange.accounts["desk" if target.startswith("/fcm/") else "alice"]
    return httpx.get(url, headers=account.headers("GET", url))


def test_an_unknown_cursor_of_any_list_is_not_clean() -> None:
    paged = [one for one in OPERATIONS if one.name in PAGED_OPERATIONS and "{" not in one.path]
    assert len(paged) > 25
    needed = dict.fromkeys(("GetFCMPositions", "GetFCMOrders"), "&subtrader_id=fcm7_st1") | {
        "GetMilestones": "&limit=1"
    }
    with mockexchange.serve(scenario=SCENARIO, api_date="compat") as exchange:
        for operation in paged:
            exchange.journal.clear()
            answer = ask(exchange, f"{operation.path}?cursor=of-another-day{needed.get(operation.name, '')}")
            assert answer.status_code == 200, (operation.name, answer.text)
            (request,) = exchange.journal.requests()
            assert any("the cursor is none that this" in finding for finding in request.findings), operation.name
            with pytest.raises(AssertionError, match="answered the first page"):
                exchange.journal.assert_clean()


def test_who_asks_for_others_is_told_whom_there_are() -> None:
    with mockexchange.serve(scenario=SCENARIO) as exchange:
        assert ask(exchange, "/portfolio/positions?subaccount=9").status_code == 200
        assert exchange.journal.last(1)[0].findings == (
            "alice has no subaccount 9: answered as an empty one; its subaccounts: 0, 3",
        )
        refused = ask(exchange, "/fcm/positions?subtrader_id=fcm7_st3")
        assert refused.status_code == 404
        subtraders = "its subtraders: fcm7_st1, fcm7_st2"
        assert refused.headers["X-Mock-Diagnosis"] == f"desk has no subtrader 'fcm7_st3'; {subtraders}"
        assert ask(exchange, "/fcm/positions").headers["X-Mock-Diagnosis"].endswith(subtraders)
        with pytest.raises(mockexchange.Refused, match="known: 0, 3"):
            exchange.fill("alice/9", "RAIN-1", "yes", "buy", 1, "0.5")
        with pytest.raises(mockexchange.Refused, match="known: 0, st1, st2"):
            exchange.fill("desk/st3", "RAIN-1", "yes", "buy", 1, "0.5")
