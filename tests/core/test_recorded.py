"""Numbers recorded on the venue's demo, reproduced: 2026-06-11 (three fills) and 2025-11-03 (rows and their order)."""

from mockexchange.core.commands import CancelOrder, ListMarket
from mockexchange.core.instants import format_instant, parse_instant
from mockexchange.core.position_cost import Stake
from mockexchange.core.queries.positions import PositionQuery, find_positions
from tests.core.tables import lines, micros
from tests.core.world import STEP_US, World

# Balance 98.0186 and portfolio value 198 cents were read after the second fill, the position after the third.
FILLS_2026_06_11 = lines("""
    at                          | trade            | fee    | balance | value
    2026-06-11T06:25:23.609242Z | buy yes 1 @ 0.99 | 0.0007 | 99.0093 | 0.99
    2026-06-11T06:25:38.796711Z | buy yes 1 @ 0.99 | 0.0007 | 98.0186 | 1.98
    2026-06-11T06:29:30.165032Z | buy yes 1 @ 0.52 | 0.0175 | 97.4811 | 1.56
""")

# In the order in which they were listed: newest first. The second and the fourth had resting contracts.
ROWS_2025_11_03 = lines("""
    market                       | event                      | updated                     | resting
    KXATPMATCH-25NOV04CAZNOR-NOR | KXATPMATCH-25NOV04CAZNOR   | 2025-11-03T20:27:56.306763Z | 0
    KXQUICKSETTLE-25NOV03H1530-3 | KXQUICKSETTLE-25NOV03H1530 | 2025-11-03T20:21:59.128617Z | 5
    KXQUICKSETTLE-25NOV03H1520-2 | KXQUICKSETTLE-25NOV03H1520 | 2025-11-03T20:20:00.351685Z | 0
    KXCSGOGAME-FURG225-G2        | KXCSGOGAME-FURG225         | 2025-11-03T18:02:01.971208Z | 3
""")


def test_three_fills_of_2026_06_11() -> None:
    world = World()
    world.deposit("100")
    for line in FILLS_2026_06_11:
        world.at = parse_instant(line["at"]) - STEP_US
        (filled,) = world.fill(line["trade"], taker=True)
        assert filled.fee_micros == micros(line["fee"])
        assert world.subaccount().cash_micros == micros(line["balance"])
        assert world.subaccount().values_micros == {0: micros(line["value"])}


def test_the_row_and_the_event_of_2026_06_11() -> None:
    world = World()
    for line in FILLS_2026_06_11:
        world.at = parse_instant(line["at"]) - STEP_US
        world.fill(line["trade"], taker=True)
    page = find_positions(world.subaccount(), PositionQuery(limit=100))
    (row,) = page.rows
    (event,) = page.events
    assert row.stake == Stake(300, micros("2.50"), 0, micros("2.50"), 300)
    assert (row.fees_micros, row.resting_centis) == (micros("0.0189"), 0)
    assert format_instant(row.updated_at) == "2026-06-11T06:29:30.165032Z"
    assert (event.event, event.totals.traded_micros, event.totals.cost_micros) == (
        "RAIN",
        micros("2.50"),
        micros("2.50"),
    )
    assert (event.totals.fees_micros, event.totals.realized_micros) == (micros("0.0189"), 0)
    assert event.totals.shares_centis == 300


def test_rows_without_any_count_are_listed_newest_first_as_on_2025_11_03() -> None:
    world = World()
    for line in reversed(ROWS_2025_11_03):
        world.do(ListMarket(market=line["market"], event=line["event"], series="KX"))
        _touch(world, line["market"], line["updated"])
    for line in ROWS_2025_11_03:
        if int(line["resting"]):
            world.rest(f"buy yes {line['resting']} @ 0.01", market=line["market"])
    page = find_positions(world.subaccount(), PositionQuery(limit=100))
    assert [row.market.ticker for row in page.rows] == [line["market"] for line in ROWS_2025_11_03]
    assert [format_instant(row.updated_at) for row in page.rows] == [line["updated"] for line in ROWS_2025_11_03]
    assert [event.event for event in page.events] == [line["event"] for line in ROWS_2025_11_03]
    assert [event.totals.resting_centis // 100 for event in page.events] == [0, 5, 0, 3]


def _touch(world: World, market: str, at: str) -> None:
    """Make a row without counts, as of `at`: an order rested there and was canceled."""
    world.at = parse_instant(at) - STEP_US
    world.rest("buy yes 1 @ 0.01", market=market, order=f"gone from {market}")
    world.do(CancelOrder(order=f"gone from {market}"))
