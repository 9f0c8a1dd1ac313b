"""The life of a market: every move from every status, legal or not."""

from itertools import product

from mockexchange.core.commands import (
    CloseMarket,
    Command,
    DetermineMarket,
    DisputeMarket,
    FinalizeMarket,
    SettleMarket,
)
from mockexchange.core.events import MarketMoved
from mockexchange.core.model.markets import TRANSITIONS
from mockexchange.core.refusals import RefusalCode
from mockexchange.core.vocabulary import MarketStatus, Result
from tests.core.dump import dump
from tests.core.tables import lines
from tests.core.world import World
from tests.helpers.rows import each_row

MARKET = "RAIN-1"

MOVES: dict[str, Command] = {
    "close": CloseMarket(market=MARKET),
    "determine": DetermineMarket(market=MARKET, result=Result.YES),
    "dispute": DisputeMarket(market=MARKET),
    "finalize": FinalizeMarket(market=MARKET),
}

WAY_TO: dict[MarketStatus, list[str]] = {
    MarketStatus.OPEN: [],
    MarketStatus.CLOSED: ["close"],
    MarketStatus.DETERMINED: ["determine"],
    MarketStatus.DISPUTED: ["determine", "dispute"],
    MarketStatus.FINALIZED: ["determine", "finalize"],
}

# The documented life, written down a second time so that the table in the core cannot change unnoticed.
LEGAL = {
    (line["from"], line["move"]): line["to"]
    for line in lines("""
    from       | move      | to
    open       | close     | closed
    open       | determine | determined
    closed     | determine | determined
    determined | dispute   | disputed
    disputed   | determine | determined
    determined | finalize  | finalized
    """)
}

SETTLED_BY = lines("""
    from       | moves
    open       | determined finalized
    closed     | determined finalized
    determined | finalized
    disputed   | determined finalized
""")


def market_in(status: MarketStatus) -> World:
    """A world with a holder and a resting order in the market, and the market at `status`."""
    world = World()
    world.fill("buy yes 10 @ 0.56", market=MARKET)
    world.rest("buy yes 1 @ 0.50", market=MARKET)
    world.do(*(MOVES[move] for move in WAY_TO[status]))
    return world


def test_the_table_is_the_documented_life() -> None:
    assert TRANSITIONS == LEGAL


@each_row(("status", "move"), list(product(MarketStatus, MOVES)))
def test_a_move(status: MarketStatus, move: str) -> None:
    if (status, move) in TRANSITIONS:
        _is_made(market_in(status), move, TRANSITIONS[status, move])
    else:
        _is_refused(market_in(status), status, move)


@each_row("line", SETTLED_BY, ids=lambda line: line["from"])
def test_settling_makes_every_move_that_is_missing(line: dict[str, str]) -> None:
    world = market_in(MarketStatus(line["from"]))
    events = world.do(SettleMarket(market=MARKET, result=Result.YES))
    assert [event.status for event in events if isinstance(event, MarketMoved)] == line["moves"].split()
    assert world.row(MARKET).settled


@each_row(
    ("status", "result"),
    [(MarketStatus.FINALIZED, Result.YES), (MarketStatus.FINALIZED, Result.NO), (MarketStatus.DETERMINED, Result.NO)],
)
def test_what_is_decided_settles_no_other_way(status: MarketStatus, result: Result) -> None:
    world = market_in(status)
    before = dump(world.exchange.state)
    refusal = world.refuse(SettleMarket(market=MARKET, result=result))
    assert refusal.code is RefusalCode.ILLEGAL_TRANSITION
    assert dump(world.exchange.state) == before


def test_a_dispute_keeps_the_result_until_the_next_determination() -> None:
    world = market_in(MarketStatus.DISPUTED)
    market = world.exchange.state.markets[MARKET]
    assert market.result is Result.YES
    world.do(DetermineMarket(market=MARKET, result=Result.SCALAR, value_centicents=3_000))
    assert (market.result, market.value_centicents) == (Result.SCALAR, 3_000)
    world.do(FinalizeMarket(market=MARKET))
    assert world.row(MARKET).stake.realized_micros == 10 * 300_000 - 5_600_000


@each_row("move", ["close", "determine"])
def test_what_rests_is_canceled_when_trading_stops(move: str) -> None:
    world = market_in(MarketStatus.OPEN)
    assert world.row(MARKET).resting_centis == 100
    assert world.subaccount().reserved_micros == 500_000
    world.do(MOVES[move])
    assert world.row(MARKET).resting_centis == 0
    assert world.subaccount().reserved_micros == 0


def _is_made(world: World, move: str, status: MarketStatus) -> None:
    market = world.exchange.state.markets[MARKET]
    moved = world.do(MOVES[move])[0]
    assert moved == MarketMoved(market=MARKET, status=status, result=market.result)
    assert market.status is status


def _is_refused(world: World, status: MarketStatus, move: str) -> None:
    before = dump(world.exchange.state)
    refusal = world.refuse(MOVES[move])
    possible = ", ".join(legal for state, legal in TRANSITIONS if state is status) or "nothing more"
    assert refusal.code is RefusalCode.ILLEGAL_TRANSITION
    assert refusal.message == f"market {MARKET} is {status}: it cannot {move}; possible now: {possible}"
    assert dump(world.exchange.state) == before
