"""What of the traffic is suspicious, case by case."""

from typing import Any

from mockexchange.api.values.journal_checks import describe_anomalies, find_anomalies
from mockexchange.api.values.records import Frame, Request
from mockexchange.server.control.streams import NOTE
from tests.api.fakes import a_frame, a_request
from tests.helpers.rows import each_row

# a request                                                                            what is said of it
REQUESTS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    ({"status": 101, "connection": 1}, []),
    ({"status": 302}, []),
    ({"status": 0}, ["no answer"]),
    ({"status": 0, "fault": "outage", "diagnosis": "the fault outage closed the connection: no answer"}, []),
    ({"status": 400}, ["status 400"]),
    ({"status": 404, "operation": None}, ["no such route"]),
    ({"status": 401, "diagnosis": "alice: sign the path"}, ["refused"]),
    ({"status": 403, "diagnosis": "alice: the key has no scope for it"}, ["refused"]),
    ({"status": 403}, ["status 403"]),
    ({"status": 500}, ["status 500"]),
    ({"status": 503, "fault": "outage", "diagnosis": "the fault outage answered 503: the exchange was not asked"}, []),
    ({"status": 503, "fault": "outage"}, []),
    ({"status": 401, "fault": "slow", "diagnosis": "alice: sign the path"}, ["refused"]),
    ({"status": 401, "fault": "slow", "diagnosis": "the fault slower answered 401"}, ["refused"]),
    ({"status": 404, "stub": "nothing"}, []),
    ({"status": 401, "stub": "milestones", "diagnosis": "alice: sign the path"}, ["refused"]),
    ({"findings": ("odd", "odder")}, ["finding", "finding"]),
    ({"status": 400, "findings": ("odd",)}, ["status 400", "finding"]),
    ({"findings": ("the fault x found nothing to edit in this answer",), "fault": "x"}, ["finding"]),
    ({"status": 503, "fault": "e, f", "diagnosis": "the fault f answered 503: the exchange was not asked"}, []),
]


@each_row(("values", "said"), REQUESTS, ids=str)
def test_of_a_request_this_is_said(values: dict[str, Any], said: list[str]) -> None:
    assert [one.what for one in find_anomalies([a_request(**values)], [])] == said


# a frame                                                                     what is said of it
FRAMES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    ({"direction": "in", "kind": "", "channel": ""}, []),
    ({"kind": "open", "raw": b"", "direction": "in"}, []),
    ({"direction": "lost", "fault": "gap"}, []),
    ({"direction": "lost", "fault": "overflow"}, ["frame lost"]),
    ({"direction": "lost"}, ["frame lost"]),
    ({"kind": "error", "note": "no such channel"}, ["stream error"]),
    ({"kind": "error"}, ["stream error"]),
    ({"kind": "error", "fault": "terminal"}, []),
    ({"kind": "error", "fault": "overflow"}, ["stream error"]),
    ({"kind": "error", "channel": "", "fault": "f", "note": "the fault f answered 503: nobody"}, []),
    ({"kind": "error", "channel": "", "fault": "e, f", "note": "the fault f answered 503: nobody"}, []),
    ({"kind": "error", "channel": "", "fault": "f", "note": "no such token"}, ["stream error"]),
    ({"kind": "error", "channel": "", "fault": "f"}, []),
    ({"kind": "error", "fault": "terminal", "note": "the stream was ended"}, []),
    ({"kind": "error", "channel": "", "stub": "s"}, []),
    ({"kind": "error", "channel": "", "stub": "s", "note": "nobody has logged in"}, ["stream error"]),
    ({"kind": "result", "channel": "", "fault": "f", "note": "found nothing to edit"}, []),
    ({"direction": "lost", "channel": "", "fault": "f", "note": "the fault f closed the connection: no answer"}, []),
    ({"kind": "close", "raw": b"1000"}, []),
    ({"kind": "close", "raw": b"1012"}, []),
    ({"kind": "close", "raw": b"1006", "direction": "in"}, []),
    ({"kind": "close", "raw": b"1011 no pong"}, ["stream cut"]),
    ({"kind": "close", "raw": b"1006", "fault": "abort"}, []),
    ({"kind": "close", "raw": b"1006", "note": NOTE}, []),
    ({"kind": "literal", "fault": "literal", "note": NOTE}, []),
    ({"kind": "subscribed", "note": "market X is unknown: ignored"}, ["finding"]),
]


@each_row(("values", "said"), FRAMES, ids=str)
def test_of_a_frame_this_is_said(values: dict[str, Any], said: list[str]) -> None:
    assert [one.what for one in find_anomalies([], [a_frame(**values)])] == said


# a request of an operation that is gone                                  what is said of it
GONE: list[tuple[dict[str, Any], list[str]]] = [
    ({"stub": "orders", "status": 201}, ["operation gone"]),
    ({"stub": "orders", "status": 404}, ["operation gone"]),
    ({"fault": "outage", "status": 503}, ["operation gone"]),
    ({"status": 410, "diagnosis": "it is retired"}, ["status 410"]),
    ({"stub": "orders", "status": 401, "diagnosis": "alice: sign the path"}, ["refused"]),
    ({"stub": "orders", "findings": ("odd",)}, ["operation gone", "finding"]),
]


@each_row(("values", "said"), GONE, ids=str)
def test_of_what_is_gone_this_is_said(values: dict[str, Any], said: list[str]) -> None:
    found = find_anomalies([a_request(**values)], [], find_retirement=lambda request: f"gone: {request.operation}")
    assert [one.what for one in found] == said
    assert find_anomalies([a_request(**values)], [], ["GetPositions"], lambda request: "gone") == []


def test_each_says_why() -> None:
    requests = [a_request(status=401, account=None, diagnosis="alice: sign the path")]
    frames = [a_frame(2, b'{"type":"error"}\n', kind="error"), a_frame(3, kind="error", note="no such channel")]
    assert describe_anomalies(find_anomalies(requests, frames)).splitlines() == [
        "the journal has 3 things that are not clean:",
        "  refused: #1 GET /trade-api/v2/portfolio/positions?limit=10 -> 401",
        "    alice: sign the path",
        "  stream error: frame 2 to alice error",
        '    {"type":"error"}',
        "  stream error: frame 3 to alice error",
        "    no such channel",
    ]


def test_a_report_is_bounded() -> None:
    lines = describe_anomalies(
        find_anomalies([a_request(n, status=500, target="/" + "x" * 500) for n in range(80)], [])
    ).splitlines()
    assert lines[0] == "the journal has 80 things that are not clean:"
    assert lines[-1] == "  and 30 more"
    assert len(lines) == 52
    assert max(map(len, lines)) < 300


@each_row("allow", [[404], ["GetPositions"], [500, 404]])
def test_what_is_allowed_is_not_said(allow: list[int | str]) -> None:
    requests: list[Request] = [a_request(status=404, findings=("odd",))]
    frames: list[Frame] = []
    assert find_anomalies(requests, frames, allow) == []
