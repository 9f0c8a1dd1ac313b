"""Codes of links to the console: each is exchanged once, within five minutes, for the token that it stands for."""

import json
from pathlib import Path

import pytest

from mockexchange.runtime.redaction import sha256_of
from mockexchange.server.control.access.link_codes import CODE_S, CODES_MAX, Credential, LinkCodes
from mockexchange.server.control.access.roles import ADMIN, Grant, Role
from mockexchange.server.control.access.tokens import NamedToken
from mockexchange.server.control.errors import ControlError
from mockexchange.server.serve_options import Sharing
from tests.server.live import TOKEN, Live, serving
from tests.server.small import error_of
from tests.server.wire import Connection, Reply, request

WALL, OWNER = "a-token-that-looks", "a-token-of-its-own"
TOKENS = (
    NamedToken(Grant("wall", Role.VIEWER), sha256_of(WALL)),
    NamedToken(Grant("alice", Role.SANDBOX, "alice"), sha256_of(OWNER), OWNER),
)
FILE_OF = Credential(TOKEN, ADMIN)


def code_of(live: Live, token: str) -> str:
    reply = live.control("POST", "/console/codes", token=token)
    assert reply.status == 201, reply
    return str(json.loads(reply.body)["code"])


def exchange(port: int, code: object) -> Reply:
    """Exchange a code as the page does: without a token."""
    with Connection(port) as connection:
        return connection.ask(
            request("POST", "/_mock/console/token", {"Connection": "close"}, json.dumps({"code": code}).encode())
        )


def test_a_code_is_of_the_token_that_made_it_and_is_audited_with_it(tmp_path: Path) -> None:
    audit = tmp_path / "audit.jsonl"
    with serving(tmp_path, sharing=Sharing(TOKENS, audit)) as live:
        for token in (TOKEN, WALL, OWNER):
            code = code_of(live, token)
            given = exchange(live.port, code)
            assert (given.status, json.loads(given.body)) == (200, {"token": token})
            again = exchange(live.port, code)
            assert (again.status, error_of(again)["code"]) == (410, "spent_link")
            assert code not in audit.read_text()
        assert live.control("POST", "/console/codes", token="wrong").status == 401
        long = exchange(live.port, "x" * 2_000)
        assert (long.status, error_of(long)["message"]) == (413, "expected a body of at most 1,000 bytes, got 2,012")
    rows = [json.loads(line) for line in audit.read_text().splitlines()]
    assert {row["path"] for row in rows} == {"/_mock/console/token"}
    names = [pair for name in ("admin", "wall", "alice") for pair in ((name, 200), (None, 410))]
    assert [(row["token"], row["status"]) for row in rows] == [*names, (None, 413)]


def test_a_spent_code_says_why_and_what_to_do() -> None:
    now_s = 0.0
    codes = LinkCodes(lambda: now_s)
    used, old, young = (codes.issue(FILE_OF) for _ in range(3))
    now_s = CODE_S - 1
    assert codes.exchange(used) == codes.exchange(young) == FILE_OF
    now_s = CODE_S
    for code, why in ((used, "was opened before"), (old, "is older than 5 minutes"), ("", "made no such link")):
        with pytest.raises(ControlError, match=f"{why}.*`mockexchange console --print` prints it"):
            codes.exchange(code)


def test_codes_that_are_never_exchanged_do_not_pile_up() -> None:
    codes = LinkCodes()
    first, second = codes.issue(FILE_OF), codes.issue(FILE_OF)
    for _ in range(CODES_MAX - 1):
        codes.issue(FILE_OF)
    assert codes.exchange(second) == FILE_OF
    with pytest.raises(ControlError, match="made no such link"):
        codes.exchange(first)
