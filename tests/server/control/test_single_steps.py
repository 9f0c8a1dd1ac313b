"""A request with one plain step gets the answer that the application gives, and none gets past the check of access."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from mockexchange.core.exchange import Exchange
from mockexchange.server.control.access import access
from mockexchange.server.control.access.access import ControlAccess
from mockexchange.server.control.access.audit import AuditFile
from mockexchange.server.control.access.roles import Grant, Role
from mockexchange.server.control.access.tokens import NamedToken, Tokens, digest_of
from mockexchange.server.control.sandboxes import step_requests
from tests.server.live import TOKEN, Live
from tests.server.small import BUY, SMALL, error_of
from tests.server.wire import Connection, Reply, ask, request

BY_APPLICATION = "?events=true"
"""A query with which the application answers, in the same way as without it."""


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the requests that the application answered."""
    paths: list[str] = []
    answer = ControlAccess.__call__

    async def note(self: ControlAccess, scope: Scope, receive: Receive, send: Send) -> None:
        paths.append(scope["path"])
        await answer(self, scope, receive, send)

    monkeypatch.setattr(ControlAccess, "__call__", note)
    return paths


def fail(*_arguments: object, **_named: object) -> Any:
    raise ZeroDivisionError


def send_step(live: Live, name: str, step: Any, query: str = "") -> list[Reply]:
    """Send a step twice on one connection, to a new sandbox whose clock does not move; return the answers."""
    live.json("PUT", f"/sandboxes/{name}", {"scenario": SMALL, "clock": "paused"})
    headers = {"Authorization": f"Bearer {TOKEN}"}
    raw = request("POST", f"/_mock/sandboxes/{name}/commands{query}", headers, json.dumps([step]).encode())
    with Connection(live.port) as connection:
        connection.ask(request("GET", "/_mock/info", headers))  # the host and the token are known then
        replies = [connection.ask(raw) for _ in range(2)]
    live.json("DELETE", f"/sandboxes/{name}")
    return [reply._replace(headers={**reply.headers, "date": ""}) for reply in replies]


@pytest.mark.parametrize("market", ["RAIN-1", "NOWHERE"])
def test_an_answer_is_that_of_the_application(live: Live, name: str, answered: list[str], market: str) -> None:
    step = {"fill": {**BUY["fill"], "market": market}}
    expected = send_step(live, name, step, BY_APPLICATION)
    answered.clear()
    assert send_step(live, name, step) == expected
    assert f"/_mock/sandboxes/{name}/commands" not in answered
    assert [reply.status for reply in expected] == [200, 200]
    assert expected[0].headers["x-mock-seq"] != expected[1].headers["x-mock-seq"]


@pytest.mark.parametrize("target", [(Exchange, "execute"), (step_requests, "write_outcome")])
def test_a_mistake_is_answered_as_by_the_application(
    live: Live, name: str, monkeypatch: pytest.MonkeyPatch, target: tuple[Any, str]
) -> None:
    live.json("PUT", f"/sandboxes/{name}", {"scenario": SMALL})
    raw = json.dumps([BUY]).encode()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    path = f"/_mock/sandboxes/{name}/commands"
    monkeypatch.setattr(*target, fail)
    by_application, directly = (
        ask(live.port, request("POST", path + query, headers, raw)) for query in (BY_APPLICATION, "")
    )
    assert (directly.status, directly.body) == (by_application.status, by_application.body)
    assert (directly.status, error_of(directly)["code"]) in {(500, "internal_error"), (503, "sandbox_broken")}


@pytest.mark.parametrize(
    "step",
    [
        {"fill": {**BUY["fill"], "count": 0}},
        {"fill": {**BUY["fill"], "colour": "red"}},
        {"after": "1s", **BUY},
        {"nothing": {}},
        [],
    ],
    ids=str,
)
def test_a_step_that_is_not_plain_is_refused_by_the_application(live: Live, name: str, step: Any) -> None:
    assert send_step(live, name, step) == send_step(live, name, step, BY_APPLICATION)


def test_an_unknown_sandbox_is_answered_by_the_application(live: Live, answered: list[str]) -> None:
    assert live.control("POST", "/sandboxes/nowhere/commands", [BUY]).status == 404
    assert answered == ["/_mock/sandboxes/nowhere/commands"]


# --- access

PATH = "/_mock/sandboxes/alice/commands"
HOST, ALLOWED = (b"host", b"127.0.0.1:80"), (b"authorization", b"Bearer " + TOKEN.encode())
VIEWER = (b"authorization", b"Bearer token-of-a-viewer")
ROWS = (NamedToken(Grant("wall", Role.VIEWER), digest_of("token-of-a-viewer")),)


async def nothing(scope: Scope, receive: Any, send: Any) -> None:
    """Answer nothing."""


def allowing(*, audit: AuditFile | None = None) -> ControlAccess:
    """Return an access check that has allowed a request of the admin, and one of a viewer."""
    checked = ControlAccess(nothing, Tokens(TOKEN, ROWS), frozenset(("127.0.0.1",)), audit)
    for token in (ALLOWED, VIEWER):
        pass_through(checked, "GET", [HOST, token])
    return checked


def pass_through(checked: ControlAccess, method: str, headers: list[tuple[bytes, bytes]]) -> None:
    async def drop(_message: Any) -> None:
        """Send nothing."""

    scope = {"type": "http", "method": method, "path": PATH, "headers": headers, "query_string": b"", "client": None}
    asyncio.run(checked(scope, drop, drop))  # type: ignore[arg-type]  # nothing is received


REFUSED = {
    "another token": [HOST, (b"authorization", b"Bearer another-token")],
    "no token": [HOST],
    "no host": [ALLOWED],
    "another host": [(b"host", b"evil.test"), ALLOWED],
    "another host first": [(b"host", b"evil.test"), HOST, ALLOWED],
    "another token first": [HOST, (b"authorization", b"x"), ALLOWED],
    "a page": [HOST, ALLOWED, (b"sec-fetch-site", b"cross-site")],
    "a token that only reads": [HOST, VIEWER],
}


@pytest.mark.parametrize("name", REFUSED)
def test_only_a_host_and_a_token_that_were_allowed_are_allowed_at_once(name: str) -> None:
    checked = allowing()
    assert checked.grant_at_once("POST", PATH, [HOST, ALLOWED])
    assert not checked.grant_at_once("POST", PATH, REFUSED[name])
    pass_through(checked, "POST", REFUSED[name])
    assert not checked.grant_at_once("POST", PATH, REFUSED[name]), "a refused request is not remembered"


def test_nothing_is_allowed_at_once_while_changes_are_audited(tmp_path: Path) -> None:
    audit = AuditFile(tmp_path / "audit")
    assert not allowing(audit=audit).grant_at_once("POST", PATH, [HOST, ALLOWED])
    audit.close()


def test_at_most_so_many_hosts_are_remembered() -> None:
    checked = allowing()
    for port in range(2 * access.KNOWN_MAX):
        pass_through(checked, "GET", [(b"host", b"127.0.0.1:%d" % port), ALLOWED])
    assert len(checked._known) <= access.KNOWN_MAX
