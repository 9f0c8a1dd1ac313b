"""What each role of the control API may ask for, and the file that gives tokens their roles."""

import hashlib
import io
import json
import re
import stat
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote

import pytest
from starlette.requests import Request

from mockexchange.cli.serve.request_log import LogWriter, RequestLog
from mockexchange.runtime.redaction import sha256_of
from mockexchange.sandbox.quotas import REFUSAL_EVERY_S, Quotas
from mockexchange.scenario.errors import ScenarioError
from mockexchange.server.control.access import ADMIN, Grant, NamedToken, Role, Tokens, read_tokens
from mockexchange.server.control.audit import AuditFile
from mockexchange.server.serve_options import Sharing
from tests.helpers.rows import each_row
from tests.server.live import PREFIX, TOKEN, Live, port_of, serving
from tests.server.small import BUY, SMALL, error_of
from tests.server.wire import Connection, Reply, request

# --- the file

TEXT = "a-token-of-the-tests"
DIGEST = hashlib.sha256(TEXT.encode()).hexdigest()


def written(folder: Path, text: str) -> Path:
    (folder / "friend.token").write_text(f"{TEXT}-2\n")
    path = folder / "tokens.yaml"
    path.write_text(text)
    return path


def test_a_token_is_given_in_three_forms(tmp_path: Path) -> None:
    text = f"a: {{role: admin, token: {TEXT}}}\nb: {{role: viewer, token_file: friend.token}}\n"
    text += f"c: {{role: sandbox, sandbox: c, token_sha256: {hashlib.sha256(b'third').hexdigest()}}}\n"
    tokens = Tokens("first", read_tokens(written(tmp_path, text)))
    found = [tokens.grant_of(f"Bearer {one}") for one in ("first", TEXT, f"{TEXT}-2", "third")]
    assert found == [ADMIN, Grant("a", Role.ADMIN), Grant("b", Role.VIEWER), Grant("c", Role.SANDBOX, "c")]
    wrong = ("Bearer ", f"bearer {TEXT}", f"Basic {TEXT}", TEXT, f"Bearer {TEXT} ", "Bearer \udc80", "")
    assert {tokens.grant_of(one) for one in wrong} == {None}


WRONG = {
    f"a: {{token: {TEXT}}}": "'role', which is missing",
    f"a: {{role: boss, token: {TEXT}}}": "expected admin, sandbox or viewer, got 'boss'",
    f"a: {{role: sandbox, token: {TEXT}}}": "expected the key 'sandbox': the role is for one",
    f"a: {{role: admin, sandbox: x, token: {TEXT}}}": "expected no key 'sandbox'",
    f"a: {{role: viewer, sandbox: a/b, token: {TEXT}}}": "expected the name of a sandbox",
    "a: {role: viewer}": "expected one of token, token_file, token_sha256, got none",
    f"a: {{role: viewer, token: {TEXT}, token_sha256: {DIGEST}}}": "got token and token_sha256",
    "a: {role: viewer, token: private-}": "token: expected at least 16 letters",
    "a: {role: viewer, token: [private-private-]}": "expected a text, got a list",
    "a: {role: viewer, token_sha256: private-}": "token_sha256: expected 64 hexadecimal digits",
    "a: {role: viewer, token_file: absent}": "absent: cannot be read: No such file",
    f"a: {{role: viewer, token: {TEXT}}}\nb: {{role: viewer, token_sha256: {DIGEST}}}": "'a' has it too",
    f"a: {{role: viewer, tokken: {TEXT}}}": "unknown key 'tokken': did you mean 'token'?",
    "[": "not valid YAML",
    "- a": "expected a mapping",
    TEXT: "expected a mapping of names",
    f"a: {TEXT}": "a: expected a mapping with role and a token",
    f"a: [{TEXT}]": "a: expected a mapping with role and a token",
}


@each_row("text", WRONG, ids=lambda text: WRONG[text].replace("/", "-"))
def test_a_wrong_file_is_refused_with_its_line_and_without_its_tokens(tmp_path: Path, text: str) -> None:
    with pytest.raises(ScenarioError, match=r"tokens\.yaml|absent") as raised:
        read_tokens(written(tmp_path, text))
    assert WRONG[text] in str(raised.value)
    assert TEXT not in str(raised.value)
    assert "private-" not in str(raised.value)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tokens.yaml").write_bytes(b"\xff")
    with pytest.raises(ScenarioError, match="expected UTF-8 text"):
        read_tokens(tmp_path / "tokens.yaml")
    (tmp_path / "tokens.yaml").write_bytes(b" " * (1024 * 1024 + 1))
    with pytest.raises(ScenarioError, match="at most 1,048,576 bytes"):
        read_tokens(tmp_path / "tokens.yaml")


