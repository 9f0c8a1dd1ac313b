"""docs/deribit.md says what there is: its methods, its links, its conversation, and commands that work."""

import asyncio
import re
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from mockexchange.core.commands import TradeDerivative
from mockexchange.core.derivatives.vocabulary import Direction
from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.core.refusals import Refusal
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.scenario.loader import load_text
from mockexchange.venues.deribit.routes import ROUTES
from mockexchange.venues.deribit.venue import DERIBIT
from mockexchange.venues.request import Request
from mockexchange.venues.session import Session
from tests.docs.test_readme import run
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT
from tests.house.serving import served

PAGE = (ROOT / "docs" / "deribit.md").read_text(encoding="utf-8")
COMMANDS = [
    line.partition("   #")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("mockexchange ") and not line.startswith("mockexchange serve")
]
CUT = "…"
"""Behind a secret that is longer in truth."""
WORLD = """
scenario: page
start: 2026-11-22T00:00:00Z
accounts: {dora: {venue: deribit, cash: {BTC: 1.5}, keys: {main: {key_id: 6-T_5mRI, secret: 4Dmg-CgSk}}}}
indexes: {btc_usd: 113900}
instruments: {BTC-PERPETUAL: {kind: future, base: BTC, period: perpetual, mark: 113950}}
"""
TRADE = TradeDerivative(
    subaccount_ref=SubaccountRef("dora", "0"),
    derivative="BTC-PERPETUAL",
    direction=Direction.BUY,
    amount=Decimal(100),
    price=Decimal(114_000),
    taker=True,
)
SECONDS = 10
SUBSCRIPTIONS = {
    f"{access}/{name}" for access in ("public", "private") for name in ("subscribe", "unsubscribe", "unsubscribe_all")
}


@pytest.fixture(scope="module")
def ready_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("deribit-page")
    with served(home, sys.executable, "-m", "mockexchange", "serve", "--scenario", "deribit"):
        yield home / "ready.json"


def test_its_commands_work_in_their_order(ready_file: Path, tmp_path: Path) -> None:
    assert COMMANDS
    for line in COMMANDS:
        done = run(line, ready_file, tmp_path)
        assert done.returncode == 0, (line, done.stdout, done.stderr)


def test_the_conversation_is_held_as_written() -> None:
    [block] = re.findall(r"```\n(> .*?)```", PAGE, re.DOTALL)
    talk, told = Talk(), list[str]()
    for line in block.splitlines():
        if line.startswith("< "):
            assert is_elided(told.pop(0), line[2:]), line
            continue
        assert not told
        told = talk.say(line[2:].replace(CUT, "")) if line.startswith("> ") else talk.happen(line)
    assert not told


class Talk:
    """A client's stream at an exchange in which time stands still, but for the host's."""

    def __init__(self) -> None:
        sandbox = asyncio.run(open_sandbox(load_text(WORLD), SandboxOptions(clock="paused")))
        self.exchange, self.context, self.at = sandbox.exchange, sandbox.contexts["deribit"], sandbox.clock.now()
        self.host_at = self.at
        opening = Request("GET", DERIBIT.stream.paths[0], "")
        session = DERIBIT.stream.shake_hands(self.context, opening, self.at, self.host_at, lambda _: 0).session
        assert session is not None
        self.session: Session = session

    def say(self, text: str) -> list[str]:
        return [frame.raw.decode() for frame in self.session.receive(text.encode(), self.at, self.host_at)]

    def happen(self, words: str) -> list[str]:
        if "seconds later" in words:
            self.host_at += SECONDS * MICROSECONDS_PER_SECOND
            return [frame.raw.decode() for frame in self.session.wake(self.at, self.host_at)]
        events = self.exchange.execute(TRADE, self.at)
        assert not isinstance(events, Refusal)
        messages = DERIBIT.stream.messages_of(
            self.context.state, events, self.at, self.context.settings, self.session.channels
        )
        frames = (self.session.frame_of(message) for message in messages)
        return [frame.raw.decode() for frame in frames if frame is not None]


def is_elided(whole: str, written: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, written.split("…"))), whole) is not None


def test_it_names_the_methods_that_are_answered() -> None:
    table = PAGE[PAGE.index("| method | params |") : PAGE.index("The venue's other methods")]
    named = set(re.findall(r"`((?:public|private)/\w+)`", table))
    assert named | SUBSCRIPTIONS == set(ROUTES)


@each_row("target", sorted(set(re.findall(r"\]\((?!https?:)([^)#]+)", PAGE))))
def test_its_links_lead_to_files(target: str) -> None:
    assert (ROOT / "docs" / target).exists()
