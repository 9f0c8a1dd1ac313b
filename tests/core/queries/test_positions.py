"""Pages: every filter and all of them together, walks with any limit, cursor keys, and what a page costs."""

from collections.abc import Callable, Iterator
from itertools import product

import pytest
from msgspec.structs import replace

from mockexchange.core.commands import CancelOrder, Command, ListMarket, OpenPosition, SettleMarket
from mockexchange.core.model.positions import EXCHANGE_INDEX_SHIFT, NONZERO_QUANTITY, NONZERO_RESTING, NONZERO_TRADED
from mockexchange.core.model.ranking import Ranking
from mockexchange.core.model.subaccounts import Subaccount
from mockexchange.core.queries.positions import Page, PositionQuery, find_positions
from mockexchange.core.vocabulary import Result, SubaccountRef
from tests.core.naive.pages import Sums, naive_pages, real_pages, shown, shown_event
from tests.core.world import World, fill, rest
from tests.helpers.effort import one_in
from tests.helpers.rows import each_row

pytestmark = pytest.mark.untraced

Story = Callable[[str], list[Command]]


def imported(market: str) -> OpenPosition:
    return OpenPosition(subaccount_ref=SubaccountRef("alice"), market=market, quantity_centis=-150, cost_micros=700_000)


def settled(market: str) -> SettleMarket:
    return SettleMarket(market=market, result=Result.YES)


def canceled(market: str) -> list[Command]:
    """A row in which nothing is left: an order that rested and went."""
    return [rest("buy yes 1 @ 0.10", market=market, order=market), CancelOrder(order=market)]


# What can happen to a row, so that each filter has some to show and some to hide.
STORIES: list[Story] = [
    # position, traded, resting, settled
    lambda market: [fill("buy yes 3 @ 0.40", market=market)],  # x x . .
    lambda market: [fill("buy yes 3 @ 0.40", market=market), settled(market)],  # . x . x
    lambda market: [fill("buy no 1.5 @ 0.40", market=market)],  # x x . .
    lambda market: [rest("buy yes 1 @ 0.10", market=market)],  # . . x .
    lambda market: [*canceled(market), settled(market)],  # . . . x
    lambda market: [imported(market)],  # x . . .
    lambda market: [fill("buy yes 3 @ 0.40", market=market), fill("sell yes 3 @ 0.50", market=market)],  # . x . .
    lambda market: [imported(market), rest("sell no 1 @ 0.90", market=market)],  # x . x .
    canceled,  # . . . .
    lambda market: [imported(market), settled(market)],  # . . . x
    lambda market: [fill("buy yes 3 @ 0.40", market=market), rest("buy yes 1 @ 0.10", market=market)],  # x x x .
]
EVENTS, MARKETS = 9, 4
ROWS_OF_AN_INSTANT = 3
START = 10**16
CUTOFF = START + 7

SETTLED = ARCHIVED = [False, True, None]
NONZERO = [sum(bits) for bits in product([0, NONZERO_QUANTITY], [0, NONZERO_TRADED], [0, NONZERO_RESTING])]
TICKERS = [None, "E3-0", "E0-1", "elsewhere"]
NAMED_EVENTS = [(), ("E3",), ("E7", "E2", "E7"), ("elsewhere",), ("E0", "elsewhere", "E8")]
INDEXES = [None, 0, 1, 5]
LIMITS = [1, 2, 7, 100]


