"""The order of what a request to execute steps does, and the answer that shows a sandbox."""

import asyncio
from typing import Any

import pytest

from mockexchange.sandbox.ledger.outcome_text import write_outcome
from mockexchange.server.control.sandboxes import sandbox_routes, step_requests
from tests.server.test_due import Inside

FILL = {"account": "alice", "market": "RAIN-1", "side": "yes", "action": "buy", "count": "1", "price": "0.5"}


def test_frames_are_sent_before_the_answer_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    def written(*values: Any, **named: Any) -> str:
        order.append("answer")
        return write_outcome(*values, **named)

    async def fill() -> None:
        inside = Inside()
        await inside.open()
        monkeypatch.setattr(inside.sandbox.streams, "flush", lambda: order.append("frames"))
        status, body = await inside.control("POST", "/commands", [{"fill": FILL}])
        assert status == 200, body

    monkeypatch.setattr(step_requests, "write_outcome", written)
    asyncio.run(fill())
    assert order[:2] == ["frames", "answer"]


def test_a_sandbox_with_many_keys_is_shown_as_one_with_few(monkeypatch: pytest.MonkeyPatch) -> None:
    async def shown() -> tuple[int, bytes]:
        inside = Inside()
        await inside.open(clock="paused")
        return await inside.control("GET", "")

    at_once = asyncio.run(shown())
    monkeypatch.setattr(sandbox_routes, "KEYS_AT_ONCE_MAX", 0)
    assert asyncio.run(shown()) == at_once
    assert b'"private_key_pem":"' in at_once[1]
