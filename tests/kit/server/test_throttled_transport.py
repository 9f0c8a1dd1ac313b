"""How requests travel: never too fast, patient with 429, reading only, and bounded."""

from collections.abc import Iterator

import httpx
import pytest

from mockexchange.kit.deribit import DERIBIT
from mockexchange.kit.server.arguments import Address
from mockexchange.kit.server.throttled_transport import (
    ATTEMPTS_MAX,
    PAUSE_S_MAX,
    SILENT_MAX,
    ServerGone,
    ThrottledTransport,
    WriteForbidden,
    error_text,
    throttled_client,
)
from mockexchange.kit.signing_again import AGE_S_MAX, Signing, note_signing
from mockexchange.kit.venue import VenueKit
from mockexchange.kit.venues import DEFAULT_KIT
from tests.helpers.rows import each_row

URL = "http://127.0.0.1:1/"
Reaction = httpx.Response | Exception


class Clock:
    """Time that passes by pauses alone."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.pauses: list[float] = []

    def pause(self, seconds: float) -> None:
        self.pauses.append(round(seconds, 3))
        self.now_s += seconds


class Server(httpx.BaseTransport):
    """Answers with one reaction after the other, and then with the last one again."""

    def __init__(self, *reactions: Reaction) -> None:
        self.reactions, self.asked = list(reactions), 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        reaction = self.reactions[min(self.asked, len(self.reactions) - 1)]
        self.asked += 1
        if isinstance(reaction, Exception):
            raise reaction
        return reaction


def busy(**headers: str) -> httpx.Response:
    return httpx.Response(429, headers=headers)


def made(
    *reactions: Reaction, rate_per_s: float | None = None, may_write: bool = False, venue: VenueKit = DEFAULT_KIT
) -> tuple[httpx.Client, ThrottledTransport, Server, Clock]:
    server, clock = Server(*reactions), Clock()
    transport = ThrottledTransport(
        server, venue=venue, rate_per_s=rate_per_s, may_write=may_write, now_s=lambda: clock.now_s, pause=clock.pause
    )
    return httpx.Client(transport=transport), transport, server, clock


@each_row("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"])
def test_a_read_only_run_sends_only_reads(method: str) -> None:
    client, _, server, _ = made(httpx.Response(200))
    with pytest.raises(WriteForbidden, match=f"a read-only run sends no {method}"):
        client.request(method, URL)
    assert server.asked == 0
    assert [client.request(each, URL).status_code for each in ("GET", "HEAD")] == [200, 200]


def test_a_run_that_may_write_sends_anything() -> None:
    client, transport, _, _ = made(httpx.Response(201), may_write=True)
    assert client.post(URL).status_code == 201
    assert transport.statuses == {201: 1}


def test_requests_keep_their_distance() -> None:
    client, _, _, clock = made(httpx.Response(200), rate_per_s=5)
    for _ in range(3):
        client.get(URL)
    assert clock.pauses == [0.2, 0.2]
    clock.now_s += 10
    client.get(URL)
    assert clock.pauses == [0.2, 0.2]


def test_without_a_rate_nothing_waits() -> None:
    client, _, _, clock = made(httpx.Response(200))
    for _ in range(3):
        client.get(URL)
    assert clock.pauses == []


def test_a_429_is_waited_out() -> None:
    client, transport, _, clock = made(busy(), busy(), busy(**{"Retry-After": "7"}), httpx.Response(200))
    assert client.get(URL).status_code == 200
    assert (clock.pauses, transport.waited_s, transport.gone) == ([1, 2, 7], 10, "")


@each_row(("told", "pause_s"), [("100000", PAUSE_S_MAX), ("soon", 1.0), ("-1", 1.0)])
def test_a_pause_is_bounded(told: str, pause_s: float) -> None:
    client, _, _, clock = made(busy(**{"Retry-After": told}), httpx.Response(200))
    client.get(URL)
    assert clock.pauses == [pause_s]


class Signatures:
    """Signs requests with the time of a clock, in words."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def sign(self) -> dict[str, str]:
        return {"X-Signed": f"at {self._clock.now_s:g}"}

    def signed(self, client: httpx.Client) -> httpx.Request:
        request = client.build_request("GET", URL, headers=self.sign())
        note_signing(request, Signing(self.sign, self._clock.now_s))
        return request


