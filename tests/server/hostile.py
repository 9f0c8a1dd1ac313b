"""What bad clients say and what they must get: the rows of the table in test_bad_input."""

import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tests.server.live import PREFIX, Client, now_ms
from tests.server.wire import head, request
from tests.venues.kalshi import bodies
from tests.venues.kalshi.bodies import Body

PATH = f"{PREFIX}/portfolio/positions"
KEY, TIMESTAMP, SIGNATURE = "KALSHI-ACCESS-KEY", "KALSHI-ACCESS-TIMESTAMP", "KALSHI-ACCESS-SIGNATURE"
NOT_LATIN = "clé 鍵".encode() + b"\xff"
OLD, NEW, COMPAT = "2025-11", "2026-10", "compat"
DATES = (OLD, NEW, COMPAT)

Say = Callable[[Client], bytes]
Wanted = Body | bytes | None
FIRST_PAGE: Wanted = None
"""Answered like the plain request of the same key."""


class Row(NamedTuple):
    """What is said, and what comes back: a body, a page, or FIRST_PAGE; the same at every date or by date.

    `told` is in the diagnosis where it is refused and in the findings where it is answered.
    """

    name: str
    say: Say
    wanted: Wanted | dict[str, Wanted]
    told: str | dict[str, str] = ""
    who: str = "alice/main"

    def wanted_at(self, date: str) -> Wanted:
        return self.wanted[date] if isinstance(self.wanted, dict) else self.wanted

    def told_at(self, date: str) -> str:
        return self.told[date] if isinstance(self.told, dict) else self.told


# --- ways to say it


def signed(target: str = PATH, method: str = "GET", body: bytes = b"", **changes: str | bytes) -> Say:
    """A signed request whose headers are changed afterwards: `key`, `timestamp`, `signature`."""
    spelt = {"key": KEY, "timestamp": TIMESTAMP, "signature": SIGNATURE}
    changed = {spelt[name]: value for name, value in changes.items()}

    def say(client: Client) -> bytes:
        headers: dict[str, str | bytes] = {**client.headers(method, target), **changed}
        return head(method, target, list(headers.items()), len(body)) + body

    return say


def with_headers(first: dict[str, str], last: dict[str, str] | None = None) -> Say:
    """A signed request with more headers before or after the three."""
    return lambda client: head(
        "GET", PATH, [*first.items(), *client.headers("GET", PATH).items(), *(last or {}).items()]
    )


def without(*names: str) -> Say:
    return lambda client: request(
        "GET", PATH, {name: value for name, value in client.headers("GET", PATH).items() if name not in names}
    )


def at(timestamp: Callable[[], object]) -> Say:
    """Rightly signed at another time."""
    return lambda client: request("GET", PATH, client.headers("GET", PATH, str(timestamp())))


def query(text: str) -> Say:
    return signed(f"{PATH}?{text}")


def below(path: str, method: str = "GET") -> Say:
    return signed(PREFIX + path, method)


def in_quotes(client: Client) -> bytes:
    return signed(key=f'"{client.key_id}"')(client)


def query_signed(client: Client) -> bytes:
    """The query string went into the signed text: the most frequent mistake of all."""
    timestamp = str(now_ms())
    return request("GET", f"{PATH}?limit=2", client.sign(timestamp, f"{timestamp}GET{PATH}?limit=2"))


def chunked(client: Client) -> bytes:
    headers = {**client.headers("GET", PATH), "Transfer-Encoding": "chunked"}
    return request("GET", PATH, headers) + b"5\r\nhello\r\n0\r\n\r\n"


# --- what comes back


def by_date(old: Wanted, new: Wanted, compat: Wanted) -> dict[str, Wanted]:
    return {OLD: old, NEW: new, COMPAT: compat}


def since_2026(wanted: Wanted) -> dict[str, Wanted]:
    return by_date(FIRST_PAGE, wanted, wanted)


def told_since_2026(name: str, words: str) -> dict[str, str]:
    return {OLD: f"parameter '{name}' is unknown to GetPositions: ignored", NEW: words, COMPAT: words}


def unknown_choice(field: str) -> dict[str, Wanted]:
    """Before 2026-01-01 and after."""
    words = bodies.invalid(field, "oneof")
    return by_date(bodies.BAD_REQUEST, words, words)


def life(path: str, since: str) -> Row:
    """An operation that is not emulated and came after 2025-11; compat has all there ever was."""
    never = "is an operation of the venue that is not emulated"
    not_yet = f"did not exist at API date 2025-11 (2025-11-03): the venue has it since {since}"
    told: dict[str, str] = {OLD: not_yet, NEW: never, COMPAT: never}
    return Row(f"GET {path}", below(path), bodies.NOT_FOUND, told)


