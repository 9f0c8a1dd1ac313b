"""Pages of the journal and of frames, single entries, accounts, calls and the description of the server."""

import asyncio
import json
from typing import Any
from urllib.parse import quote

import pytest

from mockexchange.sandbox.journal import FrameEntry, Journal
from mockexchange.sandbox.journal_json import short_frame_to_json
from mockexchange.server.control.journal import FrameSequences
from tests.helpers.rows import each_row
from tests.server.live import Live, SandboxView
from tests.server.small import BALANCE, POSITIONS, error_of
from tests.server.wire import request

SECRET = "client_secret=abcdefgh"


@pytest.fixture
def busy(sandbox: SandboxView) -> SandboxView:
    """Has answered four requests, the last of which is refused and names a secret."""
    alice = sandbox.client()
    for raw in (alice.get(POSITIONS), alice.get(BALANCE), alice.get(f"{POSITIONS}?limit=0")):
        sandbox.ask(raw)
    sandbox.ask(request("GET", f"/nope?{SECRET}"))
    return sandbox


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("?before=3", [1, 2]),
        ("?before=4&last=1", [3]),
        ("?after=1&before=4", [2, 3]),
        ("?q=NOPE", [4]),
        ("?q=market_positions", [1]),
        ("?q=balance&last=1", [2]),
        ("?q=nothing-has-this", []),
        ("?q=abcdefgh", [4]),
        ("?q=abcdefgh&redact=true", []),
        ("?q=nope&redact=true", [4]),
    ],
)
def test_a_part_of_the_journal_is_read(busy: SandboxView, query: str, numbers: list[int]) -> None:
    assert [entry["number"] for entry in busy.journal(query)] == numbers


def test_a_short_page_has_its_bounds_and_no_bodies(busy: SandboxView) -> None:
    page = busy.call("GET", "/journal?short=true&last=2")
    assert (page["first"], page["count"], [row["number"] for row in page["entries"]]) == (1, 4, [3, 4])
    assert not {"headers", "body", "answer"} & set(page["entries"][0])
    assert "abcdefgh" not in json.dumps(page)
    busy.call("DELETE", "/journal")
    counts = {"first": 5, "count": 4, "kept": 0, "matching": 0, "refused": 0}
    assert busy.call("GET", "/journal?short=true") == {**counts, "entries": []}


FILTERS: dict[str, list[int]] = {
    "": [1, 2, 3, 4],
    "is:refused": [3, 4],
    "-is:refused": [1, 2],
    "status:4xx -status:404": [3],
    "op:getpositions account:alice": [1, 3],
    "GETBALANCE": [2],
    "-alice": [4],
    "n:2-3": [2, 3],
    "n:-2": [1, 2],
    "n:4": [4],
    "n:x": [],
    "body:market_positions": [1],
    "-body:market_positions": [2, 3, 4],
    '"nothing is served"': [4],
    "unknown:key": [],
    "is:diagnosis method:get": [3, 4],
    "is:account venue:KALSHI": [1, 2, 3],
}


def test_a_filter_of_the_console_is_answered_with_the_rows_and_the_totals(busy: SandboxView) -> None:
    for text, numbers in FILTERS.items():
        page = busy.call("GET", f"/journal?short=true&last=1&filter={quote(text)}")
        counts = len(numbers), 4, 2
        assert (text, page["matching"], page["kept"], page["refused"]) == (text, *counts)
        assert [row["number"] for row in page["entries"]] == numbers[-1:]
        assert [entry["number"] for entry in busy.journal(f"?filter={quote(text)}")] == numbers
    page = busy.call("GET", "/journal?short=true&filter=is:refused&before=4&last=9")
    assert ([row["number"] for row in page["entries"]], page["matching"]) == ([3], 2)


def test_requests_that_match_are_counted_by_operation(busy: SandboxView) -> None:
    page = busy.call("GET", f"/journal?short=true&last=0&group=operation&filter={quote('-op:balance')}")
    assert [(one["name"], one["requests"], one["refused"]) for one in page["groups"]] == [
        ("GetPositions", 2, 1),
        ("GET /nope", 1, 1),
    ]
    assert page["groups"][0]["median_us"] == page["groups"][0]["slowest_us"] > 0
    assert page["entries"] == []


HIDDEN = ("abcdefgh", "body:abcdefgh", "-abcdefgh", "-body:abcdefgh", "body:abcd", "abcd")


