"""Every list of what happened, as a reader sees it: of the naive exchange and of the real one."""

from typing import Any

from mockexchange.core.model.ledgers import Settlement
from mockexchange.core.model.markets import Market
from mockexchange.core.model.orders import FillRow, Order, OrderGroup, Trade
from mockexchange.core.model.state import State
from mockexchange.core.queries.order_books import count_ahead_centis, levels
from mockexchange.core.vocabulary import AccountKind, Side
from tests.core.naive import records
from tests.core.naive.exchange import NaiveExchange
from tests.core.naive.seen import FillSeen, GroupSeen, MarketSeen, OrderSeen, SettlementSeen, TradeSeen
from tests.core.naive.units import centicents, centis, micros

Seen = dict[str, list[Any]]


def real_lists(state: State) -> Seen:
    places = {order_id: place for place, order_id in enumerate(state.orders)}
    seen: Seen = {
        "markets": [_market(state, market) for market in state.markets.values()],
        "tape": [_trade(trade, places) for trade in state.tape],
        "payments": [payment.status for payment in state.payments.values()],
        "groups": [_group(group, places) for group in state.groups.values()],
    }
    for name, account in state.accounts.items():
        seen[f"fills of {name}"] = [_fill(fill, places) for fill in account.ledger.fills]
        seen[f"orders of {name}"] = [_order(state, order) for order in account.ledger.orders]
        seen[f"settlements of {name}"] = [_settlement(settlement) for settlement in account.ledger.settlements]
        seen[f"trades of {name}"] = [_trade(trade, places) for trade in account.ledger.trades]
    return seen


def naive_lists(world: NaiveExchange) -> Seen:
    seen: Seen = {
        "markets": [_naive_market(world, market) for market in world.markets],
        "tape": [_naive_trade(world, trade) for trade in world.trades],
        "payments": [payment.status for payment in world.payments.values()],
        "groups": [_naive_group(world, name) for name in world.groups],
    }
    for name, kind in world.kinds.items():
        fills = [fill for fill in world.fills if fill.order.subaccount_ref.account == name]
        orders = [order for order in world.orders if order.subaccount_ref.account == name]
        settled = [one for one in world.settlements if one.holding.subaccount_ref.account == name]
        trades = [trade for trade in world.trades if any(fill.trade is trade for fill in fills)]
        seen[f"fills of {name}"] = [_naive_fill(world, fill) for fill in fills]
        seen[f"orders of {name}"] = [_naive_order(world, order) for order in orders]
        seen[f"settlements of {name}"] = [
            _naive_settlement(one) for one in settled if any(map(any, one.bought.values()))
        ]
        seen[f"trades of {name}"] = [_naive_trade(world, one) for one in trades if kind is AccountKind.FCM]
    return seen


def _trade(trade: Trade, places: dict[str, int]) -> TradeSeen:
    taker, maker = (None if side is None else places[side.order.order_id] for side in (trade.taker, trade.maker))
    return TradeSeen(
        trade.market.ticker,
        trade.yes_centicents,
        trade.count_centis,
        trade.taker_side,
        trade.market_volume_centis,
        taker,
        maker,
        trade.created_at,
    )


def _naive_trade(world: NaiveExchange, trade: records.Trade) -> TradeSeen:
    before = world.trades[: world.trades.index(trade)]
    sides = {fill.is_taker: world.orders.index(fill.order) for fill in world.fills if fill.trade is trade}
    return TradeSeen(
        trade.market,
        centicents(trade.yes_price),
        centis(trade.count),
        trade.taker_side,
        sum(centis(one.count) for one in before if one.market == trade.market),
        sides.get(True),
        sides.get(False),
        trade.at,
    )


def _fill(fill: FillRow, places: dict[str, int]) -> FillSeen:
    trade = fill.trade
    return FillSeen(
        trade.market.ticker,
        fill.subaccount_ref,
        places[fill.order.order_id],
        trade.yes_centicents,
        trade.count_centis,
        fill.outcome_side,
        fill.is_taker,
        fill.fee_micros,
        fill.created_at,
    )


