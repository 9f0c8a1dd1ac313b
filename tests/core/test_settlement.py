"""What a settlement pays to whom, and what it tells."""

import pytest

from mockexchange.core.commands import OpenBook, SettleMarket
from mockexchange.core.events import MarketMoved, PositionChanged, PositionSettled
from mockexchange.core.portfolio import PositionQuery, find_positions
from mockexchange.core.vocabulary import BookRef, MarketStatus, Result
from tests.core.tables import Line, centicents, lines, micros
from tests.core.world import World

# alice bought 10 YES at 0.56 from bob, who so holds 10 NO at 0.44. No fees: both are makers.
PAYMENTS = lines("""
    result | value  | alice | bob   | kept of each
    yes    |        | 10    |  0    | 0
    no     |        |  0    | 10    | 0
    void   |        |  5.60 |  4.40 | 0
    scalar | 0.25   |  2.50 |  7.50 | 0
    scalar | 0.2575 |  2.575 | 7.425 | 0.005
""")


def world() -> World:
    it = World()
    it.deposit("5.60")
    it.deposit("4.40", "bob")
    it.fill("buy yes 10 @ 0.56", fee_micros=0, against=BookRef("bob"), taker=True)
    return it


@pytest.mark.parametrize("line", PAYMENTS, ids=lambda line: f"{line['result']} {line['value']}")
def test_everybody_is_paid(line: Line) -> None:
    settled = world()
    value_centicents = centicents(line["value"]) if line["value"] else None
    settled.do(SettleMarket(market="RAIN-1", result=Result(line["result"]), value_centicents=value_centicents))
    kept_micros = micros(line["kept of each"])
    for purse in ("alice", "bob"):
        row, paid_micros = settled.row(purse=purse), micros(line[purse])
        assert settled.holdings(purse).cash_micros == paid_micros - kept_micros
        assert row.stake.realized_micros == paid_micros - settled.holdings(purse).contributed_micros
        assert (row.stake.quantity_centis, row.stake.cost_micros, row.fees_micros) == (0, 0, kept_micros)
        assert (row.settled, row.updated_at) == (True, settled.at)
        assert settled.holdings(purse).values_micros[0] == 0


def test_a_settlement_tells_of_every_move_then_of_every_row() -> None:
    settled = world()
    determined, finalized, *paid = settled.do(SettleMarket(market="RAIN-1", result=Result.YES))
    assert determined == MarketMoved(market="RAIN-1", status=MarketStatus.DETERMINED, result=Result.YES)
    assert finalized == MarketMoved(market="RAIN-1", status=MarketStatus.FINALIZED, result=Result.YES)
    assert [type(event) for event in paid] == [PositionSettled, PositionChanged] * 2
    assert paid[0] == PositionSettled(
        purse=BookRef("alice"),
        market="RAIN-1",
        result=Result.YES,
        quantity_centis=1_000,
        cost_micros=micros("5.60"),
        revenue_micros=micros("10"),
        remainder_micros=0,
    )


def test_a_settled_row_leaves_the_default_page() -> None:
    settled = world()
    settled.do(SettleMarket(market="RAIN-1", result=Result.YES))
    for status, found in [(False, []), (True, ["RAIN-1"]), (None, ["RAIN-1"])]:
        page = find_positions(settled.holdings(), PositionQuery(limit=10, settled=status))
        assert [row.market.ticker for row in page.rows] == found


def test_other_markets_and_empty_books_are_left_alone() -> None:
    settled = world()
    settled.do(OpenBook(account="alice", book="3"))
    settled.list_market("RAIN-2")
    settled.fill("buy yes 1 @ 0.50", market="RAIN-2")
    settled.do(SettleMarket(market="RAIN-1", result=Result.NO))
    assert not settled.row("RAIN-2").settled
    assert settled.holdings("alice/3").positions == {}


def test_a_row_that_was_closed_before_settles_too() -> None:
    settled = world()
    settled.fill("sell yes 10 @ 0.60", fee_micros=0)
    settled.do(SettleMarket(market="RAIN-1", result=Result.NO))
    assert settled.row().settled
    assert settled.row().stake.realized_micros == micros("0.40")
