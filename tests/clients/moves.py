"""What happens to `alice` while her clients listen: all that reaches a position, and some things that do not."""

import json
from typing import Any

MARKETS = ("KXMOVE-A", "KXMOVE-B", "KXMOVE-C", "KXHELD-A", "KXBOOK-A")
SUBACCOUNT = "3"

BEFORE = """
scenario: moves
seed: 11
start: 2025-11-03T00:00:00Z
accounts:
  alice: {cash: 2500, subaccounts: {3: {cash: 200}}}
  bob: {cash: 1000}
markets:
  KXMOVE-A: {event: KXMOVE, series: KXMOVE, title: A, price: 0.56}
  KXMOVE-B: {event: KXMOVE, series: KXMOVE, title: B, price: 0.30}
  KXMOVE-C: {event: KXMOVE, series: KXMOVE, title: C, price: 0.70}
  KXHELD-A: {event: KXHELD, series: KXHELD, title: Held from the start, price: 0.43}
  KXBOOK-A: {event: KXBOOK, series: KXBOOK, title: Bid for, price: 0.56, book: {yes: [[0.55, 100]], no: [[0.43, 80]]}}
history:
  - fill: {account: alice, market: KXHELD-A, side: yes, action: buy, count: 3, price: 0.43, fee: 0.05}
"""


def fill(market: str, side: str, action: str, count: str, price: str, **more: object) -> dict[str, Any]:
    words = {"account": "alice", "market": market, "side": side, "action": action, "count": count, "price": price}
    return {"fill": {**words, **more}}


MOVES: list[dict[str, Any]] = [
    fill("KXMOVE-A", "yes", "buy", "10", "0.56", taker=True),
    fill("KXMOVE-A", "yes", "sell", "4", "0.61"),
    {"deposit": {"account": "alice", "amount": "100"}},
    # Parts of contracts, and a price of a tenth of a cent.
    fill("KXMOVE-B", "no", "buy", "2.50", "0.303", taker=True, fee="0.0371"),
    # More than is held: the position changes sides.
    fill("KXMOVE-A", "no", "buy", "9", "0.45", taker=True),
    {"rest": {"account": "alice", "market": "KXMOVE-B", "side": "yes", "action": "buy", "count": "5", "price": "0.50",
              "order": "bid"}},
    fill("KXMOVE-B", "yes", "buy", "2", "0.50", order="bid"),
    {"reduce": {"order": "bid", "count": "1"}},
    {"cancel": {"order": "bid"}},
    {"transfer": {"source": "alice", "target": f"alice/{SUBACCOUNT}", "amount": "25"}},
    fill("KXMOVE-C", "yes", "buy", "7", "0.70", account=f"alice/{SUBACCOUNT}", taker=True),
    # Against another account, of which alice's client gets no messages.
    fill("KXMOVE-C", "yes", "buy", "6", "0.72", against="bob"),
    fill("KXMOVE-C", "yes", "buy", "1", "0.72", account="bob"),
    {"price": {"market": "KXMOVE-C", "price": "0.75"}},
    # All the way out.
    fill("KXHELD-A", "yes", "sell", "3", "0.50"),
    {"settle": {"market": "KXMOVE-A", "result": "no"}},
    fill("KXMOVE-B", "no", "buy", "0.50", "0.31"),
]  # fmt: skip
FILLS = [move["fill"] for move in MOVES if "fill" in move and move["fill"]["account"] != "bob"]
SETTLED = ("KXMOVE-A",)


SCRIPTED = f"{BEFORE}script: {json.dumps([{'after': f'{at}s', **move} for at, move in enumerate(MOVES, start=1)])}\n"
"""The scenario with the moves as its script, a second after each other."""
SCRIPT_LENGTH = f"{len(MOVES)}s"

# Moves for the other channels: an order book, orders, a group, trades, prices and a market's lifecycle.
OTHER_MOVES: list[dict[str, Any]] = [
    {"orderbook": {"market": "KXBOOK-A", "yes": [["0.54", "10"]], "no": [["0.43", "80"]]}},
    {"rest": {"account": "alice", "market": "KXBOOK-A", "side": "yes", "action": "buy", "count": "5", "price": "0.50",
              "order": "kept"}},
    fill("KXBOOK-A", "yes", "buy", "2", "0.50", order="kept"),
    {"rest": {"account": "alice", "market": "KXBOOK-A", "side": "no", "action": "buy", "count": "4", "price": "0.30",
              "order": "gone"}},
    {"cancel": {"order": "gone"}},
    {"group": {"account": "alice", "group": "hedge", "limit": "10"}},
    {"price": {"market": "KXBOOK-A", "price": "0.58"}},
    {"settle": {"market": "KXMOVE-C", "result": "yes"}},
]  # fmt: skip
BOOK_MARKET = "KXBOOK-A"
LAST_MOVE = fill("KXBOOK-A", "yes", "buy", "1", "0.58")
POSITION_MESSAGES = len(FILLS) + len(SETTLED) + 3
"""Of all moves but the last: KXMOVE-C is held in both books when it settles, and one order was filled."""
SUBACCOUNT_MESSAGES = 2
"""Of these, the fill and the settlement of the other subaccount."""
