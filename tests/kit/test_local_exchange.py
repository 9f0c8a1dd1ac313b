"""Requests to an application in this process equal those from a server."""

import time

import httpx
from anyio.from_thread import start_blocking_portal
from starlette.types import Receive, Scope, Send

from mockexchange.kit.local_exchange import AppTransport
from mockexchange.kit.signing_again import AGE_S_MAX, Signing, note_signing
from tests.helpers.rows import each_row


async def mirror(scope: Scope, receive: Receive, send: Send) -> None:
    """Echo the request in two parts."""
    message = await receive()
    said = f"{scope['method']} {scope['raw_path'].decode()}?{scope['query_string'].decode()} "
    await send({"type": "http.response.start", "status": 201, "headers": [(b"x-seen", dict(scope["headers"])[b"x-a"])]})
    await send({"type": "http.response.body", "body": said.encode(), "more_body": True})
    await send({"type": "http.response.body", "body": message["body"]})


@each_row("method", ["GET", "POST"])
def test_a_request_reaches_the_application(method: str) -> None:
    with start_blocking_portal() as portal, httpx.Client(transport=AppTransport(mirror, portal)) as http:
        response = http.request(method, "http://testserver/a%2Fb?c=d", content=b"body", headers={"X-A": "1"})
    assert response.status_code == 201
    assert response.headers["x-seen"] == "1"
    assert response.text == f"{method} /a%2Fb?c=d body"


@each_row(("age_s", "sent"), [(-60.0, "early"), (AGE_S_MAX + 1, "late")])
def test_a_request_that_waited_is_signed_again(age_s: float, sent: str) -> None:
    with start_blocking_portal() as portal, httpx.Client(transport=AppTransport(mirror, portal)) as http:
        request = http.build_request("GET", "http://testserver/", headers={"X-A": "early"})
        note_signing(request, Signing(lambda: {"X-A": "late"}, time.monotonic() - age_s))
        assert http.send(request).headers["x-seen"] == sent


async def broken(scope: Scope, receive: Receive, send: Send) -> None:
    raise KeyError("ticker")


def test_an_application_that_fails_answers_500() -> None:
    with start_blocking_portal() as portal, httpx.Client(transport=AppTransport(broken, portal)) as http:
        response = http.get("http://testserver/")
    assert (response.status_code, response.text) == (500, "KeyError: 'ticker'")
