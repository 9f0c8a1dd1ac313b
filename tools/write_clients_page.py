"""Runs every published client and writes the results into docs/clients.md.

Run with `make clients`, which first makes the environments of the clients and takes minutes. The arguments calls,
orders, reads, channels, faults and cards write only those parts.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.clients.cards import VERIFIED, outcomes_of, verify
from tests.clients.disturbances import DISTURBANCES, try_out
from tests.clients.exchange import Control
from tests.clients.hearing import Heard, books_shown, hear
from tests.clients.listeners import STREAMERS, Streamer
from tests.clients.matrix import Cell, ask, ask_peer
from tests.clients.moves import BEFORE
from tests.clients.page import DATES, read_page, with_cards, with_channels, with_faults, with_matrix, with_orders
from tests.clients.processes import Peer
from tests.clients.published import CLIENTS, TRADERS, Published
from tests.clients.reads import READERS, ask_reads
from tests.clients.reads import SCENARIO as READS_SCENARIO
from tests.clients.reads_page import BOTH, with_reads
from tests.clients.recipes import PAGE
from tests.clients.truths import SCENARIO, WRITES_SCENARIO, WRITES_TRUTH, read_questions
from tests.house.serving import served

SERVE = (sys.executable, "-m", "mockexchange", "serve", "--scenario", "empty", "--quiet")


def write_calls(control: Control, home: Path) -> str:
    found = {one.title: {date: run_calls(control, one, date, home) for date in DATES} for one in CLIENTS}
    return with_matrix(read_page(), found)


def run_calls(control: Control, client: Published, api_date: str, home: Path) -> dict[str, Cell]:
    sandbox = control.open(SCENARIO.read_text(encoding="utf-8"), api_date, "paused")
    found, _ = ask(client, api_date, sandbox, home / "log.txt")
    sandbox.delete()
    print(client.title, api_date, *(line for each in found.values() for line in each.mistakes), sep="\n  ")
    return {method: each.cell for method, each in found.items()}


def write_orders(control: Control, home: Path) -> str:
    found = {}
    for client in TRADERS:
        with client.driven(home / "log.txt") as peer:
            found[client.title] = {date: run_orders(control, client, peer, date) for date in DATES}
    return with_orders(read_page(), found)


def run_orders(control: Control, client: Published, peer: Peer, api_date: str) -> dict[str, Cell]:
    sandbox = control.open(WRITES_SCENARIO.read_text(encoding="utf-8"), api_date, "paused")
    found, _ = ask_peer(client, api_date, sandbox, peer, read_questions(WRITES_TRUTH))
    sandbox.delete()
    print(client.title, api_date, *(line for each in found.values() for line in each.mistakes), sep="\n  ")
    return {method: each.cell for method, each in found.items()}


def write_channels(control: Control, home: Path) -> str:
    heard = {}
    for streamer in STREAMERS:
        with streamer.driven(home / "log.txt") as peer:
            heard[streamer.title] = {date: run_channels(control, streamer, peer, date) for date in DATES}
    return with_channels(read_page(), heard)


def run_channels(control: Control, streamer: Streamer, peer: Peer, api_date: str) -> dict[str, Heard]:
    sandbox = control.open(BEFORE, api_date, "paused")
    heard, mistakes = hear(peer, sandbox, books_shown(api_date))
    sandbox.delete()
    print(streamer.title, api_date, *mistakes, sep="\n  ")
    return heard


def write_faults(control: Control, home: Path) -> str:
    found = {}
    for streamer in STREAMERS:
        with streamer.driven(home / "log.txt") as peer:
            found[streamer.title] = {name: run_fault(control, streamer, peer, name) for name in DISTURBANCES}
    return with_faults(read_page(), found)


def run_fault(control: Control, streamer: Streamer, peer: Peer, name: str) -> str:
    found = try_out(control, streamer, peer, DISTURBANCES[name])
    print(streamer.title, f"{name}: {found}", sep="\n  ")
    return found


def write_cards(control: Control, home: Path) -> str:
    found = {}
    for client in VERIFIED:
        found[client.title] = verify(client, home)
        print(client.title, outcomes_of(found[client.title]), sep="\n  ")
    return with_cards(read_page(), found)


def write_reads(control: Control, home: Path) -> str:
    found = {}
    for reader in READERS:
        with reader.driven(home / "log.txt") as peer:
            found[reader.title] = {date: run_reads(control, reader, peer, date) for date in BOTH}
    return with_reads(read_page(), found)


def run_reads(control: Control, reader: Published, peer: Peer, api_date: str) -> dict[str, tuple[Cell, list[str]]]:
    sandbox = control.open(READS_SCENARIO.read_text(encoding="utf-8"), api_date, "paused")
    found = ask_reads(sandbox, peer)
    sandbox.delete()
    print(reader.title, api_date, *(line for _, mistakes in found.values() for line in mistakes), sep="\n  ")
    return found


PARTS: dict[str, Callable[[Control, Path], str]] = {
    "calls": write_calls,
    "orders": write_orders,
    "reads": write_reads,
    "channels": write_channels,
    "faults": write_faults,
    "cards": write_cards,
}


def main(parts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as home, served(Path(home), *SERVE) as ready:
        for part in parts or PARTS:
            PAGE.write_text(PARTS[part](Control(ready), Path(home)), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
