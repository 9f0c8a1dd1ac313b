"""The order of what a request to execute steps does, and the answer that shows a sandbox."""

import asyncio
import json
from typing import Any

import pytest

from mockexchange.sandbox.ledger import events
from mockexchange.server.control import json_text
from mockexchange.server.control.json_text import encode
from mockexchange.server.control.sandboxes import sandbox_routes
from tests.server.test_due import Inside

FILL = {"account": "alice", "market": "RAIN-1", "side": "yes", "action": "buy", "count": "1", "price": "0.5"}


def test_frames_are_sent_before_the_answer_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    outcome_of = events.outcome_of

    def written(*values: Any) -> dict[str, Any]:
        order.append("answer")
        return outcome_of(*values)

    async def fill() -> None:
        inside = Inside()
        await inside.open()
        monkeypatch.setattr(inside.sandbox.streams, "flush", lambda: order.append("frames"))
        status, body = await inside.control("POST", "/commands", [{"fill": FILL}])
        assert status == 200, body

    monkeypatch.setattr(events, "outcome_of", written)
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


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    text = 'a "quoted" \\ name, a tab\t, a control \x01, a euro € and half a pair '
    assert (
        encode({"name": text + "\ud83d", "count": 2})
        == json.dumps({"name": text + "?", "count": 2}, ensure_ascii=False, separators=(",", ":")).encode()
    )


def test_the_answer_to_one_step_is_whole_though_the_process_was_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    async def filled() -> tuple[int, bytes]:
        inside = Inside()
        await inside.open(clock="paused")
        return await inside.control("POST", "/commands", [{"fill": FILL}])

    at_once = asyncio.run(filled())
    monkeypatch.setattr(json_text, "SLICE_S", -1.0)
    assert asyncio.run(filled()) == at_once
