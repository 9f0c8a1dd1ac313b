"""The public channels of instruments: they begin with what there is, and send what changed, each change once."""

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mockexchange.core.commands import (
    Command,
    DeliverDerivative,
    MarkDerivative,
    PlaceDerivativeOrder,
    QuoteDerivative,
    SetIndex,
)
from mockexchange.core.derivatives.vocabulary import Direction
from tests.helpers.effort import examples
from tests.helpers.rows import each_row
from tests.venues.deribit.keyring import DORA, ERIC, FUTURE, NOW, PERPETUAL, Bench, bench, rpc
from tests.venues.deribit.stream.sessions import Client, client, published

BOOK, TICKER, QUOTE = f"book.{PERPETUAL}.100ms", f"ticker.{PERPETUAL}.100ms", f"quote.{PERPETUAL}"
STAMP = NOW // 1_000
Levels = dict[str, dict[float, float]]


def quote(bids: str = "", asks: str = "", derivative: str = PERPETUAL) -> QuoteDerivative:
    """Return quotes such as "113800 50, 113700 10"."""

    def levels(text: str) -> tuple[tuple[Decimal, Decimal], ...]:
        parts = (level.split() for level in text.split(", ") if level)
        return tuple((Decimal(price), Decimal(amount)) for price, amount in parts)

    return QuoteDerivative(derivative=derivative, bids=levels(bids), asks=levels(asks))


def order(direction: str, amount: str, price: str) -> PlaceDerivativeOrder:
    """Return an order of dora that buys, or of eric that sells."""
    return PlaceDerivativeOrder(
        subaccount_ref=DORA if direction == "buy" else ERIC,
        derivative=PERPETUAL,
        direction=Direction(direction),
        amount=Decimal(amount),
        price=Decimal(price),
    )


def subscribe(one: Client, *channels: str) -> list[Any]:
    """Return the data that the subscriptions begin with."""
    answer, *first = one.send(rpc("public/subscribe", {"channels": list(channels)}))
    assert answer["result"] == list(channels)
    return [data_of(frame) for frame in first]


def data_of(frame: Any) -> Any:
    assert frame.keys() == {"jsonrpc", "method", "params"}
    return frame["params"]["data"]


def only(made: Bench, one: Client, command: Command) -> Any:
    ((frame,),) = published(made, [one], command)
    return data_of(frame)


def test_an_order_book_begins_with_a_snapshot_and_sends_the_levels_that_change() -> None:
    made = bench()
    one = client(made)
    made.execute(quote("113800 50, 113700 10", "113900 20"))
    [first] = subscribe(one, BOOK)
    assert first == {
        "type": "snapshot",
        "timestamp": STAMP,
        "instrument_name": PERPETUAL,
        "change_id": first["change_id"],
        "bids": [["new", 113_800, 50], ["new", 113_700, 10]],
        "asks": [["new", 113_900, 20]],
    }
    change = only(made, one, quote("113800 40, 113750 10", "113900 20"))
    assert change == {
        "type": "change",
        "timestamp": STAMP,
        "instrument_name": PERPETUAL,
        "prev_change_id": first["change_id"],
        "change_id": change["change_id"],
        "bids": [["change", 113_800, 40], ["new", 113_750, 10], ["delete", 113_700, 0]],
        "asks": [],
    }
    assert change["change_id"] > change["prev_change_id"]
    taken = only(made, one, order("sell", "40", "113800"))
    assert (taken["bids"], taken["prev_change_id"]) == ([["delete", 113_800, 0]], change["change_id"])


def test_what_a_channel_does_not_show_sends_nothing() -> None:
    made = bench()
    made.execute(quote("113800 50, 113700 10", "113900 20"))
    one = client(made)
    subscribe(one, BOOK, QUOTE, f"book.{PERPETUAL}.none.1.100ms")
    mark = MarkDerivative(derivative=PERPETUAL, price=Decimal(113_850))
    assert published(made, [one], mark, quote("1 10", derivative=FUTURE)) == [[]]
    (frames,) = published(made, [one], quote("113800 50, 113600 10", "113900 20"))
    assert [frame["params"]["channel"] for frame in frames] == [BOOK]


def test_best_prices_are_sent_when_one_of_them_changes() -> None:
    made = bench()
    one = client(made)
    nothing = {"best_ask_amount": 0, "best_ask_price": None, "best_bid_amount": 0, "best_bid_price": None}
    stamps = {"instrument_name": PERPETUAL, "timestamp": STAMP}
    assert subscribe(one, QUOTE) == [{**nothing, **stamps}]
    prices = {"best_ask_amount": 20, "best_ask_price": 113_900, "best_bid_amount": 50, "best_bid_price": 113_800}
    assert only(made, one, quote("113800 50", "113900 20")) == {**prices, **stamps}


