"""Account summaries: sums over positions, in each currency."""

from decimal import Decimal
from typing import Any

from tests.helpers.rows import each_row
from tests.venues.deribit.exchange import CALL, DATED, FUNDS, LINEAR, PERPETUAL, PUT, DeribitExchange, trade
from tests.venues.deribit.keyring import DORA_3, SUB_ID, SUB_SECRET

ONE, ALL = "private/get_account_summary", "private/get_account_summaries"
OWNER = {
    "creation_timestamp",
    "email",
    "id",
    "interuser_transfers_enabled",
    "login_enabled",
    "mmp_enabled",
    "referrer_id",
    "security_keys_enabled",
    "self_trading_extended_to_subaccounts",
    "self_trading_reject_mode",
    "system_name",
    "type",
    "username",
}
IDENTITY = {"email", "id", "security_keys_enabled", "system_name", "type", "username"}
NANO = Decimal("1e-9")


def counter_with_positions() -> DeribitExchange:
    exchange = DeribitExchange()
    exchange.do(
        *FUNDS,
        trade(DATED, "30000", "110000"),
        trade(PERPETUAL, "-5000", "113000", taker=True),
        trade(PUT, "0.3", "0.12"),
        trade(CALL, "-0.2", "0.02"),
        trade(LINEAR, "0.001", "30000"),
        trade(DATED, "10", "110000", DORA_3),
    )
    return exchange


COUNTER = counter_with_positions()
"""An exchange that no test changes."""


def sums(currency: str, name: str, kind: str = "") -> Decimal:
    rows = COUNTER.result(f"private/get_positions?currency={currency}" + (f"&kind={kind}" if kind else ""))
    return sum((row[name] for row in rows), Decimal(0))


SUMS = {
    "initial_margin": ("initial_margin", ""),
    "maintenance_margin": ("maintenance_margin", ""),
    "delta_total": ("delta", ""),
    "total_pl": ("total_profit_loss", ""),
    "session_upl": ("floating_profit_loss", ""),
    "session_rpl": ("realized_profit_loss", ""),
    "futures_pl": ("total_profit_loss", "future"),
    "futures_session_upl": ("floating_profit_loss", "future"),
    "options_pl": ("total_profit_loss", "option"),
    "options_session_upl": ("floating_profit_loss", "option"),
    "options_delta": ("delta", "option"),
    "options_gamma": ("gamma", "option"),
    "options_theta": ("theta", "option"),
    "options_vega": ("vega", "option"),
}


@each_row("name", SUMS)
@each_row("currency", ["BTC", "USDC"])
def test_a_summary_sums_up_positions(currency: str, name: str) -> None:
    column, kind = SUMS[name]
    found = COUNTER.result(f"{ONE}?currency={currency}")[name]
    assert abs(found - sums(currency, column, kind)) <= 5 * NANO


@each_row("currency", ["BTC", "USDC"])
def test_equity_and_funds_follow_from_the_rest(currency: str) -> None:
    found = COUNTER.result(f"{ONE}?currency={currency}")
    margin_balance = found["balance"] + found["futures_session_rpl"] + found["futures_session_upl"]
    assert abs(found["margin_balance"] - margin_balance) <= 2 * NANO
    assert abs(found["equity"] - found["margin_balance"] - found["options_value"]) <= 2 * NANO
    assert abs(found["available_funds"] - (found["margin_balance"] - found["initial_margin"])) <= 2 * NANO


def test_sums_by_index_are_those_of_the_one_index_there_is() -> None:
    found = COUNTER.result(f"{ONE}?currency=BTC")
    for name in ("delta_total", "options_gamma", "options_theta", "options_vega"):
        assert found[f"{name}_map"] == {"btc_usd": found[name]}


def test_keys_are_in_alphabetical_order() -> None:
    found = COUNTER.result(f"{ONE}?currency=BTC&extended=true")
    assert list(found) == sorted(found)


