"""Positions: the page's own example byte for byte, the keys of each kind, signs and filters."""

from pathlib import Path
from typing import Any

from mockexchange.core.derivatives.vocabulary import Direction
from mockexchange.venues.signalplus.venue import SIGNALPLUS
from tests.helpers.rows import each_row
from tests.venues.signalplus.world import GET_POSITIONS, GINA_3, HOST, HUGO, World, diagnosis_of, post, refusal

GOLDEN = Path(__file__).parent / "golden"
COMMON = {
    "averagePrice",
    "delta",
    "side",
    "floatingProfitLoss",
    "indexPrice",
    "initialMargin",
    "instrumentName",
    "kind",
    "maintenanceMargin",
    "markPrice",
    "openOrdersMargin",
    "realizedProfitLoss",
    "settlementPrice",
    "size",
    "totalProfitLoss",
}
FUTURE = COMMON | {"leverage", "sizeCurrency"}
PERPETUAL = FUTURE | {"realizedFunding", "interestValue"}
OPTION = COMMON | {"averagePriceUsd", "floatingProfitLossUsd", "gamma", "theta", "vega"}


def world_of_every_kind() -> World:
    world = World()
    world.hold("BTC-17OCT25", "110970", "110957.5")
    world.hold("BTC-PERPETUAL", "-5000", "112000")
    world.hold("BTC-17OCT25-110000-P", "1.5", "0.02")
    world.hold("BTC_USDC-17OCT25", "0.01", "114000")
    world.hold("BTC_USDC-PERPETUAL", "-0.25", "113000.25")
    return world


@each_row("date", ["2026-10", "compat"])
def test_the_example_of_the_page_byte_for_byte(date: str) -> None:
    world = World()
    world.hold("BTC-17OCT25", "110970", "110957.5")
    body = f'{{"rid": 50002, "method": "{GET_POSITIONS}", "params": {{"currency": "BTC", "kind": "future"}}}}'
    answer = world.send(post(body), auth_mode="on")
    assert (answer.status, answer.operation, answer.account, answer.key_id) == (200, GET_POSITIONS, "gina", "gina-key")
    assert answer.body == (GOLDEN / "source_doc_004.txt").read_bytes().rstrip()
    assert answer.body.startswith(b'{"rid":50002,"result":[{"averagePrice":"110957.5",')
    assert world.read(date=date) == world.read()


@each_row(
    ("name", "fields"),
    [
        ("BTC-17OCT25", FUTURE),
        ("BTC-PERPETUAL", PERPETUAL),
        ("BTC-17OCT25-110000-P", OPTION),
        ("BTC_USDC-17OCT25", FUTURE),
        ("BTC_USDC-PERPETUAL", PERPETUAL),
    ],
)
def test_a_kind_has_its_own_fields_and_the_others_are_left_out(name: str, fields: set[str]) -> None:
    (row,) = [row for row in world_of_every_kind().read() if row["instrumentName"] == name]
    assert set(row) == fields
    integers = {field for field, value in row.items() if isinstance(value, int)}
    assert integers == fields & {"leverage"}
    assert all(isinstance(value, str) for field, value in row.items() if field != "leverage")
    assert None not in row.values()


def test_shorts_are_negative_and_say_sell() -> None:
    row = {row["instrumentName"]: row for row in world_of_every_kind().read()}["BTC-PERPETUAL"]
    assert (row["side"], row["size"]) == ("sell", "-5000.0")
    assert row["sizeCurrency"] == row["delta"] == "-0.043898156"
    assert float(row["initialMargin"]) > 0


def test_a_linear_future_shows_its_notional_and_its_base_amount() -> None:
    row = {row["instrumentName"]: row for row in world_of_every_kind().read()}["BTC_USDC-PERPETUAL"]
    assert (row["size"], row["sizeCurrency"], row["delta"]) == ("-28455.125", "-0.25", "-0.25")
    assert row["totalProfitLoss"] == "-205.0625"
    assert row["settlementPrice"] == "0.0"