@pytest.fixture(scope="module", params=[Ranking.run_items_max, 2], ids=["lists", "runs"])
def crowd(request: pytest.FixtureRequest) -> Iterator[Subaccount]:
    """alice with a row of every kind in many events on two exchange indexes, some of them of one instant."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ranking, "run_items_max", request.param)
        yield crowded()


def crowded() -> Subaccount:
    exchange = World().exchange
    exchange.state.archived_before = CUTOFF
    for number in range(EVENTS * MARKETS):
        event, market = f"E{number // MARKETS}", f"E{number // MARKETS}-{number % MARKETS}"
        index = number // MARKETS % 2
        listed = ListMarket(market=market, event=event, series=f"S{index}", exchange_index=index)
        for command in [listed, *STORIES[number % len(STORIES)](market)]:
            assert isinstance(exchange.execute(command, START + number // ROWS_OF_AN_INSTANT), tuple)
    return exchange.state.subaccounts[SubaccountRef("alice")]


def queries() -> Iterator[PositionQuery]:
    for limit, ticker, events, index, whole in product(LIMITS, TICKERS, NAMED_EVENTS, INDEXES, [False, True]):
        yield PositionQuery(limit=limit, ticker=ticker, events=events, exchange_index=index, whole_events=whole)


@pytest.mark.parametrize("nonzero", one_in(3, NONZERO))
@pytest.mark.parametrize("archived", ARCHIVED)
@pytest.mark.parametrize("settled", SETTLED)
def test_every_combination_of_filters(
    crowd: Subaccount, settled: bool | None, archived: bool | None, nonzero: int
) -> None:
    rows = [shown(row) for row in crowd.positions.values()]
    for query in queries():
        asked = replace(query, settled=settled, archived=archived, nonzero=nonzero)
        assert real_pages(crowd, asked) == naive_pages(rows, asked), asked


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("whole_events", [False, True])
def test_a_walk_gives_every_row_exactly_once(crowd: Subaccount, limit: int, whole_events: bool) -> None:
    rows = [shown(row) for row in crowd.positions.values()]
    for settled, archived, nonzero in product(SETTLED, ARCHIVED, NONZERO):
        query = PositionQuery(
            limit=limit, settled=settled, archived=archived, nonzero=nonzero, whole_events=whole_events
        )
        pages = real_pages(crowd, query)
        assert pages == naive_pages(rows, query)
        walked = [row.market for page in pages for row in page.rows]
        assert len(walked) == len(set(walked))


def test_the_crowd_has_rows_of_every_kind(crowd: Subaccount) -> None:
    kinds = {row.partition for row in crowd.positions.values()}
    assert {bits & 0b1111 for bits in kinds} >= {0, 1, 2, 3, 4, 5, 7, 8, 10}
    assert {bits >> EXCHANGE_INDEX_SHIFT for bits in kinds} == {0, 1}
    assert {(row.settled, row.archived) for row in crowd.positions.values()} == {(0, 0), (1, 0), (1, 1)}


def test_history_is_what_was_settled_before_the_cutoff(crowd: Subaccount) -> None:
    settled = [row for row in crowd.positions.values() if row.settled]
    page = find_positions(crowd, PositionQuery(limit=100, settled=True, archived=True))
    assert {row.market.ticker for row in page.rows} == {row.market.ticker for row in settled if row.updated_at < CUTOFF}
    assert any(row.updated_at == CUTOFF for row in settled)


def test_the_default_hides_what_is_settled_and_shows_rows_without_counts(crowd: Subaccount) -> None:
    page = find_positions(crowd, PositionQuery(limit=100))
    assert not any(row.settled for row in page.rows)
    assert any(row.partition & 0b1111 == 0 for row in page.rows)
    assert page.after is None


def test_a_book_without_rows_has_one_empty_page() -> None:
    for whole in [False, True]:
        assert find_positions(World().subaccount(), PositionQuery(limit=1, whole_events=whole)) == Page([], [], None)


def test_a_page_that_holds_exactly_the_rest_is_the_last(crowd: Subaccount) -> None:
    unsettled = len(find_positions(crowd, PositionQuery(limit=100)).rows)
    assert find_positions(crowd, PositionQuery(limit=unsettled)).after is None
    assert find_positions(crowd, PositionQuery(limit=unsettled - 1)).after is not None


def test_a_page_of_events_holds_all_their_rows(crowd: Subaccount) -> None:
    page = find_positions(crowd, PositionQuery(limit=2, settled=None, whole_events=True))
    assert [event.event for event in page.events] == ["E8", "E7"]
    assert len(page.rows) == 2 * MARKETS


@each_row("settled_filter", SETTLED)
def test_other_sums_of_an_event_have_another_revision(settled_filter: bool | None) -> None:
    world, query = five_markets(events=1), PositionQuery(limit=10, settled=settled_filter)
    seen: dict[int, Sums] = {}
    traded: list[Command] = [settled("M-4"), settled("M-1"), fill("buy yes 1 @ 0.50", market="M-2")]
    for changes in [[], *([change] for change in traded), canceled("M-0")]:
        world.do(*changes)
        for event in find_positions(world.subaccount(), query).events:
            assert seen.setdefault(event.revision, shown_event(event)) == shown_event(event)
    assert len(seen) > 1


def test_the_same_sums_through_another_filter_have_another_revision() -> None:
    subaccount = five_markets(events=1).subaccount()
    views = product((False, None), (False, None))
    pages = [find_positions(subaccount, PositionQuery(limit=10, settled=one, archived=other)) for one, other in views]
    assert len({shown_event(page.events[0]) for page in pages}) == 1
    assert len({page.events[0].revision for page in pages}) == len(pages)


class TestCursor:
    """A page begins right after the key the last one ended with, whatever became of the row that gave the key."""

    @each_row(
        "meanwhile",
        [
            pytest.param([], id="nothing"),
            pytest.param([fill("buy yes 1 @ 0.50", market="M-2")], id="the row of the key was filled"),
            pytest.param([settled("M-2")], id="the row of the key was settled"),
            pytest.param([rest("buy yes 1 @ 0.50", market="M-2")], id="an order rests in the row of the key"),
            pytest.param([fill("buy yes 1 @ 0.50", market="M-3")], id="a row already read was filled"),
        ],
    )
    @each_row("whole_events", [False, True], ids=["rows", "events"])
    def test_it_goes_on_where_it_stopped(self, whole_events: bool, meanwhile: list[Command]) -> None:
        world = five_markets(events=5 if whole_events else 1)
        first = self.page(world, None, whole_events)
        world.do(*meanwhile)
        assert markets(first) == ["M-4", "M-3", "M-2"]
        assert markets(self.page(world, first, whole_events)) == ["M-1", "M-0"]

    def test_a_key_of_one_filter_serves_another(self) -> None:
        world = five_markets(events=1)
        key = self.page(world, None, whole_events=False).after
        world.rest("buy yes 1 @ 0.50", market="M-0")
        page = find_positions(world.subaccount(), PositionQuery(limit=3, nonzero=NONZERO_RESTING, after=key))
        assert markets(page) == ["M-0"]

    def test_one_ticker_is_found_only_after_the_key(self) -> None:
        world = five_markets(events=1)
        key = self.page(world, None, whole_events=False).after
        for market, found in [("M-2", []), ("M-3", []), ("M-1", ["M-1"])]:
            page = find_positions(world.subaccount(), PositionQuery(limit=3, ticker=market, after=key))
            assert markets(page) == found

    @staticmethod
    def page(world: World, before: Page | None, whole_events: bool) -> Page:
        after = before.after if before else None
        return find_positions(world.subaccount(), PositionQuery(limit=3, after=after, whole_events=whole_events))


def five_markets(events: int) -> World:
    """alice holds M-0 (oldest) to M-4 (newest), in one event or in one each."""
    world = World()
    for number in range(5):
        world.do(ListMarket(market=f"M-{number}", event=f"E-{number % events}", series="S"))
        world.fill("buy yes 1 @ 0.50", market=f"M-{number}")
    return world


def markets(page: Page) -> list[str]:
    return [row.market.ticker for row in page.rows]
