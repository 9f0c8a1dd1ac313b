"""Traffic for the tests of rules, written down instead of sent."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from mockexchange.kit.client.api_documents import ApiDocuments, documents_of
from mockexchange.kit.client.rules import RULES
from mockexchange.kit.client.traffic import Call, Frame, Traffic
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi import KALSHI

PREFIX = KALSHI.prefix
SIGNED = {
    "kalshi-access-key": "k",
    "kalshi-access-timestamp": "1762000000000",
    "kalshi-access-signature": "c2lnbmF0dXJl",
}
DAYS = {"2025-11": "2025-11-03", "2026-06": "2026-06-11", "2026-10": "2026-10-31"}


@cache
def contract(alias: str = "2026-10") -> ApiDocuments:
    return documents_of(KALSHI, DAYS[alias])


def call(
    target: str = "/portfolio/positions",
    status: int = 200,
    *,
    at: float = 0.0,
    method: str = "GET",
    answer: Any = None,
    body: bytes = b"",
    operation: str | None = "GetPositions",
    headers: Mapping[str, str] = SIGNED,
    diagnosis: str | None = None,
    fault: str | None = None,
) -> Call:
    """A request that took 10 ms; `at` is when it came, in seconds."""
    raw = b"" if answer is None else json.dumps(answer).encode()
    return Call(
        at, at + 0.01, method, PREFIX + target, headers, body, status, raw, operation, "k", diagnosis, fault, None
    )


def handshake(at: float, stream: int | None = 1, status: int = 101, diagnosis: str | None = None) -> Call:
    return Call(at, at, "GET", KALSHI.stream_path, SIGNED, b"", status, b"", "OpenStream", "k", diagnosis, None, stream)


def frame(
    content: Any = None,
    *,
    at: float = 0.0,
    stream: int = 1,
    direction: str = "out",
    kind: str = "",
    channel: str = "",
    fault: str | None = None,
) -> Frame:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Frame(at, stream, direction, kind, channel, raw, fault, "")


def said(command: Any, at: float = 0.0, stream: int = 1) -> Frame:
    return frame(command, at=at, stream=stream, direction="in")


def acknowledged(channel: str, sid: int = 1, at: float = 0.0, stream: int = 1) -> Frame:
    content = {"type": "subscribed", "id": 1, "msg": {"channel": channel, "sid": sid}}
    return frame(content, at=at, stream=stream, kind="subscribed", channel=channel)


def ended(raw: bytes, at: float, stream: int = 1, fault: str | None = "cut") -> Frame:
    return frame(raw, at=at, stream=stream, kind="close", fault=fault)


def traffic(
    calls: Sequence[Call] = (), frames: Sequence[Frame] = (), *, connections: int = 0, ended_s: float = 0.0
) -> Traffic:
    return Traffic(calls, frames, connections, 0, ended_s, silence_s=0.7)


def found(rule: str, crossed: Traffic, alias: str = "2026-10") -> list[Finding]:
    """Judge by one rule; NotSeen goes through."""
    findings = list(RULES[rule].judge(crossed, contract(alias)))
    assert all(one.seen and one.expected and one.place and one.where for one in findings)
    return findings


def seen(rule: str, crossed: Traffic, alias: str = "2026-10") -> list[str]:
    return [one.seen for one in found(rule, crossed, alias)]
