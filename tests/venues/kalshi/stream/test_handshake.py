"""Handshakes: accepted keys by day, and the answers to refused ones."""

from typing import Any

from mockexchange.venues.kalshi.catalogue import STREAM_PATH
from mockexchange.venues.kalshi.rest import answer as answer_rest
from mockexchange.venues.kalshi.stream.session import (
    TEXT_HEADERS,
    Session,
    answer_plainly,
    shake_hands,
)
from mockexchange.venues.request import Request
from mockexchange.venues.session import Handshake
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import SMALL, WALL, make, signed
from tests.venues.kalshi import bodies
from tests.venues.kalshi.world import at, refusal, why

STREAM = "stream: {{{}}}\n"
SECOND = 1_000_000


def small(stream: str = "") -> str:
    return SMALL + (STREAM.format(stream) if stream else "")


def knock(
    who: str | None = "alice/main", date: str = "2026-10", stream: str = "", open_count: int = 0, **headers: bytes
) -> Handshake:
    """Open a stream of a sandbox with these settings, signed as it should be by `who`, with more headers."""
    sandbox = make(small(stream), date)
    signed_headers = signed(sandbox, STREAM_PATH, who).headers if who else ()
    more = tuple((name.replace("_", "-").encode(), value) for name, value in headers.items())
    request = Request("GET", STREAM_PATH, "", signed_headers + more)
    return shake_hands(sandbox.context, request, sandbox.clock.now(), WALL, lambda account: open_count)


def granted(handshake: Handshake) -> Session:
    assert (handshake.answer.status, handshake.answer.body) == (101, b"")
    assert isinstance(handshake.session, Session)
    return handshake.session


@each_row("date", ["2025-11", "2026-06", "2026-10", "compat"])
def test_a_signed_upgrade_is_granted(date: str) -> None:
    handshake = knock(date=date)
    session = granted(handshake)
    assert session.key is not None
    assert session.key.account == "alice"
    assert session.api_date.name == date
    assert (handshake.answer.operation, handshake.answer.account) == ("OpenStream", "alice")


def test_the_stream_has_the_date_of_its_key() -> None:
    text = small().replace("only_3: {subaccount: 3}", "only_3: {api_date: 2025-12}")
    sandbox = make(text, "2026-10")
    handshake = shake_hands(sandbox.context, signed(sandbox, STREAM_PATH, "alice/only_3"), sandbox.clock.now(), WALL)
    assert granted(handshake).api_date.name == "2025-12"


def test_the_query_is_not_signed() -> None:
    sandbox = make()
    request = signed(sandbox, f"{STREAM_PATH}?a=b")
    assert granted(shake_hands(sandbox.context, request, sandbox.clock.now(), WALL)).key is not None


def test_refusals_are_those_of_rest_with_their_reason() -> None:
    sandbox = make(small(), "2026-10")
    now = sandbox.clock.now()
    good = signed(sandbox, STREAM_PATH)

    def shake(request: Request) -> Handshake:
        return shake_hands(sandbox.context, request, now, WALL)

    elsewhere = Request("GET", STREAM_PATH, "", signed(sandbox, "/trade-api/v2/ws").headers)
    late = signed(sandbox, STREAM_PATH, at=WALL - 60 * SECOND)
    unknown = Request("GET", STREAM_PATH, "", ((b"kalshi-access-key", b"nobody"), *good.headers[1:]))
    half = Request("GET", STREAM_PATH, "", good.headers[:2])
    for request, body, word in (
        (Request("GET", STREAM_PATH), bodies.NO_CREDENTIALS, "missing"),
        (half, bodies.NO_SIGNATURE, "missing"),
        (unknown, bodies.UNKNOWN_KEY, "nobody"),
        (late, bodies.EXPIRED, "60"),
        (elsewhere, bodies.BAD_SIGNATURE, "/trade-api/v2/ws"),
    ):
        handshake = shake(request)
        assert handshake.session is None
        assert refusal(handshake.answer) == at(body)
        assert word in why(handshake.answer)
        assert handshake.answer.operation == "OpenStream"


