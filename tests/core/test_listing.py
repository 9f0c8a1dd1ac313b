"""Series, markets, and what a price does to the value of positions."""

from mockexchange.core.commands import ListMarket, ListSeries, OpenPosition, PriceMarket
from mockexchange.core.events import MarketListed, MarketPriced, SeriesListed
from mockexchange.core.vocabulary import BookRef, FeeType
from tests.core.tables import lines, micros
from tests.core.world import World

# alice holds 10 YES and bob 10 NO, bought at 0.56 and 0.44; what both are worth after each step.
VALUES = lines("""
    price | alice | bob
    0.56  | 5.60  | 4.40
    0.99  | 9.90  | 0.10
    0.01  | 0.10  | 9.90
    0.01  | 0.10  | 9.90
""")


def test_a_market_brings_its_series_and_its_event() -> None:
    world = World()
    listed = ListMarket(market="SUN-1", event="SUN-E", series="SUN", title="Sun?", exchange_index=2)
    assert world.do(listed) == [
        SeriesListed(series="SUN"),
        MarketListed(market="SUN-1", event="SUN-E", series="SUN"),
    ]
    market = world.exchange.state.markets["SUN-1"]
    assert (market.title, market.price_centicents, market.event.exchange_index) == ("Sun?", None, 2)
    assert market.event.series.fee_type is FeeType.QUADRATIC


def test_another_market_joins_what_is_there() -> None:
    world = World()
    world.do(ListSeries(series="SUN", fee_type=FeeType.FLAT, fee_multiplier=0))
    for market in ["SUN-1", "SUN-2"]:
        listed = ListMarket(market=market, event="SUN-E", series="SUN")
        assert world.do(listed) == [MarketListed(market=market, event="SUN-E", series="SUN")]
    one, two = (world.exchange.state.markets[market] for market in ["SUN-1", "SUN-2"])
    assert one.event is two.event
    assert (one.event.series.fee_type, one.event.series.fee_multiplier) == (FeeType.FLAT, 0)


def test_a_price_moves_the_value_of_every_position() -> None:
    world = World()
    world.fill("buy yes 10 @ 0.56", against=BookRef("bob"))
    for line in VALUES:
        world.do(PriceMarket(market="RAIN-1", price_centicents=micros(line["price"]) // 100))
        assert world.holdings("alice").values_micros[0] == micros(line["alice"])
        assert world.holdings("bob").values_micros[0] == micros(line["bob"])


def test_the_same_price_again_is_no_event() -> None:
    world = World()
    priced = PriceMarket(market="RAIN-1", price_centicents=5_000)
    assert world.do(priced, priced) == [MarketPriced(market="RAIN-1", price_centicents=5_000)]


def test_without_a_price_a_position_is_worth_what_it_cost() -> None:
    world = World()
    world.do(OpenPosition(purse=BookRef("alice"), market="RAIN-1", quantity_centis=-1_000, cost_micros=7_000_000))
    assert world.holdings().values_micros[0] == 7_000_000
    world.do(PriceMarket(market="RAIN-1", price_centicents=4_000))
    assert world.holdings().values_micros[0] == 6_000_000


def test_values_are_kept_by_exchange_index() -> None:
    world = World()
    world.do(ListMarket(market="SUN-1", event="SUN", series="SUN", exchange_index=3))
    world.fill("buy yes 10 @ 0.50", market="SUN-1")
    world.fill("buy no 10 @ 0.30", market="RAIN-1")
    assert world.holdings().values_micros == {3: micros("5"), 0: micros("3")}
