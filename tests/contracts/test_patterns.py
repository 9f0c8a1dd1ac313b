"""Amounts, counts, prices and timestamps are texts with a pattern, and their descriptions give the precision."""

import re
from typing import Any

from tests.contracts.documents import DOCUMENTS, document
from tests.helpers.rows import each_row
from tools.contract_examples import DECIMALS

WORDS = {2: "two decimals", 4: "four decimals", 6: "six decimals"}
SENT = ("DollarsSent", "CountSent")
"""Types of what is sent, which may have fewer decimals."""
TEXTS = ("Dollars", "UnsignedDollars", "FeeDollars", "BalanceDollars", "PriceDollars", "Count", "UnsignedCount")
NUMBERS = ("Cents", "UnsignedCents", "PriceCents", "PriceCentsNumber", "PriceNumber", "Contracts", "UnsignedContracts")
AMOUNT_FIELD = re.compile(r"_dollars$|_fp$|_fixed$|^(fee_cost|amount|balance)$")
BEFORE_SIX = {"2025-11", "2025-12", "2026-02"}
NOT_YET = {"2025-11": {"FeeDollars", "Count", "UnsignedCount"}, "2025-12": {"Count", "UnsignedCount"}}
DECIMALS_OF = {"PriceDollars": 4, "BalanceDollars": 4, "Count": 2, "UnsignedCount": 2}


LIST = "a/list"
OTHERS = {
    ("GetBalanceResponse", "balance"): ["Cents"],
    ("IntraExchangeInstanceTransferRequest", "amount"): ["WholeNumber"],
    ("GetMarketOrderbookResponse", "orderbook_fp"): ["OrderbookCountFp"],
    ("MarketOrderbookFp", "orderbook_fp"): ["OrderbookCountFp"],
    **{(book, f"{side}_dollars"): ["list"] for book in ("Orderbook", "OrderbookCountFp") for side in ("yes", "no")},
}
"""Fields that are named like amounts but are something else."""


def schemas(alias: str) -> dict[str, Any]:
    found: dict[str, Any] = document(alias)["components"]["schemas"]
    return found


@each_row("alias", DOCUMENTS)
@each_row("name", TEXTS)
def test_a_text_has_the_decimals_of_its_date_and_says_so(alias: str, name: str) -> None:
    if name in NOT_YET.get(alias, set()):
        assert name not in schemas(alias)
        return
    schema = schemas(alias)[name]
    found = DECIMALS.search(schema["pattern"])
    assert found is not None
    decimals = int(found[1]) + len(found[2])
    assert decimals == DECIMALS_OF.get(name, 4 if alias in BEFORE_SIX else 6)
    assert WORDS[decimals] in schema["description"]
    assert (schema["pattern"][0], schema["pattern"][-1]) == ("^", "$")


@each_row("alias", DOCUMENTS)
@each_row("name", NUMBERS)
def test_a_number_says_what_is_cut_off(alias: str, name: str) -> None:
    assert schemas(alias).get(name, {"description": "."})["description"]


@each_row("alias", DOCUMENTS)
def test_instants_and_days_have_patterns(alias: str) -> None:
    for name in ("Instant", "TimeOfDay", "Day", "Cursor"):
        if name in schemas(alias):
            assert schemas(alias)[name]["pattern"]
            assert schemas(alias)[name]["description"]


@each_row("alias", DOCUMENTS)
def test_every_field_that_is_an_amount_has_such_a_type(alias: str) -> None:
    fields = [
        (name, field, node)
        for name, schema in schemas(alias).items()
        for field, node in schema.get("properties", {}).items()
        if AMOUNT_FIELD.search(field)
    ]
    assert len(fields) > 30
    for name, field, node in fields:
        kind = node.get("oneOf", [node])[0].get("$ref", LIST).rsplit("/", 1)[1]
        assert kind in {*TEXTS, *SENT, *OTHERS.get((name, field), ())}, (name, field)