@each_row(
    ("date", "stream", "is_granted"),
    [
        ("2026-01-29", "", False),
        ("2026-01-30", "", True),
        ("2026-03-23", "", True),
        ("2026-03-24", "", False),
        ("compat", "", False),
        ("compat", "anonymous: accept", True),
        ("2026-10", "anonymous: accept", True),
    ],
)
def test_without_a_key(date: str, stream: str, is_granted: bool) -> None:
    handshake = knock(None, date, stream)
    if is_granted:
        assert granted(handshake).key is None
        assert handshake.answer.account is None
    else:
        assert refusal(handshake.answer) == at(bodies.NO_CREDENTIALS, date)


@each_row("header", ["kalshi_access_key", "kalshi_access_timestamp", "kalshi_access_signature"])
def test_half_of_the_credentials_is_not_anonymous(header: str) -> None:
    more: dict[str, Any] = {header: b"x"}
    handshake = knock(None, "2026-02", **more)
    assert handshake.session is None
    assert handshake.answer.status == 401


@each_row(
    ("date", "is_granted"),
    [("2026-07-01", True), ("2026-07-02", False), ("2026-07-22", False), ("2026-07-23", True), ("compat", True)],
)
def test_restricted_keys_were_refused_for_three_weeks(date: str, is_granted: bool) -> None:
    granted(knock("alice/main", date))
    handshake = knock("alice/only_3", date)
    if is_granted:
        granted(handshake)
    else:
        assert refusal(handshake.answer) == at(bodies.RESTRICTED, date)
        assert "restricted to book 3" in why(handshake.answer)


@each_row(
    ("origin", "is_granted"),
    [
        (b"http://localhost:8600", True),
        (b"http://localhost:8601", False),
        (b"HTTP://LocalHost:8600", True),
        (b"https://elsewhere.example", False),
        (b"null", False),
        (b"", False),
        (b"http://[::1", False),
    ],
)
def test_an_origin_is_refused_where_that_is_asked_for(origin: bytes, is_granted: bool) -> None:
    granted(knock(origin=origin, host=b"localhost:8600"))
    handshake = knock(stream="origin: refuse", origin=origin, host=b"localhost:8600")
    if is_granted:
        granted(handshake)
        return
    assert handshake.session is None
    assert refusal(handshake.answer) == (403, b"Forbidden\n")
    assert handshake.answer.headers == TEXT_HEADERS
    assert "Origin" in why(handshake.answer)
    unsigned = knock(None, stream="origin: refuse", origin=origin)
    assert unsigned.answer.status == 401, "credentials come first"


def test_no_more_streams_than_an_account_may_have() -> None:
    granted(knock(open_count=199))
    refused = knock(open_count=200)
    assert refusal(refused.answer) == at(bodies.TOO_MANY_STREAMS)
    assert "200 streams" in why(refused.answer)
    granted(knock(stream="connections: 201", open_count=200))
    assert knock(stream="connections: 1", open_count=1).answer.status == 429
    granted(knock(None, "2026-02", "connections: 1", open_count=1))


@each_row(
    ("method", "wanted"),
    [
        ("GET", (400, b"Bad Request\n")),
        ("POST", (405, b"Method Not Allowed\n")),
        ("HEAD", (405, b"Method Not Allowed\n")),
    ],
)
def test_a_request_that_is_no_upgrade(method: str, wanted: tuple[int, bytes]) -> None:
    sandbox = make()
    now = sandbox.clock.now()
    request = signed(sandbox, STREAM_PATH, method=method)
    answer = answer_plainly(sandbox.context, request, now, WALL)
    assert refusal(answer) == wanted
    assert answer.headers == TEXT_HEADERS
    assert "WebSocket" in why(answer)
    assert answer_rest(sandbox.context, request, now, WALL).body == wanted[1]
    unsigned = Request(method, STREAM_PATH)
    assert refusal(answer_rest(sandbox.context, unsigned, now, WALL)) == at(bodies.NO_CREDENTIALS)


def test_signatures_may_be_off() -> None:
    sandbox = make(small() + "auth: {mode: off}\n", "2026-10")
    [credential] = [one for one in sandbox.credentials() if (one.account, one.key) == ("bob", "main")]
    request = Request("GET", STREAM_PATH, "", ((b"kalshi-access-key", credential.key_id.encode()),))
    session = granted(shake_hands(sandbox.context, request, 0, 0))
    assert session.key is not None
    assert session.key.account == "bob"
