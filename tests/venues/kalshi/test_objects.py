"""The keys of positions and balances at every date, as the facts list them, and one row of each written out."""

import datetime
import json
from dataclasses import dataclass
from typing import Any

from mockexchange.core.instants import parse_instant
from mockexchange.venues.dated_fields import compile_object, pick
from mockexchange.venues.kalshi.named_days import api_date
from mockexchange.venues.kalshi.resources import OBJECTS, count_removed_fields
from mockexchange.venues.kalshi.resources.balances import Balance, IndexedBalance
from tests.helpers.rows import each_row
from tests.venues.kalshi.bodies import DATES

MONEY = ["total_traded", "market_exposure", "realized_pnl", "fees_paid"]
EVENT_MONEY = ["total_cost", "event_exposure", "realized_pnl", "fees_paid"]


def dollars(names: list[str]) -> set[str]:
    return {f"{name}_dollars" for name in names}


ALWAYS = {"ticker", "last_updated_ts"} | dollars(MONEY)
CENTS = {"position", *MONEY}
EVENT_ALWAYS = {"event_ticker"} | dollars(EVENT_MONEY)
BALANCE = {"balance", "portfolio_value", "updated_ts"}
BALANCE_2026 = BALANCE | {"balance_dollars", "balance_breakdown"}

KEYS: dict[str, dict[str, set[str]]] = {
    "MarketPosition": {
        "2025-11": ALWAYS | CENTS | {"resting_orders_count"},
        "2025-12": ALWAYS | CENTS | {"resting_orders_count"},
        "2026-02": ALWAYS | CENTS | {"resting_orders_count", "position_fp"},
        "2026-04": ALWAYS | {"resting_orders_count", "position_fp"},
        "2026-06": ALWAYS | {"resting_orders_count", "position_fp"},
        "2026-10": ALWAYS | {"position_fp", "exchange_index"},
        "compat": ALWAYS | CENTS | {"resting_orders_count", "position_fp", "exchange_index"},
    },
    "EventPosition": {
        "2025-11": EVENT_ALWAYS | {*EVENT_MONEY, "resting_order_count"},
        "2025-12": EVENT_ALWAYS | {*EVENT_MONEY, "total_cost_shares"},
        "2026-02": EVENT_ALWAYS | {*EVENT_MONEY, "total_cost_shares", "total_cost_shares_fp"},
        "2026-04": EVENT_ALWAYS | {"total_cost_shares_fp"},
        "2026-06": EVENT_ALWAYS | {"total_cost_shares_fp"},
        "2026-10": EVENT_ALWAYS | {"total_cost_shares_fp"},
        "compat": EVENT_ALWAYS | {*EVENT_MONEY, "resting_order_count", "total_cost_shares", "total_cost_shares_fp"},
    },
    "GetBalanceResponse": {
        "2025-11": BALANCE,
        "2025-12": BALANCE,
        "2026-02": BALANCE,
        "2026-04": BALANCE,
        "2026-06": BALANCE_2026,
        "2026-10": BALANCE_2026,
        "compat": BALANCE_2026,
    },
}

# The day each key came or went, and what it was.
CHANGES = [
    ("EventPosition", "2025-11-06", "+total_cost_shares"),
    ("EventPosition", "2025-11-13", "-resting_order_count"),
    ("MarketPosition", "2026-01-29", "+position_fp"),
    ("EventPosition", "2026-01-29", "+total_cost_shares_fp"),
    ("MarketPosition", "2026-03-12", "-fees_paid -market_exposure -position -realized_pnl -total_traded"),
    ("EventPosition", "2026-03-12", "-event_exposure -fees_paid -realized_pnl -total_cost -total_cost_shares"),
    ("GetBalanceResponse", "2026-05-28", "+balance_breakdown +balance_dollars"),
    ("MarketPosition", "2026-07-09", "-resting_orders_count"),
    ("MarketPosition", "2026-08-20", "+exchange_index"),
]


