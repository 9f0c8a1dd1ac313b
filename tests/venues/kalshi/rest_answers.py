"""Signed requests to a sandbox, and the rows, refusals and diagnoses in their answers."""

import json
from typing import Any

import pytest

from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.venues.request import Answer
from tests.helpers.sandboxes import POSITIONS, make, signed
from tests.venues.kalshi.bodies import Body


def ask(sandbox: Sandbox, target: str = POSITIONS, who: str = "alice/main", **changes: Any) -> Answer:
    return sandbox.answer(signed(sandbox, target, who, **changes))[0]


def read(answer: Answer) -> dict[str, Any]:
    assert answer.status == 200, answer
    body: dict[str, Any] = json.loads(answer.body)
    return body


def tickers(answer: Answer) -> list[str]:
    return [row["ticker"] for row in read(answer)["market_positions"]]


def refusal(answer: Answer) -> tuple[int, bytes]:
    return answer.status, answer.body


def at(body: Body, date: str = "2026-10") -> tuple[int, bytes]:
    return body.status, body.at(date)


def why(answer: Answer) -> str:
    """The diagnosis, found out now if that takes work."""
    if answer.diagnose is not None:
        return answer.diagnose(lambda: None)
    assert answer.diagnosis is not None
    return answer.diagnosis


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return make()
