"""Signatures by a real key with every known mistake in the text, and the advice for each."""

import hashlib
from base64 import b64encode
from typing import NamedTuple

from msgspec.structs import replace

from mockexchange.venues.request import Request
from tests.helpers.rows import each_row
from tests.venues.kalshi.keyring import ALGORITHMS, API, GET, HOST, PATH, TEXT, TS, explain, known, sign, signer, spell

POST = Request("POST", f"{API}/portfolio/orders", body=b"{'count': 1}")
STREAM = Request("GET", "/trade-api/ws/v2")
ENCODED = Request("GET", f"{API}/markets/KX%2fA+B%20c", "ticker=A%2CB&limit=1")
BARE = Request("GET", f"{API}/markets/K:A B")
QUOTED = Request("GET", f"{API}/markets/K%3AA%20B")
SLASHED = Request("GET", f"{PATH}/")
HEAD = Request("HEAD", PATH)
BODY = POST.body.decode()
BODY_SHA256 = hashlib.sha256(POST.body).hexdigest()
TIME = f'sign exactly the timestamp you send, "{TS}", not'
ALONE = "sign the path alone, without"
REQUESTED = "sign the path you request,"
STREAM_WHOLE = 'sign the whole path, "/trade-api/ws/v2"'
STREAM_OWN = 'sign the path of the stream, "/trade-api/ws/v2"'
AS_SENT = "sign the path as sent,"
ENCODED_AS_SENT = f'{AS_SENT} "{API}/markets/KX%2fA+B%20c", not'
NOTHING_BETWEEN = "put nothing between timestamp, method and path: no"
ORDER = "sign timestamp, method, path in this order, not"
NO_BODY = "leave the body out of the signed text"


class Row(NamedTuple):
    """The text signed instead of the right one, the advice, and the request."""

    signed: str
    advice: str
    request: Request = GET


WRONG_PATHS = [
    Row(f"{PATH}?limit=2", 'sign the path without "?limit=2"'),
    Row(f"{PATH}limit=2", 'sign the path without "limit=2"'),
    Row(f"{PATH}/?limit=2", 'sign the path without "/?limit=2"'),
    Row(f"{PATH}/?", 'sign the path without "?"', SLASHED),
    Row(f"{ENCODED.path}?ticker=A%2CB&limit=1", 'sign the path without "?ticker=A%2CB&limit=1"', ENCODED),
    Row(f"{ENCODED.path}?ticker=A,B&limit=1", 'sign the path without "?ticker=A,B&limit=1"', ENCODED),
    Row(f"{ENCODED.path}?limit=1&ticker=A%2CB", 'sign the path without "?limit=1&ticker=A%2CB"', ENCODED),
    Row("/portfolio/positions", f'put "{API}" in front of the path'),
    Row("portfolio/positions", f'put "{API}/" in front of the path'),
    Row("/v2/portfolio/positions", f'put the whole of "{API}" in front of the path'),
    Row("/trade-api/portfolio/positions", f'put the whole of "{API}" in front of the path'),
    Row(f"{API}{PATH}", f'write "{API}" only once'),
    Row(f"{API}//portfolio/positions", f'write one slash after "{API}"'),
    Row(PATH[1:], 'begin the path with "/"'),
    Row("/", STREAM_WHOLE, STREAM),
    Row("/ws/v2", STREAM_WHOLE, STREAM),
    Row(f"{API}/trade-api/ws/v2", f'sign "/trade-api/ws/v2" without "{API}" in front', STREAM),
    Row(API, STREAM_OWN, STREAM),
    Row(f"{API}/ws", STREAM_OWN, STREAM),
    Row("trade-api/ws/v2", 'begin the path with "/"', STREAM),
    Row(f"{API}/elsewhere", f'{AS_SENT} without "{API}"', Request("GET", "/elsewhere")),
    Row(f"{HOST}{PATH}", f'{ALONE} "{HOST}"'),
    Row(f"127.0.0.1{PATH}", f'{ALONE} "127.0.0.1"'),
    Row(f"http://{HOST}{PATH}", f'{ALONE} "http://{HOST}"'),
    Row(f"https://127.0.0.1{PATH}", f'{ALONE} "https://127.0.0.1"'),
    Row(f"ws://{HOST}/trade-api/ws/v2", f'{ALONE} "ws://{HOST}"', STREAM),
    Row(f"{PATH}/", f'{AS_SENT} without "/" at its end'),
    Row(PATH, f'{AS_SENT} with the "/" at its end', SLASHED),
    Row(f"{API}/markets/KX/A+B c", f"{ENCODED_AS_SENT} percent-decoded", ENCODED),
    Row(f"{API}/markets/KX/A B c", f"{ENCODED_AS_SENT} percent-decoded, + as a space", ENCODED),
    Row(f"{API}/markets/KX/A%2BB%20c", f"{ENCODED_AS_SENT} percent-encoded anew", ENCODED),
    Row(f"{API}/markets/KX%2FA+B%20c", f"{ENCODED_AS_SENT} with %xx in upper case", ENCODED),
    Row(f"{API}/markets/kx%2fa+b%20c", f"{ENCODED_AS_SENT} in lower case", ENCODED),
    Row(f"{API}/markets/KX%252fA%2BB%2520c", f"{ENCODED_AS_SENT} percent-encoded twice", ENCODED),
    Row(f"{API}/markets/K%3AA%20B", f'{AS_SENT} "{BARE.path}", not percent-encoded anew', BARE),
    Row(f"{API}/markets/K:A B", f'{AS_SENT} "{QUOTED.path}", not percent-decoded', QUOTED),
    Row(f"{API}/markets/K%3aA%20B", f'{AS_SENT} "{QUOTED.path}", not with %xx in lower case', QUOTED),
]

