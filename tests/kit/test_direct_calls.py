"""Generated requests go through the relay directly, signed anew if they waited, whatever the environment says."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
from schemathesis.python import asgi

from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.schemathesis.relay import Relay, calling_directly
from mockexchange.kit.signing_again import EXTENSION
from mockexchange.kit.target import Target
from tests.helpers.rows import each_row

ORIGIN, PATH = "http://127.0.0.1:1", "/trade-api/v2/markets"
HEADERS = {"X-Name": "a", "KALSHI-ACCESS-KEY": "key", "KALSHI-ACCESS-SIGNATURE": "the-signature"}


@pytest.fixture
def sent() -> list[httpx.Request]:
    return []


@pytest.fixture
def relay(sent: list[httpx.Request]) -> Iterator[Relay]:
    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        headers = [(b"Set-Cookie", b"a=b"), (b"Set-Cookie", b"c=d"), (b"X-Name", "ö".encode("latin-1"))]
        return httpx.Response(404, headers=headers, content=b'{"code":"not_found"}')

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        yield Relay(Target(venue=KALSHI, api_date="2026-10", base_url=f"{ORIGIN}/trade-api/v2", http=client, keys={}))


def ask(relay: Relay, headers: dict[str, str] = HEADERS, **more: Any) -> requests.Response:
    """Send a request as schemathesis does it."""
    application: Any = relay
    with calling_directly(relay), asgi.get_client(application) as client:
        client.headers = {}  # type: ignore[assignment]  # as schemathesis does
        return client.request("GET", f"http://localhost{PATH}", params="limit=5&a=%2F", headers=headers, **more)


@pytest.mark.anyio
async def test_a_request_is_the_one_that_an_event_loop_would_send(relay: Relay, sent: list[httpx.Request]) -> None:
    directly = ask(relay)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(relay)) as client:
        looped = await client.get(f"http://localhost{PATH}?limit=5&a=%2F", headers=HEADERS)
    first, second = sent
    assert str(first.url) == str(second.url) == f"{ORIGIN}{PATH}?limit=5&a=%2F"
    assert [first.headers[name] for name in HEADERS] == [second.headers[name] for name in HEADERS]
    assert (directly.status_code, directly.content) == (looped.status_code, looped.content)
    assert directly.headers["x-name"] == looped.headers["x-name"] == "ö"
    assert directly.reason == "Not Found"


def test_the_environment_does_not_reach_it(
    relay: Relay, sent: list[httpx.Request], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine localhost login a password b")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:2")
    assert ask(relay).status_code == 404
    assert "authorization" not in sent[0].headers


@each_row(("follows", "count"), [(True, 2), (False, 1)])
def test_redirects_are_followed_as_by_a_session(follows: bool, count: int) -> None:
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.url.path)
        return httpx.Response(307, headers={"Location": "/trade-api/v2/events"} if request.url.path == PATH else {})

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        target = Target(venue=KALSHI, api_date="2026-10", base_url=f"{ORIGIN}/trade-api/v2", http=client, keys={})
        assert ask(Relay(target), allow_redirects=follows).status_code == 307
    assert len(set(sent)) == count


def test_other_applications_are_called_as_before(relay: Relay) -> None:
    before = asgi.get_client
    with calling_directly(relay):
        assert type(asgi.get_client(None)) is asgi.ASGIClient  # type: ignore[arg-type]  # no application is called
    assert asgi.get_client is before


@pytest.mark.parametrize(("changes", "is_signed"), [({}, True), ({"KALSHI-ACCESS-KEY": "other"}, False)])
def test_a_signature_can_be_made_again_unless_it_is_wrong_on_purpose(
    changes: dict[str, str], is_signed: bool, relay: Relay, sent: list[httpx.Request]
) -> None:
    signed = {name: value for name, value in HEADERS.items() if name.startswith("KALSHI")}
    relay.note_signing(signed, lambda: {"KALSHI-ACCESS-SIGNATURE": "another"})
    ask(relay, {**HEADERS, **changes})
    assert (EXTENSION in sent[0].extensions) is is_signed
