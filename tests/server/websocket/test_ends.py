"""How streams stay and end: pings when it is quiet, deadlines for pongs, closes, resets, stalls."""

import asyncio
import json
import logging
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from mockexchange.sandbox.options import SandboxOptions
from mockexchange.scenario.loader import load_text
from mockexchange.server.http import listener
from mockexchange.server.server_state import ServerState
from mockexchange.server.websocket import stream_protocol
from mockexchange.server.websocket.stream_protocol import StreamProtocol
from mockexchange.venues.kalshi.named_days import api_date
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import SMALL
from tests.server.streaming import (
    CLOSE,
    PING,
    PONG,
    TEXT,
    Bare,
    Venue,
    buy,
    connect,
    frame,
    listening,
    play,
    subscribe,
    until,
)
from tests.server.wire import ADDRESS

QUICK = "{heartbeat: 5ms, pong: 600s}"
READ_BYTES = 65_536
IMPATIENT = "{heartbeat: 5ms, pong: 10ms}"
SILENT = "{heartbeat: 0s}"

pytestmark = pytest.mark.usefixtures("every_wire")


def wire_of(venue: Venue) -> StreamProtocol:
    [connection] = venue.sandbox.streams
    assert isinstance(connection.wire, StreamProtocol)
    return connection.wire


def test_a_quiet_stream_is_pinged_and_stays_for_who_answers() -> None:
    async def scene() -> None:
        async with listening(stream=QUICK) as venue, venue.bare("fill") as client:
            for _ in range(5):
                assert await client.read() == (PING, b"heartbeat")
                client.send(PONG, b"heartbeat")
            await venue.fill()
            assert json.loads(await client.read_text())["type"] == "fill"

    play(scene())


def test_who_does_not_answer_a_ping_is_closed() -> None:
    async def scene() -> None:
        async with listening(stream=IMPATIENT) as venue:
            async with venue.bare() as client:
                assert await client.read() == (PING, b"heartbeat")
                client.send(PONG, b"something else")
                assert await client.read_close() == (1011, "no pong")
                client.send(CLOSE, b"\x03\xf3")
                assert await client.reader.read() == b""
            await until(lambda: not len(venue.sandbox.streams))

    play(scene())


def test_a_pong_that_nobody_asked_for_changes_nothing() -> None:
    async def scene() -> None:
        async with listening(stream=IMPATIENT) as venue, venue.bare() as client:
            client.send(PONG, b"heartbeat")
            assert await client.read() == (PING, b"heartbeat")
            assert (await client.read_close())[0] == 1011

    play(scene())


def test_a_scenario_may_want_no_pings_and_no_deadline() -> None:
    async def scene() -> None:
        async with listening(stream=SILENT) as venue, venue.bare():
            heartbeat = wire_of(venue)._heartbeat
            assert heartbeat is not None
            assert heartbeat._timer is None
        async with listening(stream="{heartbeat: 5ms, pong: 0s}") as venue, venue.bare() as client:
            for _ in range(5):
                assert await client.read() == (PING, b"heartbeat")

    play(scene())


def test_what_waits_goes_out_before_the_close() -> None:
    async def scene() -> None:
        async with listening() as venue, venue.bare("fill") as client:
            await venue.fill(100)
            wire_of(venue).close(1012, "restarting")
            assert [(await client.read())[0] for _ in range(100)] == [TEXT] * 100
            assert await client.read_close() == (1012, "restarting")
            client.send(TEXT, subscribe("fill").encode())  # on its way when the close came
            client.send(CLOSE, b"\x03\xf4")
            assert await client.reader.read() == b""
            await until(lambda: not len(venue.sandbox.streams))

    play(scene())


def test_a_client_that_closes_is_answered() -> None:
    async def scene() -> None:
        async with listening() as venue:
            async with venue.bare("fill") as client:
                client.send(CLOSE, b"\x03\xe8bye")
                assert await client.read() == (CLOSE, b"\x03\xe8bye")
                assert await client.reader.read() == b""
            await until(lambda: not len(venue.sandbox.streams))

    play(scene())


def test_who_does_not_answer_a_close_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_protocol, "CLOSE_S_MAX", 0.02)

    async def scene() -> None:
        async with listening() as venue, venue.bare("fill") as client:
            wire_of(venue).close(1012)
            assert (await client.read_close())[0] == 1012
            assert await client.reader.read() == b""

    play(scene())


def test_an_abort_is_a_reset() -> None:
    async def scene() -> None:
        async with listening() as venue, venue.bare("fill") as client:
            wire_of(venue).abort()
            with pytest.raises(ConnectionResetError):
                await client.reader.read()
            await until(lambda: not len(venue.sandbox.streams))

    play(scene())


async def hears_nothing(client: Bare) -> bool:
    """Read what a client has been sent; return whether it is nothing, during ten heartbeats."""
    try:
        await asyncio.wait_for(client.reader.read(READ_BYTES), 0.05)
    except TimeoutError:
        return True
    return False


