"""The cards about redirects, silence, lists, errors, secrets, words and gaps find the mistakes planted for them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contracts.clients.examples import careful_client, careful_orders
from contracts.clients.examples.careful_client import Client
from mockexchange.kit.client import adapter_mode, card_verdicts
from mockexchange.kit.client.adapter_mode import AdapterCardRunner
from mockexchange.kit.client.cards import Card, load_cards
from mockexchange.kit.client.sandboxes import BUILTIN_SCENARIOS, CardSandboxes
from mockexchange.kit.findings import Outcome, Verdict
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.local_exchange import Exchange, exchange
from tests.helpers.rows import each_row
from tests.kit.client import faulty_listeners as listeners
from tests.kit.client import faulty_readers as faulty
from tests.kit.client.faulty_traders import InProcessWorker
from tests.kit.client.test_order_cards import unchecked_key

CARDS = {card.number: card for card in load_cards()}
PLANTED: dict[type[Client], dict[str, set[str]]] = {
    faulty.Archival: {"R39": {"answer"}},
    faulty.Assuming: {"R48": {"rows"}},
    faulty.Binary: {"R55": {"words"}},
    faulty.Circling: {"R48": {"ends"}},
    faulty.Contented: {"R27": {"answer"}},
    listeners.Correcting: {"S20": {"rows"}},
    listeners.Doubling: {"S14": {"once"}},
    listeners.Merging: {"S14": {"once"}},
    listeners.Numbering: {"S14": {"once"}},
    faulty.Dropping: {"R51": {"rows"}, "R55": {"rows"}, "R56": {"rows"}},
    faulty.Emptied: {"R51": {"rows"}, "R55": {"rows"}, "R56": {"rows"}},
    faulty.Finishing: {"R56": {"words"}},
    faulty.Following: {"R47": {"signing.kept"}},
    faulty.FollowingAnew: {"R47": {"signing.kept"}},
    faulty.FollowingHalf: {"R47": {"signing.kept"}},
    faulty.FollowingNowhere: {"R47": {"rows"}},
    faulty.Forgiving: {"R27": {"answer"}, "R39": {"answer"}},
    faulty.Generic: {"R46": {"status"}},
    faulty.Guessing: {"R55": {"words"}},
    listeners.Heedless: {"S13": {"streams.resumes"}, "S19": {"rows"}, "S20": {"rows"}},
    listeners.Leaving: {"S13": {"streams.resumes"}, "S19": {"rows"}},
    faulty.Nested: {"R46": {"status"}},
    faulty.PayingNothing: {"R51": {"rows"}},
    faulty.Quoting: {"R49": {"private"}, "S21": {"private"}},
    listeners.Repeating: {"S13": set(), "S20": {"rows"}},
    faulty.Restarting: {"R27": {"answer"}},
    faulty.Resting: {"R56": {"words"}},
    faulty.Showing: {"R49": {"private"}, "S21": {"private"}},
    listeners.Skipping: {"S13": {"streams.resumes"}, "S19": {"rows"}, "S20": set()},
    faulty.Startled: {"R28": {"answer", "pages.followed"}},
    faulty.StoppingEmpty: {"R28": {"count", "pages.followed"}},
    faulty.StoppingShort: {"R28": {"count", "pages.followed"}},
    faulty.Stubborn: {"R27": {"retries.final"}, "R39": {"retries.final"}},
    faulty.Talking: {"R49": {"private"}, "S21": {"private"}},
    faulty.Voiding: {"R51": {"rows"}},
    faulty.Waiting: {"R48": {"ends"}},
    faulty.Wordless: {"R46": {"status"}},
}
"""Cards that each faulty reader plays, and the rules that it breaks there."""
LISTENED_S = {"S13": 2.5, "S14": 1.0, "S18": 1.0, "S19": 1.0, "S20": 1.0, "S21": 1.0}
"""How long a reader listens, also on a core that is shared; S13 excuses who ends within a second of the gap."""
UNANSWERED = "R48"
"""The card with a request that is never answered."""
SILENCE_S = 3.0
"""How long a request that is never answered may take: several times what a careful client takes to give up."""
SCENARIOS = ("demo", "golden", "empty", "lively")


@pytest.fixture(scope="module")
def served() -> Iterator[Exchange]:
    with exchange() as running:
        yield running


@pytest.fixture(autouse=True)
def quick_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(careful_orders, "PAUSES_S", (0.01, 0.02, 0.04))
    monkeypatch.setattr(careful_client, "PAUSES_S", (0.01, 0.02, 0.04))
    monkeypatch.setattr(careful_client, "GOODBYE_S", 0.05)
    monkeypatch.setattr(careful_client, "key_of", unchecked_key)
    monkeypatch.setattr(adapter_mode, "LOG_LAG_S", 0)


def play(served: Exchange, make: type[Client], card: Card, scenario: str = "") -> Verdict:
    worker: Any = InProcessWorker(reads=make)
    runner = AdapterCardRunner(CardSandboxes(KALSHI, served, "latest", scenario), lambda _: "again")
    with pytest.MonkeyPatch.context() as patch:
        if card.number == UNANSWERED:
            patch.setattr(faulty, "TIMEOUT_S", 0.3)
        return runner.play(worker, card)


def hurried(card: Card) -> Card:
    """Return a card that does not wait for what never comes."""
    seconds = LISTENED_S.get(card.number)
    tasks = [replace(one, arguments={**one.arguments, "seconds": seconds}) if seconds else one for one in card.tasks]
    return replace(card, tasks=tuple(tasks), seconds=SILENCE_S if card.number == UNANSWERED else card.seconds)


@each_row(("make", "number"), [(make, number) for make, cards in PLANTED.items() for number in cards])
def test_a_mistake_breaks_the_cards_about_it(served: Exchange, make: type[Client], number: str) -> None:
    findings = play(served, make, hurried(CARDS[number])).findings
    assert {one.rule.partition(" ")[2] for one in findings} == PLANTED[make][number], findings
    assert all(one.seen and one.expected and one.place for one in findings)


@each_row("number", sorted({number for cards in PLANTED.values() for number in cards} | {"S18"}))
def test_a_careful_client_keeps_them(served: Exchange, number: str) -> None:
    verdict = play(served, faulty.Quick, hurried(CARDS[number]))
    assert (verdict.outcome, verdict.findings) == (Outcome.KEPT, ())


def test_there_are_three_mistakes_or_more_for_each_card() -> None:
    counts = Counter(number for cards in PLANTED.values() for number, rules in cards.items() if rules)
    assert min(counts.values()) >= 3, counts


@each_row(("longer", "outcome"), [(3, Outcome.KEPT), (1, Outcome.BROKEN)])
def test_a_client_whose_time_was_over_too_early_is_given_more(
    served: Exchange, longer: int, outcome: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last change of the book comes 1.4 s after the subscription: long enough for a busy machine."""
    slow = tmp_path / "slow.yaml"
    slow.write_text((BUILTIN_SCENARIOS / "moves.yaml").read_text(encoding="utf-8").replace("0ms", "00ms"), "utf-8")
    monkeypatch.setattr(card_verdicts, "LONGER", longer)
    (task,) = CARDS["S18"].tasks
    brief = replace(task, arguments={**task.arguments, "seconds": 0.8})
    assert play(served, faulty.Quick, replace(CARDS["S18"], scenario=str(slow), tasks=(brief,))).outcome is outcome


@each_row("scenario", SCENARIOS)
def test_cards_about_rows_make_the_rows_that_they_need(served: Exchange, scenario: str) -> None:
    """Which rows a scenario has differs; each finds a client that stops early, and keeps a careful one."""
    numbers = [number for number, card in CARDS.items() if card.needs.positions]
    found = {number: play(served, faulty.Quick, CARDS[number], scenario) for number in numbers}
    assert {number: one.findings for number, one in found.items() if one.outcome is not Outcome.KEPT} == {}
    stopped = play(served, faulty.StoppingFirst, CARDS["R20"], scenario)
    assert {one.rule for one in stopped.findings} == {"R20 pages.followed", "R20 rows"}