def test_extended_adds_the_keys_of_the_owner() -> None:
    plain, extended = COUNTER.result(f"{ONE}?currency=BTC"), COUNTER.result(f"{ONE}?currency=BTC&extended=true")
    assert set(extended) - set(plain) == {"fees", *OWNER}
    assert (extended["id"], extended["username"], extended["type"]) == (0, "dora", "main")


def test_fees_are_those_of_the_instruments_of_a_currency() -> None:
    exchange = DeribitExchange()
    fees = exchange.result(f"{ONE}?currency=BTC&extended=true")["fees"]
    assert {index: list(kinds) for index, kinds in fees.items()} == {"btc_usd": ["future", "option", "perpetual"]}
    option = {"maker": Decimal("0.0003"), "taker": Decimal("0.0003"), "type": "fixed"}
    assert fees["btc_usd"]["option"] == {"block_trade": Decimal("0.625"), "default": option}
    assert list(exchange.result(f"{ONE}?currency=USDC&extended=true")["fees"]["btc_usdc"]) == ["perpetual"]
    assert "fees" not in DeribitExchange(fees="omit").result(f"{ONE}?currency=BTC&extended=true")


def test_the_ratio_of_liquidation_is_0_or_left_out() -> None:
    found = COUNTER.result(f"{ONE}?currency=BTC")
    assert (found["estimated_liquidation_ratio"], found["estimated_liquidation_ratio_map"]) == (0, {})
    plain = DeribitExchange(liquidation_ratio="omit").result(f"{ONE}?currency=BTC")
    assert {"estimated_liquidation_ratio", "estimated_liquidation_ratio_map"}.isdisjoint(plain)


def test_the_creation_of_an_account_is_the_time_of_its_opening() -> None:
    found = COUNTER.result(f"{ONE}?currency=BTC&extended=true")["creation_timestamp"]
    assert found * 1000 == COUNTER.bench.context.state.accounts["dora"].opened_at


def test_all_summaries_are_those_of_each_currency() -> None:
    found = COUNTER.result(ALL)
    assert set(found) == {"summaries", *IDENTITY}
    assert found["summaries"] == [COUNTER.result(f"{ONE}?currency={name}") for name in ("BTC", "USDC")]
    assert set(COUNTER.result(f"{ALL}?extended=true")) == {"summaries", *OWNER}


def test_the_margin_model_is_one_without_liquidation_prices() -> None:
    found = COUNTER.result(f"{ONE}?currency=BTC")
    said = found["margin_model"], found["portfolio_margining_enabled"], found["cross_collateral_enabled"]
    assert said == ("segregated_pm", True, False)


def test_in_a_currency_that_was_never_had_there_is_nothing() -> None:
    found = COUNTER.result(f"{ONE}?currency=SOL")
    assert {value for name, value in found.items() if isinstance(value, Decimal)} == {0}
    assert found["delta_total_map"] == {}


def of_book_3(exchange: DeribitExchange) -> list[Any]:
    return [
        exchange.result(f"{ONE}?currency=BTC&extended=true&subaccount_id=3"),
        exchange.result(f"{ONE}?currency=BTC&extended=true", SUB_ID, SUB_SECRET),
    ]


def test_a_subaccount_has_its_own() -> None:
    by_main, by_itself = of_book_3(COUNTER)
    assert by_main == by_itself
    assert (by_main["id"], by_main["type"], by_main["username"]) == (3, "subaccount", "dora_3")
    assert 0 < by_main["delta_total"] < COUNTER.result(f"{ONE}?currency=BTC")["delta_total"]


@each_row(
    ("query", "param", "reason"),
    [
        ("", "currency", "value is required"),
        ("?currency=any", "currency", "invalid currency"),
        ("?currency=BTC&extended=1", "extended", "value must be a boolean"),
    ],
)
def test_bad_parameters(query: str, param: str, reason: str) -> None:
    assert COUNTER.error(ONE + query)["data"] == {"reason": reason, "param": param}
