"""Streams without an account: their unread frames are bounded together."""

import pytest

from mockexchange.sandbox import streams
from mockexchange.sandbox.streams import Outbox, OutboxTotal
from mockexchange.venues.request import Request
from tests.faults.stream_calls import log_in
from tests.helpers.derivatives import WORLD, Socket
from tests.helpers.sandboxes import make

OPENING = Request("GET", "/ws/api/v2")


def test_outboxes_count_in_their_total_until_they_leave_it() -> None:
    total = OutboxTotal()
    first, second = Outbox(total=total), Outbox(total=total)
    first.force(b"abc")
    second.force(b"de")
    assert total.size_bytes == 5
    assert second.pop_frames(9) == [b"de"]
    first.clear()
    assert total.size_bytes == 0
    first.force(b"abc")
    first.leave_total()
    first.force(b"abc")
    first.leave_total()
    assert (total.size_bytes, first.size_bytes) == (0, 6)


def test_the_stream_with_most_unread_frames_is_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "KEYLESS_BYTES_MAX", 2_000)
    sandbox = make(WORLD)
    idle, hostile = Socket(sandbox, OPENING), Socket(sandbox, OPENING)
    idle.connection.receive(b'{"id": 1, "method": "public/test"}')
    for number in range(40):
        hostile.connection.receive(b'{"id": %d, "method": "public/test"}' % number)
    assert (hostile.ended, idle.ended) == ("reset", "")
    assert sandbox.streams.keyless.size_bytes <= 2_000
    assert idle.told[0]["result"]["version"]
    assert list(sandbox.journal.frames)[-1].note.startswith("the unread frames of all streams without an account")


def test_a_stream_with_an_account_has_a_bound_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "KEYLESS_BYTES_MAX", 2_000)
    sandbox = make(WORLD)
    socket = Socket(sandbox, OPENING)
    log_in(socket)
    for number in range(40):
        socket.connection.receive(b'{"id": %d, "method": "public/test"}' % number)
    assert (socket.ended, sandbox.streams.keyless.size_bytes) == ("", 0)
    assert len(socket.told) > 40
