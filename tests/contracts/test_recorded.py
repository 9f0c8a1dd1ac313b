"""Recorded bodies other than positions and balance, against the documents of every date."""

from typing import Any

from tests.contracts.documents import ALIASES, FROM_JUNE, NONE, accepting_aliases, answer_validator, component_validator
from tests.contracts.test_answers import mutations, recorded
from tests.helpers.rows import each_row

FILES = {
    "GetFills": "portfolio_fills",
    "GetOrders": "portfolio_orders",
    "GetOrder": "portfolio_order",
    "GetOrderGroups": "portfolio_order_groups",
    "GetSettlements": "portfolio_settlements",
    "GetMarketOrderbook": "market_orderbook",
    "GetExchangeStatus": "exchange_status",
    "GetAccountApiLimits": "account_limits",
}


def body_of(day: str, operation: str) -> dict[str, Any]:
    found: dict[str, Any] = recorded(f"http_get_{FILES[operation]}.{day}.json")
    return found


IN_2025 = {"2025-11", "2025-12"}
BEFORE_JUNE = set(ALIASES) - FROM_JUNE
# day | operation | the dates at which the body is right
WANTED = [
    ("2025-11-03", "GetFills", IN_2025),
    ("2025-11-03", "GetOrders", IN_2025),
    ("2025-11-03", "GetOrderGroups", {*IN_2025, "2026-02", "2026-04", "2026-06"}),
    ("2025-11-03", "GetMarketOrderbook", IN_2025),
    ("2025-11-03", "GetExchangeStatus", BEFORE_JUNE),
    ("2026-06-11", "GetFills", {"2026-06"}),
    ("2026-06-11", "GetOrder", {"2026-06"}),
    ("2026-06-11", "GetAccountApiLimits", FROM_JUNE),
    ("2026-06-11", "GetMarketOrderbook", {"2026-04", *FROM_JUNE}),
    ("2026-06-11", "GetExchangeStatus", {"2026-06"}),
    ("2026-06-11", "GetSettlements", set(ALIASES)),
]
LEFT_OUT_WHERE_EMPTY = {"client_order_id", "subaccount_number", "self_trade_prevention_type"}


@each_row(("day", "operation", "wanted"), WANTED)
def test_a_recorded_body_fits_its_date_and_not_the_others(day: str, operation: str, wanted: set[str]) -> None:
    assert day[:7] in wanted
    assert accepting_aliases(operation, "200", body_of(day, operation)) == wanted


def test_the_settlement_of_2026_01_12_fits_no_alias_but_for_its_counts() -> None:
    """Test a body between two aliases: like those of February, without the counts added on 2026-01-29."""
    [row] = body_of("2026-01-12", "GetSettlements")["settlements"]
    counted = {**row, "no_count_fp": "37.00", "yes_count_fp": "37.00"}
    assert not any(component_validator(alias, "Settlement").is_valid(row) for alias in ALIASES)
    assert {alias for alias in ALIASES if component_validator(alias, "Settlement").is_valid(counted)} == {"2026-02"}


@each_row(("day", "operation", "wanted"), WANTED)
def test_a_recorded_body_without_a_key_or_with_another_is_refused(day: str, operation: str, wanted: set[str]) -> None:
    surplus_or_missing = [
        (done, mutant)
        for done, mutant in mutations(body_of(day, operation))
        if done.startswith("unknown_key") or done.removeprefix("no ") in keys_of(body_of(day, operation))
    ]
    assert surplus_or_missing
    for done, mutant in surplus_or_missing:
        if done.removeprefix("no ") not in LEFT_OUT_WHERE_EMPTY:
            assert accepting_aliases(operation, "200", mutant) & wanted == NONE, done


def keys_of(node: Any) -> set[str]:
    if isinstance(node, dict):
        return set(node) | {key for child in node.values() for key in keys_of(child)}
    return {key for child in node for key in keys_of(child)} if isinstance(node, list) else set()


# day | operation | key of the first row | value | whether it fits
VALUES = [
    ("2025-11-03", "GetFills", "yes_price_fixed", "0.01", False),
    ("2025-11-03", "GetFills", "side", "bid", False),
    ("2025-11-03", "GetFills", "count", -1, False),
    ("2025-11-03", "GetFills", "count_fp", "1.00", False),
    ("2025-11-03", "GetFills", "client_order_id", "mine", True),
    ("2025-11-03", "GetOrders", "status", "pending", True),
    ("2025-11-03", "GetOrders", "taker_fees_dollars", "0.0200", True),
    ("2025-11-03", "GetOrders", "expiration_time", "2025-11-04T18:02:03Z", True),
    ("2025-11-03", "GetOrders", "subaccount_number", 0, False),
    ("2026-06-11", "GetFills", "fee_cost", "0.0175", False),
    ("2026-06-11", "GetFills", "yes_price_dollars", "0.520000", False),
    ("2026-06-11", "GetFills", "count_fp", "1", False),
    ("2026-06-11", "GetFills", "subaccount_number", None, False),
    ("2026-06-11", "GetFills", "book_side", "buy", False),
    ("2026-06-11", "GetFills", "ts", "1781159370", False),
]


@each_row(("day", "operation", "key", "value", "fits"), VALUES)
def test_values_of_rows(day: str, operation: str, key: str, value: object, fits: bool) -> None:
    body = body_of(day, operation)
    (rows,) = (part for part in body.values() if isinstance(part, list))
    rows[0][key] = value
    assert answer_validator(day[:7], operation, "200").is_valid(body) is fits
