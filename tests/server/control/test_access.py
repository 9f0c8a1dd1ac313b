"""Who may ask for what: every route by every method, with every kind of token, for an own and another sandbox.

The table here is written by hand, and each route has to be in it.
"""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Message

from mockexchange.runtime.api_documents import OPENAPI, path_of
from mockexchange.runtime.redaction import sha256_of
from mockexchange.sandbox.sandboxes import Slot
from mockexchange.server.control.access import Grant, NamedToken, Role, Tokens
from mockexchange.server.control.app import control_app
from mockexchange.server.control.audit import AuditFile
from mockexchange.server.server_state import ServerState
from tests.helpers.sandboxes import make

ONE = "/_mock/sandboxes/{name}"
OPEN, LOOK, LOOK_AT_ALL, SECRETS, CHANGE = "open", "look", "look at all", "secrets", "change"
EXCHANGE = "exchange"
NEEDED: dict[str, dict[str, str]] = {
    **{path: {"GET": OPEN} for path in ("/", "/_mock/live", "/_mock/ready", "/_mock/health")},
    **{f"/_mock/docs{rest}": {"GET": OPEN} for rest in ("", "/", "/assets/{name}")},
    **{f"/_mock/docs/{{subject:path}}/{{kind}}{end}": {"GET": OPEN} for end in ("", ".yaml")},
    **{f"/_mock/console{rest}": {"GET": OPEN} for rest in ("", "/", "/{name:path}")},
    "/_mock/console/codes": {"POST": LOOK},
    "/_mock/console/token": {"POST": EXCHANGE},
    **{f"/_mock/{name}": {"GET": LOOK} for name in ("info", "schema", "events")},
    "/_mock/metrics": {"GET": LOOK_AT_ALL},
    "/_mock/reports": {"GET": LOOK_AT_ALL},
    "/_mock/reports/{report}": {"GET": LOOK_AT_ALL, "PUT": CHANGE},
    "/_mock/scenarios": {"GET": LOOK},
    "/_mock/scenarios/check": {"POST": LOOK},
    "/_mock/scenarios/{scenario:path}": {"GET": LOOK},
    "/_mock/sandboxes": {"GET": LOOK, "POST": CHANGE},
    ONE: {"GET": LOOK, "PUT": CHANGE, "DELETE": CHANGE},
    **{f"{ONE}/{name}": {"POST": CHANGE} for name in ("reset", "commands", "call")},
    **{f"{ONE}/{name}": {"GET": LOOK, "POST": CHANGE} for name in ("clock", "streams")},
    **{f"{ONE}/{name}": {"GET": LOOK, "POST": CHANGE, "DELETE": CHANGE} for name in ("script", "faults", "stubs")},
    **{f"{ONE}/{name}": {"DELETE": CHANGE} for name in ("faults/{fault:path}", "stubs/{stub:path}")},
    **{f"{ONE}/{name}": {"GET": LOOK} for name in ("accounts", "events", "firings", "frames", "frames/{number}")},
    **{f"{ONE}/accounts/{{account}}/{name}": {"GET": LOOK} for name in ("positions", "ledger", "equity")},
    **{f"{ONE}/{name}": {"GET": LOOK} for name in ("markets", "markets/{market:path}", "journal/{number}")},
    **{f"{ONE}/{name}": {"GET": LOOK} for name in ("instruments", "instruments/{instrument:path}")},
    f"{ONE}/journal": {"GET": LOOK, "DELETE": CHANGE},
    f"{ONE}/scenario": {"GET": LOOK, "PUT": CHANGE},
    f"{ONE}/wait": {"POST": LOOK},
    f"{ONE}/log": {"GET": SECRETS},
}
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
SAFE = METHODS[:3]
NAMES = ("own", "other", "wait", "check", "log", "absent")
"""Sandboxes that there are, the first one that of the tokens for one sandbox; and one that there is not."""
UNKNOWN = ("/_mock/elsewhere", f"{ONE}/elsewhere", f"{ONE}/elsewhere/wait", f"{ONE}/accounts/log", f"{ONE}/wait/")
NO_NAME = ("/_mock/sandboxes/", f"/_mock/sandboxes/{ONE}")
GRANTS = {
    "admin": Grant("admin", Role.ADMIN),
    "boss": Grant("boss", Role.ADMIN),
    "owner": Grant("owner", Role.SANDBOX, "own"),
    "looker": Grant("looker", Role.VIEWER),
    "guest": Grant("guest", Role.VIEWER, "own"),
    "wrong": None,
    "": None,
}


