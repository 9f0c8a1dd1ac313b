"""`mockexchange watch`: print or display the events of an exchange as they happen."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any
from urllib.parse import quote

import click
from rich.console import Console
from rich.live import Live

from mockexchange.cli.click_base import Failure, option
from mockexchange.cli.commands.completion import ACCOUNT
from mockexchange.cli.event_format import accounts_of, concerns, event_cells, style_of
from mockexchange.cli.event_source import ConnectionLost, Event, events_of
from mockexchange.cli.live_view import LiveView
from mockexchange.cli.server_connection import Server, find_server, sandbox_option, server_option
from mockexchange.cli.terminal import printable

KINDS = ("command", "request", "frame", "script", "fault")
REFRESH_S = 0.25
"""The shortest interval between two refreshes of positions and display."""
ACCOUNTS_MAX = 20
"""The number of accounts whose positions are shown if none is named."""


@click.command()
@option("--account", type=ACCOUNT, help="Only what concerns this account.")
@option("--plain", is_flag=True, help="A line an event instead of a display; so it is where there is no terminal.")
@sandbox_option
@server_option
def watch(account: str | None, plain: bool, sandbox: str, ready_file: Path) -> None:
    """Show what happens, while it happens: positions, fills, frames, requests, the script and faults.

    Ends with Ctrl-C, or with exit code 1 when the exchange is no more.
    """
    server = find_server(ready_file)
    shown = server.ask_sandbox("GET", sandbox)
    names = list(dict.fromkeys(one["name"] for one in shown["accounts"]))
    if account is not None and account not in names:
        raise Failure(f"no account {account!r}; known: {', '.join(names[:ACCOUNTS_MAX]) or 'none'}")
    if plain or not sys.stdout.isatty():
        _print_lines(server, sandbox, account)
    else:
        _Display(server, sandbox, account, [account] if account else names[:ACCOUNTS_MAX]).run(Console())


def _print_lines(server: Server, sandbox: str, account: str | None) -> None:
    for event in follow(server, sandbox):
        if concerns(event, account):
            line = "\t".join(printable(cell) for cell in event_cells(event))
            click.secho(line, fg=style_of(event) or None)


def follow(server: Server, sandbox: str) -> Iterator[Event]:
    """Yield events as long as the exchange exists, across resets. Raises Failure when it is gone."""
    last_event_id: str | None = None
    while True:
        event: Event | None = None
        try:
            for event in events_of(server, sandbox, KINDS, last_event_id):
                last_event_id = event.event_id or last_event_id
                yield event
        except ConnectionLost as broken:
            if event is None:
                raise Failure(f"the server (pid {server.ready['pid']}) is gone: {broken}") from None
        if event is not None and event.kind == "end":
            if event.data["reason"] != "reset":
                raise Failure(f"the exchange {sandbox!r} is no more: the {_gone(event)}")
            last_event_id = None


def _gone(event: Event) -> str:
    return "server was stopped" if event.data["reason"] == "stopped" else f"sandbox was {event.data['reason']}"


class _Display:
    """The live display. A thread reads the events, so that the main thread can refresh it and react to Ctrl-C."""

    def __init__(self, server: Server, sandbox: str, account: str | None, accounts: list[str]) -> None:
        self.server, self.sandbox, self.accounts = server, sandbox, accounts
        self.view = LiveView(sandbox, account)
        self.stale: set[str] = set()
        """Accounts whose positions have to be read; all accounts when the events begin, so that no change is missed."""
        self._arrived: SimpleQueue[Event | Failure] = SimpleQueue()

    def run(self, console: Console) -> None:
        """Draw until the exchange is gone. Raises Failure then."""
        Thread(target=self._read, daemon=True).start()
        with Live(console=console, screen=True, auto_refresh=False) as live:
            while True:
                self._read_positions()
                live.update(self.view.show(console.height), refresh=True)
                self._gather()

    def _read(self) -> None:
        try:
            for event in follow(self.server, self.sandbox):
                self._arrived.put(event)
        except Failure as failure:
            self._arrived.put(failure)

    def _gather(self) -> None:
        """Process events until the next refresh is due. Raises the Failure that ended the event stream."""
        ends_at_s = time.monotonic() + REFRESH_S
        while (left_s := ends_at_s - time.monotonic()) > 0:
            try:
                arrived = self._arrived.get(timeout=left_s)
            except Empty:
                return
            if isinstance(arrived, Failure):
                raise arrived
            self._take(arrived)

    def _take(self, event: Event) -> None:
        self.view.take(event)
        if event.kind in ("begin", "lost"):
            self.stale.update(self.accounts)
        elif event.kind == "command":
            self.stale.update(accounts_of(event) & set(self.accounts))

    def _read_positions(self) -> None:
        for name in sorted(self.stale):
            self.view.positions[name] = _positions_of(self.server, self.sandbox, name)
        self.stale.clear()


def _positions_of(server: Server, sandbox: str, account: str) -> list[dict[str, Any]]:
    """Return the positions of an account; an empty list if the exchange is gone, which the events report."""
    try:
        path = f"/accounts/{quote(account, safe='')}/positions"
        rows: list[dict[str, Any]] = server.ask_sandbox("GET", sandbox, path)
    except Failure:
        return []
    return rows
