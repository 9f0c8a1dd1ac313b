"""What a settlement pays to whom, and what it tells."""

from mockexchange.core.commands import (
    CloseMarket,
    Command,
    DetermineMarket,
    DisputeMarket,
    FinalizeMarket,
    OpenPosition,
    OpenSubaccount,
    QuoteMarket,
    SettleMarket,
)
from mockexchange.core.events import MarketMoved, OrderCanceled, OrderChanged, PositionChanged, PositionSettled
from mockexchange.core.queries.positions import PositionQuery, find_positions
from mockexchange.core.vocabulary import MarketStatus, OrderReason, Result, SubaccountRef
from tests.core.tables import Line, centicents, centis, lines, micros, stories
from tests.core.world import STEP_US, World
from tests.helpers.rows import each_row

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
    it.fill("buy yes 10 @ 0.56", fee_micros=0, against=SubaccountRef("bob"), taker=True)
    return it


@each_row("line", PAYMENTS, ids=lambda line: f"{line['result']} {line['value']}")
def test_everybody_is_paid(line: Line) -> None:
    settled = world()
    value_centicents = centicents(line["value"]) if line["value"] else None
    settled.do(SettleMarket(market="RAIN-1", result=Result(line["result"]), value_centicents=value_centicents))
    kept_micros = micros(line["kept of each"])
    for subaccount_ref in ("alice", "bob"):
        row, paid_micros = settled.row(subaccount_ref=subaccount_ref), micros(line[subaccount_ref])
        assert settled.subaccount(subaccount_ref).cash_micros == paid_micros - kept_micros
        assert row.stake.realized_micros == paid_micros - settled.subaccount(subaccount_ref).contributed_micros
        assert (row.stake.quantity_centis, row.stake.cost_micros, row.fees_micros) == (0, 0, kept_micros)
        assert (row.settled, row.updated_at) == (True, settled.at)
        assert settled.subaccount(subaccount_ref).values_micros[0] == 0


def test_a_settlement_tells_of_every_move_then_of_every_row() -> None:
    settled = world()
    determined, finalized, *paid = settled.do(SettleMarket(market="RAIN-1", result=Result.YES))
    assert determined == MarketMoved(market="RAIN-1", status=MarketStatus.DETERMINED, result=Result.YES)
    assert finalized == MarketMoved(market="RAIN-1", status=MarketStatus.FINALIZED, result=Result.YES)
    assert [type(event) for event in paid] == [PositionSettled, PositionChanged] * 2
    assert paid[0] == PositionSettled(
        subaccount_ref=SubaccountRef("alice"),
        market="RAIN-1",
        result=Result.YES,
        quantity_centis=1_000,
        cost_micros=micros("5.60"),
        revenue_micros=micros("10"),
        remainder_micros=0,
    )


def test_a_settlement_empties_the_book_between_its_moves() -> None:
    """Strangers go first, then orders as they came; rows follow once the market is final."""
    settled = world()
    settled.do(QuoteMarket(market="RAIN-1", yes=((4_000, 100),)))
    settled.rest("buy yes 5 @ 0.30", order="first")
    settled.rest("buy no 2 @ 0.20", "bob", order="second")
    told = settled.do(SettleMarket(market="RAIN-1", result=Result.NO))
    canceled = ["OrderCanceled", "LevelChanged", "OrderChanged", "PositionChanged"]
    assert [type(event).__name__ for event in told] == [
        "MarketMoved",
        "LevelChanged",
        *canceled,
        *canceled,
        "MarketMoved",
        *["PositionSettled", "PositionChanged"] * 2,
    ]
    assert [event.order_id for event in told if isinstance(event, OrderCanceled)] == ["first", "second"]
    assert {event.reason for event in told if isinstance(event, OrderChanged)} == {OrderReason.CLOSE}
    rows = [event for event in told if isinstance(event, PositionChanged)]
    assert [(row.has_moved, row.settled) for row in rows] == [(False, False)] * 2 + [(True, True)] * 2


