"""One stream session: takes commands of a client and returns frames, without a socket, an event loop or a clock."""

import json
from typing import Any
from urllib.parse import urlsplit

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.core.model.accounts import Key
from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.frame import Frame
from mockexchange.venues.kalshi import signatures
from mockexchange.venues.kalshi.authentication import authenticate
from mockexchange.venues.kalshi.catalogue import OPEN_STREAM, STREAM_PATH
from mockexchange.venues.kalshi.context import KalshiContext, date_of
from mockexchange.venues.kalshi.errors import Rejected, Situation, reject
from mockexchange.venues.kalshi.stream.commands import (
    SUBSCRIBE,
    UNSUBSCRIBE,
    UPDATE,
    Command,
    read_command,
    read_document,
    read_id,
)
from mockexchange.venues.kalshi.stream.errors import Code, Refused, error_row, exists
from mockexchange.venues.kalshi.stream.subscriber import Subscriber, Subscription, error_reply
from mockexchange.venues.kalshi.stream.subscribing import list_subscriptions, subscribe, unsubscribe, update
from mockexchange.venues.request import Answer, Request
from mockexchange.venues.session import Handshake, OpenCount

COMMANDS_PER_SECOND_MAX = 10_000
"""Limit of commands per second, documented on 2026-06-18. At dates without an error code for it, it is not enforced."""


class Session(Subscriber):
    """A stream session, made by `shake_hands` below. It returns frames; the connection sends them in order."""

    wakes_at: int | None = None
    """Always None: every frame answers a command or carries a message, so there is nothing to wake up for."""
    ending: tuple[int, str] | None = None
    """Always None: the session ends only with its connection."""
    called: None = None
    """Always None: the commands are only about subscriptions and call no operation."""
    calls: None = None
    parting_commands: tuple[()] = ()
    """Always empty: the end of a stream cancels no orders."""

    def __init__(self, context: KalshiContext, key: Key | None, api_date: ApiDate) -> None:
        super().__init__(context, key, api_date)
        self._is_limited = exists(Code.TOO_MANY_COMMANDS, api_date)
        self._second, self._commands_count = 0, 0

    def receive(self, raw: bytes, at: int, host_at: int) -> list[Frame]:
        """Carry out one command (text or binary, whole) at exchange time `at` and host time `host_at`, microseconds.

        Return the answers, then the data that the command requested, in order. Never raises, for any bytes.
        """
        command_id = 0
        try:
            self._count(host_at)
            document = read_document(raw)
            command_id = read_id(document)
            self._require_pace()
            frames = self._carry_out(document, command_id, at)
        except Refused as refused:
            frames = [self._error(refused, command_id, self.subscriptions.get(refused.sid))]
        return [self.stamped(frame, at) for frame in frames]

    def wake(self, at: int, host_at: int) -> list[Frame]:
        return []

    def terminate(self, sid: int, code: int, at: int, why: str = "") -> Frame:
        """End a subscription with the terminal error code 10, 17 or 25, or the code used instead at the API date.

        The client has to subscribe again; `why` is for the journal. Raises KeyError if there is no such subscription.
        """
        subscription = self.registry.close(sid)
        note = f"subscription {sid} to {subscription.channel} was ended{f': {why}' if why else ''}"
        return self.stamped(self._error(Refused(Code(code), note, sid), 0, subscription), at)

    def follows(self, channel: str) -> bool:
        return channel in self.channels

    def fill_placeholders(self, text: str, channel: str) -> str:
        """Return a text of a scenario with the sid of the channel's subscription and its next number filled in.

        Both are 0 if there is no such subscription.
        """
        subscription = self.channels.get(channel)
        if '"$sid"' in text:
            text = text.replace('"$sid"', str(subscription.sid if subscription else 0))
        if '"$seq"' in text:
            text = text.replace('"$seq"', str(subscription.next_seq() if subscription else 0))
        return text

    def apply_recorded(self, raw: bytes, kind: str, channel: str) -> None:
        """Apply the effect of a recorded frame that this session did not make.

        A terminal error ends its subscription; a literal frame with the subscription's next number uses up that number.
        """
        document, subscription = _plain(raw), self.channels.get(channel)
        if kind == "error":
            sid, code = document.get("sid"), _plain_dict(document.get("msg")).get("code")
            if isinstance(sid, int) and isinstance(code, int) and sid in self.subscriptions:
                self.registry.close(sid)
        elif subscription and document.get("seq") == subscription.sequence + 1:
            subscription.next_seq()

    def _carry_out(self, document: dict[str, Any], command_id: int, at: int) -> list[Frame]:
        """Carry out a command; its first answer gets the note about ignored parts."""
        command = read_command(document, self.api_date)
        try:
            frames = self._answers(command, command_id, at)
        except Refused as refused:
            refused.note = _joined(refused.note, command.note)
            raise
        if command.note and frames:
            frames[0] = frames[0]._replace(note=_joined(frames[0].note, command.note))
        return frames

    def _answers(self, command: Command, command_id: int, at: int) -> list[Frame]:
        if command.name == SUBSCRIBE:
            return subscribe(self, command.params, command_id, at)
        if command.name == UNSUBSCRIBE:
            return unsubscribe(self, command.params, command_id)
        if command.name == UPDATE:
            return update(self, command.params, command_id, at)
        return list_subscriptions(self, command_id)

    def _count(self, host_at: int) -> None:
        second = host_at // MICROSECONDS_PER_SECOND
        if second != self._second:
            self._second, self._commands_count = second, 0
        self._commands_count += 1

    def _require_pace(self) -> None:
        if self._is_limited and self._commands_count > COMMANDS_PER_SECOND_MAX:
            raise Refused(Code.TOO_MANY_COMMANDS, f"more than {COMMANDS_PER_SECOND_MAX:,} commands within a second")

    def _error(self, refused: Refused, command_id: int, subscription: Subscription | None) -> Frame:
        row = error_row(refused.code, self.api_date)
        raw = error_reply(refused, row, command_id, self.answer_keys, subscription)
        return Frame(raw, "error", subscription.channel if subscription else "", refused.sid, refused.note)


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def _plain(raw: bytes) -> dict[str, Any]:
    try:
        return _plain_dict(json.loads(raw))
    except (ValueError, RecursionError):
        return {}


