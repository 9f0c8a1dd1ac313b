"""A running server, and a sandbox of one's own in it."""

from collections.abc import Iterator

import pytest
import uvloop

from tests.server.live import Live, SandboxView, serving
from tests.server.secure import secured
from tests.server.small import SMALL
from tests.server.streaming import Loops


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    home = tmp_path_factory.mktemp("home")
    with serving(home, loop_factory=uvloop.new_event_loop, allow_hosts=["mock.test"]) as running:
        yield running


@pytest.fixture(params=[None, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def both_loops(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sockets of the two loops differ in when they write, pause and reset."""
    monkeypatch.setattr(Loops, "factory", request.param)


@pytest.fixture(params=["plain", "tls"])
def every_wire(request: pytest.FixtureRequest, both_loops: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes over a socket goes over TLS too, where ends and full buffers are another matter."""
    monkeypatch.setattr(Loops, "secured", secured() if request.param == "tls" else None)


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A name no other test uses."""
    plain = "".join(char if char.isalnum() else "-" for char in request.node.name)
    return plain[-60:].strip("-")


@pytest.fixture
def sandbox(live: Live, name: str) -> SandboxView:
    """One with a port of its own."""
    return live.sandbox(name, SMALL)
