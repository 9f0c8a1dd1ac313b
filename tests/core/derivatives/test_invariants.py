"""The invariants of derivatives notice what they are there for: each is broken by hand and named."""

from collections.abc import Callable
from decimal import Decimal

from mockexchange.core.derivatives.holdings import Holding
from mockexchange.core.derivatives.precision import precise
from mockexchange.core.invariants import violations
from mockexchange.core.model.state import Derivatives
from tests.core.derivatives_world import CALL, DORA, FUTURE, PUT, SPREAD, DerivativesWorld
from tests.helpers.rows import each_row

TINY = Decimal("1e-20")


def flat_cost(it: Derivatives) -> None:
    it.holdings[DORA][CALL].cost_usd = TINY


def no_price(it: Derivatives) -> None:
    it.holdings[DORA][FUTURE].cost = Decimal(1)


def combo(it: Derivatives) -> None:
    it.holdings[DORA][SPREAD] = Holding(size=Decimal(1), cost=Decimal(1))


def delivered(it: Derivatives) -> None:
    it.listed[FUTURE].delivery = Decimal(1)


def cash(it: Derivatives) -> None:
    it.cash[DORA]["BTC"].amount += TINY


def fees(it: Derivatives) -> None:
    it.cash[DORA]["BTC"].fees += TINY
    it.cash[DORA]["BTC"].amount -= TINY


BREAKS: list[tuple[Callable[[Derivatives], None], str]] = [
    (flat_cost, f"dora: {CALL} is flat and cost 0.00, 0.00, 1E-20"),
    (no_price, f"dora: {FUTURE}: 10 for a cost of 1 has no price"),
    (combo, f"dora: {SPREAD} is a combo, which is never held"),
    (delivered, f"dora: {FUTURE} was delivered and is still held"),
    (cash, "dora: BTC is 0.95939995575221238939053"),
    (fees, "dora: BTC paid 0.00060004424778761062"),
]


@each_row(("damage", "says"), BREAKS, ids=[row[0].__name__ for row in BREAKS])
def test_what_is_broken_is_named(damage: Callable[[Derivatives], None], says: str) -> None:
    world = DerivativesWorld()
    world.credit("1")
    world.trade("buy 10 @ 113000", FUTURE, taker=True, fee=None)
    world.trade("buy 2 @ 0.02", PUT, taker=True, fee=None)
    world.trade("buy 2 @ 0.02", CALL)
    world.trade("sell 2 @ 0.02", CALL)
    precise(damage)(world.exchange.state.derivatives)
    [line] = violations(world.exchange.state)
    assert line.startswith(says)