@each_row("text", HIDDEN)
def test_what_is_hidden_is_not_found_by_a_filter(busy: SandboxView, text: str) -> None:
    """No key of the filter shows whoever may not see a secret whether a part of it is right."""
    secret = json.dumps({"client_secret": "abcdefgh"}).encode()
    if len(busy.journal()) == 4:
        busy.ask(request("POST", "/nope", body=secret))
    shown, redacted = (
        [entry["number"] for entry in busy.journal(f"?after=3&filter={quote(text)}{more}")]
        for more in ("", "&redact=true")
    )
    assert redacted == ([4, 5] if text.startswith("-") else [])
    assert shown != redacted


def test_gaps_are_counted_over_all_frames_whenever_they_are_asked_for() -> None:
    async def scene() -> None:
        journal, sequences = Journal(frames_max=6), FrameSequences()

        async def missing(*frames: tuple[int, int] | str) -> dict[int, int]:
            for one in frames:
                kind, raw = (one, b"") if isinstance(one, str) else ("", b'{"sid":%d,"seq":%d}' % one)
                direction = "lost" if kind == "lost" else "out"
                journal.add_frame(FrameEntry(0, 0, 0, 1, None, direction, raw, kind=kind))
            return {one.number: one.missing for one in await sequences.kept(journal) if one.missing}

        assert await missing((1, 1), (2, 7), "lost", (1, 2)) == {}
        assert await missing((1, 5), (2, 8)) == {5: 2}
        assert await missing((1, 5), (1, 6)) == {5: 2, 7: -1}
        assert await missing("close", (1, 1), (1, 3)) == {7: -1, 11: 1}
        journal.clear()
        assert await missing((1, 9)) == {12: 5}
        assert await missing(*((3, seq) for seq in range(2, 20, 2))) == dict.fromkeys(range(17, 22), 1)

    asyncio.run(scene())


def test_a_short_frame_has_the_numbers_that_are_written_in_it() -> None:
    def told(raw: bytes) -> tuple[int | None, int | None]:
        shown = short_frame_to_json(1, FrameEntry(0, 0, 0, 1, None, "out", raw))
        return shown["sid"], shown["seq"]

    assert told(b'{"type":"orderbook_delta","sid":2,"seq":17,"msg":{}}') == (2, 17)
    assert told(b'{"type": "subscribed", "msg": {"sid": 3}}') == (3, None)
    for raw in (b"", b"\xff", rb'{"msg":"\"sid\":1, \"seq\":2"}', b'{"sid":' + b"9" * 20 + b"}"):
        assert told(raw) == (None, None)


def test_a_sandbox_tells_what_was_refused_and_since_when_it_is_idle(busy: SandboxView) -> None:
    shown = next(one for one in busy.live.json("GET", "/sandboxes") if one["id"] == busy.name)
    assert (shown["requests"], shown["refused"], shown["streams"]) == (4, 2, 0)
    assert 0 <= shown["idle_us"] < 600_000_000


def test_an_entry_is_read_alone_and_without_secrets_if_wished(busy: SandboxView) -> None:
    assert busy.call("GET", "/journal/4") == busy.journal()[3]
    shown = busy.call("GET", "/journal/4?redact=true")
    assert "abcdefgh" not in json.dumps(shown)
    assert shown["diagnosis"].startswith("nothing is served at")
    assert "abcdefgh" not in json.dumps(busy.journal("?redact=true"))


@pytest.mark.parametrize("place", ["journal/9", "journal/0", "journal/x", "frames/1"])
def test_an_entry_that_is_not_kept_is_unknown(busy: SandboxView, place: str) -> None:
    reply = busy.live.control("GET", f"/sandboxes/{busy.name}/{place}")
    assert (reply.status, error_of(reply)["code"]) == (404, "unknown_entry")
    kept = "none are kept" if place == "frames/1" else "kept are 1 to 4"
    assert error_of(reply)["message"].endswith(kept)


@pytest.mark.parametrize(
    "query",
    [
        "?short=yes",
        "?redact=1",
        "?q=" + "x" * 201,
        "?before=-1",
        "?filter=" + "x" * 501,
        "?filter=" + "x%20" * 21,
        "?group=x",
    ],
)
def test_a_wrong_page_is_refused(busy: SandboxView, query: str) -> None:
    for what in ("journal", "frames"):
        reply = busy.live.control("GET", f"/sandboxes/{busy.name}/{what}{query}")
        assert (reply.status, error_of(reply)["code"]) == (400, "bad_query")


def test_accounts_are_listed_without_anything_secret(sandbox: SandboxView) -> None:
    shown = sandbox.call("GET", "/accounts")
    alice, desk = shown
    assert (alice["name"], alice["venue"], alice["keys"][0]["can_sign"]) == ("alice", "kalshi", True)
    assert "st1" in desk["subaccounts"]
    secrets = [one["private_key_pem"].splitlines()[1] for one in sandbox.shown["accounts"]]
    assert not [one for one in secrets if one in json.dumps(shown)]


