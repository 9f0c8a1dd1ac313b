"""Defines `mockexchange watch`, which prints or displays the events of an exchange as they happen."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import click
from rich.console import Console
from rich.live import Live

from mockexchange.cli.click_base import Failure, json_option, option
from mockexchange.cli.commands.completion import ACCOUNT
from mockexchange.cli.event_format import LiveEvent, accounts_of, concerns, event_cells, style_of
from mockexchange.cli.live_view import LiveView
from mockexchange.cli.server_connection import (
    REDACTED,
    SecretFilter,
    Server,
    find_server,
    sandbox_option,
    server_option,
    show_secrets_option,
)
from mockexchange.cli.terminal import printable
from mockexchange.runtime.http_request import connection_to
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
        for event in events:
            if not concerns(event, account):
                continue
            if as_json:
                click.echo(json.dumps({"event": event.kind, **event.data}))
            else:
                line = "\t".join(printable(cell) for cell in event_cells(event))
                click.secho(line, fg=style_of(event) or None)
    else:
        _Display(server, sandbox, account, names[:ACCOUNTS_MAX], events).run(Console())


def follow(server: Server, sandbox: str, query: dict[str, str]) -> Iterator[LiveEvent]:
    """Yield a sandbox's events; connect again after lost connections and resets. Raises Failure if the sandbox ends."""
    last_event_id: str | None = None
    while True:
        event: LiveEvent | None = None
        try:
            for event in events_of(server, sandbox, KINDS, last_event_id, query):
                last_event_id = event.event_id or last_event_id
                yield event
        except ConnectionLost as broken:
            if event is None:
                raise Failure(f"the server (pid {server.ready['pid']}) is gone: {broken}") from None
        if event is not None and event.kind == "end":
            if event.data["reason"] != "reset":
                reason = event.data["reason"]
                gone = "server was stopped" if reason == "stopped" else f"sandbox was {reason}"
                raise Failure(f"the exchange {sandbox!r} is no more: the {gone}")
            last_event_id = None


class _Display:
    """The live display. Threads read events and keys, so that the main thread can refresh it and react to Ctrl-C."""

    def __init__(
        self, server: Server, sandbox: str, chosen: tuple[str, ...], names: list[str], events: Iterator[LiveEvent]
    ) -> None:
        self.server, self.sandbox, self.events = server, sandbox, events
        self.view = LiveView(sandbox, chosen)
        self.names = list(chosen) or names
        self.stale: set[str] = set()
        """Accounts whose positions have to be read; all accounts when the events begin, so that no change is missed."""
        self._choices = [chosen, *((name,) for name in self.names if (name,) != chosen)]
        """What the account key goes through: the accounts at the start, then each alone."""
        self._is_ended = False
        self._arrived: SimpleQueue[LiveEvent | Failure | str] = SimpleQueue()

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

    def _take(self, event: LiveEvent) -> None:
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


# Server-sent events of the control API (WHATWG HTML, section 9.2)


NO_QUERY: Mapping[str, str] = {}


class ConnectionLost(Exception):
    """Raised if the connection breaks before the server has sent the event `end`."""


def events_of(
    server: Server, sandbox: str, kinds: Iterable[str], last_event_id: str | None, query: Mapping[str, str] = NO_QUERY
) -> Iterator[LiveEvent]:
    """Yield a sandbox's events until it ends. Raises ConnectionLost, or Failure if the server or sandbox is gone."""
    path = f"/sandboxes/{quote(sandbox, safe='')}/events?{urlencode({'kinds': ','.join(kinds), **query})}"
    headers = {"Authorization": f"Bearer {server.ready['control_token']}", "Accept": "text/event-stream"}
    if last_event_id:
        headers["Last-Event-ID"] = last_event_id
    url = server.control.url
    connection = connection_to(url, ca_cert=server.ca_cert)
    try:
        connection.request("GET", urlsplit(url).path + path, headers=headers)
        answer = connection.getresponse()
        if answer.status != 200:
            try:
                message = json.loads(answer.read())["error"]["message"]
            except (ValueError, KeyError, TypeError):
                message = f"expected the events of sandbox {sandbox!r}, got status {answer.status}"
            raise Failure(message)
        yield from read_events(raw.decode().rstrip("\r\n") for raw in iter(answer.readline, b""))
    except (OSError, HTTPException) as error:
        raise ConnectionLost(str(error) or type(error).__name__) from None
    finally:
        connection.close()


def read_events(lines: Iterable[str]) -> Iterator[LiveEvent]:
    """Parse the lines of an event stream. Comments, which only keep the connection open, are skipped."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif "data" in fields:
            yield LiveEvent(fields.get("event", "message"), json.loads(fields["data"]), fields.get("id"))
            fields = {}
        else:
            fields = {}


# The keyboard, one key at a time


KEY_BYTES_MAX = 32
"""The number of bytes read at once, more than any key sends; an arrow key, for example, sends several."""


@contextmanager
def key_presses(take: Callable[[str], None]) -> Iterator[bool]:
    """Call `take` with each pressed key, from a thread, until the block ends.

    Yields whether standard input is a terminal; if not, no keys are read.
    """
    if not sys.stdin.isatty():
        yield False
    elif sys.platform == "win32":
        _start(_read_console, take)
        yield True
    else:
        with _unbuffered_terminal(sys.stdin.fileno()):
            _start(_read_terminal, take)
            yield True


def _start(read: Callable[[Callable[[str], None]], None], take: Callable[[str], None]) -> None:
    Thread(target=read, args=(take,), name="keys", daemon=True).start()


def _read_terminal(take: Callable[[str], None]) -> None:
    while pressed := os.read(sys.stdin.fileno(), KEY_BYTES_MAX):
        take(pressed.decode("utf-8", "replace"))


def _read_console(take: Callable[[str], None]) -> None:
    if sys.platform == "win32":
        import msvcrt

        while True:
            take(msvcrt.getwch())


@contextmanager
def _unbuffered_terminal(number: int) -> Iterator[None]:
    """Have a terminal pass on each key without showing it; Ctrl-C still interrupts."""
    if sys.platform != "win32":
        import termios
        import tty

        before = termios.tcgetattr(number)
        try:
            tty.setcbreak(number)
            yield
        finally:
            termios.tcsetattr(number, termios.TCSADRAIN, before)
