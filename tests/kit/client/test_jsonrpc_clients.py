"""Clients of the JSON-RPC venues: the careful one keeps every card, and each planted mistake breaks its own."""

import sys
from pathlib import Path

import pytest

from mockexchange.kit.client.cards import load_cards, select_cards
from mockexchange.kit.client.run import ClientRun, ClientRunSettings
from mockexchange.kit.findings import Outcome
from mockexchange.kit.venues import KITS
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT
from tests.kit.client.client_runs import ProgressDisplay

BOT = Path(__file__).parent / "jsonrpc_bot.py"
SLOW = ["D80"]
"""Cards that --fast leaves out."""
READS = "10"
"""The end of the number of the card with the one read that is always surveyed."""
MISTAKES = [
    ("unsigned_sizes", "deribit", ["D60"]),
    ("unsigned_sizes", "signalplus", ["G60"]),
    ("two_directions", "deribit", ["D61"]),
    ("rounded", "deribit", ["D63"]),
    ("strict", "deribit", ["D50"]),
    ("first_page", "deribit", ["D20"]),
    ("lenient", "deribit", ["D30", "D31"]),
    ("lenient", "signalplus", ["G31"]),
    ("impatient", "deribit", ["D36"]),
    ("talkative", "signalplus", ["G49"]),
    ("misnamed", "deribit", ["D02"]),
    ("misworded", "deribit", ["D03"]),
    ("late_signature", "deribit", ["D01"]),
    ("once_only", "deribit", ["D73"]),
    ("blind_book", "deribit", ["D77"]),
    ("every_trade", "deribit", ["D76"]),
]
"""A mistake of a client, its venue, and the cards that it has to break."""


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def played(command: list[str], venue: str, *numbers: str, is_adapter: bool = True) -> ClientRun:
    kit = KITS[venue]
    every = load_cards(builtin=kit.cards)
    chosen = select_cards(every, numbers)
    every = [card for card in every if card in chosen or card.number.endswith(READS)]
    settings = ClientRunSettings(
        venue=kit, command=[sys.executable, *command], cards=chosen, every=every, is_adapter=is_adapter, is_fast=True
    )
    run = ClientRun(settings, ProgressDisplay())
    run.judge()
    assert not run.report.cut_short
    return run


def outcomes(run: ClientRun) -> dict[str, Outcome]:
    return {verdict.rule: verdict.outcome for verdict in run.report.verdicts}


@each_row("venue", ["deribit", "signalplus"])
def test_the_careful_client_keeps_every_card(venue: str) -> None:
    run = played(["-m", "contracts.clients.examples.careful_jsonrpc", venue], venue)
    assert [finding.seen for finding in run.report.findings] == []
    assert [number for number, how in outcomes(run).items() if how is not Outcome.KEPT and number not in SLOW] == []
    operations, channels = run.tables
    assert operations.rows[0][0].startswith("POST /p")
    assert "user.changes" in [row[0] for row in channels.rows]


@pytest.mark.untraced
@each_row(("mistake", "venue", "numbers"), MISTAKES)
def test_each_mistake_breaks_the_cards_about_it(mistake: str, venue: str, numbers: list[str]) -> None:
    run = played(["-m", "tests.kit.client.faulty_jsonrpc", mistake, venue], venue, *numbers)
    assert outcomes(run) == dict.fromkeys(numbers, Outcome.BROKEN)
    assert f"--venue {venue} --cards {numbers[0]} -- " in run.report.findings[0].reproduction


def test_a_command_is_judged_by_its_calls_over_http_and_on_its_stream() -> None:
    run = played([str(BOT)], "deribit", "D01", "D02", "D10", "D11", "D60", "D71", is_adapter=False)
    assert {verdict.rule: (str(verdict.outcome), verdict.why) for verdict in run.report.verdicts} == {
        "D01": ("kept", ""),
        "D02": ("kept", ""),
        "D10": ("kept", ""),
        "D11": ("not judged", "the command never called private/get_user_trades_by_currency"),
        "D60": ("not judged", "only an adapter can show what a client understood (--adapter)"),
        "D71": ("kept", ""),
    }
    operations, _ = run.tables
    assert {("GET /private/get_positions", "1"), ("POST /public/test", "1")} <= {row[:2] for row in operations.rows}