@each_row(
    "command",
    [
        MarkDerivative(derivative=PERPETUAL, price=Decimal(113_850)),
        SetIndex(index="btc_usd", price=Decimal(113_851)),
        quote("113800 50"),
        order("buy", "10", "113000"),
    ],
    ids=["mark", "index", "quote", "order"],
)
def test_a_ticker_is_that_of_the_read(command: Command) -> None:
    made = bench()
    one = client(made)
    assert subscribe(one, TICKER) == [one.ask("public/ticker", instrument_name=PERPETUAL)]
    assert only(made, one, command) == one.ask("public/ticker", instrument_name=PERPETUAL)


# Group, depth; the bids and asks that are shown.
BIDS, ASKS = "113804.5 10, 113802 20, 113801.5 30, 113700 40", "113805.5 1000, 113806 2000, 113811 3000"
GROUPED = [
    ("none", 1, [[113_804.5, 10]], [[113_805.5, 1000]]),
    ("1", 10, [[113_804, 10], [113_802, 20], [113_801, 30], [113_700, 40]], [[113_806, 3000], [113_811, 3000]]),
    ("5", 10, [[113_800, 60], [113_700, 40]], [[113_810, 3000], [113_815, 3000]]),
    ("10", 1, [[113_800, 60]], [[113_810, 3000]]),
]


@each_row(("group", "depth", "bids", "asks"), GROUPED)
def test_a_grouped_order_book_is_rounded_away_from_the_spread(
    group: str, depth: int, bids: list[Any], asks: list[Any]
) -> None:
    made = bench()
    one = client(made)
    [empty] = subscribe(one, f"book.{PERPETUAL}.{group}.{depth}.100ms")
    assert (empty["bids"], empty["asks"]) == ([], [])
    data = only(made, one, quote(BIDS, ASKS))
    assert data.keys() == {"asks", "bids", "change_id", "instrument_name", "timestamp"}
    assert (data["bids"], data["asks"]) == (bids, asks)


def test_a_subscription_that_is_made_again_begins_again() -> None:
    made = bench()
    one = client(made)
    assert [subscribe(one, BOOK)[0]["type"] for _ in range(2)] == ["snapshot", "snapshot"]
    assert one.ask("public/unsubscribe", channels=[BOOK]) == [BOOK]
    assert published(made, [one], quote("113800 50")) == [[]]
    [first] = subscribe(one, BOOK)
    assert (first["type"], first["bids"]) == ("snapshot", [["new", 113_800, 50]])
    assert one.ask("public/unsubscribe_all") == "ok"
    assert subscribe(one, BOOK)[0]["type"] == "snapshot"


def test_a_delivery_is_the_last_ticker_and_empties_the_order_book() -> None:
    made = bench()
    made.execute(quote("113800 50", derivative=FUTURE))
    one = client(made)
    subscribe(one, f"ticker.{FUTURE}.100ms", f"book.{FUTURE}.100ms")
    (frames,) = published(made, [one], DeliverDerivative(derivative=FUTURE))
    changes = {frame["params"]["channel"].split(".")[0]: data_of(frame) for frame in frames}
    assert changes["ticker"]["state"] == "delivered"
    assert changes["book"]["bids"] == [["delete", 113_800, 0]]


def apply(levels: Levels, data: Any) -> None:
    for side in ("bids", "asks"):
        for action, price, amount in data[side]:
            assert (price in levels[side]) == (action != "new")
            if action == "delete":
                del levels[side][price]
            else:
                levels[side][price] = amount


COMMANDS = st.one_of(
    st.tuples(st.sampled_from(["buy", "sell"]), st.sampled_from(["10", "50"]), st.integers(0, 8)).map(
        lambda drawn: order(drawn[0], drawn[1], str(113_796 + drawn[2]))
    ),
    st.tuples(st.integers(0, 4), st.integers(5, 9)).map(
        lambda drawn: quote(f"{113_795 + drawn[0]} 30", f"{113_795 + drawn[1]} 30")
    ),
)


@settings(max_examples=examples(15), deadline=None)
@given(st.lists(COMMANDS, min_size=5, max_size=12))
def test_a_client_that_applies_all_changes_has_the_order_book(commands: list[Command]) -> None:
    made = bench()
    one = client(made)
    [first] = subscribe(one, BOOK)
    levels: Levels = {"bids": {}, "asks": {}}
    apply(levels, first)
    last = first["change_id"]
    for frame in published(made, [one], *commands)[0]:
        data = data_of(frame)
        assert data["prev_change_id"] == last
        last = data["change_id"]
        apply(levels, data)
    book = one.ask("public/get_order_book", instrument_name=PERPETUAL, depth=10_000)
    assert levels == {side: dict(book[side]) for side in ("bids", "asks")}
