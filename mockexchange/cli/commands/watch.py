"""Defines `mockexchange watch`, which prints or displays the events of an exchange as they happen."""

import json
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any
from urllib.parse import quote

import click
from rich.console import Console
from rich.live import Live

from mockexchange.cli.click_base import Failure, json_option, option
from mockexchange.cli.commands.completion import ACCOUNT
from mockexchange.cli.events.event_format import accounts_of, concerns, event_cells, style_of
from mockexchange.cli.events.event_source import ConnectionLost, Event, events_of
from mockexchange.cli.secret_option import REDACTED, SecretFilter, show_secrets_option
from mockexchange.cli.server_connection import Server, find_server, sandbox_option, server_option
from mockexchange.cli.terminal import printable
from mockexchange.cli.watch.key_presses import key_presses
from mockexchange.cli.watch.live_view import LiveView
from mockexchange.scenario.errors import did_you_mean

KINDS = ("command", "request", "frame", "script", "fault")
PRICE_EVENTS = ("market_priced", "market_moved", "traded", "contract_marked", "index_set", "session_settled")
"""The types of market events after which the profit of positions is read again."""
REFRESH_S = 0.25
"""The shortest interval between two refreshes of positions and display."""
ACCOUNTS_MAX = 20
"""The number of accounts whose positions are shown if none is named."""
PAUSE, ACCOUNT_KEY, QUIT = " ", "a", "q"


@click.command()
@option("--account", type=ACCOUNT, multiple=True, help="Only what concerns this account; repeatable.")
@option(
    "--plain", is_flag=True, help="A line for each event instead of the display; that is so without a terminal, too."
)
@json_option("watch", "As JSON, an event a line.")
@show_secrets_option
@sandbox_option
@server_option
def watch(
    account: tuple[str, ...], plain: bool, as_json: bool, show_secrets: bool, sandbox: str, ready_file: Path
) -> None:
    """Show events as they happen: positions, fills, frames, requests, script steps and faults.

    Green lines are good answers, yellow ones are odd or disturbed by a fault, red ones were refused or lost. In the
    display the space bar pauses, a goes from account to account, and q quits. Ends with Ctrl-C too, or with exit code 1
    when the exchange has ended.
    """
    server = find_server(ready_file)
    shown = server.ask_sandbox("GET", sandbox)
    names = list(dict.fromkeys(one["name"] for one in shown["accounts"]))
    for name in account:
        if name not in names:
            known = f"known: {', '.join(names[:ACCOUNTS_MAX]) or 'none'}"
            raise Failure(f"no account {name!r}{did_you_mean(name, names)}; {known}")
    hide = (lambda data: data) if show_secrets else SecretFilter(server, sandbox).clean
    events = (
        event._replace(data=hide(event.data)) for event in follow(server, sandbox, {} if show_secrets else REDACTED)
    )
    if as_json or plain or not sys.stdout.isatty():
        _print_lines((event for event in events if concerns(event, account)), as_json=as_json)
    else:
        _Display(server, sandbox, account, names[:ACCOUNTS_MAX], events).run(Console())


def _print_lines(events: Iterable[Event], *, as_json: bool) -> None:
    for event in events:
        if as_json:
            click.echo(json.dumps({"event": event.kind, **event.data}))
        else:
            line = "\t".join(printable(cell) for cell in event_cells(event))
            click.secho(line, fg=style_of(event) or None)


def follow(server: Server, sandbox: str, query: dict[str, str]) -> Iterator[Event]:
    """Yield a sandbox's events; connect again after lost connections and resets. Raises Failure if the sandbox ends."""
    last_event_id: str | None = None
    while True:
        event: Event | None = None
        try:
            for event in events_of(server, sandbox, KINDS, last_event_id, query):
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
    """The live display. Threads read events and keys, so that the main thread can refresh it and react to Ctrl-C."""

    def __init__(
        self, server: Server, sandbox: str, chosen: tuple[str, ...], names: list[str], events: Iterator[Event]
    ) -> None:
        self.server, self.sandbox, self.events = server, sandbox, events
        self.view = LiveView(sandbox, chosen)
        self.names = list(chosen) or names
        self.stale: set[str] = set()
        """Accounts whose positions have to be read; all accounts when the events begin, so that no change is missed."""
        self._choices = [chosen, *((name,) for name in self.names if (name,) != chosen)]
        """What the account key goes through: the accounts at the start, then each alone."""
        self._is_ended = False
        self._arrived: SimpleQueue[Event | Failure | str] = SimpleQueue()

    def run(self, console: Console) -> None:
        """Draw until the user quits or the exchange ends. Raises Failure in the second case."""
        Thread(target=self._read, daemon=True).start()
        with key_presses(self._arrived.put) as has_keys, Live(console=console, screen=True, auto_refresh=False) as live:
            self.view.has_keys = has_keys
            while not self._is_ended:
                for name in sorted(self.stale):
                    self.view.positions[name] = _positions_of(self.server, self.sandbox, name)
                if self.stale:
                    self.view.sample_profit()
                self.stale.clear()
                size = console.size
                picture = self.view.show(size.height, size.width, ascii_only=console.options.ascii_only)
                live.update(picture, refresh=True)
                while not self._gather() and self.view.is_paused:
                    pass

    def _read(self) -> None:
        try:
            for event in self.events:
                self._arrived.put(event)
        except Failure as failure:
            self._arrived.put(failure)

    def _gather(self) -> bool:
        """Process events until the next refresh is due or a key is pressed; return whether one was.

        Raises the Failure that ended the event stream.
        """
        ends_at_s = time.monotonic() + REFRESH_S
        while (left_s := ends_at_s - time.monotonic()) > 0:
            try:
                arrived = self._arrived.get(timeout=left_s)
            except Empty:
                return False
            if isinstance(arrived, Failure):
                raise arrived
            if isinstance(arrived, str):
                self._press(arrived)
                return True
            self._take(arrived)
        return False

    def _press(self, key: str) -> None:
        if key == QUIT:
            self._is_ended = True
        elif key == PAUSE:
            self.view.is_paused = not self.view.is_paused
        elif key == ACCOUNT_KEY:
            place = self._choices.index(self.view.accounts)
            self.view.watch_accounts(self._choices[(place + 1) % len(self._choices)])

    def _take(self, event: Event) -> None:
        self.view.add_event(event)
        if event.kind in ("begin", "lost"):
            self.stale.update(self.names)
        elif event.kind == "command":
            moves_prices = any(one["type"] in PRICE_EVENTS for one in event.data.get("events", ()))
            self.stale.update(self.names if moves_prices else accounts_of(event) & set(self.names))


def _positions_of(server: Server, sandbox: str, account: str) -> list[dict[str, Any]]:
    """Return the positions of an account; an empty list if the exchange is gone, which the events report."""
    try:
        path = f"/accounts/{quote(account, safe='')}/positions"
        rows: list[dict[str, Any]] = server.ask_sandbox("GET", sandbox, path)
    except Failure:
        return []
    return rows