def secret_of(token: str) -> str:
    return f"secret-of-{token}-alone"


def expected(grant: Grant | None, need: str, name: str | None) -> int:
    """Return the status for a route: 200 if it may be asked for. `name` is the sandbox in the path."""
    if need in (OPEN, EXCHANGE):
        return 200
    if grant is None:
        return 401
    if grant.role is Role.ADMIN:
        return 200
    is_foreign = grant.sandbox is not None and name not in (None, grant.sandbox)
    is_of_all = grant.sandbox is not None and name is None and need in (CHANGE, LOOK_AT_ALL)
    is_hidden = grant.role is Role.VIEWER and need in (CHANGE, SECRETS)
    return 403 if is_foreign or is_of_all or is_hidden else 200


class Row(NamedTuple):
    """A request: its token, method and path; and the route that it was answered by, if one was."""

    token: str
    method: str
    path: str
    status: int
    headers: dict[bytes, bytes]
    body: bytes
    route: str


class Walk:
    """The control API with handlers that note which route was asked for, and do nothing."""

    def __init__(self, audit: Path) -> None:
        state = ServerState("127.0.0.1")
        for name in NAMES[:-1]:
            state.sandboxes.add(Slot(make(name=name), has_own_port=True))
        self.audit, self._file = audit, AuditFile(audit)
        others = tuple(
            NamedToken(one, sha256_of(secret_of(name))) for name, one in GRANTS.items() if one and name != "admin"
        )
        self._app = control_app(state, Tokens(secret_of("admin"), others), [], dict, self._file)
        self.routes = self._app.routes
        self._reached = ""
        for route in self.routes.routes:
            for method in route.handlers:
                route.handlers[method] = self._noting(route.path)

    def _noting(self, path: str) -> Callable[[Request], Any]:
        async def note(request: Request) -> Response:
            self._reached = path
            return PlainTextResponse()

        return note

    async def ask(self, token: str, method: str, path: str) -> Row:
        sent: list[Message] = []
        self._reached = ""

        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        headers = [
            (b"host", b"localhost"),
            *([(b"authorization", b"Bearer " + secret_of(token).encode())] if token else []),
        ]
        scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": headers}
        await self._app({**scope, "client": ("127.0.0.1", 7)}, receive, send)
        body = b"".join(message.get("body", b"") for message in sent)
        return Row(token, method, path, sent[0]["status"], dict(sent[0]["headers"]), body, self._reached)

    def new_lines(self) -> list[tuple[str | None, str, str, int]]:
        """Return the audit's lines since the last call: name of the token, method, path and status."""
        rows = [json.loads(line) for line in self.audit.read_text().splitlines()]
        self.audit.write_text("")
        return [(row["token"], row["method"], row["path"], row["status"]) for row in rows]


@pytest.fixture
def walk(tmp_path: Path) -> Walk:
    return Walk(tmp_path / "audit.jsonl")


def filled(pattern: str, name: str) -> str:
    """Return a path of a pattern whose other names are those that routes end with, to be mistaken for them."""
    path = pattern.replace(ONE, f"/_mock/sandboxes/{name}")
    for part in ("name", "subject:path", "kind", "report", "scenario:path", "fault:path", "stub:path", "account"):
        path = path.replace(f"{{{part}}}", "wait")
    for part in ("number", "market:path", "instrument:path"):
        path = path.replace(f"{{{part}}}", "check" if part == "market:path" else "log")
    return path


