"""The control API is built once, at the first request to it, while the event loop goes on."""

import asyncio
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from mockexchange.server.control import app
from mockexchange.server.control.access import Tokens
from mockexchange.server.control.on_demand import ControlOnDemand
from mockexchange.server.server_state import ServerState


def test_requests_at_once_build_one_application(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[tuple[Any, ...]] = []
    served: list[str] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        served.append(scope["path"])

    async def ignore(message: Any = None) -> Any:
        return None

    def build(*arguments: Any) -> ASGIApp:
        built.append(arguments)
        return application

    async def ask(paths: list[str]) -> None:
        control = ControlOnDemand(ServerState("127.0.0.1"), Tokens("t", ()), ["host"], dict)
        assert not built
        await asyncio.gather(*(control({"path": path}, ignore, ignore) for path in paths))

    monkeypatch.setattr(app, "control_app", build)
    paths = ["/", "/_mock/health", "/_mock/ready"]
    asyncio.run(ask(paths))
    assert len(built) == 1
    assert sorted(served) == paths
