"""Signatures with every known mistake, and the diagnosis of each: what was signed and what to change."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockexchange.venues.deribit import rest
from mockexchange.venues.deribit.diagnosis import explain_offline, request_case, stream_case
from mockexchange.venues.deribit.signatures import Credentials
from mockexchange.venues.diagnosis.hmac_signatures import ATTEMPTS_MAX, KnownSecret, explain
from mockexchange.venues.request import Request
from tests.helpers.effort import examples
from tests.helpers.rows import each_row
from tests.venues.deribit.keyring import (
    ERIC_SECRET,
    HOST,
    KEY_ID,
    NOW,
    SECRET,
    base64_hmac,
    bench,
    hex_hmac,
    milliseconds,
    request,
    rpc,
    signed,
)

TS, NONCE = str(milliseconds()), "n0nce"
PATH = "/api/v2/private/get_positions"
GET_TARGET = f"{PATH}?currency=BTC&kind=future"
DOCUMENT = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "private/get_positions",
    "params": {"kind": "future", "currency": "BTC"},
}
BODY = json.dumps(DOCUMENT, separators=(",", ":"))
SPACED = json.dumps(DOCUMENT)


class Wrong(NamedTuple):
    """A request, the text signed instead of the right one, and a part of the diagnosis."""

    name: str
    text: str
    words: str
    method: str = "GET"
    target: str = GET_TARGET
    body: str = ""


def post(name: str, text: str, words: str, body: str = BODY, target: str = PATH) -> Wrong:
    return Wrong(name, text, words, "POST", target, body)


HEAD = f"{TS}\n{NONCE}\n"
WRONG = [
    Wrong("no newline at the end", f"{HEAD}GET\n{GET_TARGET}\n", "end the text with a newline, after the body too"),
    Wrong("no query", f"{HEAD}GET\n{PATH}\n\n", f'sign the query too: "{GET_TARGET}"'),
    Wrong("no prefix", f"{HEAD}GET\n{GET_TARGET[7:]}\n\n", 'put "/api/v2" in front of the path'),
    Wrong("no prefix and slash", f"{HEAD}GET\n{GET_TARGET[8:]}\n\n", 'put "/api/v2/" in front of the path'),
    Wrong("with the URL", f"{HEAD}GET\nhttp://127.0.0.1:9000{GET_TARGET}\n\n", "sign path and query alone, without"),
    Wrong("with the host", f"{HEAD}GET\n127.0.0.1:9000{GET_TARGET}\n\n", "sign path and query alone, without"),
    Wrong("with the venue's host", f"{HEAD}GET\nhttps://test.deribit.com{GET_TARGET}\n\n", "https://test.deribit.com"),
    Wrong("method in lower case", f"{HEAD}get\n{GET_TARGET}\n\n", "write the method in upper case, GET"),
    Wrong("another method", f"{HEAD}POST\n{GET_TARGET}\n\n", "sign the method you send, GET, not POST"),
    Wrong(
        "the API's method", f"{HEAD}private/get_positions\n{GET_TARGET}\n\n", "sign the HTTP method, GET, not the API's"
    ),
    Wrong("a body that is not sent", f"{HEAD}GET\n{GET_TARGET}\n{{}}\n", "sign no body where none is sent: not {}"),
    Wrong("the query as a body", f"{HEAD}GET\n{PATH}\ncurrency=BTC&kind=future\n", "and no body"),
    Wrong("nonce first", f"{NONCE}\n{TS}\nGET\n{GET_TARGET}\n\n", "sign the timestamp first, then the nonce"),
    Wrong("nonce left out", f"{TS}\nGET\n{GET_TARGET}\n\n", "sign the nonce too, between the timestamp and the method"),
    Wrong("timestamp left out", f"{NONCE}\nGET\n{GET_TARGET}\n\n", "sign the timestamp too, in front of the nonce"),
    Wrong("timestamp for the nonce", f"{TS}\n{TS}\nGET\n{GET_TARGET}\n\n", f'sign the nonce that you send, "{NONCE}"'),
    Wrong(
        "timestamp in seconds",
        f"{TS[:-3]}\n{NONCE}\nGET\n{GET_TARGET}\n\n",
        f"timestamp that you send, {TS}, not seconds",
    ),
    Wrong("clock read twice", f"{int(TS) + 2}\n{NONCE}\nGET\n{GET_TARGET}\n\n", "not one read 2 ms apart"),
    Wrong("no separator", f"{TS}{NONCE}GET{GET_TARGET}\n", "put a newline behind each part, not nothing"),
    Wrong("escaped newlines", f"{TS}\\n{NONCE}\\nGET\\n{GET_TARGET}\\n\\n", "not a backslash and an n"),
    Wrong("a stream's text", HEAD, "it is the signature of a stream's public/auth"),
    Wrong("a stream's text, cut", HEAD[:-1], "it is the signature of a stream's public/auth"),
    Wrong("decoded", f"{HEAD}GET\n{PATH}?a=b c\n\n", "not percent-decoded", target=f"{PATH}?a=b%20c"),
    Wrong("encoded anew", f"{HEAD}GET\n{PATH}?a=b+c\n\n", "not percent-encoded anew", target=f"{PATH}?a=b%20c"),
    Wrong("sorted", f"{HEAD}GET\n{PATH}?a=1&b=2\n\n", "in another order", target=f"{PATH}?b=2&a=1"),
    post("no body", f"{HEAD}POST\n{PATH}\n\n", "sign the body too, exactly as sent"),
    post("no newline behind the body", f"{HEAD}POST\n{PATH}\n{BODY}", "end the text with a newline"),
    post("body with spaces", f"{HEAD}POST\n{PATH}\n{SPACED}\n", "not the same JSON with spaces"),
    post("body without spaces", f"{HEAD}POST\n{PATH}\n{BODY}\n", "not the same JSON without spaces", SPACED),
    post("params alone", f'{HEAD}POST\n{PATH}\n{{"kind":"future","currency":"BTC"}}\n', "of its params alone"),
    post("two mistakes", f"{HEAD}post\n{PATH}\n{BODY}", "end the text with a newline, after the body too, and write"),
]


def words_of(sent: Request) -> str:
    made = bench()
    answer = rest.answer(made.context, sent, NOW, HOST)
    assert answer.status == 400
    assert answer.diagnose is not None
    return answer.diagnose(lambda: None)


def header(signature: str) -> str:
    return f"deri-hmac-sha256 id={KEY_ID},ts={TS},sig={signature},nonce={NONCE}"


def right_text(wrong: Wrong) -> str:
    return f"{HEAD}{wrong.method}\n{wrong.target}\n{wrong.body}\n"


@each_row("wrong", WRONG, ids=lambda wrong: wrong.name)
def test_a_text_made_wrongly_is_found_and_shown(wrong: Wrong) -> None:
    said = words_of(request(wrong.method, wrong.target, header(hex_hmac(SECRET, wrong.text)), wrong.body.encode()))
    assert said.startswith("you signed ")
    assert wrong.words in said
    assert wrong.text != right_text(wrong)


@each_row("wrong", WRONG, ids=lambda wrong: wrong.name)
def test_the_right_text_is_never_refused(wrong: Wrong) -> None:
    sent = request(wrong.method, wrong.target, header(hex_hmac(SECRET, right_text(wrong))), wrong.body.encode())
    assert rest.answer(bench().context, sent, NOW, HOST).key_id == KEY_ID
    assert explain_offline(wrong.method, wrong.target, wrong.body.encode(), sent.headers[1][1].decode(), SECRET) == (
        "verifies"
    )


RIGHT = f"{HEAD}GET\n{GET_TARGET}\n\n"
SPELLED: list[tuple[str, str]] = [
    # signature, part of the diagnosis
    (base64_hmac(SECRET, RIGHT), "the signature is in base64: send lower-case hex"),
    (base64.b64encode(hex_hmac(SECRET, RIGHT).encode()).decode(), "in base64 of its hex digits: send lower-case hex"),
    ("0x" + hex_hmac(SECRET, RIGHT), 'in hex with "0x" in front: send lower-case hex'),
    (f'"{hex_hmac(SECRET, RIGHT)}"', "in hex with something around it: send lower-case hex"),
    (hex_hmac(SECRET, RIGHT, "sha512"), "you took SHA512: take HMAC-SHA256"),
    (hex_hmac(SECRET, RIGHT, "sha1"), "you took SHA1: take HMAC-SHA256"),
    (hex_hmac(SECRET, RIGHT, "md5"), "you took MD5: take HMAC-SHA256"),
    (hex_hmac(RIGHT, SECRET), "it is an HMAC with text and secret exchanged"),
    (hashlib.sha256((SECRET + RIGHT).encode()).hexdigest(), "it is a plain hash of the secret and the text"),
    (hashlib.sha256((RIGHT + SECRET).encode()).hexdigest(), "it is a plain hash of the text and the secret"),
    (hashlib.sha256(RIGHT.encode()).hexdigest(), "it is a plain hash of the text"),
    (hex_hmac(KEY_ID, RIGHT), 'sign with the secret of dora\'s key "main", not with its id'),
    (hex_hmac(base64.b64decode(SECRET), RIGHT), "as text, not decoded from base64"),
    (hex_hmac(SECRET.lower(), RIGHT), "as text, not in lower case"),
    (hex_hmac(SECRET + "\n", RIGHT), "as text, without a newline behind it"),
    (hex_hmac(ERIC_SECRET, RIGHT), 'made with eric\'s key "main"; you sent the id of dora\'s key "main"'),
    (hex_hmac("c2VjcmV0", RIGHT), 'made with gina\'s key "main"'),
    (hex_hmac("unknown", RIGHT), "nothing known fits: the signature was not made with the secret of dora's key"),
    ("abcd", "the signature has 2 bytes in hex: an HMAC-SHA256 has 32, 64 hex digits"),
    ("ab!cd", 'the signature "ab!cd" is no hex: send 64 hex digits'),
    (hex_hmac(SECRET, RIGHT)[:-2], "the signature has 31 bytes in hex"),
]


@each_row(("signature", "words"), SPELLED)
def test_a_signature_spelt_or_made_otherwise_is_found(signature: str, words: str) -> None:
    assert words in words_of(request("GET", GET_TARGET, header(signature)))


def test_several_mistakes_are_all_explained() -> None:
    said = words_of(request("GET", GET_TARGET, header(base64_hmac(SECRET, RIGHT[:-1]))))
    assert "end the text with a newline" in said
    assert "send lower-case hex" in said


def test_where_nothing_fits_the_text_to_sign_is_shown() -> None:
    said = words_of(request("GET", GET_TARGET, header(hex_hmac("unknown", RIGHT))))
    escaped = RIGHT.replace("\n", "\\n")
    digest = hashlib.sha256(RIGHT.encode()).hexdigest()
    assert f'the text to sign is "{escaped}" ({len(RIGHT)} bytes, sha256 {digest})' in said
    assert "nor with 5 other keys of this sandbox" in said


def test_no_diagnosis_contains_a_secret() -> None:
    said = [words_of(request("GET", GET_TARGET, header(signature))) for signature, _ in SPELLED]
    said += [
        words_of(request(one.method, one.target, header(hex_hmac(SECRET, one.text)), one.body.encode()))
        for one in WRONG
    ]
    assert not [words for words in said if SECRET in words or ERIC_SECRET in words]


STREAM_RIGHT = f"{TS}\n{NONCE}\ndata"
STREAM_WRONG: list[tuple[str, str, str]] = [
    # signed text, sent data, part of the diagnosis
    (f"{TS}\n{NONCE}\ndata\n", "data", "end the text with the data: no newline comes after it"),
    (f"{TS}\n{NONCE}\n", "data", 'sign the data that you send, "data", not an empty one'),
    (f"{TS}\n{NONCE}", "", "put a newline behind the nonce too, where the data is empty"),
    (f"{NONCE}\n{TS}\ndata", "data", "sign the timestamp first, then the nonce"),
    (f"{TS[:-3]}\n{NONCE}\ndata", "data", "not seconds"),
    (f"{TS}{NONCE}data", "data", "put a newline behind each part, not nothing"),
    (f"{TS}\n{NONCE}\nPOST\n/api/v2/public/auth\n\n", "", "sign the data alone"),
    (f"{TS}\n{NONCE}\nnull", "", "not null"),
    (f"{TS}\n\ndata", "data", f'sign the nonce that you send, "{NONCE}", not an empty one'),
]


@each_row(("text", "data", "words"), STREAM_WRONG)
def test_a_client_signature_made_wrongly_is_found(text: str, data: str, words: str) -> None:
    params = {"grant_type": "client_signature", "client_id": KEY_ID, "timestamp": int(TS), "nonce": NONCE, "data": data}
    body = rpc("public/auth", {**params, "signature": hex_hmac(SECRET, text)})
    assert words in words_of(request("POST", "/api/v2/public/auth", None, body))


# --- bounds

CLAIMED = KnownSecret(KEY_ID, "dora", "main", SECRET.encode())


def counted(digest: Callable[..., Any], digests: list[str]) -> Callable[..., Any]:
    def digest_and_count(*given: Any) -> Any:
        digests.append("made")
        return digest(*given)

    return digest_and_count


def steps_of(explained: Callable[[Callable[[], None]], str]) -> tuple[str, int]:
    steps: list[None] = []
    return explained(lambda: steps.append(None)), len(steps)


@each_row("size", [0, 100, 32_000, 200_000])
def test_a_diagnosis_has_at_most_200_attempts_and_lets_others_run(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    digests: list[str] = []
    for module, name in ((hmac, "digest"), (hashlib, "new")):
        monkeypatch.setattr(module, name, counted(getattr(module, name), digests))
    sent = signed("POST", GET_TARGET, b'{"a":"' + b"x" * size + b'"}')
    others = [KnownSecret(f"k{number}", "eric", str(number), str(number).encode()) for number in range(500)]
    case = request_case(sent, Credentials(KEY_ID, TS, "0" * 64, NONCE))(CLAIMED, others)
    said, steps = steps_of(lambda pause: explain(case, pause))
    assert said.startswith("nothing known fits")
    assert 100 < len(digests) <= ATTEMPTS_MAX
    assert steps >= 8


def test_many_other_keys_do_not_keep_a_secret_read_wrongly_from_being_found() -> None:
    others = [KnownSecret(f"k{number}", "eric", str(number), str(number).encode()) for number in range(500)]
    sent = Credentials(KEY_ID, TS, hex_hmac(SECRET.lower(), RIGHT), NONCE)
    said = explain(request_case(request("GET", GET_TARGET, None), sent)(CLAIMED, others), lambda: None)
    assert said == 'take the secret of dora\'s key "main" as text, not in lower case'


@settings(max_examples=examples(60), deadline=None)
@given(
    signature=st.text(max_size=90),
    nonce=st.text(max_size=10),
    timestamp=st.text(max_size=12),
    target=st.text(st.characters(max_codepoint=255), max_size=30),
    body=st.binary(max_size=60),
)
def test_any_authorization_is_explained(signature: str, nonce: str, timestamp: str, target: str, body: bytes) -> None:
    sent = request("POST", "/" + target, None, body)
    given_ = Credentials(KEY_ID, timestamp, signature, nonce)
    for make in (request_case(sent, given_), stream_case(given_, nonce)):
        said = explain(make(CLAIMED, ()), lambda: None)
        assert said.isascii()
        assert said.isprintable()


OFFLINE: list[tuple[str, str]] = [
    ("Bearer abc", 'begins with "bearer"'),
    ("", 'begins with ""'),
    ("deri-hmac-sha256 id=a,ts=1", "missing in the Authorization header: sig, nonce"),
    (
        header(hex_hmac("other", RIGHT)),
        "nothing known fits: the signature was not made with the secret of the key given;",
    ),
    (header(hex_hmac(SECRET, RIGHT[:-1])), "end the text with a newline"),
]


@each_row(("authorization", "words"), OFFLINE)
def test_a_request_is_explained_without_a_server(authorization: str, words: str) -> None:
    assert words in explain_offline("GET", GET_TARGET, b"", authorization, SECRET)
