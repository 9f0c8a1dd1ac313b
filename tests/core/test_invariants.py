"""The invariants notice what they are there for: each is broken by hand and named."""

from collections.abc import Callable

import pytest

from mockexchange.core.holdings import Holdings
from mockexchange.core.invariants import violations
from tests.core.world import World


def world() -> World:
    """alice holds a row in RAIN-1, and an order of hers rests there."""
    it = World()
    it.deposit("10")
    it.fill("buy yes 4 @ 0.50")
    it.rest("buy yes 1 @ 0.25")
    return it


def cash(alice: Holdings) -> None:
    alice.cash_micros += 1


def summed_cost(alice: Holdings) -> None:
    alice.cost_micros += 1


def value(alice: Holdings) -> None:
    alice.values_micros[0] += 1


def reserve(alice: Holdings) -> None:
    alice.reserved_micros += 1


def resting(alice: Holdings) -> None:
    row = alice.positions["RAIN-1"]
    row.resting_centis += 1
    alice.events["RAIN"].totals(False).resting_centis += 1


def event_sum(alice: Holdings) -> None:
    alice.events["RAIN"].totals(False).traded_micros += 1


def event_rank(alice: Holdings) -> None:
    alice.events["RAIN"].rank = (0, "RAIN")


def filter_bits(alice: Holdings) -> None:
    alice.positions["RAIN-1"].resting_centis = 0


def lost_row(alice: Holdings) -> None:
    row = alice.positions["RAIN-1"]
    alice.rows[row.partition].remove(row)


BROKEN: list[tuple[Callable[[Holdings], None], list[str]]] = [
    (cash, ["alice: holds 10000001 micro-dollars, contributed 10000000"]),
    (summed_cost, ["alice: cost_micros is 2000001, its rows sum to 2000000"]),
    (value, ["alice: value 2000001, its rows are worth 2000000"]),
    (reserve, ["alice: 250001 reserved, its orders need 250000"]),
    (resting, ["alice: row RAIN-1 rests 101, its orders 100"]),
    (event_sum, ["alice: event RAIN keeps traded_micros 2000001, its markets sum to 2000000"]),
    (event_rank, ["alice: event RAIN ranks (0, 'RAIN'), which is not its newest row"]),
    (
        filter_bits,
        [
            "alice: event RAIN keeps resting_centis 100, its markets sum to 0",
            "alice: rows are filed otherwise than their filters look for them",
            "alice: rows of RAIN are filed otherwise than their filters look for them",
            "alice: row RAIN-1 rests 0, its orders 100",
        ],
    ),
    (lost_row, ["alice: rows are filed otherwise than their filters look for them"]),
]


def test_nothing_is_violated_before() -> None:
    assert violations(world().exchange.state) == []


@pytest.mark.parametrize(("breaks", "lines"), BROKEN, ids=[breaks.__name__ for breaks, _ in BROKEN])
def test_what_is_broken_is_named(breaks: Callable[[Holdings], None], lines: list[str]) -> None:
    broken = world()
    breaks(broken.holdings())
    assert violations(broken.exchange.state) == lines


def test_a_change_that_does_not_conserve_money_stops_at_once() -> None:
    broken = world()
    cash(broken.holdings())
    with pytest.raises(AssertionError, match=r"alice: cash 7500001 \+ exposure 2500000 .* contributed 10000000"):
        broken.fill("buy yes 1 @ 0.50")
