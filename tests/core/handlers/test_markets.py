"""Series, events, markets, their books, and what a price does to the value of positions."""

from mockexchange.core.commands import (
    CloseMarket,
    Command,
    DescribeEvent,
    DetermineMarket,
    ListMarket,
    ListSeries,
    OpenPosition,
    PriceMarket,
    QuoteMarket,
    SettleMarket,
)
from mockexchange.core.events import (
    EventDescribed,
    EventListed,
    LevelChanged,
    MarketListed,
    MarketMoved,
    MarketPriced,
    MarketQuoted,
    SeriesListed,
)
from mockexchange.core.model.markets import EventDetails, MarketDetails, SeriesDetails
from mockexchange.core.vocabulary import FeeType, MarketStatus, Result, Side, SubaccountRef
from tests.core.tables import lines, micros
from tests.core.world import START, STEP_US, World, fill
from tests.helpers.rows import each_row

# alice holds 10 YES and bob 10 NO, bought at 0.56 and 0.44; what both are worth after each step.
VALUES = lines("""
    price | alice | bob
    0.56  | 5.60  | 4.40
    0.99  | 9.90  | 0.10
    0.01  | 0.10  | 9.90
    0.01  | 0.10  | 9.90
""")


def stranger(side: Side, price_centicents: int, change_centis: int) -> LevelChanged:
    return LevelChanged(
        market="RAIN-1", side=side, price_centicents=price_centicents, change_centis=change_centis, order_id=None
    )


def test_a_market_brings_its_series_and_its_event() -> None:
    world = World()
    listed = ListMarket(market="SUN-1", event="SUN-E", series="SUN", title="Sun?", exchange_index=2)
    assert world.do(listed) == [
        SeriesListed(series="SUN"),
        EventListed(event="SUN-E"),
        MarketListed(market="SUN-1", event="SUN-E", series="SUN"),
    ]
    market = world.exchange.state.markets["SUN-1"]
    assert (market.title, market.price_centicents, market.event.exchange_index) == ("Sun?", None, 2)
    assert market.event.series.fee_type is FeeType.QUADRATIC


def test_another_market_joins_what_is_there() -> None:
    world = World()
    world.do(ListSeries(series="SUN", fee_type=FeeType.FLAT, fee_multiplier=0))
    for market, first in [("SUN-1", [EventListed(event="SUN-E")]), ("SUN-2", [])]:
        listed = ListMarket(market=market, event="SUN-E", series="SUN")
        assert world.do(listed) == [*first, MarketListed(market=market, event="SUN-E", series="SUN")]
    one, two = (world.exchange.state.markets[market] for market in ["SUN-1", "SUN-2"])
    assert one.event is two.event
    assert (one.event.series.fee_type, one.event.series.fee_multiplier) == (FeeType.FLAT, 0)