# --- a server that a team shares

ALICE, WALL = f"{TEXT}-alice", f"{TEXT}-wall"
FILE = f"""
alice: {{role: sandbox, sandbox: alice, token: {ALICE}}}
wall: {{role: viewer, token: {WALL}}}
"""


class Team(NamedTuple):
    """A server that a team shares, and its audit file."""

    live: Live
    audit: Path

    def make(self, name: str, token: str | None) -> Reply:
        """Make a sandbox as a token does, anew if it is there."""
        self.live.control("DELETE", f"/sandboxes/{name}")
        return self.live.control("PUT", f"/sandboxes/{name}", {"scenario": SMALL, "port": 0}, token=token or TOKEN)

    def first_event(self) -> str:
        """Return the id before the first event of the server."""
        text = self.live.control("GET", "/events?follow=false").body.decode()
        last = next(line.removeprefix("id: ") for line in text.splitlines() if line.startswith("id: "))
        return f"{last.rpartition('-')[0]}-0"


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    """A server with a port for its control API, tokens, an audit, bounds and quotas."""
    tokens = read_tokens(written(tmp_path, FILE))
    quotas = Quotas(commands=2, journal_bytes=100_000, streams=1, frames_per_second=1)
    sharing = Sharing(tokens, tmp_path / "audit.jsonl", 0, sandboxes_max=4, ttl_us=3_600_000_000, quotas=quotas)
    with serving(tmp_path, SMALL, sharing=sharing) as live:
        yield Team(live, tmp_path / "audit.jsonl")


def test_a_sandbox_token_makes_and_sees_its_own_alone(team: Team) -> None:
    live, made = team.live, team.make("alice", ALICE)
    assert (made.status, b"private_key_pem" in made.body) == (201, True)
    rows = json.loads(live.control("GET", "/sandboxes", token=ALICE).body)
    assert [row["id"] for row in rows] == ["alice"]
    info = json.loads(live.control("GET", "/info", token=ALICE).body)
    assert (info["role"], info["sandbox"], info["bounds"]["sandboxes"]) == ("sandbox", "alice", 4)
    refused = live.control("GET", "/sandboxes/default", token=ALICE)
    assert (refused.status, error_of(refused)["code"]) == (403, "not_allowed")


def test_a_viewer_reads_everything_but_secrets(team: Team) -> None:
    live = team.live
    pem = next(one["private_key_pem"] for one in live.json("GET", "/sandboxes/default")["accounts"])
    summary = live.control("GET", "/sandboxes/default", token=WALL)
    assert (summary.status, b"PRIVATE" in summary.body, b"commands" in summary.body) == (200, False, True)
    headers = {"KALSHI-ACCESS-KEY": pem.replace("\n", " ")}
    with Connection(port_of(live.ready["venues"]["kalshi"]["base_url"])) as client:
        client.ask(request("GET", f"{PREFIX}/portfolio/positions", headers))
    for path in ("/sandboxes/default/journal", "/sandboxes/default/journal/1"):
        assert b"PRIVATE" in live.control("GET", path).body
        shown = live.control("GET", path, token=WALL)
        assert (shown.status, b"PRIVATE" in shown.body, b"[secret]" in shown.body) == (200, False, True)
    assert live.control("POST", "/sandboxes/default/wait", {"timeout": "1us"}, token=WALL).status == 400
    assert live.control("POST", "/sandboxes/default/commands", [BUY], token=WALL).status == 403


def test_a_viewer_sees_no_token_and_no_key_of_another_sandbox(team: Team) -> None:
    live = team.live
    other = live.json("POST", "/sandboxes", {"name": "other", "scenario": "empty"})
    key = quote(other["accounts"][0]["private_key_pem"].splitlines()[3], safe="")
    with Connection(port_of(live.ready["venues"]["kalshi"]["base_url"])) as client:
        client.ask(request("GET", f"{PREFIX}/nowhere?a={TOKEN}&b={key}"))
    path = "/sandboxes/default/journal?last=1&path=/trade-api/v2/nowhere"
    seen = [json.loads(live.control("GET", path, token=token).body)[0]["target"] for token in (TOKEN, WALL)]
    assert seen == [f"{PREFIX}/nowhere?a={TOKEN}&b={key}", f"{PREFIX}/nowhere?a=[secret]&b=[secret]"]


