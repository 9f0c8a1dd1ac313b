"""Lists facts about Deribit's lists, written from its documentation: their rows and their filters."""

from collections.abc import Callable, Sequence

from mockexchange.kit.list_facts import Facts, Filter, Listing, Paging, Reader, Row, equal_to, field_of

NAMES_MAX = 5
END_MS = "4102444800000"
"""A time later than every trade, in Unix milliseconds: 2100-01-01."""
ANY = "any"
RESULT = "result"


def currency_of(name: str) -> str:
    """Return the currency that an instrument settles in, by its name: BTC-PERPETUAL in BTC, BTC_USDC-... in USDC."""
    pair = name.partition("-")[0].split("_")
    return pair[-1]


def _has_currency(reader: Reader, row: Row, value: str) -> bool | None:
    return value == ANY or currency_of(str(row["instrument_name"])) == value


def _currencies(reader: Reader, rows: Sequence[Row]) -> Sequence[str]:
    return [ANY, *sorted({currency_of(str(row["instrument_name"])) for row in rows})]


CURRENCY = Filter(_has_currency, _currencies)
KIND = equal_to(field_of("kind"), nothing=None)
BY_CURRENCY_AND_KIND = Listing(RESULT, filters={"currency": CURRENCY, "kind": KIND}, together=(("currency", "kind"),))
LISTINGS = {
    "private/get_positions": BY_CURRENCY_AND_KIND,
    "private/get_open_orders": Listing(RESULT),
    "public/get_instruments": BY_CURRENCY_AND_KIND,
}


def _instruments(reader: Reader) -> list[str]:
    return [str(row["instrument_name"]) for row in reader.rows("public/get_instruments")][:NAMES_MAX]


def _indexes(reader: Reader) -> list[str]:
    return sorted({str(row["price_index"]) for row in reader.rows("public/get_instruments")})[:NAMES_MAX]


def _instrument_currencies(reader: Reader) -> list[str]:
    return [currency_of(name) for name in _instruments(reader)]


def _open_order_field(field: str) -> Callable[[Reader], list[str]]:
    """Return the reader of a field of open orders."""
    return lambda reader: [str(row[field]) for row in reader.rows("private/get_open_orders")][:NAMES_MAX]


FACTS = Facts(
    listings=LISTINGS,
    names={
        "instrument_name": _instruments,
        "index_name": _indexes,
        "currency": _instrument_currencies,
        "order_id": _open_order_field("order_id"),
        "label": _open_order_field("label"),
        "client_name": lambda reader: ["kit"],
        "client_version": lambda reader: ["1"],
        "start_timestamp": lambda reader: ["0"],
        "end_timestamp": lambda reader: [END_MS],
    },
    needs=(),
    paging=Paging(limit="count", cursor="continuation", next="continuation", unreadable=None),
    past_fields=frozenset(),
    clock=None,
    volatile_fields=frozenset({"usIn", "usOut", "usDiff", "timestamp", "access_token", "refresh_token"}),
)