def _plain_dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


# The handshake: a GET of the stream's path with the three signed headers of REST
#
# The venue refuses with the bodies of its REST gateway as far as is known, and in plain text if its WebSocket library
# answers by itself. The order of the checks: credentials, restrictions of the key, `Origin`, number of connections.


SWITCHING_PROTOCOLS = 101
ANONYMOUS_SINCE, ANONYMOUS_UNTIL = "2026-01-30", "2026-03-24"
"""Days from (inclusive) and until (exclusive) which the documents allow public channels without a key."""
RESTRICTED_SINCE, RESTRICTED_UNTIL = "2026-07-02", "2026-07-23"
"""Days from (inclusive) and until (exclusive) which a key restricted to a subaccount could open no stream."""
TEXT_HEADERS = (
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"sec-websocket-version", b"13"),
    (b"x-content-type-options", b"nosniff"),
)
"""Headers of the venue's WebSocket library, as reported with a 403 of December 2024."""


def shake_hands(
    context: KalshiContext, request: Request, at: int, host_at: int, open_count: OpenCount = lambda account: 0
) -> Handshake:
    """Answer an upgrade request at exchange time `at` and host time `host_at` (microseconds). Never raises."""
    answer, api_date = _new_answer(context, request)
    try:
        key = _authenticate(context, request, at, host_at, answer, api_date)
        if _is_foreign(context, request):
            origin = "the Origin header names another host, and this scenario refuses that (stream: {origin: refuse})"
            _refuse_in_text(answer, 403, b"Forbidden\n", origin)
            return Handshake(answer)
        _require_room(context, key, open_count)
    except Rejected as rejected:
        reject(answer, rejected, api_date)
        return Handshake(answer)
    answer.status = SWITCHING_PROTOCOLS
    return Handshake(answer, Session(context, key, api_date))


def answer_plainly(context: KalshiContext, request: Request, at: int, host_at: int) -> Answer:
    """Answer a request to the stream's path that is not an upgrade to WebSocket, after checking its credentials."""
    answer, api_date = _new_answer(context, request)
    try:
        _authenticate(context, request, at, host_at, answer, api_date)
    except Rejected as rejected:
        reject(answer, rejected, api_date)
        return answer
    if request.method == "GET":
        message = f"{STREAM_PATH} is a WebSocket: send Connection: Upgrade and Upgrade: websocket, or open it as ws://"
        _refuse_in_text(answer, 400, b"Bad Request\n", message)
    else:
        _refuse_in_text(answer, 405, b"Method Not Allowed\n", f"{STREAM_PATH} is a WebSocket, opened by GET")
    return answer


def _new_answer(context: KalshiContext, request: Request) -> tuple[Answer, ApiDate]:
    claimed = signatures.claimed_key(request)
    return Answer(500, b"", OPEN_STREAM), date_of(context, context.state.keys.get(claimed or ""))


def _authenticate(
    context: KalshiContext, request: Request, at: int, host_at: int, answer: Answer, api_date: ApiDate
) -> Key | None:
    """Return the key that may open a stream on that day; None for a stream without a key. Raises Rejected."""
    credentials = signatures.read_credentials(request.headers)
    if credentials == signatures.NO_CREDENTIALS and _accepts_anonymous(context, api_date):
        return None
    key = authenticate(context.state, context.settings, request, credentials, at, host_at, answer)
    if key.subaccount is not None and api_date.is_day_from(RESTRICTED_SINCE, RESTRICTED_UNTIL):
        message = (
            f"key {key.name} of {key.account} is restricted to book {key.subaccount}: "
            f"from {RESTRICTED_SINCE} to {RESTRICTED_UNTIL} no such key could open a stream"
        )
        raise Rejected(Situation.RESTRICTED, message)
    return key


def _accepts_anonymous(context: KalshiContext, api_date: ApiDate) -> bool:
    is_documented = api_date.is_day_from(ANONYMOUS_SINCE, ANONYMOUS_UNTIL)
    return is_documented or context.settings.stream_anonymous == "accept"


def _is_foreign(context: KalshiContext, request: Request) -> bool:
    """Return whether the Origin header names another host and the scenario refuses such streams."""
    origin = request.header(b"origin")
    if origin is None or context.settings.stream_origin == "accept":
        return False
    try:
        host = urlsplit(origin).netloc
    except ValueError:
        return True
    return host.lower() != (request.header(b"host") or "").lower()


def _require_room(context: KalshiContext, key: Key | None, open_count: OpenCount) -> None:
    limit = context.settings.stream_connections
    if key is not None and open_count(key.account) >= limit:
        message = f"{key.account} has {limit} streams open, as many as it may (stream: {{connections: {limit}}})"
        raise Rejected(Situation.TOO_MANY_STREAMS, message)


def _refuse_in_text(answer: Answer, status: int, body: bytes, message: str) -> None:
    answer.status, answer.body, answer.headers, answer.diagnosis = status, body, TEXT_HEADERS, message