def test_an_option_has_the_greeks_of_its_size() -> None:
    row = {row["instrumentName"]: row for row in world_of_every_kind().read()}["BTC-17OCT25-110000-P"]
    assert (row["size"], row["delta"], row["vega"], row["theta"]) == ("1.5", "-0.375", "47.25", "-315.375")
    assert (row["gamma"], row["totalProfitLoss"], row["floatingProfitLoss"]) == ("0.00003", "-0.01425", "0.00225")


def test_what_is_flat_again_is_a_row_with_side_zero() -> None:
    world = World()
    world.trade("BTC-PERPETUAL", "100", "113000")
    world.trade("BTC-PERPETUAL", "100", "113500", direction=Direction.SELL)
    (row,) = world.read()
    assert (row["side"], row["size"], row["sizeCurrency"], row["delta"]) == ("zero", "0.0", "0.0", "0.0")
    assert set(row) == PERPETUAL
    assert world.read(flat_rows="omit") == []


def test_a_key_does_not_see_other_accounts_or_subaccounts() -> None:
    world = World()
    world.hold("BTC-17OCT25", "100", "110000")
    world.hold("BTC-17OCT25", "200", "110000", GINA_3)
    world.hold("BTC-17OCT25", "300", "110000", HUGO)

    def sizes(who: str, **params: Any) -> list[str]:
        return [row["size"] for row in world.read(params, who)]

    assert sizes("gina-key") == sizes("gina-key", subaccountId=0) == ["100.0"]
    assert sizes("gina-key", subaccountId=3) == sizes("gina-3-key") == sizes("gina-3-key", subaccountId=3) == ["200.0"]
    assert sizes("hugo-key") == ["300.0"]


def test_a_key_of_one_subaccount_may_not_read_another() -> None:
    answer = World().ask(params={"subaccountId": 0}, who="gina-3-key")
    assert refusal(answer) == (400, (13012, "unavailable_in_subaccount"))
    assert "restricted to book 3" in diagnosis_of(answer)


def test_an_unknown_subaccount() -> None:
    answer = World().ask(params={"subaccountId": 5})
    assert refusal(answer) == (400, (-32602, "Invalid params"))
    assert diagnosis_of(answer) == "subaccountId: gina has the books 0, 3, not 5"


ALL = ["BTC-17OCT25", "BTC-PERPETUAL", "BTC-17OCT25-110000-P", "BTC_USDC-17OCT25", "BTC_USDC-PERPETUAL"]
FILTERS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ALL),
    ({"currency": "any"}, ALL),
    ({"currency": "BTC"}, ALL[:3]),
    ({"currency": "USDC"}, ALL[3:]),
    ({"currency": "ETH"}, []),
    ({"currency": "USDT"}, []),
    ({"currency": "EURR"}, []),
    ({"kind": "future"}, [ALL[0], ALL[1], ALL[3], ALL[4]]),
    ({"kind": "option"}, [ALL[2]]),
    ({"kind": "spot"}, []),
    ({"kind": "future_combo"}, []),
    ({"kind": "option_combo"}, []),
    ({"currency": "BTC", "kind": "future"}, ALL[:2]),
    ({"currency": "USDC", "kind": "option"}, []),
    ({"currency": None, "kind": None, "subaccountId": None}, ALL),
]


@each_row(("params", "names"), FILTERS)
def test_filters(params: dict[str, Any], names: list[str]) -> None:
    assert [row["instrumentName"] for row in world_of_every_kind().read(params)] == names


def test_params_may_be_absent_or_null() -> None:
    world = world_of_every_kind()
    assert world.read(None) == world.read({})
    null = world.send(post(f'{{"rid":1,"method":"{GET_POSITIONS}","params":null}}'))
    assert null.status == 200


def test_the_list_is_a_kept_page_behind_the_rid() -> None:
    world = world_of_every_kind()
    context, request = world.context(), post(f'{{"rid": 7, "method": "{GET_POSITIONS}", "params": {{}}}}')
    first, second = (SIGNALPLUS.rest.answer(context, request, world.at, HOST) for _ in range(2))
    assert first.page is not None
    assert second.page is not None
    assert first.page.raw is second.page.raw
    assert first.body == b'{"rid":7,"result":%b}' % first.page.raw
    assert first.body.startswith(first.page.raw, first.page.place)