def test_a_settled_row_has_paid_its_fees_for_nothing_that_it_holds() -> None:
    settled = World()
    settled.fill("buy yes 10 @ 0.56", fee_micros=90_000)
    assert settled.row().held_fees_micros == 90_000
    *_, changed = settled.do(SettleMarket(market="RAIN-1", result=Result.SCALAR, value_centicents=3_333))
    assert isinstance(changed, PositionChanged)
    assert (changed.fees_micros, changed.held_fees_micros) == (93_000, 0)
    assert settled.row().held_fees_micros == 0


def test_a_settled_row_leaves_the_default_page() -> None:
    settled = world()
    settled.do(SettleMarket(market="RAIN-1", result=Result.YES))
    for status, found in [(False, []), (True, ["RAIN-1"]), (None, ["RAIN-1"])]:
        page = find_positions(settled.subaccount(), PositionQuery(limit=10, settled=status))
        assert [row.market.ticker for row in page.rows] == found


def test_other_markets_and_empty_books_are_left_alone() -> None:
    settled = world()
    settled.do(OpenSubaccount(account="alice", subaccount="3"))
    settled.list_market("RAIN-2")
    settled.fill("buy yes 1 @ 0.50", market="RAIN-2")
    settled.do(SettleMarket(market="RAIN-1", result=Result.NO))
    assert not settled.row("RAIN-2").settled
    assert settled.subaccount("alice/3").positions == {}


def test_a_row_that_was_closed_before_settles_too() -> None:
    settled = world()
    settled.fill("sell yes 10 @ 0.60", fee_micros=0)
    settled.do(SettleMarket(market="RAIN-1", result=Result.NO))
    assert settled.row().settled
    assert settled.row().stake.realized_micros == micros("0.40")


# What a book did, and what its settlement says of it. A sale buys the other side at the rest of the dollar.
SETTLEMENTS = stories("""
    story         | trade              | result | value | yes      | no       | held     | revenue
    bought        | buy yes 10 @ 0.56  | yes    | 1     | 10 5.60  |  0 0     |  10 5.60 | 10
    lost          | buy no 10 @ 0.56   | yes    | 1     |  0 0     | 10 5.60  | -10 5.60 |  0
    sold          | buy yes 10 @ 0.56  |        |       |          |          |          |
                  | sell yes 4 @ 0.60  | no     | 0     | 10 5.60  |  4 1.60  |   6 3.36 |  0
    sold beyond   | buy yes 2 @ 0.50   |        |       |          |          |          |
                  | sell yes 5 @ 0.60  | no     | 0     |  2 1.00  |  5 2.00  |  -3 1.20 |  3
    closed        | buy no 3 @ 0.40    |        |       |          |          |          |
                  | buy yes 3 @ 0.50   | yes    | 1     |  3 1.50  |  3 1.20  |   0 0    |  0
    returned      | buy no 3 @ 0.40    | void   |       |  0 0     |  3 1.20  |  -3 1.20 |  1.20
    scaled        | buy no 1 @ 0.40    | scalar | 0.375 |  0 0     |  1 0.40  |  -1 0.40 |  0.62
""")


@each_row("story", SETTLEMENTS)
def test_a_settlement_says_what_was_bought_held_and_paid(story: str) -> None:
    told, it = SETTLEMENTS[story], World()
    for line in told:
        it.fill(line["trade"], fee_micros=100)
    last = told[-1]
    value_centicents = centicents(last["value"]) if last["value"] else None
    given = value_centicents if last["result"] == "scalar" else None
    it.do(SettleMarket(market="RAIN-1", result=Result(last["result"]), value_centicents=given))
    (settlement,) = it.exchange.state.accounts["alice"].ledger.settlements
    assert (settlement.result, settlement.value_centicents) == (last["result"], value_centicents)
    assert settlement.yes == counted(last["yes"])
    assert settlement.no == counted(last["no"])
    assert (settlement.held_centis, settlement.held_cost_micros) == counted(last["held"])
    assert settlement.revenue_micros == micros(last["revenue"])
    kept_micros = micros("0.005") if story == "scaled" else 0
    assert settlement.fees_micros == 100 * len(told) + kept_micros
    assert (settlement.subaccount_ref, settlement.created_at) == (SubaccountRef("alice"), it.at)
    assert it.exchange.state.markets["RAIN-1"].settled_at == it.at