WRONG_TEXTS = [
    Row(f"1762300000GET{PATH}", f"{TIME} seconds"),
    Row(f"1762300000.123GET{PATH}", f"{TIME} seconds with a fraction"),
    Row(f"{TS}000GET{PATH}", f"{TIME} microseconds"),
    Row(f"{TS}000000GET{PATH}", f"{TIME} nanoseconds"),
    Row(f"{TS}.0GET{PATH}", f"{TIME} milliseconds with a fraction"),
    Row(f"2025-11-04T23:46:40.123+00:00GET{PATH}", f"{TIME} ISO 8601 text"),
    Row(f"2025-11-04T23:46:40.123ZGET{PATH}", f"{TIME} ISO 8601 text with Z"),
    Row(f"{TS}get{PATH}", 'write the method as sent, "GET", not "get"'),
    Row(f"{TS}Get{PATH}", 'write the method as sent, "GET", not "Get"'),
    Row(TEXT, 'write the method as sent, "get", not "GET"', replace(GET, method="get")),
    Row(TEXT, 'sign the method you send, "HEAD", not "GET"', HEAD),
    Row(f"{TS}POST{PATH}", 'sign the method you send, "GET", not "POST"'),
    Row(f"{TS}PUT{PATH}", 'sign the method you send, "GET", not "PUT"'),
    Row(f"{TS}DELETE{PATH}", 'sign the method you send, "GET", not "DELETE"'),
    Row(f"{TS}PATCH{PATH}", 'sign the method you send, "GET", not "PATCH"'),
    Row(f"{TS}{PATH}", 'put the method, "GET", between timestamp and path'),
    Row(f"{TS}POST{POST.path}{BODY}", NO_BODY, POST),
    Row(f"{TS}POST{POST.path}{BODY_SHA256}", f"{NO_BODY}, its SHA-256 in hex too", POST),
    Row(f"{TEXT}{{}}", 'sign nothing after the path: there is no body to stand for "{}"'),
    Row(f"{TEXT}null", 'sign nothing after the path: there is no body to stand for "null"'),
    Row(f"{TS}\nGET\n{PATH}", f"{NOTHING_BETWEEN} newlines"),
    Row(f"{TS} GET {PATH}", f"{NOTHING_BETWEEN} spaces"),
    Row(f"{TS},GET,{PATH}", f"{NOTHING_BETWEEN} commas"),
    Row(f"{TS}|GET|{PATH}", f"{NOTHING_BETWEEN} bars"),
    Row(f"GET{PATH}{TS}", f"{ORDER} method, path, timestamp"),
    Row(f"GET{TS}{PATH}", f"{ORDER} method, timestamp, path"),
    Row(f"{TS}{PATH}GET", f"{ORDER} timestamp, path, method"),
    Row(f"GET{PATH}", f"{ORDER} method, path"),
    Row(f"id-of-alice-main{TEXT}", f"{ORDER} key id, timestamp, method, path"),
]

