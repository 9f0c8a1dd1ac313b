"""Changes are filed by reads: pages and values do not depend on when the lists were read before."""

from random import Random

import pytest

from mockexchange.core import commands
from mockexchange.core.commands import Command
from mockexchange.core.exchange import Exchange
from mockexchange.core.invariants import violations
from mockexchange.core.model import paged_history, subaccounts
from mockexchange.core.model.order_rules import OrderRules
from mockexchange.core.model.subaccounts import Repricings
from mockexchange.core.queries.lists import FillQuery, OrderQuery, find_fills, find_orders
from mockexchange.core.queries.positions import PositionQuery, find_positions
from mockexchange.core.vocabulary import OrderStatus, Result, SubaccountRef
from tests.core.world import fill, place
from tests.helpers.rows import each_row

pytestmark = pytest.mark.untraced

NAMES = ("alice", "bob")
MARKETS = tuple(f"RAIN-{number}" for number in range(6))
COMMANDS = 200


def story(seed: int) -> list[Command]:
    """Return commands that trade, amend, cancel and settle in a few markets; some of them are refused."""
    random = Random(seed)
    told: list[Command] = [commands.OpenAccount(account=name) for name in NAMES]
    told += [commands.ListMarket(market=market, event=f"RAIN-E{market[-1] > '2'}", series="RAIN") for market in MARKETS]
    for number in range(COMMANDS):
        name, market = random.choice(NAMES), random.choice(MARKETS)
        text = f"{random.choice(('buy', 'sell'))} yes {random.randint(1, 3)} @ 0.{random.randint(40, 60)}"
        told.append(
            random.choice(
                (
                    place(text, name, market, order=f"order {number}", client_order_id=f"name {number}"),
                    place(text, name, market, order=f"order {number}"),
                    fill(text, name, market),
                    commands.AmendOrder(
                        order=f"order {number - 3}", price_centicents=5_000, client_order_id=f"{number}"
                    ),
                    commands.CancelOrder(order=f"order {number - 2}"),
                )
            )
        )
    return [*told, commands.SettleMarket(market=MARKETS[0], result=Result.YES)]


def pages(exchange: Exchange) -> list[object]:
    """Return what the lists of both accounts show."""
    state, shown = exchange.state, list[object]()
    for name in NAMES:
        subaccount = state.subaccounts[SubaccountRef(name)]
        found = find_positions(subaccount, PositionQuery(limit=100, settled=None))
        shown.append([(row.market.ticker, row.stake, row.resting_centis, row.rank, row.revision) for row in found.rows])
        shown.append([(event.event, event.totals.cost_micros, event.totals.resting_centis) for event in found.events])
        shown.append({index: value for index, value in subaccount.values_micros.items() if value})
        for query in (OrderQuery(limit=50), OrderQuery(limit=50, statuses=(OrderStatus.RESTING,))):
            shown.append([(order.order_id, order.status) for order in find_orders(state, name, query).rows])
        shown.append([fill.trade.trade_id for fill in find_fills(state, name, FillQuery(limit=50)).rows])
    return shown


@each_row("waiting", [1, 7, 256])
@each_row("seed", range(3))
def test_pages_do_not_depend_on_earlier_reads(seed: int, waiting: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (paged_history, subaccounts):
        monkeypatch.setattr(module, "UNFILED_MAX", waiting)
    often, once = (Exchange(rules=OrderRules(check_cash=False)) for _ in range(2))
    for at, command in enumerate(story(seed)):
        assert often.execute(command, at) == once.execute(command, at)
        if at > len(NAMES):
            pages(often)
    assert pages(often) == pages(once)
    assert violations(often.state) == violations(once.state) == []


def test_a_market_is_revalued_once_however_often_its_price_changed() -> None:
    repricings = Repricings()
    for number, ticker in enumerate(("A", "B", "A", "C", "A"), start=1):
        repricings.add(ticker, number)
    assert list(repricings.since(0)) == ["A", "C", "B"]
    assert list(repricings.since(2)) == ["A", "C"]
    assert list(repricings.since(repricings.latest)) == []