Place = Callable[[str], tuple[str, str, dict[str, str], bytes]]
PLACES: dict[str, Place] = {
    "a header": lambda token: ("GET", "/nowhere", {"X-Free": token}, b""),
    "a parameter": lambda token: ("GET", f"/portfolio/positions?cursor={token}", {}, b""),
    "an encoded parameter": lambda token: ("GET", f"/nowhere?x={quote(token, safe='')}", {}, b""),
    "every byte encoded": lambda token: ("GET", f"/nowhere?x={token.encode().hex('%').join(('%', ''))}", {}, b""),
    "a path": lambda token: ("GET", f"/markets/{quote(token, safe='')}", {}, b""),
    "the id of a key": lambda token: ("GET", "/portfolio/positions", {"KALSHI-ACCESS-KEY": token}, b""),
    "credentials": lambda token: ("GET", "/nowhere", {"X-Basic": b64encode(f"me:{token}".encode()).decode()}, b""),
    "JSON": lambda token: ("POST", "/portfolio/orders", {}, json.dumps({"ticker": token}).encode()),
    "a form": lambda token: ("POST", "/portfolio/orders", {}, f"a=b&c={quote(token, safe='')}".encode()),
    "bytes": lambda token: ("POST", "/portfolio/orders", {}, b"\xff\x00" + token.encode() + b"\xfe"),
}


def test_tokens_are_hidden_by_their_values_wherever_they_come(tmp_path: Path) -> None:
    """In every view of a viewer and of the owner of a sandbox, in diagnoses, and in the log."""
    odd = 'signs/+"&=%\\of-an-odd-token'
    given = {
        "boss": "boss-of-all-of-them",
        "alice": ALICE,
        "wall": WALL,
        "odd": odd,
        "unread": "known-by-its-digest-alone",
    }
    rows = {name: NamedToken(Grant(name, Role.VIEWER), sha256_of(text), text) for name, text in given.items()}
    rows["boss"] = rows["boss"]._replace(grant=Grant("boss", Role.ADMIN))
    rows["alice"] = rows["alice"]._replace(grant=Grant("alice", Role.SANDBOX, "default"))
    rows["unread"] = rows["unread"]._replace(text=None)
    out = io.StringIO()
    writer = LogWriter(out)
    log = RequestLog("json", "requests", writer)
    with serving(
        tmp_path, SMALL, sharing=Sharing(tuple(rows.values())), hidden=log.tokens, on_sandbox=log.watch
    ) as live:
        path = "/sandboxes/default"
        begun = {"Last-Event-ID": live.control("GET", f"{path}/events?follow=false").body.decode().split()[1]}
        tokens = [TOKEN, *given.values()]
        for token, place in ((token, place) for token in tokens for place in PLACES.values()):
            method, target, headers, body = place(token)
            with Connection(live.port) as client:
                reply = client.ask(request(method, PREFIX + target, headers, body))
            assert token not in unquote(reply.headers.get("x-mock-diagnosis", ""))
        count = len(tokens) * len(PLACES)
        for caller, query in ((WALL, ""), (ALICE, ""), (given["boss"], "?redact=true")):
            for answer in views(live, caller, query, begun, count):
                found = [token for token in tokens for form in forms_of(token) if form in readable(answer.body)]
                assert found == [], (caller, found, answer.body[:2_000])
        texts = [f"{path}/journal?q={quote(token[:12])}" for token in (TOKEN, given["boss"])]
        found_by_search = [live.control("GET", text, token=one).body for text in texts for one in (WALL, ALICE)]
        assert set(found_by_search) == {b"[]"}, "nobody can guess them letter by letter"
        assert readable(live.control("GET", f"{path}/journal").body).count(WALL) > 1, "the admin has what was received"
    log.log_problem(f"a problem with {ALICE}")
    writer.close()
    assert out.getvalue().count('"request"') >= count
    assert [token for token in tokens for form in forms_of(token) if form in out.getvalue()] == []


