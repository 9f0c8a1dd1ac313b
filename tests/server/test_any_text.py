"""Whatever clients say in JSON, halves of surrogate pairs too, the control API can show."""

import json
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from websockets.sync.client import connect

from mockexchange.server.control.answers import ControlJson
from mockexchange.venues.deribit.signatures import Token, write_token
from tests.helpers.effort import examples
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tests.server.live import Live, SandboxView
from tests.server.wire import request

VENUES = """
scenario: venues of JSON-RPC
start: 2025-10-15T12:00:00Z
accounts:
  dora: {venue: deribit, cash: {BTC: 2}}
  gina: {venue: signalplus, cash: {BTC: 2}}
faults:
  - {name: twice, match: {operation: public/get_currencies}, then: {duplicate_row}}
"""
HALF = "\ud800"
TEXT = st.text(st.characters() | st.characters(categories=["Cs"]), max_size=12)


def posted(path: str, document: object) -> bytes:
    return request("POST", path, {}, json.dumps(document).encode())


def deribit(method: str = "public/auth", id_text: object = 1, **params: object) -> bytes:
    return posted("/api/v2", {"jsonrpc": "2.0", "id": id_text, "method": method, "params": params})


def token(text: str) -> str:
    return write_token(Token("access", text, text, 1, 2), "no secret of anybody's")


def query(path: str, **params: str) -> bytes:
    return request("GET", f"{path}?{urlencode(params, errors='surrogatepass')}")


WAYS: dict[str, Callable[[str], bytes]] = {
    "client id": lambda text: deribit(grant_type="client_credentials", client_id=text, client_secret=text),
    "signature": lambda text: deribit(
        grant_type="client_signature", client_id=text, timestamp=text, signature=text, nonce=text, data=text
    ),
    "token in params": lambda text: deribit("private/get_positions", access_token=token(text)),
    "refresh token": lambda text: deribit(grant_type="refresh_token", refresh_token=token(text)),
    "token in the header": lambda text: request(
        "GET", "/api/v2/private/get_positions", {"Authorization": f"Bearer {token(text)}"}
    ),
    "query": lambda text: query("/api/v2/public/auth", grant_type="client_credentials", client_id=text),
    "id": lambda text: deribit("public/get_currencies", text),
    "method": lambda text: deribit(text, text, **{text: text}),
    "value": lambda text: deribit("public/get_instruments", currency=text, kind=text, expired=text),
    "rid": lambda text: posted("/signalplus/api", {"rid": text, "method": text, "params": {text: text}}),
    "key in the query": lambda text: query("/signalplus/ws/api", apiKey=text, timestamp=text, nonce=text),
}


@pytest.fixture(scope="module")
def shown(live: Live) -> SandboxView:
    return live.sandbox("any-text", VENUES)


@each_row("way", WAYS)
@settings(max_examples=examples(15), deadline=None)
@given(text=TEXT)
@example(text=HALF)
@example(text=f"a{HALF}é\U0001f600")
def test_whatever_a_client_says_is_journalled_and_shown(shown: SandboxView, way: str, text: str) -> None:
    reply = shown.ask(WAYS[way](text))
    assert reply.status in (200, 400, 401), reply
    json.loads(reply.body)
    [entry] = shown.journal("?last=1")
    assert entry["status"] == reply.status
    assert "?" in text or "?" not in (entry["key_id"] or "")
    for path in ("/journal", "/frames", "/log", ""):
        assert shown.live.control("GET", f"/sandboxes/{shown.name}{path}").status == 200


def test_whatever_is_said_on_a_stream_is_journalled_and_shown(shown: SandboxView) -> None:
    said = {"id": HALF, "method": "public/auth", "params": {"grant_type": "client_credentials", "client_id": HALF}}
    with connect(f"ws://127.0.0.1:{shown.port}/ws/api/v2") as client:
        client.send(json.dumps(said))
        assert json.loads(client.recv(PATIENCE_S))["id"] == HALF
    frames = shown.call("GET", "/frames")
    said_texts = [one["frame"] for one in frames if one["frame"].startswith("{")]
    assert [json.loads(text)["id"] for text in said_texts] == [HALF, HALF]


def test_what_no_utf8_can_say_is_a_question_mark_and_all_else_itself() -> None:
    assert ControlJson({"words": f"é{HALF}\U0001f600"}).body == '{"words":"é?\U0001f600"}'.encode()
