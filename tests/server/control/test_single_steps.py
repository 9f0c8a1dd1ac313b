"""A request with one plain step gets the answer that the application gives, and none gets past the check of access."""

import json
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from mockexchange.core.exchange import Exchange
from mockexchange.runtime.redaction import sha256_of
from mockexchange.sandbox.sandboxes import Slot
from mockexchange.server.control import single_steps
from mockexchange.server.control.access.access import ControlAccess
from mockexchange.server.control.access.audit import AuditFile
from mockexchange.server.control.access.roles import Grant, Role
from mockexchange.server.control.access.tokens import NamedToken, Tokens
from mockexchange.server.control.routes import control_app
from mockexchange.server.control.sandboxes import step_requests
from mockexchange.server.server_state import ServerState
from tests.helpers.sandboxes import make
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
ROWS = (NamedToken(Grant("wall", Role.VIEWER), sha256_of("token-of-a-viewer")),)
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


class Asked:
    """A request whose body has arrived."""

    method, raw_path, query = "POST", PATH, ""

    def __init__(self, headers: list[tuple[bytes, bytes]]) -> None:
        self.headers = headers

    async def receive(self) -> None:
        """Nothing receives it: its body is read at once."""


def is_answered_directly(headers: list[tuple[bytes, bytes]], audit: AuditFile | None = None) -> bool:
    state = ServerState("127.0.0.1")
    state.sandboxes.add(Slot(make(name="alice")))
    steps = control_app(state, Tokens(TOKEN, ROWS), [], dict, audit)
    answering = steps.answer_step(Asked(headers))  # type: ignore[arg-type]  # all that is read of one
    if answering is None:
        return False
    assert isinstance(answering, Coroutine)
    answering.close()
    return True


def test_only_an_allowed_request_is_answered_without_the_application(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(single_steps, "received_body", lambda receive: json.dumps([BUY]).encode())
    assert is_answered_directly([HOST, ALLOWED])
    assert [name for name, headers in REFUSED.items() if is_answered_directly(headers)] == []
    audit = AuditFile(tmp_path / "audit")
    assert not is_answered_directly([HOST, ALLOWED], audit), "each change is audited"
    audit.close()