def test_a_request_that_waited_is_signed_again() -> None:
    client, _, _, clock = made(busy(**{"Retry-After": "7"}), httpx.Response(200))
    request = Signatures(clock).signed(client)
    assert client.send(request).status_code == 200
    assert request.headers["X-Signed"] == "at 1007"


def test_a_request_that_is_sent_at_once_keeps_its_signature() -> None:
    client, _, server, clock = made(httpx.Response(401))
    request = Signatures(clock).signed(client)
    clock.now_s += AGE_S_MAX
    assert client.send(request).status_code == 401
    assert (server.asked, request.headers["X-Signed"]) == (1, "at 1000")


@each_row(("answers", "status"), [(1, 200), (2, 200), (ATTEMPTS_MAX, 401)])
def test_a_signature_that_is_refused_late_may_have_expired(answers: int, status: int) -> None:
    """Test a busy machine: the time between the signature and the answer is longer than signatures hold."""
    client, _, server, clock = made(*[httpx.Response(401)] * answers, httpx.Response(200))
    handle = server.handle_request

    def slow(request: httpx.Request) -> httpx.Response:
        clock.now_s += 6
        return handle(request)

    server.handle_request = slow  # type: ignore[method-assign]  # a server that is slow
    request = Signatures(clock).signed(client)
    assert client.send(request).status_code == status
    assert server.asked == min(answers + 1, ATTEMPTS_MAX)
    assert request.headers["X-Signed"] == f"at {1000 + 6 * (server.asked - 1)}"


def test_a_request_without_a_signature_is_refused_once() -> None:
    client, _, server, _ = made(httpx.Response(401))
    assert client.get(URL).status_code == 401
    assert server.asked == 1


def test_a_server_that_always_says_429_is_left_alone() -> None:
    client, transport, server, _ = made(busy())
    for _ in range(2):
        with pytest.raises(ServerGone, match="answers 429 5 times in a row: ask for less at a time with --rate"):
            client.get(URL)
    assert server.asked == ATTEMPTS_MAX
    assert transport.gone


def test_a_refused_connection_means_that_it_is_gone() -> None:
    client, transport, server, _ = made(httpx.ConnectError("refused"))
    with pytest.raises(httpx.ConnectError):
        client.get(URL)
    assert transport.gone == "it does not answer any more: refused"
    with pytest.raises(ServerGone, match="refused"):
        client.get(URL)
    assert server.asked == 1


def test_silence_is_borne_a_few_times() -> None:
    client, transport, _, _ = made(
        *[httpx.ReadTimeout("")] * (SILENT_MAX - 1), httpx.Response(200), httpx.ReadTimeout("")
    )
    for _ in range(SILENT_MAX - 1):
        with pytest.raises(httpx.ReadTimeout):
            client.get(URL)
    assert client.get(URL).status_code == 200
    for _ in range(SILENT_MAX - 1):
        with pytest.raises(httpx.ReadTimeout):
            client.get(URL)
    assert transport.gone == ""
    with pytest.raises(httpx.ReadTimeout):
        client.get(URL)
    assert transport.gone == "it does not answer any more: no answer within 15 s"


def test_a_connection_that_was_closed_meanwhile_is_opened_again_for_reads_alone() -> None:
    hung_up = httpx.RemoteProtocolError("Server disconnected without sending a response.")
    client, transport, _, _ = made(hung_up, httpx.Response(200), hung_up, httpx.Response(200), may_write=True)
    assert client.get(URL).status_code == 200
    with pytest.raises(httpx.RemoteProtocolError):
        client.post(URL)
    assert transport.gone == ""


