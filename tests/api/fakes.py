"""What crossed the wire without a wire: records made by hand, and a control API that answers from a script."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from mockexchange.api.errors import TimedOut
from mockexchange.api.transport.connection import PATIENCE_S, Query
from mockexchange.api.values.records import Frame, Request

NOON = datetime(2026, 6, 11, 12, tzinfo=UTC)


def a_request(number: int = 1, **values: Any) -> Request:
    """A signed request of alice that went well, but for what is given."""
    given: dict[str, Any] = {
        "method": "GET",
        "target": "/trade-api/v2/portfolio/positions?limit=10",
        "status": 200,
        "operation": "GetPositions",
        "account": "alice",
        **values,
    }
    return Request(number=number, at=NOON, host_at=NOON, position=0, **given)


def a_frame(number: int = 1, raw: bytes = b"{}", direction: str = "out", **values: Any) -> Frame:
    """A frame to alice, but for what is given."""
    given: dict[str, Any] = {"connection": 1, "account": "alice", "kind": "fill", "channel": "fill", **values}
    return Frame(number=number, at=NOON, host_at=NOON, position=0, direction=direction, raw=raw, **given)


def request_row(number: int = 1, **values: Any) -> dict[str, Any]:
    """A request as the control API tells it."""
    given: dict[str, Any] = {
        "number": number,
        "position": 0,
        "method": "GET",
        "target": "/trade-api/v2/portfolio/positions?limit=10",
        "status": 200,
        "operation": "GetPositions",
        "account": "alice",
        "key_id": "key-1",
        "latency_us": 250,
        "diagnosis": None,
        "findings": [],
        "fault": None,
        "connection": None,
        "at_us": 1_781_179_200_000_000,
        "host_at_us": 1_781_179_200_000_001,
        "headers": [["Host", "localhost"]],
        "body": "",
        "answer": "{}",
    }
    return {**given, **values}


class Script:
    """Answers as a control API does; each wait for something ends with the next of `arrivals`, or times out."""

    def __init__(self, rows: list[dict[str, Any]], *arrivals: list[dict[str, Any]]) -> None:
        self.rows = rows
        self.asked: list[tuple[str, str, Any]] = []
        self._arrivals = list(arrivals)
        self.on_wait: Callable[[], object] = lambda: None

    @property
    def waits(self) -> list[Any]:
        """What was waited for."""
        return [body["for"] for _, path, body in self.asked if path.endswith("/wait")]

    def __call__(
        self, method: str, path: str, body: Any = None, query: Query | None = None, patience_s: float = PATIENCE_S
    ) -> Any:
        self.asked.append((method, path, body))
        if path.endswith("/wait"):
            self.on_wait()
            if not self._arrivals:
                raise TimedOut("nothing came")
            self.rows = [*self.rows, *self._arrivals.pop(0)]
            return {"found": []}
        if path.endswith("/journal"):
            return self.rows
        return {"accounts": [{"name": "alice"}, {"name": "bob"}], "api_date": "latest"}
