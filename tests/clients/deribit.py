"""The accounts of the scenario `deribit`, what happens to one while her clients look on, and what they have to see."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.clients.exchange import MAIN_KEY, PRIMARY_SUBACCOUNT, Sandbox
from tests.clients.processes import Task

Row = Mapping[str, Any]
SCENARIO = "deribit"
ACCOUNT = "dora"
"""Holds every kind of contract."""
ACCOUNTS = (
    *(ACCOUNT, "shorts", "flats", "carried", "fresh", "mixed", "notional", "since_open", "legs", "funded", "dust"),
    *("owing", "untouched"),
)
DECIMALS = Decimal("1e-9")
"""The finest that the venue shows."""


def trade(instrument: str, direction: str, amount: str, price: str, **more: object) -> dict[str, Any]:
    words = {"account": ACCOUNT, "instrument": instrument, "direction": direction, "amount": amount, "price": price}
    return {"trade": {**words, **more}}


def credentials_of(sandbox: Sandbox, account: str = ACCOUNT) -> Task:
    """The venue's URLs and a key, as runners take them."""
    where = sandbox.venues["deribit"]
    parts = urlsplit(where["base_url"])
    return {
        "origin": f"{parts.scheme}://{parts.netloc}",
        "ws_url": where["ws_url"],
        **sandbox.secrets[account, MAIN_KEY]._asdict(),
    }


def positions_by_name(sandbox: Sandbox, account: str = ACCOUNT) -> dict[str, Row]:
    """The truth of every contract that is held, or was in this session."""
    return {row["instrument"]: row for row in sandbox.truth(account)}


def profit(amount: str) -> Any:
    """An exact profit, equal to what the venue shows: of an inverse future a difference of two rounded worths."""
    return pytest.approx(float(amount), rel=0, abs=1.001e-9)


def shown(amount: str) -> Decimal:
    """An exact amount as the venue shows it."""
    return Decimal(amount).quantize(DECIMALS)


def summaries_by_currency(sandbox: Sandbox, account: str = ACCOUNT) -> dict[str, Row]:
    rows: Iterable[Row] = sandbox.ledger(account)["summaries"]
    return {row["currency"]: row for row in rows if row["book"] == PRIMARY_SUBACCOUNT}


def trades_of(sandbox: Sandbox, account: str = ACCOUNT) -> list[Row]:
    rows: Iterable[Row] = sandbox.ledger(account)["trades"]
    return [row for row in rows if row["book"] == PRIMARY_SUBACCOUNT]
