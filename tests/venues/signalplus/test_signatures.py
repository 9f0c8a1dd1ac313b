"""Authentication: accepted requests, every 401, and the order of the checks."""

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from msgspec.structs import replace

from mockexchange.core.commands import AddKey
from mockexchange.venues.request import Answer, Request
from mockexchange.venues.signalplus.signatures import (
    check_secret,
    claimed_key,
    key_id_of,
    read_credentials,
    secret_of,
    signature_of,
)
from mockexchange.venues.signalplus.venue import SIGNALPLUS
from tests.helpers.rows import each_row
from tests.venues.signalplus.world import (
    BASE,
    GET_POSITIONS,
    HOST,
    MILLISECOND,
    SECOND,
    World,
    diagnosis_of,
    refusal,
    signed,
)

BODY = json.dumps({"rid": 9007199254740993, "method": GET_POSITIONS}).encode()
REFUSED = (401, (403, "token invalid"))


def send(headers: tuple[tuple[bytes, bytes], ...], **settings: Any) -> Answer:
    return World().send(Request("POST", BASE, headers=headers, body=BODY), **settings)


def test_a_signature_made_as_the_page_says() -> None:
    """HmacSHA256 with the decoded secret over "1700000000000\\nabc", computed apart."""
    wanted = base64.b64encode(hmac.new(b"secret", b"1700000000000\nabc", hashlib.sha256).digest())
    assert signature_of(b"secret", b"1700000000000\nabc") == wanted


def test_a_401_is_always_the_same_and_echoes_the_rid() -> None:
    answer = send(signed(instead={"signalplus-api-signature": "AAAA"}))
    assert refusal(answer) == REFUSED
    assert answer.body == b'{"rid":9007199254740993,"error":{"code":403,"message":"token invalid"}}'
    assert (answer.account, answer.key_id) == ("gina", "gina-key")


@each_row(
    ("name", "words"),
    [
        ("authorization", "missing or empty: Authorization; send Authorization (Bearer and the API key)"),
        ("signalplus-api-timestamp", "missing or empty: Signalplus-API-Timestamp"),
        ("signalplus-api-nonce", "missing or empty: Signalplus-API-Nonce"),
        ("signalplus-api-signature", "missing or empty: Signalplus-API-Signature"),
    ],
)
def test_each_header_is_needed(name: str, words: str) -> None:
    answer = send(signed(instead={name: ""}))
    assert refusal(answer) == REFUSED
    assert words in diagnosis_of(answer)


def test_no_credentials_at_all() -> None:
    answer = send(())
    assert refusal(answer) == REFUSED
    assert diagnosis_of(answer).startswith(
        "missing or empty: Authorization, Signalplus-API-Timestamp, Signalplus-API-Nonce,"
    )
    assert (answer.account, answer.key_id) == (None, None)


@each_row("scheme", ["Bearer gina-key", "bearer gina-key", "BEARER  gina-key ", " Bearer gina-key"])
def test_the_scheme_in_any_case(scheme: str) -> None:
    assert send(signed(instead={"authorization": scheme})).status == 200


@each_row("scheme", ["gina-key", "Basic gina-key", "Bearer", "Bearer ", "deri-hmac-sha256 id=gina-key"])
def test_another_scheme(scheme: str) -> None:
    answer = send(signed(instead={"authorization": scheme}))
    assert refusal(answer) == REFUSED
    assert "missing or empty: Authorization" in diagnosis_of(answer)


WINDOW = [(0, 200), (15_000, 200), (-15_000, 200), (15_001, 401), (-15_001, 401), (86_400_000, 401)]


@each_row(("offset_ms", "status"), WINDOW)
def test_fifteen_seconds_to_either_side_of_host_time(offset_ms: int, status: int) -> None:
    answer = send(signed(at=HOST + offset_ms * MILLISECOND))
    assert answer.status == status
    if status == 401:
        side = "ahead of" if offset_ms > 0 else "behind"
        assert f"{side} the server's; the window is 15 s back, 15 s ahead" in diagnosis_of(answer)


def test_the_window_and_its_clock_can_be_switched() -> None:
    world = World()
    request = Request("POST", BASE, headers=signed(at=world.at), body=BODY)
    assert world.send(request).status == 401
    assert world.send(request, auth_clock="exchange").status == 200
    late = Request("POST", BASE, headers=signed(at=HOST - 20 * SECOND), body=BODY)
    assert [world.send(late).status, world.send(late, window_us=60 * SECOND).status] == [401, 200]


