"""Every fault of a stream as a client on a socket sees it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from mockexchange.scenario.fault_rules import FAULTS
from mockexchange.scenario.located_text import read_yaml
from tests.helpers.rows import each_row
from tests.server.streaming import TEXT, ClientConnection, Venue, connect, listening, play, subscribe, trust, until

pytestmark = pytest.mark.usefixtures("every_wire")

BEFORE = 10
"""What alice holds of the market before the first fill of a test, each of which buys one more."""


async def install(venue: Venue, text: str) -> None:
    for rule in FAULTS.read(read_yaml(f"[{text}]", "faults.yaml"), ""):
        await venue.sandbox.faults.install(rule)


@asynccontextmanager
async def disturbed(text: str, *channels: str, **options: Any) -> AsyncIterator[tuple[Venue, ClientConnection]]:
    """A venue with these faults, and a client that is subscribed there."""
    async with listening(**options) as venue, venue.client(*(channels or ("fill",))) as client:
        await install(venue, text)
        yield venue, client


async def read(client: ClientConnection) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(await client.recv())
    return told


async def bought(client: ClientConnection, count: int) -> list[int]:
    """The fills that the next frames tell, the first that was made being 1."""
    frames = [await read(client) for _ in range(count)]
    assert {frame["type"] for frame in frames} == {"fill"}
    return [round(float(frame["msg"]["post_position_fp"])) - BEFORE for frame in frames]


async def drain(client: ClientConnection) -> None:
    while True:
        await client.recv()


def lost(venue: Venue) -> list[tuple[str, str, str | None]]:
    frames = venue.sandbox.journal.frames
    return [(frame.kind, frame.channel, frame.fault) for frame in frames if frame.direction == "lost"]


@each_row(
    ("rule", "seen"),
    [
        ("{match: {nth: 2}, then: {gap}}", [1, 3, 4]),
        ("{match: {every: 2}, then: {gap}}", [1, 3]),
        ("{match: {every: 2}, times: 1, then: {gap}}", [1, 3, 4]),
        ("{match: {nth: 2}, then: {duplicate}}", [1, 2, 2, 3, 4]),
        ("{match: {nth: 2}, then: {reorder}}", [1, 3, 2, 4]),
        ("{then: {reorder}}", [2, 1, 4, 3]),
        ("{match: {nth: 3}, then: {silent_channel}}", [1, 2]),
        ("{match: {account: bob}, then: {gap}}", [1, 2, 3, 4]),
        ("{match: {channel: ticker}, then: {gap}}", [1, 2, 3, 4]),
        ("{match: {channel: fill, account: alice, nth: 1}, then: {gap}}", [2, 3, 4]),
        ("{match: {nth: 1}, then: {reorder}}, {match: {nth: 1}, then: {duplicate}}", [2, 1, 3, 4]),
        ("{match: {nth: 1}, then: {duplicate}}, {match: {nth: 2}, then: {gap}}", [1, 1, 3, 4]),
    ],
)
def test_frames_come_as_the_rule_has_them(rule: str, seen: list[int]) -> None:
    async def scene() -> None:
        async with disturbed(rule) as (venue, client):
            await venue.fill(4)
            assert await bought(client, len(seen)) == seen
            await venue.sandbox.faults.clear()
            await venue.fill()
            assert (await bought(client, 1))[-1] == 5

    play(scene())


def test_a_lost_frame_uses_its_number_up() -> None:
    async def scene() -> None:
        async with disturbed("{match: {nth: 2}, then: {gap}}", "trade") as (venue, client):
            await venue.fill(3)
            assert [(await read(client))["seq"] for _ in range(2)] == [1, 3]
            assert lost(venue) == [("trade", "trade", "fault-1")]

    play(scene())


def test_a_duplicate_is_the_same_to_the_byte_and_journalled_as_the_faults_own() -> None:
    async def scene() -> None:
        async with disturbed("{name: twice, then: {duplicate}}") as (venue, client):
            await venue.fill()
            first, second = await client.recv(), await client.recv()
            assert first == second
            out = [frame.fault for frame in venue.sandbox.journal.frames if frame.kind == "fill"]
            assert out == [None, "twice"]
            [firing] = venue.sandbox.journal.firings
            assert (firing.kind, firing.name) == ("fault", "twice")
            assert firing.detail == {"connection": 1, "channel": "fill", "then": "duplicate"}

    play(scene())


@each_row(("date", "code", "told"), [("2026-10", 25, 25), ("2026-10", 10, 10), ("2025-11", 25, 10)])
def test_a_terminal_error_ends_the_subscription_once(date: str, code: int, told: int) -> None:
    async def scene() -> None:
        rule = f"{{match: {{channel: fill, nth: 2}}, then: {{terminal: {code}}}}}"
        async with disturbed(rule, "fill", "market_positions", date=date) as (venue, client):
            await venue.fill(3)
            kinds = [(frame["type"], frame["msg"].get("code")) for frame in [await read(client) for _ in range(5)]]
            positions = ("market_position", None)
            assert kinds == [("fill", None), positions, ("error", told), positions, positions]
            await client.send(subscribe("fill", number=7))
            assert (await read(client))["msg"]["sid"] == 3
            await venue.fill()
            assert (await read(client))["type"] == "fill"

    play(scene())


def test_a_close_comes_after_its_frame() -> None:
    async def scene() -> None:
        async with disturbed("{name: done, match: {nth: 2}, then: {close: 4000}}") as (venue, client):
            await venue.fill(3)
            assert await bought(client, 2) == [1, 2]
            with pytest.raises(ConnectionClosedError) as closed:
                await client.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4000
            [end] = [frame for frame in venue.sandbox.journal.frames if frame.kind == "close"]
            assert (end.raw, end.direction) == (b"4000", "out")
            assert len(venue.sandbox.streams) == 0

    play(scene())


def test_a_close_at_a_frame_counts_on_each_connection() -> None:
    async def scene() -> None:
        async with listening() as venue:
            await install(venue, "{match: {channel: fill}, then: {close: 1001, at_frame: 2}}")
            for first in (1, 3):
                async with venue.client("fill") as client:
                    await venue.fill(2)
                    assert await bought(client, 2) == [first, first + 1]
                    with pytest.raises(Exception, match="1001"):
                        await client.recv()

    play(scene())


def test_an_abort_comes_without_a_close_frame() -> None:
    async def scene() -> None:
        async with disturbed("{match: {nth: 1}, then: {abort}}") as (venue, client):
            await venue.fill()
            with pytest.raises(ConnectionClosedError) as cut:
                await drain(client)
            assert cut.value.rcvd is None
            [end] = [frame for frame in venue.sandbox.journal.frames if frame.kind == "close"]
            assert end.raw == b"1006"

    play(scene())


def test_a_stalled_stream_says_nothing_any_more() -> None:
    async def scene() -> None:
        async with listening(stream="{heartbeat: 1ms, pong: 10m}") as venue, venue.bare("fill") as client:
            await install(venue, "{name: asleep, match: {nth: 2}, then: {stall}}")
            await venue.fill(2)
            venue.sandbox.streams.flush()
            fills = 0
            while fills < 2:
                kind, content = await client.read()
                fills += kind == TEXT and b'"fill"' in content
            client.send(TEXT, subscribe("trade", number=9).encode())
            await until(lambda: any(b'"trade"' in frame.raw for frame in venue.sandbox.journal.frames))
            await venue.fill()
            unsent = [("subscribed", "trade"), ("fill", "fill"), ("trade", "trade")]
            assert lost(venue) == [(kind, channel, "asleep") for kind, channel in unsent]
            assert len(venue.sandbox.streams) == 1
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.read(), 0.05)  # many heartbeats later

    play(scene())


def test_data_overtakes_a_late_acknowledgement() -> None:
    async def scene() -> None:
        async with listening() as venue, venue.client() as client:
            await install(venue, "{name: late, match: {channel: fill}, then: {late_ack: 300ms}}")
            await client.send(subscribe("fill", "market_positions"))
            assert (await read(client))["msg"]["channel"] == "market_positions"
            await venue.fill()
            venue.sandbox.streams.flush()
            assert [(await read(client))["type"] for _ in range(3)] == ["fill", "market_position", "subscribed"]
            faults = {
                frame.channel: frame.fault for frame in venue.sandbox.journal.frames if frame.kind == "subscribed"
            }
            assert faults == {"fill": "late", "market_positions": None}

    play(scene())


def test_a_late_answer_to_who_has_gone_is_no_trouble() -> None:
    async def scene() -> None:
        async with listening() as venue:
            await install(venue, "{then: {late_ack: 20ms}}")
            async with venue.client() as client:
                await client.send(subscribe("fill"))
                await until(lambda: venue.sandbox.journal.firings)
            await until(lambda: len(venue.sandbox.streams) == 0)
            found = [frame for frame in venue.sandbox.journal.frames if frame.kind == "subscribed"]
            assert [(frame.direction, frame.fault) for frame in found] == [("lost", "fault-1")]

    play(scene())


def test_a_literal_frame_follows_with_the_subscriptions_numbers() -> None:
    literal = '{type: novelty, sid: "$sid", seq: "$seq", msg: {amount: "1.00", count: 3, none: null, is_so: true}}'

    async def scene() -> None:
        rule = f"{{match: {{channel: trade, nth: 1}}, then: {{frame: {literal}}}}}"
        async with disturbed(rule, "fill", "trade") as (venue, client):
            await venue.fill(2)
            frames = [await client.recv() for _ in range(5)]
            [told] = [frame for frame in frames if "novelty" in str(frame)]
            assert told == (
                '{"type":"novelty","sid":2,"seq":2,"msg":{"amount":"1.00","count":3,"none":null,"is_so":true}}\n'
            )
            assert [json.loads(frame)["seq"] for frame in frames if "seq" in json.loads(frame)] == [1, 2, 3]

    play(scene())


def test_a_literal_frame_can_be_any_text() -> None:
    async def scene() -> None:
        async with disturbed("{match: {nth: 1}, then: {frame: 'no JSON at all {'}}") as (venue, client):
            await venue.fill()
            await client.recv()
            assert await client.recv() == "no JSON at all {\n"

    play(scene())


@pytest.mark.parametrize("status", [200, 302, 401, 403, 429, 502, 503, 520])
@pytest.mark.since("websockets", "13", "its client for asyncio shows no answer to a handshake")
def test_a_refused_handshake_has_the_status_and_a_body(status: int) -> None:
    async def scene() -> None:
        async with listening() as venue:
            await install(venue, f"{{name: shut, match: {{nth: 1}}, then: {{refuse: {status}}}}}")
            with pytest.raises(InvalidStatus) as refused:
                async with connect(venue.url, additional_headers=venue.headers(), ssl=trust()):
                    pass
            response = refused.value.response
            assert response.status_code == status
            assert "error" in json.loads(response.body or b"")
            [entry] = venue.sandbox.journal.expect(status=status)
            assert (entry.operation, entry.account, entry.fault) == ("OpenStream", "alice", "shut")
            async with venue.client("fill"):
                pass

    play(scene())


@pytest.mark.since("websockets", "13", "its client for asyncio shows no answer to a handshake")
def test_another_host_time_refuses_a_handshake() -> None:
    async def scene() -> None:
        async with listening() as venue:
            await install(venue, "{match: {operation: OpenStream}, then: {clock_offset: 5m}}")
            with pytest.raises(InvalidStatus, match="401"):
                async with connect(venue.url, additional_headers=venue.headers(), ssl=trust()):
                    pass
            [entry] = venue.sandbox.journal.expect(status=401)
            assert entry.fault == "fault-1"
            assert entry.diagnosis is not None
            assert "behind" in entry.diagnosis

    play(scene())


def test_only_the_account_meant_is_disturbed() -> None:
    async def scene() -> None:
        async with listening() as venue, venue.client("fill") as alice, venue.client("fill", who="bob/main") as bob:
            await install(venue, "{match: {account: bob}, then: {gap}}")
            await venue.fill(1, "bob")
            await venue.fill(1)
            assert await bought(alice, 1) == [1]
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(bob.recv(), 0.01)

    play(scene())


def test_who_is_disconnected_can_come_again_at_once() -> None:
    async def scene() -> None:
        async with listening() as venue:
            await install(venue, "{match: {every: 1}, times: 3, then: {close: 1012}}")
            for number in range(1, 5):
                async with venue.client("fill") as client:
                    await venue.fill()
                    assert await bought(client, 1) == [number]
            assert [one.fired for one in venue.sandbox.faults] == [3]

    play(scene())