BAD_SIGNATURE = by_date(bodies.BAD_SIGNATURE_2025, bodies.BAD_SIGNATURE, bodies.BAD_SIGNATURE)
NO_SUBTRADER = by_date(bodies.NOT_FOUND_2025, bodies.NOT_FOUND, bodies.NOT_FOUND)
NO_LIMIT = bodies.unreadable("limit")


# --- the rows


def repeated_headers() -> Iterator[Row]:
    """The first that is not empty counts."""
    refused: dict[str, tuple[Wanted | dict[str, Wanted], str]] = {
        KEY: (bodies.UNKNOWN_KEY, 'no key has the id "zzz"'),
        TIMESTAMP: (bodies.EXPIRED, 'the timestamp "zzz" is no number'),
        SIGNATURE: (BAD_SIGNATURE, "the signature has 2 bytes"),
    }
    for name, (wanted, told) in refused.items():
        yield Row(f"{name} twice, wrong first", with_headers({name: "zzz"}), wanted, told)
        yield Row(f"{name} twice, wrong second", with_headers({}, {name: "zzz"}), FIRST_PAGE)
        yield Row(f"{name} twice, empty first", with_headers({name: ""}), FIRST_PAGE)
        yield Row(f"{name} twice, blank first", with_headers({name: "  "}), FIRST_PAGE)


HEADERS = [
    Row("no header", without(KEY, TIMESTAMP, SIGNATURE), bodies.NO_CREDENTIALS, "sent: none of the three"),
    Row("no key", without(KEY), bodies.NO_CREDENTIALS, f"missing: {KEY}; sent: {TIMESTAMP}, {SIGNATURE};"),
    Row("no timestamp", without(TIMESTAMP), bodies.EXPIRED, f"missing: {TIMESTAMP}; sent: {KEY}, {SIGNATURE};"),
    Row("no signature", without(SIGNATURE), bodies.NO_SIGNATURE, f"missing: {SIGNATURE}; sent: {KEY}, {TIMESTAMP};"),
    Row("key alone", without(TIMESTAMP, SIGNATURE), bodies.NO_CREDENTIALS, f"missing: {TIMESTAMP}, {SIGNATURE};"),
    Row("timestamp alone", without(KEY, SIGNATURE), bodies.NO_CREDENTIALS, f"missing: {KEY}, {SIGNATURE};"),
    Row("signature alone", without(KEY, TIMESTAMP), bodies.NO_CREDENTIALS, f"missing: {KEY}, {TIMESTAMP};"),
    Row("key empty", signed(key=""), bodies.NO_CREDENTIALS, f"{KEY} (sent empty)"),
    Row("timestamp empty", signed(timestamp=""), bodies.EXPIRED, f"{TIMESTAMP} (sent empty)"),
    Row("signature empty", signed(signature=""), bodies.NO_SIGNATURE, f"{SIGNATURE} (sent empty)"),
    Row("key not latin", signed(key=NOT_LATIN), bodies.UNKNOWN_KEY, 'no key has the id "cl'),
    Row("timestamp not latin", signed(timestamp=NOT_LATIN), bodies.EXPIRED, "is no number"),
    Row("signature not latin", signed(signature=NOT_LATIN), BAD_SIGNATURE, "the signature is no base64"),
    Row("key unknown", signed(key="nobody"), bodies.UNKNOWN_KEY, 'no key has the id "nobody"'),
    Row("key in quotes", in_quotes, bodies.UNKNOWN_KEY, "it has quotes around the id of alice's key"),
    Row("signature wrong", signed(signature="A" * 342 + "=="), BAD_SIGNATURE, "alice: nothing known fits"),
    Row("query signed", query_signed, BAD_SIGNATURE, 'sign the path without "?limit=2"'),
    *repeated_headers(),
    Row("200 more headers", with_headers({f"X-{n}": "v" * 100 for n in range(200)}), FIRST_PAGE),
    Row("a header of 30 kB", with_headers({"X": "v" * 30_000}), FIRST_PAGE),
]

