"""Sandboxes that hold accounts on several venues, and clients of the venues of contracts: REST and streams."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import sha256
from hmac import digest
from typing import Any

from mockexchange.sandbox.credentials import Credential
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.venues.registry import VENUES
from mockexchange.venues.request import Answer, Request
from tests.helpers.sandboxes import MILLISECOND, run

READ_ALL = 1 << 40
WORLD = """
scenario: world
seed: 7
start: 2025-10-16T12:00:00Z
indexes: {btc_usd: 113853.63}
instruments:
  BTC-17OCT25: {kind: future, base: BTC, expires: 2025-10-17T08:00:00Z, mark: 113882.95, settlement: 115600.09}
  BTC-PERPETUAL: {kind: future, base: BTC, mark: 113900, settlement: 113000}
accounts:
  alice: {cash: 100}
  dora: {venue: deribit, cash: {BTC: 1.5}, subaccounts: {3: {cash: {BTC: 1}}}}
  gina: {venue: signalplus, cash: {BTC: 2}}
markets:
  RAIN-1: {event: RAIN, series: RAIN, price: 0.56}
history:
  - fill: {account: alice, market: RAIN-1, side: yes, action: buy, count: 10, price: 0.56}
  - trade: {account: dora, instrument: BTC-PERPETUAL, direction: buy, amount: 100, price: 113000}
  - hold: {account: gina, instrument: BTC-17OCT25, size: -110970, average_price: 110957.5}
"""


def credential_of(sandbox: Sandbox, account: str, key: str = "main") -> Credential:
    [found] = [one for one in sandbox.credentials() if (one.account, one.key) == (account, key)]
    return found


def of_deribit(
    sandbox: Sandbox, method: str = "private/get_positions", account: str = "dora", at: int | None = None, **params: Any
) -> Request:
    """A request of a GET, signed by itself at a host time."""
    one = credential_of(sandbox, account)
    assert one.secret
    query = "&".join(f"{name}={value}" for name, value in params.items())
    target = f"/api/v2/{method}{'?' if query else ''}{query}"
    ts = str((sandbox.options.host() if at is None else at) // MILLISECOND)
    text = f"{ts}\nonce\nGET\n{target}\n\n"
    signature = digest(one.secret.encode(), text.encode(), sha256).hex()
    header = f"deri-hmac-sha256 id={one.key_id},ts={ts},sig={signature},nonce=once"
    return Request("GET", f"/api/v2/{method}", query, ((b"authorization", header.encode()),))


def of_signalplus(
    sandbox: Sandbox, method: str = "private/get_positions", account: str = "gina", **params: Any
) -> Request:
    """A signed POST of a document."""
    body = json.dumps({"rid": 1234567890123456789, "method": method, "params": params}).encode()
    return Request("POST", "/signalplus/api", "", signalplus_headers(sandbox, account), body)


def signalplus_headers(sandbox: Sandbox, account: str) -> tuple[tuple[bytes, bytes], ...]:
    one = credential_of(sandbox, account)
    assert one.secret
    timestamp = str(sandbox.options.host() // MILLISECOND)
    signature = b64encode(digest(b64decode(one.secret), f"{timestamp}\nonce".encode(), sha256))
    return (
        (b"authorization", f"Bearer {one.key_id}".encode()),
        (b"signalplus-api-timestamp", timestamp.encode()),
        (b"signalplus-api-nonce", b"once"),
        (b"signalplus-api-signature", signature),
    )


def ask(sandbox: Sandbox, request: Request) -> Answer:
    return sandbox.answer(request)[0]


def result(sandbox: Sandbox, request: Request) -> Any:
    answer = ask(sandbox, request)
    assert answer.status == 200, (answer.body, answer.diagnosis)
    return json.loads(answer.body)["result"]


class Socket:
    """A stream without a socket. `frames` are those read so far; timers ring only when `pass_time` says so."""

    def __init__(self, sandbox: Sandbox, request: Request) -> None:
        handshake, entry = sandbox.shake_hands(request)
        assert handshake.session, (handshake.answer.body, handshake.answer.diagnosis)
        self.sandbox = sandbox
        self.frames: list[bytes] = []
        self.closed: int | None = None
        self.ended = ""
        """How, where it ended without a close frame."""
        self.timers: list[Timer] = []
        venue = next(venue for venue in VENUES.values() if request.path in venue.stream.paths)
        self.connection = sandbox.streams.open(handshake.session, self, venue)
        entry.connection = self.connection.number
        self._last_id = 0

    def say(self, method: str, **params: Any) -> list[Any]:
        """Send a request; return what came since."""
        self._last_id += 1
        name = "rid" if self.connection.venue.name == "signalplus" else "id"
        document = {name: self._last_id, "method": method, "params": params}
        already = len(self.told)
        pending = self.connection.receive(json.dumps(document).encode())
        if pending is not None:
            run(self.sandbox.carry_out_call(self.connection, pending))
        return self.told[already:]

    def ring(self) -> None:
        """Let every timer ring that there is."""
        timers, self.timers = self.timers, []
        for timer in timers:
            if not timer.is_off:
                timer.callback()

    @property
    def told(self) -> list[Any]:
        self.flush()
        return [json.loads(raw) for raw in self.frames]

    def flush(self) -> None:
        self.frames += self.connection.outbox.pop_frames(READ_ALL)

    def close(self, code: int, reason: str = "") -> None:
        self.closed = code

    def abort(self) -> None:
        self.closed, self.ended = 0, "reset"

    def drop(self) -> None:
        self.flush()
        self.closed, self.ended = 0, "drop"

    def stall(self) -> None:
        """Read every frame."""

    def call_later(self, delay_us: int, callback: Callable[[], object]) -> "Timer":
        self.timers.append(Timer(delay_us, callback))
        return self.timers[-1]


class Timer:
    def __init__(self, delay_us: int, callback: Callable[[], object]) -> None:
        self.delay_us, self.callback, self.is_off = delay_us, callback, False

    def cancel(self) -> None:
        self.is_off = True


def deribit_stream(sandbox: Sandbox, *channels: str, account: str = "dora") -> Socket:
    """A stream that has said who it is, subscribed to channels."""
    socket, one = Socket(sandbox, Request("GET", "/ws/api/v2")), credential_of(sandbox, account)
    socket.say("public/auth", grant_type="client_credentials", client_id=one.key_id, client_secret=one.secret)
    if channels:
        socket.say("private/subscribe", channels=list(channels))
    return socket


def signalplus_stream(sandbox: Sandbox, *channels: str, account: str = "gina") -> Socket:
    headers = signalplus_headers(sandbox, account)
    socket = Socket(sandbox, Request("GET", "/signalplus/ws/private", "", headers))
    if channels:
        socket.say("private/subscribe", channels=list(channels))
    return socket
