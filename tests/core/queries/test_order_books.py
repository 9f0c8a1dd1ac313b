"""A market's book: strangers and accounts together, best bid last, and how many contracts trade before an order."""

from mockexchange.core.commands import CancelOrder, CloseMarket, DetermineMarket, QuoteMarket, ReduceOrder
from mockexchange.core.model.markets import Market
from mockexchange.core.queries.order_books import Level, count_ahead_centis, levels
from mockexchange.core.vocabulary import Result, Side
from tests.core.tables import Line, centis, lines
from tests.core.world import World
from tests.helpers.rows import each_row

# Every order bids for a side: a sale of YES bids for NO at the rest of the dollar.
BIDS = lines("""
    order               | side | at
    buy yes 1 @ 0.40    | yes  | 4000
    sell no 1 @ 0.60    | yes  | 4000
    buy no 1 @ 0.3001   | no   | 3001
    sell yes 1 @ 0.6999 | no   | 3001
""")

# What comes in this order, and how many contracts are ahead of each in the end.
QUEUE = lines("""
    order             | purse    | ahead
    buy yes 3 @ 0.40  | alice    | 8
    buy yes 2 @ 0.42  | bob      | 4
    sell no 5 @ 0.60  | desk/st1 | 11
    buy no 7 @ 0.40   | alice    | 0
    buy yes 1 @ 0.40  | bob      | 16
    buy yes 4 @ 0.43  | alice    | 0
    buy yes 9 @ 0.39  | bob      | 17
    sell yes 1 @ 0.60 | bob      | 7
""")


@each_row("line", BIDS, ids=lambda line: line["order"])
def test_an_order_is_a_bid_for_the_side_it_gains_from(line: Line) -> None:
    world = World()
    world.rest(line["order"])
    for side in Side:
        found = [Level(int(line["at"]), 100)] if side == line["side"] else []
        assert levels(world.exchange.state, market(world), side) == found


def test_an_order_waits_for_better_prices_and_for_earlier_orders() -> None:
    world = queued()
    world.do(QuoteMarket(market="RAIN-1", yes=((4_000, 200),)))
    ahead = [count_ahead_centis(world.exchange.state, order) for order in world.exchange.state.orders.values()]
    assert ahead == [centis(line["ahead"]) for line in QUEUE]


def test_strangers_at_the_same_price_came_first() -> None:
    world = World()
    world.rest("buy yes 1 @ 0.40", order="mine")
    for quoted, ahead_centis in [(((3_999, 500),), 0), (((4_000, 500),), 500), (((4_000, 500), (4_001, 70)), 570)]:
        world.do(QuoteMarket(market="RAIN-1", yes=quoted))
        assert count_ahead_centis(world.exchange.state, world.exchange.state.orders["mine"]) == ahead_centis
    world.do(QuoteMarket(market="RAIN-1", no=((4_000, 500),)))
    assert count_ahead_centis(world.exchange.state, world.exchange.state.orders["mine"]) == 0


def test_an_order_moves_up_as_others_are_filled_reduced_and_canceled() -> None:
    world = World()
    for name in ["first", "second", "third", "mine"]:
        world.rest("buy yes 5 @ 0.40", "bob" if name == "mine" else "alice", order=name)
    mine = world.exchange.state.orders["mine"]
    assert count_ahead_centis(world.exchange.state, mine) == 1_500
    world.fill("buy yes 2 @ 0.40", order="first")
    assert count_ahead_centis(world.exchange.state, mine) == 1_300
    world.do(CancelOrder(order="second"))
    assert count_ahead_centis(world.exchange.state, mine) == 800
    world.do(ReduceOrder(order="third", count_centis=150))
    assert count_ahead_centis(world.exchange.state, mine) == 650
    world.fill("buy yes 3 @ 0.40", order="first")
    assert count_ahead_centis(world.exchange.state, mine) == 350


@each_row("move", [CloseMarket(market="RAIN-1"), DetermineMarket(market="RAIN-1", result=Result.NO)])
def test_nobody_bids_where_trading_has_stopped(move: CloseMarket | DetermineMarket) -> None:
    world = queued()
    world.do(QuoteMarket(market="RAIN-1", yes=((4_100, 50),), no=((4_100, 50),)), move)
    assert [levels(world.exchange.state, market(world), side) for side in Side] == [[], []]


def test_an_order_that_is_done_waits_for_nobody() -> None:
    world = queued()
    world.do(CloseMarket(market="RAIN-1"))
    assert {count_ahead_centis(world.exchange.state, order) for order in world.exchange.state.orders.values()} == {0}


def test_levels_sum_strangers_and_orders_best_last() -> None:
    world = queued()
    world.do(QuoteMarket(market="RAIN-1", yes=((4_100, 50), (4_000, 200)), no=((5_000, 1),)))
    state = world.exchange.state
    yes = [Level(3_900, 900), Level(4_000, 1_100), Level(4_100, 50), Level(4_200, 200), Level(4_300, 400)]
    assert levels(state, market(world), Side.YES) == yes
    assert levels(state, market(world), Side.NO) == [Level(4_000, 800), Level(5_000, 1)]


def test_nobody_bids_in_an_empty_book() -> None:
    world = World()
    world.rest("buy yes 1 @ 0.40", order="mine")
    world.do(CancelOrder(order="mine"))
    for side in Side:
        assert levels(world.exchange.state, market(world), side) == []


def test_the_row_of_a_market_changes_with_its_book() -> None:
    world = World()
    revisions = [market(world).revision]
    for change in (rest, reduce, cancel):
        change(world)
        revisions.append(market(world).revision)
        assert world.exchange.state.listed_markets.revision == revisions[-1]
    assert sorted(set(revisions)) == revisions


def rest(world: World) -> None:
    world.rest("buy yes 2 @ 0.40", order="mine")


def reduce(world: World) -> None:
    world.do(ReduceOrder(order="mine", count_centis=100))


def cancel(world: World) -> None:
    world.do(CancelOrder(order="mine"))


def queued() -> World:
    world = World()
    for line in QUEUE:
        world.rest(line["order"], line["purse"])
    return world


def market(world: World) -> Market:
    return world.exchange.state.markets["RAIN-1"]