def test_each_route_is_in_the_table_and_each_documented_operation_is_a_route(walk: Walk) -> None:
    declared = {
        route.path: {method: access.name for method, access in route.access.items()} for route in walk.routes.routes
    }
    written = {
        path: {
            method: need.upper().replace(" ", "_").replace("SECRETS", "LOOK_AT_SECRETS") for method, need in row.items()
        }
        for path, row in NEEDED.items()
    }
    assert declared == written
    document = yaml.safe_load(path_of("control", OPENAPI).read_text())
    plain = {path.replace(":path", ""): set(row) for path, row in NEEDED.items()}
    for path, operations in document["paths"].items():
        methods = {method.upper() for method in operations if method.upper() in METHODS}
        assert plain[f"/_mock{path}"] == methods, path


def test_every_route_method_and_role(walk: Walk) -> None:
    async def all_rows() -> None:
        for pattern, row in NEEDED.items():
            names = NAMES if pattern.startswith(ONE) else (None,)
            for name, method, token in ((n, m, t) for n in names for m in METHODS for t in GRANTS):
                asked = await walk.ask(token, method, filled(pattern, name or ""))
                grant = GRANTS[token]
                need = row.get("GET" if method == "HEAD" else method)
                other = OPEN if set(row.values()) == {OPEN} else LOOK_AT_ALL if method in SAFE else CHANGE
                status = expected(grant, need or other, name)
                if status == 200 and need is None:
                    status = 405
                where = (asked.token, method, asked.path, need)
                if asked.route not in ("", pattern):  # a pattern of the rest of a path takes what another refuses
                    assert need is None, where
                    continue
                assert (asked.status, asked.route) == (status, pattern if status == 200 else ""), where
                is_change = {CHANGE, EXCHANGE} & {need, need is None and other}
                line = (grant.name if grant else None, method, asked.path, status)
                assert walk.new_lines() == ([line] if is_change else []), where

    asyncio.run(all_rows())


def test_a_refusal_tells_nothing_of_another_sandbox(walk: Walk) -> None:
    """Whether it is there, and how far it is, is not for a token that is for another one."""

    async def all_rows() -> None:
        patterns = [*(path for path in NEEDED if path.startswith(ONE)), *UNKNOWN[1:]]
        for pattern, method, token in ((p, m, t) for p in patterns for m in METHODS for t in ("owner", "guest", "")):
            known, absent = [await walk.ask(token, method, filled(pattern, name)) for name in ("other", "absent")]
            where = (pattern, method, token)
            assert known.status == absent.status == (403 if token else 401), where
            assert known.body.replace(b"other", b"absent") == absent.body, where
            assert known.headers.keys() == absent.headers.keys(), where
            assert b"x-mock-seq" not in known.headers, where

    asyncio.run(all_rows())


def test_what_has_no_route_changes_nothing(walk: Walk) -> None:
    async def all_rows() -> None:
        for pattern, method, token in ((p, m, t) for p in (*UNKNOWN, *NO_NAME) for m in METHODS for t in GRANTS):
            name = "own" if pattern in UNKNOWN[1:] else None
            asked = await walk.ask(token, method, filled(pattern, "own"))
            status = expected(GRANTS[token], LOOK_AT_ALL if method in SAFE else CHANGE, name)
            assert (asked.status, asked.route) == (404 if status == 200 else status, ""), asked
            assert len(walk.new_lines()) == (method not in SAFE), asked

    asyncio.run(all_rows())


def test_a_refusal_names_the_token_and_what_it_is_for(walk: Walk) -> None:
    def message(token: str, method: str, path: str) -> str:
        return str(json.loads(asyncio.run(walk.ask(token, method, path)).body)["error"]["message"])

    assert message("owner", "GET", "/_mock/sandboxes/other") == (
        "the token 'owner' is for the sandbox 'own' alone: expected a path below /_mock/sandboxes/own"
    )
    assert "'looker' is for looking: it changes nothing, and DELETE" in message(
        "looker", "DELETE", "/_mock/sandboxes/wait"
    )
    assert "the log has the secrets" in message("looker", "GET", "/_mock/sandboxes/own/log")
    assert "with the token from the ready file" in message("", "GET", "/_mock/info")