class Endless(httpx.SyncByteStream):
    """A body that never ends; `took` is called for each part."""

    def __init__(self, clock: Clock, part: bytes, seconds: float) -> None:
        self._clock, self._part, self._seconds = clock, part, seconds
        self.is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        while True:
            self._clock.now_s += self._seconds
            yield self._part

    def close(self) -> None:
        self.is_closed = True


def test_an_answer_that_never_ends_is_given_up() -> None:
    client, _, server, clock = made(httpx.Response(200))
    for stream, error in (
        (Endless(clock, b"x", 1.0), httpx.ReadTimeout),
        (Endless(clock, b"x" * 2**24, 0.0), httpx.ReadError),
    ):
        server.reactions = [httpx.Response(200, stream=stream)]
        with pytest.raises(error):
            client.get(URL)
        assert stream.is_closed


def test_an_answer_arrives_as_it_was_sent() -> None:
    sent = httpx.Response(200, headers=[("a", "1"), ("a", "2"), ("content-type", "text/plain")], content=b"body")
    answer = made(sent)[0].get(URL)
    assert (answer.headers.raw, answer.content) == (sent.headers.raw, b"body")


def test_errors_without_words_have_their_names() -> None:
    assert error_text(httpx.ReadError("")) == "ReadError"
    assert error_text(httpx.ConnectError("a\nb")) == "a b"


def test_proxies_are_those_of_the_environment_but_not_on_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []

    def transport(**given: object) -> Server:
        seen.append(given["proxy"])
        return Server(httpx.Response(200))

    monkeypatch.setattr("mockexchange.kit.server.throttled_transport.httpx.HTTPTransport", transport)
    monkeypatch.setenv("https_proxy", "http://proxy:1")
    monkeypatch.setenv("no_proxy", "close.example.com")
    for host in ("far.example.com", "close.example.com", "127.0.0.1"):
        client, _ = throttled_client(Address(f"https://{host}", "", host), DEFAULT_KIT, rate_per_s=5, may_write=False)
        client.close()
    assert seen == ["http://proxy:1", None, None]


def test_a_read_only_run_sends_no_call_that_may_write() -> None:
    client, _, server, _ = made(httpx.Response(200), venue=DERIBIT)
    calls = [
        ("GET", "/public/ticker", b""),
        ("POST", "/private/get_positions", b'{"method":"private/get_positions"}'),
        ("POST", "", b'{"method":"public/auth"}'),
        ("POST", "/private/get_positions", b"no json"),
        ("POST", "/private/get_positions", b'{"method":"unknown","params":{"text":"private/buy"}}'),
    ]
    for method, path, body in calls:
        assert client.request(method, f"https://x/api/v2{path}", content=body).status_code == 200
    writes = [
        ("GET", "/private/buy?amount=1", b""),
        ("GET", "/private/%62uy", b""),
        ("POST", "", b'{"method":"private/buy"}'),
        ("POST", "/private/get_positions", b'{"method":"private/Cancel_all"}'),
        ("POST", "", b'[{"method":"private/get_positions"},{"method":"private/edit"}]'),
        ("POST", "", b'{"method":"private/withdraw","method":"public/test"}'),
        ("DELETE", "/public/ticker", b""),
    ]
    for method, path, body in writes:
        with pytest.raises(WriteForbidden):
            client.request(method, f"https://x/api/v2{path}", content=body)
    assert server.asked == len(calls)


def test_an_error_that_means_too_many_requests_is_waited_for() -> None:
    limited = httpx.Response(400, content=b'{"error":{"code":10028,"message":"too_many_requests"}}')
    client, transport, _, clock = made(limited, httpx.Response(200), venue=DERIBIT)
    assert client.get("https://x/api/v2/public/test").status_code == 200
    assert (transport.waited_s, clock.pauses) == (1, [1])
