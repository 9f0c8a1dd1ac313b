"""Worth over time, firings, and the log in pages, over the control API."""

import json
from decimal import Decimal
from typing import Any

import pytest

from mockexchange.sandbox.state_json.equity import Sample, thinned
from tests.server.live import Live, SandboxView
from tests.server.small import BUY, error_of

MARK = {"mark": {"instrument": "BTC-PERPETUAL", "price": 114_000}}
PERPETUAL = """
scenario: one-perpetual
accounts:
  dora: {venue: deribit, cash: {BTC: 1}}
indexes: {btc_usd: 100000}
instruments:
  BTC-PERPETUAL: {kind: future, base: BTC, mark: 100000}
history:
  - trade: {account: dora, instrument: BTC-PERPETUAL, direction: buy, amount: 1000, price: 100000, fee: 0.0001}
"""


def points(sandbox: SandboxView, account: str = "alice", query: str = "") -> list[dict[str, Any]]:
    (series,) = sandbox.call("GET", f"/accounts/{account}/equity{query}")["series"]
    found: list[dict[str, Any]] = series["points"]
    return found


def test_worth_follows_trades_prices_and_settlement(sandbox: SandboxView) -> None:
    assert points(sandbox)[-1] == {
        "at": "2025-11-04T12:00:00Z",
        "cash": "94.4",
        "exposure": "5.6",
        "realized": "0",
        "fees": "0",
        "paid_in": "100",
        "worth": "100",
    }
    steps = [{"price": {"market": "RAIN-1", "price": 0.7}}, {"settle": {"market": "RAIN-1", "result": "yes"}}]
    sandbox.call("POST", "/commands", steps)
    priced, settled = points(sandbox)[-2:]
    assert (priced["worth"], priced["exposure"]) == ("101.4", "5.6")
    assert (settled["cash"], settled["worth"], settled["realized"], settled["exposure"]) == (
        "104.4",
        "104.4",
        "4.4",
        "0",
    )
    for point in points(sandbox):  # no money is created or lost
        cash, exposure, realized, fees, paid_in = (
            Decimal(point[name]) for name in ("cash", "exposure", "realized", "fees", "paid_in")
        )
        assert cash + exposure - realized + fees == paid_in


def test_worth_of_derivatives_is_by_currency(live: Live, name: str) -> None:
    sandbox = live.sandbox(name, PERPETUAL)
    began = points(sandbox, "dora")[-1]
    assert (began["cash"], began["fees"], began["paid_in"], began["worth"]) == ("0.9999", "0.0001", "1", "0.9999")
    sandbox.call("POST", "/commands", [MARK])
    assert Decimal(points(sandbox, "dora")[-1]["worth"]) > Decimal("1.001")


def test_a_read_carries_on_where_the_last_one_ended(sandbox: SandboxView) -> None:
    path = "/accounts/alice/equity"
    first = sandbox.call("GET", path)
    sandbox.call("POST", "/commands", [BUY])
    assert sandbox.call("GET", path)["position"] == first["position"] + 1
    sandbox.call("POST", "/reset")
    assert sandbox.call("GET", path) == first


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("accounts/zoe/equity", 404, "unknown_account"),
        ("accounts/alice/equity?points=3", 400, "bad_query"),
        ("accounts/alice/equity?points=10001", 400, "bad_query"),
        ("firings?kind=colour", 400, "bad_query"),
        ("firings?status=200", 400, "bad_query"),
        ("log?before=3", 400, "bad_query"),
    ],
)
def test_a_wrong_query_is_refused(sandbox: SandboxView, path: str, status: int, code: str) -> None:
    reply = sandbox.live.control("GET", f"/sandboxes/{sandbox.name}/{path}")
    assert (reply.status, error_of(reply)["code"]) == (status, code)


def test_a_log_that_is_too_long_is_not_folded(sandbox: SandboxView, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockexchange.server.control.inspection.COMMANDS_MAX", 3)
    reply = sandbox.live.control("GET", f"/sandboxes/{sandbox.name}/accounts/alice/equity")
    assert (reply.status, error_of(reply)["code"]) == (409, "log_too_long")


def sample(at: int, worth: int) -> Sample:
    none = Decimal(0)
    return Sample(at, none, none, none, none, none, Decimal(worth))


def test_thinning_keeps_the_extremes() -> None:
    samples = [sample(at, 50 + (at * 7919) % 13) for at in range(10_000)]
    samples[4_321], samples[8_765] = sample(4_321, -99), sample(8_765, 999)
    kept = thinned(samples, 100)
    assert 50 < len(kept) <= 100
    assert (kept[0], kept[-1]) == (samples[0], samples[-1])
    assert {samples[4_321], samples[8_765]} <= set(kept)
    assert kept == sorted(kept)
    assert thinned(samples[:7], 8) == samples[:7]


def test_firings_are_read_in_pages(sandbox: SandboxView) -> None:
    assert sandbox.call("GET", "/firings") == {"first": 1, "count": 0, "firings": []}
    sandbox.call("POST", "/faults", {"name": "slow", "then": {"status": 503}})
    for _ in range(3):
        sandbox.ask(sandbox.client().get("/portfolio/balance"))
    page = sandbox.call("GET", "/firings?kind=fault&name=slow&last=2")
    assert (page["first"], page["count"], [one["number"] for one in page["firings"]]) == (1, 3, [2, 3])
    assert page["firings"][0]["detail"]["then"] == "status"
    assert [one["number"] for one in sandbox.call("GET", "/firings?after=1&before=3")["firings"]] == [2]
    assert sandbox.call("GET", "/firings?kind=script")["firings"] == []


def test_the_log_is_read_in_pages(live: Live, name: str) -> None:
    secret = "abcdefgh1234"  # what has to be hidden
    text = f"scenario: s\naccounts: {{dora: {{venue: deribit, keys: {{main: {{secret: {secret}}}}}}}}}\n"
    sandbox = live.sandbox(name, text)
    header, *records = sandbox.log().splitlines()
    plain = {name: value for name, value in json.loads(header).items() if name != "origin"}
    whole = [json.dumps(plain).encode(), *records]

    def lines(query: str) -> list[Any]:
        raw = live.control("GET", f"/sandboxes/{name}/log{query}").body
        return [json.loads(line) for line in raw.splitlines()]

    assert lines("?after=1") == [json.loads(line) for line in (whole[0], *whole[2:])]
    assert lines("?last=1") == [json.loads(line) for line in (whole[0], whole[-1])]
    assert lines("?after=99") == [json.loads(whole[0])]
    assert secret in json.dumps(lines(""))
    assert secret not in json.dumps(lines("?redact=true"))