@each_row("date", DATES)
@each_row("name", KEYS)
def test_the_keys_of_a_date_in_alphabetical_order(name: str, date: str) -> None:
    keys = list(pick(OBJECTS[name], api_date(date)))
    assert set(keys) == KEYS[name][date]
    assert keys == sorted(keys)


def test_the_table_has_every_date() -> None:
    assert all(set(of_date) == set(DATES) for of_date in KEYS.values())


def previous(day: str) -> str:
    return (datetime.date.fromisoformat(day) - datetime.timedelta(days=1)).isoformat()


@each_row(("name", "day", "change"), CHANGES)
def test_keys_come_and_go_on_their_day(name: str, day: str, change: str) -> None:
    before, after = (set(pick(OBJECTS[name], api_date(one))) for one in (previous(day), day))
    assert " ".join(sorted([f"+{key}" for key in after - before] + [f"-{key}" for key in before - after])) == change


def test_there_is_no_other_day_on_which_keys_change() -> None:
    days = {(name, edge) for name in KEYS for row in OBJECTS[name] for edge in (row.since, row.until)}
    changed = {
        (name, edge)
        for name, edge in days
        if "2025-11-03" < edge < "9999"
        and set(pick(OBJECTS[name], api_date(previous(edge)))) != set(pick(OBJECTS[name], api_date(edge)))
    }
    assert changed == {(name, day) for name, day, _ in CHANGES}


def test_compat_tells_how_much_it_keeps() -> None:
    kept = sum(len(KEYS[name]["compat"] - KEYS[name]["2026-10"]) for name in KEYS)
    assert kept == 12
    assert count_removed_fields() > kept


# --- written out


@dataclass
class Anything:
    """Stands for whatever a row reads: its attributes are given by name."""

    values: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        return self.values[name]


def nested(**values: Any) -> Anything:
    return Anything(values)


STAKE = nested(cost_micros=904_219, quantity_centis=-137, realized_micros=-12_345, traded_micros=1_765_432)
ROW = nested(
    market=nested(ticker='KX-"1"', event=nested(exchange_index=2)),
    stake=STAKE,
    fees_micros=18_900,
    updated_at=parse_instant("2026-06-11T06:29:30.165030Z"),
    resting_centis=599,
)
EVENT = nested(
    event="KX",
    totals=nested(
        cost_micros=2_500_000,
        fees_micros=18_999,
        realized_micros=-1,
        resting_centis=100,
        traded_micros=2_500_001,
        shares_centis=1_399,
    ),
)
FUNDS = Balance(98_018_600, 1_989_999, (IndexedBalance(0, 98_018_600),), parse_instant("2026-06-11T06:29:08.9Z"))