def _naive_fill(world: NaiveExchange, fill: records.Fill) -> FillSeen:
    trade, order = fill.trade, fill.order
    return FillSeen(
        trade.market,
        order.subaccount_ref,
        world.orders.index(order),
        centicents(trade.yes_price),
        centis(trade.count),
        order.gains_from,
        fill.is_taker,
        micros(fill.fee),
        trade.at,
    )


def _order(state: State, order: Order) -> OrderSeen:
    return OrderSeen(
        order.client_order_id,
        order.subaccount_ref,
        order.market.ticker,
        order.outcome_side,
        order.price_centicents,
        order.initial_centis,
        order.remaining_centis,
        order.filled_centis,
        (order.taker_cost_micros, order.maker_cost_micros),
        (order.taker_fees_micros, order.maker_fees_micros),
        order.status,
        order.is_archived,
        order.created_at,
        order.updated_at,
        count_ahead_centis(state, order),
        order.group.group_id if order.group else None,
    )


def _naive_order(world: NaiveExchange, order: records.Order) -> OrderSeen:
    is_resting = order.remaining > 0
    return OrderSeen(
        order.client,
        order.subaccount_ref,
        order.market,
        order.gains_from,
        centicents(order.price),
        centis(order.initial),
        centis(order.remaining),
        centis(order.filled),
        (micros(order.spent(True)), micros(order.spent(False))),
        (micros(order.paid(True)), micros(order.paid(False))),
        order.status,
        not is_resting and order.updated_at < world.cutoff,
        order.created_at,
        order.updated_at,
        centis(world.ahead(order)) if is_resting else 0,
        order.rested.group if order.rested else None,
    )


def _settlement(settlement: Settlement) -> SettlementSeen:
    return SettlementSeen(
        settlement.subaccount_ref,
        settlement.market.ticker,
        settlement.result,
        settlement.value_centicents,
        settlement.yes,
        settlement.no,
        (settlement.held_centis, settlement.held_cost_micros),
        settlement.revenue_micros,
        settlement.fees_micros,
        settlement.created_at,
    )


def _naive_settlement(settlement: records.Settlement) -> SettlementSeen:
    bought = {side: (centis(count), micros(cost)) for side, (count, cost) in settlement.bought.items()}
    return SettlementSeen(
        settlement.holding.subaccount_ref,
        settlement.holding.market,
        settlement.result,
        None if settlement.value is None else centicents(settlement.value),
        bought[Side.YES],
        bought[Side.NO],
        (centis(settlement.held), micros(settlement.held_cost)),
        micros(settlement.revenue),
        micros(settlement.fees),
        settlement.at,
    )


def _market(state: State, market: Market) -> MarketSeen:
    return MarketSeen(
        market.ticker,
        market.status,
        market.price_centicents,
        market.previous_centicents,
        market.volume_centis,
        market.yes_held_centis,
        market.no_held_centis,
        market.settled_at,
        levels(state, market, Side.YES),
        levels(state, market, Side.NO),
    )


def _naive_market(world: NaiveExchange, ticker: str) -> MarketSeen:
    market = world.markets[ticker]
    return MarketSeen(
        ticker,
        market.status,
        None if market.price is None else centicents(market.price),
        None if market.previous is None else centicents(market.previous),
        centis(world.volume(ticker)),
        centis(world.held(ticker, Side.YES)),
        centis(world.held(ticker, Side.NO)),
        market.settled_at,
        [(centicents(price), centis(count)) for price, count in world.levels(ticker, Side.YES)],
        [(centicents(price), centis(count)) for price, count in world.levels(ticker, Side.NO)],
    )


def _group(group: OrderGroup, places: dict[str, int]) -> GroupSeen:
    return GroupSeen(
        group.subaccount_ref,
        group.limit_centis,
        group.filled_centis,
        group.is_triggered,
        [places[order] for order in group.orders],
    )


def _naive_group(world: NaiveExchange, name: str) -> GroupSeen:
    group = world.groups[name]
    own = [place for place, order in enumerate(world.orders) if order.group is group]
    return GroupSeen(
        group.opened.subaccount_ref,
        group.opened.limit_centis,
        centis(group.filled),
        group.is_triggered,
        [place for place in own if world.orders[place].remaining],
    )