def views(live: Live, caller: str, query: str, begun: dict[str, str], count: int) -> list[Reply]:
    """All that shows requests of the default sandbox, of which there were so many, and some errors."""
    path, join = "/sandboxes/default", "&" if query else "?"
    awaited = {"for": {"request": {"times": count, "method": "GET"}}, "timeout": "1us"}
    answers = [
        live.control("GET", f"{path}/journal{query}", token=caller),
        live.control("GET", f"{path}/journal?short=true", token=caller),
        *(live.control("GET", f"{path}/journal/{one}{query}", token=caller) for one in range(1, count + 1)),
        live.control("GET", f"{path}/events{query}{join}follow=false", headers=begun, token=caller),
        live.control("POST", f"{path}/wait{query}", awaited, token=caller),
    ]
    awaited = {"for": {"request": {"times": 2, "method": "GET"}}}
    answers.append(live.control("POST", f"{path}/wait{query}", awaited, token=caller))
    assert {answer.status for answer in answers} == {200, 408}
    errors = [f"/{quote(ALICE)}", f"{path}/journal/{quote(ALICE)}", f"/sandboxes/{quote(ALICE)}"]
    return [*answers, *(live.control("GET", error, token=caller) for error in errors)]


def forms_of(token: str) -> set[str]:
    middle = b64encode(f"me:{token}".encode()).decode()[4:-8]
    return {token, quote(token, safe=""), json.dumps(token)[1:-1], middle}


def readable(raw: bytes) -> str:
    """An answer's text, and after it what its base64 members and encoded targets mean."""
    text = raw.decode("latin-1")
    binary = "".join(b64decode(part).decode("latin-1") for part in re.findall(r'_base64":\s*"([\w+/=]*)"', text))
    return f"{text}\n{unquote(text)}\n{binary}"


def test_no_event_and_no_wait_shows_a_viewer_secrets(team: Team) -> None:
    live, path = team.live, "/sandboxes/default"
    seen = {"Last-Event-ID": live.control("GET", f"{path}/events?follow=false").body.decode().split()[1]}
    with Connection(port_of(live.ready["venues"]["kalshi"]["base_url"])) as client:
        client.ask(request("GET", f"{PREFIX}/portfolio/positions?api_secret=of-nobody-else"))
    awaited = {"for": {"request": {"status": 401}}, "timeout": "1s"}
    for token, is_shown in ((TOKEN, True), (WALL, False)):
        events = live.control("GET", f"{path}/events?follow=false&kinds=request", headers=seen, token=token)
        found = live.control("POST", f"{path}/wait", awaited, token=token)
        for reply in (events, found):
            assert (reply.status, b"api_secret" in reply.body, b"of-nobody-else" in reply.body) == (200, True, is_shown)


def test_a_viewer_cannot_guess_secrets_by_searches_and_waits(team: Team) -> None:
    live, path = team.live, "/sandboxes/default"
    with Connection(port_of(live.ready["venues"]["kalshi"]["base_url"])) as client:
        client.ask(request("GET", f"{PREFIX}/portfolio/nowhere?client_secret=of-somebody"))

    def found(token: str, text: str) -> bool:
        queries = (f"q={text}", f"filter={text}", f"filter=-{text}")
        replies = [live.control("GET", f"{path}/journal?short=true&{query}", token=token) for query in queries]
        searched, filtered, others = [json.loads(reply.body)["matching"] for reply in replies]
        assert searched == filtered == 1 - others
        return bool(searched)

    texts = ("portfolio/nowhere", "client_secret=of", "of-some")
    assert [found(TOKEN, text) for text in texts] == [True] * 3
    assert [found(WALL, text) for text in texts] == [True, False, False]
    for guess, matches in (("of-somebody", True), ("of-nobody", False)):
        wanted = {"path": f"{PREFIX}/portfolio/nowhere", "query": {"client_secret": guess}}
        awaited = {"for": {"request": wanted}, "timeout": "1ms"}
        replies = [live.control("POST", f"{path}/wait", awaited, token=token) for token in (TOKEN, WALL)]
        assert [reply.status for reply in replies] == [200 if matches else 408, 408]
        assert b"query.client_secret is '[secret]'" in replies[1].body
        assert matches or b"of-somebody" not in replies[1].body


def test_the_feed_of_the_server_has_the_sandboxes_that_a_token_sees(team: Team) -> None:
    for name, token in (("alice", ALICE), ("other", None)):
        team.make(name, token)
    headers = {"Last-Event-ID": team.first_event()}
    seen = team.live.control("GET", "/events?follow=false", headers=headers, token=ALICE).body
    assert (b'"alice"' in seen, b'"other"' in seen) == (True, False)