def test_a_stalled_stream_says_nothing_at_all_and_stays() -> None:
    async def scene() -> None:
        async with listening(stream=QUICK) as venue, venue.bare("fill") as client:
            wire = wire_of(venue)
            wire.stall()
            client.send(PING, b"are you there")
            client.send(TEXT, subscribe("market_positions", number=2).encode())
            await venue.fill(3)
            [connection] = venue.sandbox.streams
            await until(lambda: "market_positions" in connection.session.channels)
            client.send(CLOSE, b"\x03\xe8")
            assert await hears_nothing(client) or await hears_nothing(client), "a heartbeat may have come before"
            wire.close(1012)
            assert await client.reader.read() == b""

    play(scene())


def test_calls_after_a_while_come_unless_the_stream_has_ended() -> None:
    async def scene() -> None:
        async with listening() as venue, venue.bare() as client:
            wire, came = wire_of(venue), asyncio.Event()
            wire.call_later(1_000, came.set)
            await came.wait()
            came.clear()
            wire.call_later(0, came.set)
            wire.abort()
            with pytest.raises(ConnectionResetError):
                await client.reader.read()
            assert not came.is_set()

    play(scene())


def test_a_listener_that_stops_closes_its_streams() -> None:
    async def scene() -> None:
        async with listening() as venue, venue.client("fill") as client:
            await venue.fill(2)
            stopping = asyncio.create_task(venue.listener.stop())
            assert [json.loads(await client.recv())["type"] for _ in range(2)] == ["fill", "fill"]
            with pytest.raises(ConnectionClosed) as raised:
                await client.recv()
            assert raised.value.rcvd is not None
            assert raised.value.rcvd.code == 1012
            await stopping

    play(scene())


def test_a_listener_that_stops_waits_a_while_only_for_who_does_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_protocol, "CLOSE_S_MAX", 0.02)
    for name in ("STOP_S_MAX", "STUCK_S_MAX"):
        monkeypatch.setattr(listener, name, 10.0 * PATIENCE_S)

    async def scene() -> None:
        async with listening() as venue, venue.bare("fill"):
            while wire_of(venue)._can_write:
                await venue.fill(100)
                await asyncio.sleep(0)
            await venue.listener.stop()

    play(scene())


def test_an_upgrade_under_way_while_it_stops_is_closed_politely(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        async with listening() as venue:
            shake_hands = venue.sandbox.shake_hands

            def stop_meanwhile(request: Any) -> Any:
                for connection in list(venue.listener._state.connections):
                    connection.shutdown()
                return shake_hands(request)

            monkeypatch.setattr(venue.sandbox, "shake_hands", stop_meanwhile)
            async with venue.client() as client:
                with pytest.raises(ConnectionClosed) as raised:
                    await client.recv()
                assert raised.value.rcvd is not None
                assert raised.value.rcvd.code == 1012

    play(scene())


@each_row("how", ["reset", "delete", "stop"])
@each_row("port", [None, 0])
def test_streams_end_with_their_sandbox(how: str, port: int | None, caplog: pytest.LogCaptureFixture) -> None:
    """On a port of its own, and on the main one, which goes on for the others."""

    async def scene() -> None:
        server_state = ServerState(ADDRESS)
        server_state.bind(0)
        plan, date = load_text(SMALL), api_date("2026-10")
        await server_state.open(plan, SandboxOptions(api_date=date))
        sandbox = await server_state.open(plan, SandboxOptions(name="other", api_date=date), port)
        await server_state.listen(lambda *_: asyncio.sleep(0))
        headers = Venue(sandbox, None).headers()  # type: ignore[arg-type]  # signing needs no listener
        async with connect(server_state.ws_url("other"), additional_headers=headers) as client:
            await client.send(subscribe("fill"))
            assert json.loads(await client.recv())["type"] == "subscribed"
            await sandbox.submit(buy())
            ending = {
                "reset": lambda: server_state.reset("other"),
                "delete": lambda: server_state.delete("other"),
                "stop": server_state.stop,
            }
            ends = asyncio.create_task(ending[how]())
            assert json.loads(await client.recv())["type"] == "fill"
            with pytest.raises(ConnectionClosed) as raised:
                await client.recv()
            assert raised.value.rcvd is not None
            assert raised.value.rcvd.code == 1012
            await ends
        if how == "reset":
            async with connect(server_state.ws_url("other"), additional_headers=headers):
                assert len(server_state.sandboxes.get("other").sandbox.streams) == 1
        await server_state.stop()

    with caplog.at_level(logging.WARNING):
        play(scene())
    assert caplog.records == []


def test_a_frame_in_the_middle_when_the_connection_breaks_leaves_nothing() -> None:
    async def scene() -> None:
        async with listening() as venue:
            async with venue.bare("fill") as client:
                client.writer.write(frame(TEXT, subscribe("fill").encode())[:10])
                await client.writer.drain()
            await until(lambda: not len(venue.sandbox.streams))

    play(scene())