def test_a_price_moves_the_value_of_every_position() -> None:
    world = World()
    world.fill("buy yes 10 @ 0.56", against=SubaccountRef("bob"))
    for line in VALUES:
        world.do(PriceMarket(market="RAIN-1", price_centicents=micros(line["price"]) // 100))
        assert world.subaccount("alice").values_micros[0] == micros(line["alice"])
        assert world.subaccount("bob").values_micros[0] == micros(line["bob"])


def test_the_same_price_again_is_no_event() -> None:
    world = World()
    priced = PriceMarket(market="RAIN-1", price_centicents=5_000)
    assert world.do(priced, priced) == [MarketPriced(market="RAIN-1", price_centicents=5_000)]


def test_without_a_price_a_position_is_worth_what_it_cost() -> None:
    world = World()
    world.do(
        OpenPosition(
            subaccount_ref=SubaccountRef("alice"), market="RAIN-1", quantity_centis=-1_000, cost_micros=7_000_000
        )
    )
    assert world.subaccount().values_micros[0] == 7_000_000
    world.do(PriceMarket(market="RAIN-1", price_centicents=4_000))
    assert world.subaccount().values_micros[0] == 6_000_000


def test_values_are_kept_by_exchange_index() -> None:
    world = World()
    world.do(ListMarket(market="SUN-1", event="SUN", series="SUN", exchange_index=3))
    world.fill("buy yes 10 @ 0.50", market="SUN-1")
    world.fill("buy no 10 @ 0.30", market="RAIN-1")
    assert world.subaccount().values_micros == {3: micros("5"), 0: micros("3")}


# --- what is said of them


def test_series_events_and_markets_have_texts_or_plain_ones() -> None:
    world = World()
    world.do(
        ListSeries(series="SUN", details=SeriesDetails(title="Sun", tags=("a", "b"))),
        ListMarket(market="SUN-1", event="SUN-E", series="SUN", details=MarketDetails(subtitle="all day")),
    )
    sun, rain = (world.exchange.state.markets[market] for market in ("SUN-1", "RAIN-1"))
    assert (sun.details, sun.event.series.details.tags) == (MarketDetails(subtitle="all day"), ("a", "b"))
    assert (rain.details, rain.event.details, rain.event.series.details) == (
        MarketDetails(),
        EventDetails(),
        SeriesDetails(),
    )


def test_an_event_is_described_before_it_is_listed_or_after() -> None:
    world = World()
    described = DescribeEvent(event="SUN-E", details=EventDetails(title="early"))
    assert world.do(described) == [EventDescribed(event="SUN-E")]
    world.do(ListMarket(market="SUN-1", event="SUN-E", series="SUN"))
    state = world.exchange.state
    event, listed_at = state.events["SUN-E"], world.at
    assert (event.details.title, state.described, event.updated_at) == ("early", {}, listed_at)
    before = event.revision
    world.do(DescribeEvent(event="SUN-E", details=EventDetails(title="late")))
    assert (event.details.title, event.updated_at) == ("late", listed_at + STEP_US)
    assert event.revision == state.listed_events.revision > before


def test_an_event_knows_its_markets_in_the_order_of_listing() -> None:
    world = World()
    world.do(*(ListMarket(market=f"SUN-{n}", event="SUN-E", series="SUN") for n in (2, 1, 3)))
    assert [market.ticker for market in world.exchange.state.events["SUN-E"].markets] == ["SUN-2", "SUN-1", "SUN-3"]


# --- lists of them


def test_markets_are_listed_newest_first_by_series_and_status() -> None:
    world = World()
    for name, event, series in (("A", "E1", "S"), ("B", "E2", "S"), ("C", "E2", "S"), ("D", "E3", "T")):
        world.do(ListMarket(market=name, event=event, series=series))
    world.do(CloseMarket(market="B"))
    listed = world.exchange.state.listed_markets

    def found(*selector: str, status: MarketStatus | None = None) -> list[str]:
        page = listed.find(9, (selector,), lambda partition: status in (None, *partition))
        return [market.ticker for market in page.rows]

    assert found() == ["D", "C", "B", "A", "RAIN-1"]
    assert found("series", "S") == ["C", "B", "A"]
    assert found("series", "S", status=MarketStatus.OPEN) == ["C", "A"]
    assert found(status=MarketStatus.CLOSED) == ["B"]
    assert [event.ticker for event in world.exchange.state.listed_events.find(9).rows] == ["E3", "E2", "E1", "RAIN"]


CHANGES: list[Command] = [
    PriceMarket(market="RAIN-1", price_centicents=5_000),
    QuoteMarket(market="RAIN-1", yes=((5_000, 100),)),
    fill("buy yes 1 @ 0.50"),
    CloseMarket(market="RAIN-1"),
    DetermineMarket(market="RAIN-1", result=Result.YES),
    SettleMarket(market="RAIN-1", result=Result.VOID),
]


@each_row("change", CHANGES, ids=lambda change: type(change).__name__)
def test_a_change_makes_another_row_of_the_market_and_of_its_event(change: Command) -> None:
    """Pages are kept by revision: one that stayed would show the market as it was."""
    world = World()
    state, market = world.exchange.state, world.exchange.state.markets["RAIN-1"]
    other = ListMarket(market="SUN-1", event="SUN", series="SUN")
    world.do(other)
    before = [market.revision, market.event.revision, state.listed_markets.revision, state.listed_events.revision]
    world.do(change)
    after = [market.revision, market.event.revision, state.listed_markets.revision, state.listed_events.revision]
    assert all(new > old for old, new in zip(before, after, strict=True))
    assert (market.updated_at, market.created_at) == (world.at, START + 6 * STEP_US)
    assert state.markets["SUN-1"].revision < market.revision


# --- prices and books


def test_a_market_remembers_the_price_before() -> None:
    world = World()
    market = world.exchange.state.markets["RAIN-1"]
    assert (market.previous_centicents, market.price_centicents) == (None, None)
    prices = []
    for price in (5_000, 5_000, 6_000, 7_000):
        world.do(PriceMarket(market="RAIN-1", price_centicents=price))
        prices.append(market.previous_centicents)
    assert (prices, market.price_centicents) == ([None, None, 5_000, 6_000], 7_000)


def test_the_books_of_strangers_are_replaced_whole() -> None:
    world = World()
    market = world.exchange.state.markets["RAIN-1"]
    quoted = QuoteMarket(market="RAIN-1", yes=((100, 5), (5_500, 100), (300, 7)), no=((4_300, 80),))
    assert world.do(quoted) == [
        MarketQuoted(market="RAIN-1", yes_levels=((5_500, 100), (300, 7), (100, 5)), no_levels=((4_300, 80),)),
        stranger(Side.YES, 5_500, 100),
        stranger(Side.YES, 300, 7),
        stranger(Side.YES, 100, 5),
        stranger(Side.NO, 4_300, 80),
    ]
    assert market.quotes == {Side.YES: {5_500: 100, 300: 7, 100: 5}, Side.NO: {4_300: 80}}
    more = QuoteMarket(market="RAIN-1", yes=((5_500, 60), (300, 7)), no=((4_300, 90), (1_000, 1)))
    assert world.do(more)[1:] == [
        stranger(Side.YES, 5_500, -40),
        stranger(Side.YES, 100, -5),
        stranger(Side.NO, 4_300, 10),
        stranger(Side.NO, 1_000, 1),
    ]
    world.do(QuoteMarket(market="RAIN-1", no=((9_000, 1),)))
    assert market.quotes == {Side.YES: {}, Side.NO: {9_000: 1}}


@each_row(
    "end",
    [CloseMarket(market="RAIN-1"), DetermineMarket(market="RAIN-1", result=Result.NO)],
    ids=lambda end: type(end).__name__,
)
def test_a_market_that_stops_trading_has_no_book(end: Command) -> None:
    world = World()
    world.do(QuoteMarket(market="RAIN-1", yes=((5_500, 100), (1, 2)), no=((300, 5),)))
    moved, *emptied = world.do(end)
    assert isinstance(moved, MarketMoved)
    assert emptied == [stranger(Side.YES, 5_500, -100), stranger(Side.YES, 1, -2), stranger(Side.NO, 300, -5)]
    assert world.exchange.state.markets["RAIN-1"].quotes is None
