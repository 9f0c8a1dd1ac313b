"""Handlers of block trades: two accounts agree on a trade elsewhere, and the exchange carries it out.

It never meets the order book. Who proposes one and is a side of it has accepted that side.
"""

from collections.abc import Iterator

from mockexchange.core.commands import AcceptBlockTrade, Fill, NewOrder, PlaceOrder, ProposeBlockTrade
from mockexchange.core.events import BlockTradeAccepted, BlockTradeProposed, Event
from mockexchange.core.handlers import handler
from mockexchange.core.handlers.fills import fill_order
from mockexchange.core.handlers.order_checks import (
    opening_centis,
    require_count_on_grid,
    require_formula,
    require_funds,
    require_future,
    require_trading,
)
from mockexchange.core.handlers.order_entry import new_order
from mockexchange.core.model.markets import require_open
from mockexchange.core.model.rfqs import BlockTrade
from mockexchange.core.model.state import State, some_of
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.vocabulary import Action, Side, SubaccountRef


@handler
def propose_block_trade(state: State, command: ProposeBlockTrade, at: int) -> Iterator[Event]:
    """Propose a block trade in an open market."""
    state.account(command.proposer)
    for subaccount_ref in (command.buyer, command.seller):
        state.dollar_subaccount(subaccount_ref)
    market = state.market(command.market)
    require_trading(state, market)
    require_open(market)
    require_formula(market)
    require_count_on_grid(state, command.count_centis)
    require_future(command.expires_at, at)
    if command.proposal in state.block_trades:
        raise Refused(RefusalCode.ALREADY_EXISTS, f"block trade proposal {command.proposal} exists already")
    proposal_id = command.proposal or state.new_id("block trade")
    proposed = state.block_trades[proposal_id] = BlockTrade(
        proposal_id=proposal_id,
        serial=len(state.block_trades) + 1,
        proposer=command.proposer,
        buyer=command.buyer,
        seller=command.seller,
        market=market,
        price_centicents=command.price_centicents,
        count_centis=command.count_centis,
        maker_side=command.maker_side,
        created_at=at,
        updated_at=at,
        expires_at=command.expires_at,
    )
    yield BlockTradeProposed(
        proposal=proposal_id, proposer=command.proposer, buyer=command.buyer, seller=command.seller
    )
    if command.proposer == command.buyer.account:
        proposed.buyer_accepted_at = at
        yield BlockTradeAccepted(proposal=proposal_id, subaccount_ref=command.buyer)
    elif command.proposer == command.seller.account:
        proposed.seller_accepted_at = at
        yield BlockTradeAccepted(proposal=proposal_id, subaccount_ref=command.seller)


@handler
def accept_block_trade(state: State, command: AcceptBlockTrade, at: int) -> Iterator[Event]:
    """Accept a side of a block trade; if the other side has accepted, carry the trade out."""
    proposed = state.block_trades.get(command.proposal)
    if proposed is None:
        message = f"no block trade proposal {command.proposal!r}; known: {some_of(state.block_trades)}"
        raise Refused(RefusalCode.UNKNOWN_PROPOSAL, message)
    if command.subaccount_ref not in (proposed.buyer, proposed.seller):
        message = f"block trade {proposed.proposal_id} is between {proposed.buyer} and {proposed.seller}"
        raise Refused(RefusalCode.UNKNOWN_PROPOSAL, f"{message}, not of {command.subaccount_ref}")
    if proposed.executed_at is not None or at >= proposed.expires_at:
        how = "expired" if proposed.executed_at is None else "executed"
        message = f"block trade {proposed.proposal_id} is {how}: expected a pending one"
        raise Refused(RefusalCode.PROPOSAL_NOT_OPEN, message)
    require_trading(state, proposed.market)
    require_open(proposed.market)
    is_buyer = command.subaccount_ref == proposed.buyer
    _require_covered(state, proposed, command.subaccount_ref, Action.BUY if is_buyer else Action.SELL, at)
    other_at = proposed.seller_accepted_at if is_buyer else proposed.buyer_accepted_at
    if other_at is not None:  # its cash may be gone since it accepted
        other = proposed.seller if is_buyer else proposed.buyer
        _require_covered(state, proposed, other, Action.SELL if is_buyer else Action.BUY, at)
    proposed.updated_at = at
    if is_buyer:
        proposed.buyer_accepted_at = at
    else:
        proposed.seller_accepted_at = at
    yield BlockTradeAccepted(proposal=proposed.proposal_id, subaccount_ref=command.subaccount_ref)
    if other_at is None:
        return
    proposed.buyer_order_id, proposed.seller_order_id = state.new_id("block buyer"), state.new_id("block seller")
    agreed = Fill(
        subaccount_ref=proposed.buyer,
        market=proposed.market.ticker,
        side=Side.YES,
        action=Action.BUY,
        count_centis=proposed.count_centis,
        price_centicents=proposed.price_centicents,
        taker=proposed.maker_side is Side.NO,
        against=proposed.seller,
        order=NewOrder(proposed.buyer_order_id),
        against_order=NewOrder(proposed.seller_order_id),
    )
    yield from fill_order(state, agreed, at, is_block=True)
    proposed.executed_at = at


def _require_covered(
    state: State, proposed: BlockTrade, subaccount_ref: SubaccountRef, action: Action, at: int
) -> None:
    """Raise Refused if an account cannot pay for its side of a block trade."""
    wanted = PlaceOrder(
        subaccount_ref=subaccount_ref,
        market=proposed.market.ticker,
        side=Side.YES,
        action=action,
        count_centis=proposed.count_centis,
        price_centicents=proposed.price_centicents,
    )
    order = new_order(state, wanted, state.dollar_subaccount(subaccount_ref), proposed.market, at)
    order.opening_centis = opening_centis(state, order, proposed.count_centis)
    require_funds(state, order, at)