def test_an_opening_balance_counts_as_bought_at_its_cost() -> None:
    it = World()
    opened = OpenPosition(
        subaccount_ref=SubaccountRef("alice"),
        market="RAIN-1",
        quantity_centis=-300,
        cost_micros=micros("1.10"),
        realized_micros=micros("0.7"),
        fees_micros=micros("0.02"),
        traded_micros=micros("9"),
    )
    it.do(opened)
    it.fill("buy yes 1 @ 0.50", fee_micros=0)
    it.do(SettleMarket(market="RAIN-1", result=Result.NO))
    (settlement,) = it.exchange.state.accounts["alice"].ledger.settlements
    assert (settlement.yes, settlement.no) == (counted("1 0.50"), counted("3 1.10"))
    assert (settlement.revenue_micros, settlement.fees_micros) == (micros("2"), micros("0.02"))


def test_every_book_has_its_own_settlement() -> None:
    it = World()
    it.fill("buy yes 1 @ 0.50", "desk/st1", against=SubaccountRef("desk"), fee_micros=0)
    it.do(SettleMarket(market="RAIN-1", result=Result.YES))
    settlements = list(it.exchange.state.accounts["desk"].ledger.settlements)
    assert [(one.subaccount_ref.subaccount, one.revenue_micros) for one in settlements] == [
        ("st1", micros("1")),
        ("0", 0),
    ]
    assert [one.revision for one in settlements] == [one.serial for one in settlements]


def test_orders_that_only_rested_leave_no_settlement() -> None:
    it = World()
    it.rest("buy yes 1 @ 0.50")
    it.do(SettleMarket(market="RAIN-1", result=Result.YES))
    assert it.row().settled
    assert list(it.exchange.state.accounts["alice"].ledger.settlements) == []


def test_nothing_is_held_of_a_settled_market() -> None:
    settled = world()
    settled.do(SettleMarket(market="RAIN-1", result=Result.YES))
    market = settled.exchange.state.markets["RAIN-1"]
    assert (market.yes_held_centis, market.no_held_centis) == (0, 0)


@each_row("after_us", [0, 1])
def test_a_row_settled_before_the_cutoff_is_history(after_us: int) -> None:
    settled = world()
    settled.exchange.state.archived_before = settled.at + STEP_US + after_us
    settled.do(SettleMarket(market="RAIN-1", result=Result.YES))
    assert settled.row().archived is (after_us == 1)


def test_a_market_that_moves_changes_its_row_and_its_place_in_the_list() -> None:
    settled = world()
    state, market = settled.exchange.state, settled.exchange.state.markets["RAIN-1"]
    moves: list[Command] = [
        CloseMarket(market="RAIN-1"),
        DetermineMarket(market="RAIN-1", result=Result.NO),
        DisputeMarket(market="RAIN-1"),
        DetermineMarket(market="RAIN-1", result=Result.YES),
        FinalizeMarket(market="RAIN-1"),
    ]
    for move in moves:
        before = market.revision
        settled.do(move)
        assert before < market.revision <= state.listed_markets.revision
        assert market.updated_at == settled.at
        assert state.listed_markets.filed(("series", "RAIN"), (market.status,)) == [market]


def counted(text: str) -> tuple[int, int]:
    """Read "10 5.60": contracts and what they cost."""
    count, cost = text.split()
    return centis(count), micros(cost)