SCANNED = [
    Row(f"{TS}456GET{PATH}", f"{TIME} microseconds"),
    Row(f"1762300000126GET{PATH}", f"{TIME} one 3 ms later: read the clock once"),
    Row(f"1762299999873GET{PATH}", f"{TIME} one 250 ms earlier: read the clock once"),
    Row(
        f"{TS}get{API}/portfolio/positions/",
        f'write the method as sent, "GET", not "get", and {AS_SENT} without "/" at its end',
    ),
    Row(f"1762300000GET{PATH}?limit=2", f'sign the path without "?limit=2", and {TIME} seconds'),
    Row(f"1762300000\nGET\n{PATH}", f"{TIME} seconds, and {NOTHING_BETWEEN} newlines"),
    Row("1762300000GET/portfolio/positions", f'put "{API}" in front of the path, and {TIME} seconds'),
    Row(f"{TS}POST/portfolio/orders{BODY}", f'put "{API}" in front of the path, and {NO_BODY}', POST),
]
"""Rare mistakes, and pairs of mistakes."""

SCANNED_PATHS = [
    Row(f"{API}/portfolio/balance", f'{REQUESTED} "{PATH}"'),
    Row("/trade-api/ws/v2", f'{REQUESTED} "{PATH}"'),
    Row(f"https://api.elections.kalshi.com{PATH}", f'{ALONE} "https://api.elections.kalshi.com"'),
    Row("/portfolio/positions?limit=2", f'sign the path without "?limit=2", and put "{API}" in front of the path'),
    Row("/portfolio/positions/", f'put "{API}" in front of the path, and {AS_SENT} without "/" at its end'),
    Row(f"http://{HOST}{PATH}?limit=2", f'sign the path without "?limit=2", and {ALONE} "http://{HOST}"'),
]

WRAPPED = {
    f"{TEXT}\n": "leave out the newline at the end (echo adds one, printf does not)",
    hashlib.sha256(TEXT.encode()).hexdigest(): "sign the text itself, not its SHA-256 in hex",
    hashlib.sha512(TEXT.encode()).hexdigest(): "sign the text itself, not its SHA-512 in hex",
    hashlib.sha256(TEXT.encode()).digest(): "sign the text itself, not its SHA-256 (signing hashes it once more)",
    b64encode(TEXT.encode()): "sign the text itself, not its base64",
    f"b'{TEXT}'": "sign the text itself, not Python's b'...' of it",
    f'"{TEXT}"': "sign the text itself, not in quotes",
    TEXT.encode("utf-16-le"): "sign the text itself, as UTF-8, not as UTF-16",
}

SINGLE = [(row, algorithm) for row in WRONG_PATHS for algorithm in ALGORITHMS] + [(row, "rsa") for row in SCANNED_PATHS]
WHOLE = [(row, algorithm) for row in WRONG_TEXTS for algorithm in ALGORITHMS] + [(row, "rsa") for row in SCANNED]


@each_row(("row", "algorithm"), SINGLE)
def test_a_wrong_path_is_quoted_with_what_to_change(row: Row, algorithm: str) -> None:
    key = signer(algorithm)
    signed = spell(sign(key, f"{TS}GET{row.signed}"))
    assert explain(row.request, signed, key=known("alice", key)) == f'alice: you signed "{row.signed}"; {row.advice}'


@each_row(("row", "algorithm"), WHOLE)
def test_a_wrong_text_is_quoted_with_what_to_change(row: Row, algorithm: str) -> None:
    key = signer(algorithm)
    words = explain(row.request, spell(sign(key, row.signed)), key=known("alice", key))
    shown = row.signed.replace("\n", "\\n")
    assert words == f'alice: you signed "{shown}"; {row.advice}'


@each_row("algorithm", ALGORITHMS)
@each_row("signed", WRAPPED)
def test_a_text_in_another_form_is_named(signed: str | bytes, algorithm: str) -> None:
    key = signer(algorithm)
    words = explain(GET, spell(sign(key, signed)), key=known("alice", key))
    assert words == f'alice: you signed "{TEXT}"; {WRAPPED[signed]}'
