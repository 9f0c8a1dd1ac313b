"""How a server begins and ends: nothing half-started, nothing cut off, nothing left behind."""

import json
import socket
from pathlib import Path

import pytest
import uvloop

from mockexchange.server.http import listener
from mockexchange.server.http.listener import PortInUse
from tests.helpers.ports import free_port
from tests.server.live import PREFIX, Client, serving
from tests.server.small import BALANCE, POSITIONS, SMALL, view
from tests.server.wire import ADDRESS, NO_REPLY, Connection, ask, head


def refused(port: int) -> bool:
    try:
        Connection(port).__exit__(None, None, None)
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.since("uvicorn", "0.54", "an answer while the server stops does not say that the connection is closed")
def test_a_request_under_way_is_finished_and_the_port_is_free_afterwards(tmp_path: Path) -> None:
    with serving(tmp_path, SMALL, loop_factory=uvloop.new_event_loop, port=free_port()) as live:
        alice = view(live, "default").client()
        headers = [*alice.headers("GET", PREFIX + POSITIONS).items(), ("Content-Length", "5")]
        with Connection(live.port) as idle, Connection(live.port) as under_way:
            assert idle.ask(alice.get(BALANCE)).status == 200
            under_way.send(head("GET", PREFIX + POSITIONS, headers))
            assert live.json("GET", "/sandboxes/default")["commands"] > 0
            live.stop()
            assert idle.read() == NO_REPLY
            assert refused(live.port)
            under_way.send(b"hello")
            reply = under_way.read()
            assert (reply.status, reply.headers["connection"]) == (200, "close")
            assert under_way.read() == NO_REPLY
    with socket.create_server((ADDRESS, live.port)):
        pass


def test_a_request_that_never_ends_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "STOP_S_MAX", 0.01)
    with serving(tmp_path, SMALL) as live, Connection(live.port) as under_way:
        under_way.send(head("GET", PREFIX + POSITIONS, [("Content-Length", "5")]))
        live.json("GET", "/sandboxes")
        live.stop()
        assert under_way.read() == NO_REPLY


def test_a_port_in_use_names_a_free_one_and_leaves_nothing(tmp_path: Path) -> None:
    with serving(tmp_path, SMALL) as first:
        with pytest.raises(PortInUse, match=rf"port {first.port} on 127\.0\.0\.1 is in use: try --port \d+") as raised:
            serving(tmp_path / "second", SMALL, port=first.port).__enter__()
        assert not (tmp_path / "second").exists()
        free = int(str(raised.value).split("--port ")[1].split(",")[0])
        with serving(tmp_path / "second", SMALL, port=free) as second:
            assert second.port == free


def test_a_scenario_that_is_refused_starts_nothing(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="unknown_market"):
        serving(tmp_path, SMALL + "  - settle: {market: NONE, result: yes}\n").__enter__()
    assert list(tmp_path.iterdir()) == []


def test_what_the_server_leaves_word_of_goes_with_it(tmp_path: Path) -> None:
    with serving(tmp_path, SMALL) as live:
        ready_file = tmp_path / "ready.json"
        ready = json.loads(ready_file.read_text())
        assert ready == live.ready
        assert ready_file.stat().st_mode & 0o777 == 0o600
        paths = [Path(one["private_key_path"]) for one in ready["accounts"]]
        assert [path.stat().st_mode & 0o777 for path in paths] == [0o600, 0o600]
        alice = Client(ready["accounts"][0]["key_id"], paths[0].read_text())
        assert ask(live.port, alice.get(BALANCE)).status == 200
    assert not ready_file.exists()
    assert not any(path.exists() for path in paths)
