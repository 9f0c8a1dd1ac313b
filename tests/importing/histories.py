"""Histories of one account with orders, payments, transfers, subaccounts and settlements, as Hypothesis draws them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from hypothesis import strategies as st

ACCOUNTS = ("alice", "alice/3")
MARKETS = ("KXA-26-T1", "KXA-26-T2", "KXB-26-T1")
SUBACCOUNT = ", subaccounts: {3: {cash: 50000}}"
SCENARIO = f"""scenario: whole
start: 2026-03-01T00:00:00Z
accounts:
  alice: {{cash: 90000{SUBACCOUNT}}}
markets:
  KXA-26-T1: {{event: KXA-26, series: KXA}}
  KXA-26-T2: {{event: KXA-26, series: KXA}}
  KXB-26-T1: {{event: KXB-26, series: KXB}}
history:
"""
COUNT_MAX = 9
KINDS = (
    *("fill", "fill", "rest", "rest", "rest", "match", "reduce", "reprice", "recount", "cancel"),
    *("settle", "deposit", "withdraw", "transfer"),
)
Draw = tuple[str, int, int, int]
DRAWS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 23), st.integers(1, COUNT_MAX), st.integers(1, 99)),
    min_size=1,
    max_size=14,
)


@dataclass(slots=True)
class _Order:
    name: str
    market: str
    terms: str
    price: str
    left: int
    is_purchase: bool
    filled: int = 0


@dataclass(slots=True)
class _History:
    """The steps so far, and the orders and markets that they left open."""

    orders: list[_Order] = field(default_factory=list)
    settled: set[str] = field(default_factory=set)
    count: int = 0

    def steps(self, draw: Draw) -> Iterator[str]:
        kind, choice, count, cents = draw
        market = MARKETS[choice % len(MARKETS)]
        if kind in ("match", "reduce", "reprice", "recount", "cancel"):
            yield from self._change(kind, choice, count, cents)
        elif kind == "settle":
            yield from self._settle(market, choice)
        elif kind in ("fill", "rest"):
            yield from self._trade(kind, market, draw)
        elif kind == "transfer":
            ends = "source: alice, target: alice/3" if choice % 2 else "source: alice/3, target: alice"
            yield f"transfer: {{{ends}, amount: {count}.{cents:02}}}"
        else:
            yield f"{kind}: {{account: alice, amount: {count}.{cents:02}}}"

    def _trade(self, kind: str, market: str, draw: Draw) -> Iterator[str]:
        _, choice, count, cents = draw
        if market in self.settled:
            return
        self.count += 1
        side, action = ("yes", "no")[choice // 2 % 2], ("buy", "sell")[choice // 4 % 2]
        terms = f"account: {ACCOUNTS[choice // 8 % 2]}, market: {market}, side: {side}, action: {action}"
        price = f"{cents / 100:.2f}"
        named = f", order: o{self.count}, client_order_id: c{self.count}" if kind == "rest" else ""
        yield f"{kind}: {{{terms}, count: {count}, price: {price}{named}}}"
        if kind == "rest":
            self.orders.append(_Order(f"o{self.count}", market, terms, price, count, action == "buy"))

    def _change(self, kind: str, choice: int, count: int, cents: int) -> Iterator[str]:
        if not self.orders:
            return
        order = self.orders[choice % len(self.orders)]
        name = f"order: {order.name}"
        if kind == "match":
            matched = min(count, order.left)
            yield f"fill: {{{order.terms}, count: {matched}, price: {order.price}, {name}}}"
            order.left, order.filled = order.left - matched, order.filled + matched
        elif kind == "reduce" and count < order.left:
            yield f"reduce: {{{name}, count: {count}}}"
            order.left -= count
        elif kind == "reprice" and self._is_alone(order):
            order.price = f"{cents / 100:.2f}"
            yield f"amend: {{{name}, price: {order.price}}}"
        elif kind == "recount" and order.is_purchase and self._is_alone(order):
            yield f"amend: {{{name}, count: {order.filled + count}}}"
            order.left = count
        elif kind == "cancel":
            yield f"cancel: {{{name}}}"
            order.left = 0
        self.orders = [one for one in self.orders if one.left]

    def _is_alone(self, order: _Order) -> bool:
        """Return whether an amended order can meet no other one: self-trade prevention would cancel one of them.

        What a larger sale opens depends on what was held before, so that only purchases get a larger count.
        """
        return sum(one.market == order.market for one in self.orders) == 1

    def _settle(self, market: str, choice: int) -> Iterator[str]:
        if market not in self.settled:
            self.settled.add(market)
            self.orders = [one for one in self.orders if one.market != market]
            yield f"settle: {{market: {market}, result: {('yes', 'no')[choice // 3 % 2]}}}"


def scenario_of_draws(draws: list[Draw], *, has_subaccounts: bool = True) -> str:
    """Return a scenario with the steps of what was drawn, a second apart."""
    history = _History()
    steps = [step for draw in draws for step in history.steps(draw)]
    text = SCENARIO + "".join(f"  - {{after: 1s, {step}}}\n" for step in steps)
    if has_subaccounts:
        return text
    lines = [line for line in text.replace(ACCOUNTS[1], ACCOUNTS[0]).splitlines() if "transfer: " not in line]
    return "\n".join([*lines, ""]).replace(SUBACCOUNT, "")
