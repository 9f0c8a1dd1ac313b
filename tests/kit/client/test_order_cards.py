"""The cards about orders: the careful client keeps each at every date that has them, and each finds its mistakes."""

from collections.abc import Iterator
from typing import Any

import pytest

from contracts.clients.examples.careful_orders import Trader
from mockexchange.kit.client.adapter_mode import AdapterCardRunner, probes_of
from mockexchange.kit.client.cards import Card, load_cards
from mockexchange.kit.client.sandboxes import CardSandboxes
from mockexchange.kit.findings import Outcome, Verdict
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.local_exchange import Exchange, exchange
from tests.kit.client import faulty_traders as faulty

CARDS = {card.number: card for card in load_cards() if card.changes_orders}
DATES = ("2026-06", "2026-10", "latest", "compat")
"""The dates of the second generation of order entry, which the careful client speaks."""
PLANTED: dict[type[Trader], dict[str, set[str]]] = {
    faulty.Mislabeling: {"W01": {"orders.told"}, "W10": {"orders.told"}, "W12": {"orders.told"}},
    faulty.Renaming: {"W10": {"orders.once", "retries.writes"}, "W12": {"orders.once", "retries.writes"}},
    faulty.Conflicted: {"W10": {"orders.told"}, "W12": {"orders.told"}},
    faulty.Pessimist: {"W10": {"orders.told"}},
    faulty.Optimist: {},
    faulty.Doubting: {"W20": {"orders.told"}},
    faulty.Deaf: {"W20": {"orders.told"}},
}
"""The cards that each faulty trader breaks, and by which rules."""


@pytest.fixture(scope="module")
def served() -> Iterator[Exchange]:
    with exchange() as running:
        yield running


def play(served: Exchange, make: type[Trader], card: Card, api_date: str = "latest") -> Verdict:
    runner = AdapterCardRunner(
        CardSandboxes(KALSHI, served, api_date), lambda _: "again", probes=probes_of([*CARDS.values()])
    )
    worker: Any = faulty.InProcessWorker(make)
    return runner.play(worker, card)


@pytest.mark.parametrize("api_date", DATES)
@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS.keys())
def test_the_careful_client_keeps_a_card(served: Exchange, card: Card, api_date: str) -> None:
    verdict = play(served, Trader, card, api_date)
    assert (verdict.outcome, verdict.why, verdict.findings) == (Outcome.KEPT, "", ())


@pytest.mark.parametrize("make", PLANTED, ids=lambda make: make.__name__)
def test_a_mistake_breaks_the_cards_about_it_and_no_other(served: Exchange, make: type[Trader]) -> None:
    found = {number: play(served, make, card) for number, card in CARDS.items()}
    rules = {number: {one.rule.partition(" ")[2] for one in verdict.findings} for number, verdict in found.items()}
    assert {number: names for number, names in rules.items() if names} == PLANTED[make]
    assert all(one.seen and one.expected and one.place for verdict in found.values() for one in verdict.findings)


def test_every_card_about_orders_finds_a_planted_mistake() -> None:
    planted = {number for cards in PLANTED.values() for number in cards}
    assert planted == set(CARDS)