TIMESTAMPS = [
    Row("stale", at(lambda: now_ms() - 60_000), bodies.EXPIRED, "your clock is 60."),
    Row("just stale", at(lambda: now_ms() - 15_001), bodies.EXPIRED, "behind the server's; the window is 15 s back"),
    Row("future", at(lambda: now_ms() + 120_000), bodies.EXPIRED, "ahead of the server's; the window is 15 s back"),
    Row("late, yet inside", at(lambda: now_ms() - 5_000), FIRST_PAGE),
    Row("early, yet inside", at(lambda: now_ms() + 44_000), FIRST_PAGE),
    Row("in words", at(lambda: "now"), bodies.EXPIRED, 'the timestamp "now" is no number'),
    Row("in seconds", at(lambda: now_ms() // 1_000), bodies.EXPIRED, "is in seconds"),
    Row("in microseconds", at(lambda: now_ms() * 1_000), bodies.EXPIRED, "is in microseconds"),
    Row("a fraction", at(lambda: f"{now_ms()}.5"), bodies.EXPIRED, "is not a whole number"),
    Row("negative", at(lambda: -now_ms()), bodies.EXPIRED, "is negative"),
    Row("ISO 8601", at(lambda: "2026-06-11T06:29:30Z"), bodies.EXPIRED, "is ISO 8601 text"),
    Row("a googol", at(lambda: 10**100), bodies.EXPIRED, "is no"),
]

LIMITS = [
    Row("0", query("limit=0"), bodies.invalid("Limit", "gte"), "limit=0: expected at least 1"),
    Row("1001", query("limit=1001"), bodies.invalid("Limit", "lte"), "limit=1001: expected at most 1000"),
    Row("-1", query("limit=-1"), bodies.invalid("Limit", "gte"), "limit=-1: expected at least 1"),
    Row("huge", query("limit=999999999999"), bodies.invalid("Limit", "lte"), "expected at most 1000"),
    Row("beyond 64 bits", query("limit=99999999999999999999"), NO_LIMIT, "is not an integer"),
    Row("abc", query("limit=abc"), NO_LIMIT, "limit='abc' is not an integer"),
    Row("1.0", query("limit=1.0"), NO_LIMIT, "limit='1.0' is not an integer"),
    Row("empty", query("limit="), NO_LIMIT, "limit='' is not an integer"),
    Row("without =", query("limit"), NO_LIMIT, "limit='' is not an integer"),
    Row("repeated", query("limit=1&limit=2"), bodies.repeated("limit"), "limit is given more than once"),
    Row("repeated, the same", query("limit=1&limit=1"), bodies.repeated("limit"), "limit is given more than once"),
    Row("in bytes", query("limit=%ff%00"), NO_LIMIT, "limit='\ufffd\\x00' is not an integer"),
    Row("in other digits", query("limit=%D9%A3"), NO_LIMIT, "is not an integer"),
]

ELEVEN_TICKERS = ",".join(f"E-{number}" for number in range(11))
TOO_MANY_TICKERS = bodies.invalid("EventTicker", "max")
FILTERS = [
    Row(
        "choice unknown", query("settlement_status=open"), unknown_choice("SettlementStatus"), "expected all, unsettled"
    ),
    Row("choice empty", query("settlement_status="), unknown_choice("SettlementStatus"), "settlement_status='':"),
    Row("choice in capitals", query("settlement_status=ALL"), unknown_choice("SettlementStatus"), "'ALL': expected"),
    Row("one of a list", query("count_filter=position,cash"), unknown_choice("CountFilter"), "count_filter='cash':"),
    Row(
        "choice that was removed",
        query("ticker=NONE&count_filter=resting_order_count"),
        by_date(bodies.EMPTY_PAGE, bodies.invalid("CountFilter", "oneof"), bodies.EMPTY_PAGE),
        {OLD: "", NEW: "'resting_order_count': expected position, total_traded", COMPAT: ""},
    ),
    Row(
        "eleven event tickers",
        query(f"event_ticker={ELEVEN_TICKERS}"),
        by_date(TOO_MANY_TICKERS, bodies.EMPTY_PAGE, TOO_MANY_TICKERS),
        {OLD: "has 11 items: expected at most 10", NEW: "", COMPAT: "has 11 items: expected at most 10"},
    ),
    Row(
        "subaccount 64",
        query("subaccount=64"),
        since_2026(bodies.invalid("Subaccount", "lte")),
        told_since_2026("subaccount", "subaccount=64: expected at most 63"),
    ),
    Row(
        "subaccount -1",
        query("subaccount=-1"),
        since_2026(bodies.invalid("Subaccount", "gte")),
        told_since_2026("subaccount", "subaccount=-1: expected at least 0"),
    ),
    Row(
        "exchange index in words",
        query("exchange_index=one"),
        since_2026(bodies.unreadable("exchange_index")),
        told_since_2026("exchange_index", "exchange_index='one' is not an integer"),
    ),
    Row(
        "a subaccount that is not the key's",
        query("subaccount=0"),
        since_2026(bodies.FORBIDDEN),
        told_since_2026("subaccount", "key only_3 of alice is restricted to subaccount 3, asked for 0"),
        "alice/only_3",
    ),
    Row("scope missing", signed(), bodies.FORBIDDEN, "has scopes write: GetPositions needs read", "alice/writer"),
]

LONGEST = 128_000 - len(PATH) - len("x=")
QUERIES = [
    Row("unknown parameter", query("page=2"), FIRST_PAGE, "parameter 'page' is unknown to GetPositions: ignored"),
    Row("parameter in capitals", query("Limit=0"), FIRST_PAGE, "parameter 'Limit' is unknown to GetPositions"),
    Row("parameter of bytes", query("%ff=%00"), FIRST_PAGE, "parameter '\ufffd' is unknown to GetPositions"),
    Row("a thousand unknown ones", query("&".join(f"p{n}=1" for n in range(1_000))), FIRST_PAGE, "and so are 980 more"),
    Row("separators alone", query("&&=&;"), FIRST_PAGE, "parameter '' is unknown"),
    Row("cursor of garbage", query("cursor=garbage"), FIRST_PAGE, "the cursor is none that this exchange made"),
    Row("cursor of emoji", query("cursor=%F0%9F%92%A9"), FIRST_PAGE, "the cursor is none that this exchange made"),
    Row("cursor of 50 kB", query("cursor=" + "A" * 50_000), FIRST_PAGE, "the cursor is none that this exchange made"),
    Row("cursor empty", query("cursor="), FIRST_PAGE),
    Row("1 MB", query("ticker=" + "A" * 1_000_000), bodies.TARGET_TOO_LONG, "more than 128,000 characters"),
    Row("1 MB, escaped", query("x=" + "%20" * 333_333), bodies.TARGET_TOO_LONG, "more than 128,000 characters"),
    Row("as long as may be", query("x=" + "a" * LONGEST), FIRST_PAGE, "parameter 'x' is unknown"),
    Row("one longer", query("xx=" + "a" * LONGEST), bodies.TARGET_TOO_LONG, "more than 128,000 characters"),
]

REQUIRED = {OLD: "subtrader_id is required", NEW: "key main of desk is not bound", COMPAT: "is not bound to one"}
FCM = [
    Row("plain member", below("/fcm/positions"), bodies.FORBIDDEN, "alice is a plain member: /fcm/positions needs"),
    Row("no subtrader", below("/fcm/positions"), bodies.missing("subtrader_id"), REQUIRED, "desk/main"),
    Row("empty", below("/fcm/positions?subtrader_id="), bodies.missing("subtrader_id"), REQUIRED, "desk/main"),
    Row(
        "another FCM's",
        below("/fcm/positions?subtrader_id=fcm8_st9"),
        NO_SUBTRADER,
        "desk has no subtrader 'fcm8_st9'; its subtraders: fcm7_st1, fcm7_st2",
        "desk/main",
    ),
    Row(
        "without its prefix",
        below("/fcm/positions?subtrader_id=st1"),
        NO_SUBTRADER,
        "its subtraders: fcm7_st1",
        "desk/main",
    ),
    Row(
        "not the key's",
        below("/fcm/positions?subtrader_id=fcm7_st2"),
        bodies.FORBIDDEN,
        "key st1 of desk is bound to subtrader st1, asked for 'fcm7_st2'",
        "desk/st1",
    ),
    Row(
        "limit 0",
        below("/fcm/positions?subtrader_id=fcm7_st1&limit=0"),
        bodies.invalid("Limit", "gte", "GetFCMPositions"),
        "limit=0: expected at least 1",
        "desk/main",
    ),
]

PATHS = [
    Row("prefix missing", signed("/portfolio/positions"), bodies.NOT_FOUND, f'lacks the prefix: call "{PATH}"'),
    Row("prefix alone", signed(PREFIX), bodies.NOT_FOUND, f"Kalshi's paths begin with {PREFIX}/"),
    Row("root", signed("/"), bodies.NOT_FOUND, f"Kalshi's paths begin with {PREFIX}/"),
    Row("control on another port", signed("/_mock/ready"), bodies.NOT_FOUND, 'nothing is served at "/_mock/ready"'),
    Row("typo", below("/portfolio/postions"), bodies.NOT_FOUND, f'did you mean "{PATH}"?'),
    Row("slash at the end", below("/portfolio/positions/"), bodies.NOT_FOUND, f'did you mean "{PATH}"?'),
    Row("unheard of", below("/nope"), bodies.NOT_FOUND, "the venue has no such path"),
    Row("byte that is no UTF-8", signed(PATH + "%ff"), bodies.NOT_FOUND, "positions\ufffd"),
    Row("broken escape", signed(PATH + "%zz"), bodies.NOT_FOUND, 'positions%zz": did you mean'),
    Row("escaped NUL", signed(PATH + "%00"), bodies.NOT_FOUND, f'positions\0": did you mean "{PATH}"?'),
    Row("stars", signed("*"), bodies.NOT_FOUND, 'nothing is served at "*"'),
    Row("path of 1 MB", signed(PATH + "/" + "a" * 1_000_000), bodies.TARGET_TOO_LONG, "more than 128,000 characters"),
    Row("absolute, 1 MB", signed(f"http://h{PATH}/" + "a" * 1_000_000), bodies.TARGET_TOO_LONG, "more than 128,000"),
    Row("escaped letters", signed(PATH.replace("positions", "%70ositions")), FIRST_PAGE),
    life("/margin/balance", "2026-06-01"),
    life("/margin/cross/positions/KX/exit_trigger", "2026-08-18"),
    Row(
        "GET /exchange/announcements",
        below("/exchange/announcements"),
        by_date(b'{"announcements":[]}', bodies.NOT_FOUND, b'{"announcements":[]}'),
        {OLD: "", NEW: "did not exist at API date 2026-10 (2026-10-31): the venue has it until 2026-07-04", COMPAT: ""},
    ),
]

METHODS = [
    Row(method, signed(method=method), bodies.WRONG_METHOD, f"{PATH} answers GET, not {method}")
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND")
]

BODIES = [
    Row("body", signed(body=b'{"limit": 1}'), FIRST_PAGE),
    Row("body of 250 kB", signed(body=b"x" * 250_000), FIRST_PAGE),
    Row("body in chunks", chunked, FIRST_PAGE),
    Row("body, wrong method", signed(method="POST", body=b"{}"), bodies.WRONG_METHOD, "answers GET, not POST"),
    Row("upgrade", with_headers({"Connection": "Upgrade", "Upgrade": "websocket"}), FIRST_PAGE),
]

ROWS = {
    f"{title}: {row.name}": row
    for title, rows in {
        "headers": HEADERS,
        "timestamp": TIMESTAMPS,
        "limit": LIMITS,
        "filter": FILTERS,
        "query": QUERIES,
        "fcm": FCM,
        "path": PATHS,
        "method": METHODS,
        "body": BODIES,
    }.items()
    for row in rows
}

# --- bytes that are no request


def line(target: bytes, rest: bytes = b"Host: x\r\n\r\n") -> bytes:
    return b"GET " + target + b" HTTP/1.1\r\n" + rest


TLS_HELLO = bytes.fromhex("16030102000100 01fc0303".replace(" ", "")) + os.urandom(500)
NOT_HTTP = {
    "TLS hello": TLS_HELLO,
    "bytes": b"\x00\x01\x02\xff\r\n\r\n",
    "words": b"hello, who is there?\r\n\r\n",
    "raw byte in the path": line(PATH.encode() + b"\xff"),
    "UTF-8 in the path": line(PATH.encode() + "é".encode()),
    "UTF-8 in the query": line(PATH.encode() + "?ticker=é".encode()),
    "control character in the path": line(b"/\x01"),
    "space in the path": line(b"/a b"),
    "no target": line(b""),
    "header without colon": line(b"/", b"Host: x\r\nnonsense\r\n\r\n"),
    "space in a header's name": line(b"/", b"Host: x\r\nbad name: x\r\n\r\n"),
    "NUL in a header": line(b"/", b"Host: x\r\nA: a\0b\r\n\r\n"),
    "length in words": line(b"/", b"Host: x\r\nContent-Length: many\r\n\r\n"),
    "negative length": line(b"/", b"Host: x\r\nContent-Length: -3\r\n\r\n"),
    "broken chunk": line(PATH.encode(), b"Host: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nhello\r\n0\r\n\r\n"),
}
NOT_HTTP_TO_HTTPTOOLS = {
    "lower case method": b"get / HTTP/1.1\r\nHost: x\r\n\r\n",
    "made up method": b"FETCH / HTTP/1.1\r\nHost: x\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/9.9": b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
}