def test_the_server_signs_and_sends_a_call(sandbox: SandboxView) -> None:
    target = "/trade-api/v2/portfolio/positions?limit=1"
    row = sandbox.call("POST", "/call", {"account": "alice", "method": "GET", "target": target})
    assert (row["status"], row["operation"], row["account"], row["number"]) == (200, "GetPositions", "alice", 1)
    entry = sandbox.call("GET", "/journal/1")
    assert json.loads(entry["answer"])["market_positions"]
    refused = {"account": "alice", "method": "POST", "target": "/trade-api/v2/portfolio/orders", "body": "{}"}
    assert sandbox.call("POST", "/call", refused)["status"] >= 400
    assert sandbox.call("GET", "/journal/2")["body"] == "{}"


def test_faults_disturb_a_call(sandbox: SandboxView) -> None:
    sandbox.call("POST", "/faults", {"name": "gone", "times": 1, "then": {"drop": True}})
    row = sandbox.call(
        "POST", "/call", {"account": "alice", "method": "GET", "target": "/trade-api/v2/portfolio/balance"}
    )
    assert row["fault"] == "gone"


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"account": "alise"}, 404, "no account 'alise': did you mean 'alice'?"),
        ({"key": "spare"}, 400, "alice has no key 'spare'"),
        ({"method": "TRACE"}, 400, "one of GET, POST, PUT, PATCH, DELETE"),
        ({"target": "portfolio"}, 400, "a path with its query"),
        ({"target": "/a b"}, 400, "a path with its query"),
        ({"body": "x" * 300_000}, 400, "at most 262,144 bytes"),
        ({"colour": "red"}, 400, "unknown key 'colour'"),
    ],
)
def test_a_call_that_cannot_be_sent_is_refused(
    sandbox: SandboxView, change: dict[str, Any], status: int, words: str
) -> None:
    body = {"account": "alice", "method": "GET", "target": "/trade-api/v2/portfolio/balance", **change}
    reply = sandbox.live.control("POST", f"/sandboxes/{sandbox.name}/call", body)
    assert reply.status == status
    assert words in error_of(reply)["message"]
    assert sandbox.journal() == []


def test_a_key_without_its_private_half_cannot_sign(live: Live, name: str) -> None:
    from mockexchange.venues.keys.development_keys import derive_ed25519

    public = derive_ed25519("of somebody").public_pem
    keys = {"main": {"key_id": "k-1", "public_key": public}}
    sandbox = live.sandbox(name, "empty")
    sandbox.call(
        "POST",
        "/commands",
        [{"account": {"account": "carol"}}, {"key": {"account": "carol", "key": "main", **keys["main"]}}],
    )
    reply = live.control("POST", f"/sandboxes/{name}/call", {"account": "carol", "method": "GET", "target": "/x"})
    assert "only the public half of carol's key 'main'" in error_of(reply)["message"]


def test_the_server_describes_itself(live: Live) -> None:
    info = live.json("GET", "/info")
    assert [one["name"] for one in info["venues"]] == ["kalshi", "deribit", "signalplus"]
    assert "GetPositions" in info["venues"][0]["operations"]
    assert info["bounds"]["sandboxes"] == 1_000
    assert info["role"] == "admin"
    assert "fill" in live.json("GET", "/schema")["properties"]["history"]["items"]["properties"]


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ("?account=alice", ["command", "request"]),
        ("?account=desk", []),
        ("?account=alice&kinds=request", ["request"]),
        ("?channel=fill&kinds=request", ["request"]),
    ],
)
def test_events_of_an_account_are_read(sandbox: SandboxView, query: str, kinds: list[str]) -> None:
    path = f"/sandboxes/{sandbox.name}/events"
    begin = sandbox.live.control("GET", f"{path}?follow=false").body.decode()
    last = {"Last-Event-ID": begin.partition("id: ")[2].partition("\n")[0]}
    sandbox.call("POST", "/commands", [{"deposit": {"account": "alice", "amount": 1}}])
    sandbox.ask(sandbox.client().get(BALANCE))
    told = sandbox.live.control("GET", f"{path}{query}&follow=false", headers=last).body.decode()
    assert [line[7:] for line in told.splitlines() if line.startswith("event: ")] == ["begin", *kinds]


def test_a_client_that_needs_no_keys_gets_none(live: Live, name: str) -> None:
    minimal = {"Prefer": "return=minimal"}
    for method, path, body in (("PUT", "", {"scenario": "demo"}), ("POST", "/reset", None), ("GET", "", None)):
        shown = json.loads(live.control(method, f"/sandboxes/{name}{path}", body, minimal).body)
        assert (shown["id"], "accounts" in shown) == (name, False)
