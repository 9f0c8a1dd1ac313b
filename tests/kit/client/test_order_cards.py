"""The cards about orders: the careful client keeps each at every date that has them, and each finds its mistakes."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from contracts.clients.examples import careful_client, careful_orders
from contracts.clients.examples.careful_client import Client
from contracts.clients.examples.careful_orders import Trader
from mockexchange.kit.client.adapter_mode import AdapterCardRunner, probes_of
from mockexchange.kit.client.cards import Card, load_cards
from mockexchange.kit.client.sandboxes import CardSandboxes
from mockexchange.kit.findings import Outcome, Verdict
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.local_exchange import Exchange, exchange
from tests.helpers.rows import each_row
from tests.kit.client import faulty_traders as faulty
from tests.kit.client.first_generation import FirstTrader

pytestmark = pytest.mark.untraced

CARDS = {card.number: card for card in load_cards() if card.changes_orders}
PROBES = probes_of([*CARDS.values()])
GENERATIONS: dict[type[Trader], tuple[str, ...]] = {
    Trader: ("2026-06", "latest", "compat"),
    FirstTrader: ("2025-11", "2025-12", "2026-02", "2026-04", "2026-06", "compat"),
}
"""The dates that have each generation of order entry."""
PLANTED: dict[type[Trader], dict[str, set[str]]] = {
    faulty.Blind: {"W51": {"orders.counts"}},
    faulty.Conflicted: {key: {"orders.told"} for key in ("W10", "W12", "W21")},
    faulty.Crosswise: {key: {"orders.told"} for key in ("W04", "W62")},
    faulty.Deaf: {key: {"orders.told"} for key in ("W20", "W40", "W61", "W62", "W70", "W80")},
    faulty.Doubling: {"W50": {"orders.counts"}},
    faulty.Adding: {"W52": {"orders.counts"}},
    faulty.Concluding: {"W52": {"orders.counts"}},
    faulty.Repeating: {"W52": {"orders.counts"}},
    faulty.Doubting: {key: {"orders.told"} for key in ("W14", "W20", "W70")},
    faulty.Floating: {"W72": {"exact"}},
    faulty.Forgetting: {"W02": set(), "W41": {"orders.counts"}},
    faulty.Greedy: {"W30": {"orders.counts"}, "W90": {"orders.counts"}},
    faulty.Lazy: {key: {"orders.told"} for key in ("W02", "W03", "W40", "W41")},
    faulty.Mislabeling: {key: {"orders.told"} for key in ("W01", "W11", "W13")},
    faulty.Optimist: {"W10": set(), **{key: {"orders.told"} for key in ("W11", "W13", "W60")}},
    faulty.Pessimist: {key: {"orders.told"} for key in ("W10", "W11", "W14", "W21")},
    faulty.Renaming: {
        "W10": {"orders.once", "retries.writes"},
        "W11": {"retries.writes"},
        "W12": {"orders.once", "retries.writes"},
        "W14": {"orders.once"},
    },
    faulty.Restless: {"W61": {"retries.bounded", "retries.paced"}},
    faulty.Retired: {"W90": {"retries.final"}},
    faulty.Rounding: {"W70": {"orders.told"}, "W71": {"orders.terms"}},
    faulty.Timeless: {"W80": {"orders.told"}},
    faulty.Deafened: {"W05": {"orders.counts"}},
    faulty.Unready: {"W05": set(), "W50": {"orders.counts"}},
    faulty.Whole: {"W72": {"orders.terms"}},
    faulty.Wishful: {key: {"orders.counts"} for key in ("W30", "W31")},
}
"""Cards that each faulty trader plays, and the rules that it breaks there."""
WAIT_S = 1.5
"""How long a faulty trader waits for fills that it misses, which have to take place meanwhile."""


@pytest.fixture(scope="module")
def served() -> Iterator[Exchange]:
    with exchange() as running:
        yield running


@pytest.fixture(autouse=True)
def quick_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the pauses of clients, and do not check their keys, of which each sandbox has another."""
    monkeypatch.setattr(careful_orders, "PAUSES_S", (0.01, 0.02, 0.04))
    monkeypatch.setattr(careful_client, "key_of", unchecked_key)


def unchecked_key(pem: bytes) -> Any:
    return serialization.load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)


def runner_at(served: Exchange, api_date: str) -> AdapterCardRunner:
    return AdapterCardRunner(CardSandboxes(KALSHI, served, api_date), lambda _: "again", probes=PROBES)


def play(runner: AdapterCardRunner, make: type[Trader], card: Card, **hello: str) -> Verdict:
    worker: Any = faulty.InProcessWorker(make, Client, **hello)
    return runner.play(worker, card)


@each_row(("make", "api_date"), [(make, date) for make, dates in GENERATIONS.items() for date in dates])
def test_a_careful_client_keeps_every_card(served: Exchange, make: type[Trader], api_date: str) -> None:
    runner = runner_at(served, api_date)
    for number, card in CARDS.items():
        verdict = play(runner, make, card)
        is_judged = number != "W61" or api_date >= "2026-06"
        assert not verdict.findings, (number, verdict.findings)
        assert (verdict.outcome is Outcome.KEPT) == is_judged, (number, verdict.why)


@each_row(("make", "number"), [(make, number) for make, cards in PLANTED.items() for number in cards])
def test_a_mistake_breaks_the_cards_about_it(served: Exchange, make: type[Trader], number: str) -> None:
    findings = play(runner_at(served, "latest"), make, hurried(CARDS[number])).findings
    assert {one.rule.partition(" ")[2] for one in findings} == PLANTED[make][number]
    assert all(one.seen and one.expected and one.place for one in findings)


def hurried(card: Card) -> Card:
    """Return a card that does not wait for what never comes."""
    tasks = [replace(task, arguments={**task.arguments, "seconds": WAIT_S}) for task in card.tasks]
    return replace(card, tasks=tuple(tasks)) if card.task and "seconds" in card.task.arguments else card


def test_every_card_about_orders_finds_a_planted_mistake() -> None:
    assert {number for cards in PLANTED.values() for number, rules in cards.items() if rules} == set(CARDS)


def test_a_client_of_a_retired_generation_breaks_only_the_cards_that_show_it(served: Exchange) -> None:
    runner = runner_at(served, "latest")
    found = {number: play(runner, FirstTrader, card) for number, card in CARDS.items()}
    assert {number for number, verdict in found.items() if verdict.findings} == {"W01", "W02", "W03", "W04", "W05"}
    assert found["W90"].outcome is Outcome.KEPT
    assert found["W10"].why.startswith("the tasks of W01 fail where nothing is disturbed: Refused: 410: ")


def test_a_card_about_reconnecting_is_not_for_clients_whose_user_reads_what_was_missed(served: Exchange) -> None:
    verdict = play(runner_at(served, "latest"), faulty.Blind, CARDS["W51"], reconciling="by hand")
    assert verdict.why == "the client leaves it to its user to read what its stream has missed (by hand)"


def test_a_task_that_is_not_supported_is_not_judged(served: Exchange) -> None:
    runner = runner_at(served, "latest")
    whys = {play(runner, faulty.OnlyPlacing, CARDS[number]).why for number in ("W02", "W40", "W62", "W50")}
    assert whys == {f"the adapter does not support the task {name}" for name in ("cancel", "batch", "trade")}