def test_changes_are_audited_with_their_tokens_and_reads_are_not(team: Team) -> None:
    live = team.live
    live.control("GET", "/sandboxes", token=WALL)
    live.control("DELETE", "/sandboxes/nobody", token=WALL)
    live.control("DELETE", "/sandboxes/nobody", token="wrong")
    live.control("DELETE", "/sandboxes/nobody")
    rows = [json.loads(line) for line in team.audit.read_text().splitlines()]
    rows = [row for row in rows if row["path"] == "/_mock/sandboxes/nobody"]
    assert [(row["token"], row["role"], row["method"], row["status"]) for row in rows] == [
        ("wall", "viewer", "DELETE", 403),
        (None, None, "DELETE", 401),
        ("admin", "admin", "DELETE", 404),
    ]
    assert {row["client"] for row in rows} == {"127.0.0.1"}
    assert stat.S_IMODE(team.audit.stat().st_mode) == 0o600


def test_a_viewer_changes_nothing_whatever_the_name(team: Team) -> None:
    """A sandbox, a fault and a stub may have the name of a read."""
    live = team.live
    live.json("PUT", "/sandboxes/wait", {"scenario": SMALL})
    live.json("POST", "/sandboxes/wait/faults", {"name": "wait", "match": {}, "then": {"status": 503}})
    before, paths = team.audit.read_text().count("\n"), ("/sandboxes/wait/faults/wait", "/sandboxes/wait")
    assert [live.control("DELETE", path, token=WALL).status for path in paths] == [403, 403]
    assert [live.control("DELETE", path).status for path in paths] == [204, 204]
    rows = [json.loads(line) for line in team.audit.read_text().splitlines()[before:]]
    assert [(row["token"], row["path"], row["status"]) for row in rows] == [
        (token, f"/_mock{path}", status) for token, status in (("wall", 403), ("admin", 204)) for path in paths
    ]


def test_the_control_api_has_a_port_of_its_own(team: Team) -> None:
    live, main = team.live, port_of(team.live.ready["venues"]["kalshi"]["base_url"])
    assert live.port != main
    with Connection(main) as client:
        assert client.ask(request("GET", "/_mock/info", {"Authorization": f"Bearer {TOKEN}"})).status == 404
    assert live.control("GET", "/../trade-api/v2/exchange/status").status == 404
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    upgrade["Sec-WebSocket-Key"] = "dGhlIHNhbXBsZSBub25jZQ=="
    with Connection(live.port) as client:
        assert client.ask(request("GET", "/trade-api/ws/v2", upgrade)).status == 403


def test_bounds_and_quotas_hold_on_the_server(team: Team) -> None:
    live = team.live
    team.make("alice", ALICE)
    path = "/sandboxes/alice/commands"
    answers = [live.control("POST", path, [BUY], token=ALICE) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 409]
    assert error_of(answers[2])["code"] == "quota_reached"
    began_s = time.monotonic()
    assert live.control("POST", path, [BUY], token=ALICE).status == 409
    assert live.control("POST", path, [BUY], token=ALICE).status == 409
    assert time.monotonic() - began_s >= REFUSAL_EVERY_S, "they are paced"
    for number in range(2):
        live.json("PUT", f"/sandboxes/more-{number}", {"scenario": "empty"})
    last = live.control("PUT", "/sandboxes/one-too-many", {"scenario": "empty"})
    assert (last.status, error_of(last)["code"]) == (409, "too_many_sandboxes")


def test_a_token_for_one_sandbox_forks_no_other(team: Team) -> None:
    fork = {"fork": {"sandbox": "default"}}
    reply = team.live.control("PUT", "/sandboxes/alice", fork, token=ALICE)
    assert (reply.status, error_of(reply)["code"]) == (403, "not_allowed")
    assert team.live.control("GET", "/sandboxes/alice").status == 404


def test_a_sandbox_without_a_time_of_its_own_expires(tmp_path: Path) -> None:
    with serving(tmp_path, "empty", sharing=Sharing(ttl_us=1)) as live:
        live.json("PUT", "/sandboxes/short", {"scenario": "empty"})
        live.json("PUT", "/sandboxes/long", {"scenario": "empty", "expires_after": "1h"})
        assert [row["id"] for row in live.json("GET", "/sandboxes")] == ["default", "long"]


def test_an_audit_that_cannot_be_written_is_reported_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    full = AuditFile(Path("/dev/full"))
    for _ in range(2):
        full.note(Request({"type": "http", "method": "POST", "path": "/", "client": None, "headers": []}), None, 401)
    full.close()
    assert caplog.messages == ["/dev/full: the audit cannot be written: No space left on device"]
