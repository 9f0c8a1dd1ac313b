"""Rows of positions: recorded rows are consistent, and rows with a small error are not."""

from decimal import Decimal
from typing import Any

from mockexchange.kit.position_contradictions import Row, contradictions_of, is_since_opened, is_since_settlement
from tests.helpers.rows import each_row

SEED = {
    "instrument_name": "BTC-17OCT25",
    "kind": "future",
    "direction": "buy",
    "average_price": "110957.5",
    "delta": "0.974421544",
    "floating_profit_loss": "-0.014474194",
    "index_price": "113853.63",
    "initial_margin": "0.039024337",
    "leverage": 25,
    "maintenance_margin": "0.019535906",
    "mark_price": "113882.95",
    "settlement_price": "115600.09",
    "size": "110970.0",
    "size_currency": "0.974421544",
    "total_profit_loss": "0.025691112",
}
"""The row of the example in SignalPlus' documentation, with Deribit's field names."""


def future(name: str, size: str, currency: str, total: str, floating: str, **more: Any) -> dict[str, Any]:
    margins = {"initial_margin": "0", "maintenance_margin": "0", "leverage": 0}
    profits = {"total_profit_loss": total, "floating_profit_loss": floating}
    sizes = {"size": size, "size_currency": currency, "delta": currency}
    direction = "sell" if size.startswith("-") else "buy"
    return {"instrument_name": name, "kind": "future", "direction": direction, **margins, **profits, **sizes, **more}


def option(size: str, total: str, floating: str, floating_usd: str, **more: str) -> dict[str, Any]:
    greeks = {"delta": "0", "gamma": "0", "vega": "0", "theta": "0"}
    profits = {"total_profit_loss": total, "floating_profit_loss": floating, "floating_profit_loss_usd": floating_usd}
    margins = {"initial_margin": "0", "maintenance_margin": "0"}
    direction = "sell" if size.startswith("-") else "buy"
    name = "BTC-25JUN21-28000-P"
    return {
        "instrument_name": name,
        "kind": "option",
        "direction": direction,
        "size": size,
        **greeks,
        **profits,
        **margins,
        **more,
    }


def prices(average: str, mark: str, settlement: str, **more: str) -> dict[str, str]:
    return {"average_price": average, "mark_price": mark, "settlement_price": settlement, "index_price": "1", **more}


REAL = {
    "the example of the page": SEED,
    "the example of user.changes": future(
        "BTC-PERPETUAL", "185160", "10.646886321", "1.69711368", "0.906961435", **prices("15000", "17391", "16025.83")
    ),
    "ccxt 26913": future(
        "BTC-PERPETUAL",
        "40",
        "0.000366075",
        "-0.000010792",
        "-0.000000282",
        **prices("112585.87", "109266.97", "109351.31"),
    ),
    "an option that was opened and carried": option(
        "0.1",
        "0.01226105",
        "0.000035976",
        "664.0",
        **prices("0.0175", "0.1401105", "0.13975074", index_price="54151.77", average_price_usd="947.22"),
    ),
}
ROUNDED = {"an option that was opened and carried": "0.01"}
"""Errors of profits in dollars, for samples that show fewer digits than they were computed from."""


def wrong_names(fields: dict[str, Any]) -> list[str]:
    return [wrong.seen.split()[0] for wrong in contradictions_of(Row(fields))]


@each_row("name", REAL)
def test_real_rows_are_right(name: str) -> None:
    found = wrong_names(REAL[name])
    assert found == (["floating_profit_loss_usd"] if name in ROUNDED else [])
    assert is_since_settlement(Row(REAL[name]))
    assert not is_since_opened(Row(REAL[name]))


def test_a_profit_in_dollars_is_since_it_was_opened() -> None:
    row = REAL["an option that was opened and carried"]
    exact = Decimal(row["size"]) * (Decimal("0.1401105") * Decimal("54151.77") - Decimal("947.22"))
    assert abs(exact - 664) < Decimal("0.5")
    assert wrong_names({**row, "floating_profit_loss_usd": str(exact)}) == []


def test_a_linear_size_is_shown_at_the_mark_price() -> None:
    row = future(
        "BTC_USDC-PERPETUAL", "30.015878", "0.001", "1.0", "1.0", **prices("29015.878", "30015.878", "29015.878")
    )
    assert wrong_names(row) == []
    assert wrong_names({**row, "size": "0.001"}) == ["size"]
    assert wrong_names({**row, "total_profit_loss": "0.0000344"}) == ["total_profit_loss"]


@each_row(
    ("field", "value", "found"),
    [
        ("direction", "sell", ["direction"]),
        ("size", "-110970.0", ["direction", "total_profit_loss", "size_currency"]),
        ("total_profit_loss", "0.025691122", ["total_profit_loss"]),
        ("total_profit_loss", "-0.014474194", ["total_profit_loss"]),
        ("size_currency", "0.974421554", ["size_currency", "delta"]),
        ("delta", "1.0", ["delta"]),
        ("leverage", 24, ["leverage"]),
        ("maintenance_margin", "0.04", ["maintenance_margin"]),
        ("average_price", "110957", ["total_profit_loss"]),
    ],
)
def test_a_row_that_is_off_is_found(field: str, value: Any, found: list[str]) -> None:
    assert wrong_names({**SEED, field: value}) == found


@each_row("field", ["delta", "total_profit_loss", "initial_margin", "average_price", "size_currency"])
def test_a_flat_row_has_nothing(field: str) -> None:
    zeros = dict.fromkeys(
        (
            "average_price",
            "delta",
            "floating_profit_loss",
            "initial_margin",
            "maintenance_margin",
            "size",
            "size_currency",
        ),
        "0.0",
    )
    flat = {**SEED, **zeros, "total_profit_loss": "0.0", "direction": "zero"}
    assert wrong_names(flat) == []
    assert wrong_names({**flat, field: "0.1"}) == [field]
    assert wrong_names({**flat, "direction": "buy"}) == ["direction"]


def test_what_was_opened_in_the_session_made_all_of_it_there() -> None:
    row = Row({**SEED, "floating_profit_loss": "0.025691112"})
    assert (is_since_opened(row), is_since_settlement(row)) == (True, False)
    never_settled = Row({**SEED, "settlement_price": "0.0"})
    assert not is_since_settlement(never_settled)