OLD_ROW = (
    '"fees_paid":1,"fees_paid_dollars":"0.0100","last_updated_ts":"2026-06-11T06:29:30.16503Z","market_exposure":90,'
    '"market_exposure_dollars":"0.9000","position":-1,{fp}"realized_pnl":-1,"realized_pnl_dollars":"-0.0100",'
    '"resting_orders_count":5,"ticker":"KX-\\"1\\"","total_traded":176,"total_traded_dollars":"1.7600"'
)
NEW_ROW = (
    '"fees_paid_dollars":"0.018900","last_updated_ts":"2026-06-11T06:29:30.16503Z","market_exposure_dollars":"0.904219",'
    '"position_fp":"-1.37","realized_pnl_dollars":"-0.012345",{resting}"ticker":"KX-\\"1\\"",'
    '"total_traded_dollars":"1.765432"'
)
COMPAT_ROW = (
    '"exchange_index":2,"fees_paid":1,"fees_paid_dollars":"0.018900","last_updated_ts":"2026-06-11T06:29:30.16503Z",'
    '"market_exposure":90,"market_exposure_dollars":"0.904219","position":-1,"position_fp":"-1.37","realized_pnl":-1,'
    '"realized_pnl_dollars":"-0.012345","resting_orders_count":5,"ticker":"KX-\\"1\\"","total_traded":176,'
    '"total_traded_dollars":"1.765432"'
)
OLD_EVENT = (
    '"event_exposure":250,"event_exposure_dollars":"2.5000","event_ticker":"KX","fees_paid":1,'
    '"fees_paid_dollars":"0.0100","realized_pnl":0,"realized_pnl_dollars":"0.0000",{resting}"total_cost":250,'
    '"total_cost_dollars":"2.5000"{shares}'
)
NEW_EVENT = (
    '"event_exposure_dollars":"2.500000","event_ticker":"KX","fees_paid_dollars":"0.018999",'
    '"realized_pnl_dollars":"-0.000001","total_cost_dollars":"2.500001","total_cost_shares_fp":"13.99"'
)
COMPAT_EVENT = (
    '"event_exposure":250,"event_exposure_dollars":"2.500000","event_ticker":"KX","fees_paid":1,'
    '"fees_paid_dollars":"0.018999","realized_pnl":0,"realized_pnl_dollars":"-0.000001","resting_order_count":1,'
    '"total_cost":250,"total_cost_dollars":"2.500001","total_cost_shares":13,"total_cost_shares_fp":"13.99"'
)
OLD_BALANCE = '"balance":9801,"portfolio_value":198,"updated_ts":1781159348'
NEW_BALANCE = (
    '"balance":9801,"balance_breakdown":[{"balance":"98.0186","exchange_index":0}],"balance_dollars":"98.0186",'
    '"portfolio_value":198,"updated_ts":1781159348'
)

WRITTEN: dict[str, tuple[Any, dict[str, str]]] = {
    "MarketPosition": (
        ROW,
        {
            "2025-11": OLD_ROW.replace("{fp}", ""),
            "2025-12": OLD_ROW.replace("{fp}", ""),
            "2026-02": OLD_ROW.replace("{fp}", '"position_fp":"-1.37",'),
            "2026-04": NEW_ROW.replace("{resting}", '"resting_orders_count":5,'),
            "2026-06": NEW_ROW.replace("{resting}", '"resting_orders_count":5,'),
            "2026-10": '"exchange_index":2,' + NEW_ROW.replace("{resting}", ""),
            "compat": COMPAT_ROW,
        },
    ),
    "EventPosition": (
        EVENT,
        {
            "2025-11": OLD_EVENT.replace("{resting}", '"resting_order_count":1,').replace("{shares}", ""),
            "2025-12": OLD_EVENT.replace("{resting}", "").replace("{shares}", ',"total_cost_shares":13'),
            "2026-02": OLD_EVENT.replace("{resting}", "").replace(
                "{shares}", ',"total_cost_shares":13,"total_cost_shares_fp":"13.99"'
            ),
            "2026-04": NEW_EVENT,
            "2026-06": NEW_EVENT,
            "2026-10": NEW_EVENT,
            "compat": COMPAT_EVENT,
        },
    ),
    "GetBalanceResponse": (
        FUNDS,
        {date: OLD_BALANCE if date < "2026-06" else NEW_BALANCE for date in DATES},
    ),
}


@each_row("date", DATES)
@each_row("name", WRITTEN)
def test_an_object_is_written_as_of_its_date(name: str, date: str) -> None:
    value, of_date = WRITTEN[name]
    written = compile_object(OBJECTS[name], api_date(date))(value).decode()
    assert written == "{" + of_date[date] + "}"
    assert list(json.loads(written)) == sorted(KEYS[name][date])


def test_decimals_grow_on_2026_03_07() -> None:
    before, after = (
        compile_object(OBJECTS["MarketPosition"], api_date(day))(ROW) for day in ("2026-03-06", "2026-03-07")
    )
    assert b'"market_exposure":90,"market_exposure_dollars":"0.9000"' in before
    assert b'"market_exposure":90,"market_exposure_dollars":"0.904219"' in after