@each_row(
    ("timestamp", "words"),
    [
        (str(HOST // 1_000_000), "is in seconds: send Unix milliseconds"),
        (str(HOST), "is in microseconds"),
        ("2026-11-19T12:00:00Z", "is ISO 8601 text"),
        ("soon", "is no number"),
        ("-5", "is negative"),
        ("9" * 400, "is no"),
        ("\uff11\uff17", "is no number"),
    ],
)
def test_a_timestamp_that_is_none(timestamp: str, words: str) -> None:
    headers = (*signed(instead={"signalplus-api-timestamp": ""}), (b"signalplus-api-timestamp", timestamp.encode()))
    answer = send(headers)
    assert refusal(answer) == REFUSED
    assert words in diagnosis_of(answer)


def test_a_nonce_may_come_again() -> None:
    world = World()
    request = Request("POST", BASE, headers=signed(nonce="again"), body=BODY)
    assert [world.send(request).status, world.send(request).status] == [200, 200]


def test_what_is_not_signed_may_be_anything() -> None:
    """Method, path and body are not covered [doc]."""
    assert World().send(Request("POST", f"{BASE}/{GET_POSITIONS}", "a=b", signed(), BODY)).status == 200


def test_signatures_can_be_switched_off() -> None:
    assert send(((b"authorization", b"Bearer gina-key"),), auth_mode="off").status == 200
    assert refusal(send(((b"authorization", b"Bearer nobody"),), auth_mode="off")) == REFUSED
    assert refusal(send((), auth_mode="off")) == REFUSED


@each_row(
    ("who", "words"),
    [
        ("dora-key", '"dora-key" is a key of dora, an account of deribit: each venue knows its own keys alone'),
        ("alice-key", '"alice-key" is a key of alice, an account of the default venue'),
        ("gina-kee", 'no account has the API key "gina-kee": did you mean "gina-key" (gina)'),
        ("gina", "it is a name: send the key of gina"),
        ("gina/gina-key", "it is a name"),
        ("<gina-key>", "stray characters around the key of gina"),
        ("GINA-KEY", "send the key of gina as it is spelled"),
        ("Z2luYSdzIHNlY3JldCBpcyBsb25n", "it is the secret of gina: send the key"),
        ("zzzz", 'of this venue there is "gina-key" (gina)'),
    ],
)
def test_a_key_that_is_not_known(who: str, words: str) -> None:
    answer = send(signed(instead={"authorization": f"Bearer {who}"}))
    assert refusal(answer) == REFUSED
    assert words in diagnosis_of(answer)
    assert (answer.account, answer.key_id) == (None, who)


def test_a_sandbox_without_an_account_of_this_venue() -> None:
    world = World()
    world.exchange.state.secret_keys.clear()
    answer = world.send(Request("POST", BASE, headers=signed(), body=BODY))
    assert "this sandbox has none, list one with venue: signalplus" in diagnosis_of(answer)


def test_credentials_come_before_the_document_and_after_its_size() -> None:
    world = World()
    bare = Request("POST", BASE, body=b"{")
    assert refusal(world.send(bare)) == REFUSED
    assert refusal(world.send(replace(bare, body=b" " * 32_769))) == (400, (-32600, "request entity too large"))
    assert refusal(world.send(replace(bare, method="GET"))) == (405, (11050, "bad_request"))


def query_of(who: str = "gina-key") -> str:
    values = {name.decode(): value.decode() for name, value in signed(who)}
    return urlencode(
        {
            "apiKey": who,
            "signature": values["signalplus-api-signature"],
            "nonce": values["signalplus-api-nonce"],
            "timestamp": values["signalplus-api-timestamp"],
        }
    )


def test_a_handshake_takes_its_credentials_from_the_query_too() -> None:
    request = Request("GET", "/signalplus/ws/api", query_of())
    shaken = SIGNALPLUS.stream.shake_hands(World().context(), request, 0, HOST, lambda account: 0)
    assert (shaken.answer.status, shaken.answer.account) == (101, "gina")
    assert claimed_key(request) == "gina-key"


def test_headers_win_over_the_query_and_requests_have_headers_alone() -> None:
    both = Request("GET", "/signalplus/ws/api", query_of("hugo-key"), signed())
    assert read_credentials(both, with_query=True).key_id == "gina-key"
    answer = World().send(Request("POST", BASE, query_of(), body=BODY))
    assert refusal(answer) == REFUSED
    assert "the query is read on the handshake of a stream alone" in diagnosis_of(answer)


def test_look_alikes_of_headers_are_named() -> None:
    headers = tuple((name.replace(b"-api-", b"-"), value) for name, value in signed())
    assert '"signalplus-timestamp" is not signalplus-api-timestamp' in diagnosis_of(send(headers))


def test_headers_that_look_like_nothing_are_not_named() -> None:
    headers = ((b"x-signalplus-whatever-that-may-be", b"1"), (b"signalplus-api-nonces", b"1"))
    words = diagnosis_of(send(headers))
    assert '"signalplus-api-nonces" is not signalplus-api-nonce' in words
    assert "whatever" not in words


def test_ids_and_secrets_follow_from_their_seed() -> None:
    assert key_id_of("a/b") == key_id_of("a/b") != key_id_of("a/c")
    assert secret_of("a/b") == secret_of("a/b") != secret_of("a/c")
    assert len(key_id_of("a")) == 32
    check_secret(secret_of("a"))
    assert len(base64.b64decode(secret_of("a"))) == 32


@each_row("secret", ["", "a", "not base64!", "c2VjcmV0=", "c2VjcmV0\n", "c2Vj-_V0", "é"])
def test_a_secret_that_is_no_base64(secret: str) -> None:
    with pytest.raises(ValueError, match="expected standard base64"):
        check_secret(secret)


def test_a_secret_that_got_past_the_check_is_taken_by_its_text() -> None:
    world = World()
    world.do(AddKey(account="hugo", key="odd", key_id="odd", secret="not base64!", scopes=("trade:read",)))
    odd = dict(signed("gina-key")) | {b"authorization": b"Bearer odd"}
    assert refusal(world.send(Request("POST", BASE, headers=tuple(odd.items()), body=BODY))) == REFUSED
    text = odd[b"signalplus-api-timestamp"] + b"\n" + odd[b"signalplus-api-nonce"]
    odd[b"signalplus-api-signature"] = signature_of(b"not base64!", text)
    assert world.send(Request("POST", BASE, headers=tuple(odd.items()), body=BODY)).status == 200
