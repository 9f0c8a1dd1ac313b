"""Bodies of the errors that faults answer with."""

import json

from mockexchange.venues.dated_fields import pick
from mockexchange.venues.kalshi.fault_bodies import OUTAGES, outage_body
from mockexchange.venues.kalshi.named_days import SOURCES, api_date
from tests.helpers.rows import each_row


@each_row(
    ("status", "shape", "date", "body"),
    [
        (429, None, "2026-10", '{"error":"too many requests"}'),
        (429, None, "2025-11", '{"error":"too many requests"}'),
        (429, "nested", "2026-10", '{"error":{"code":"too_many_requests","message":"too many requests"}}'),
        (
            503,
            None,
            "2026-06",
            '{"error":{"code":"service_unavailable","message":"service_unavailable","service":"exchange"}}',
        ),
        (503, None, "2026-10", '{"error":{"code":"service_unavailable","message":"service_unavailable"}}'),
        (503, "flat", "2026-06", '{"code":"service_unavailable","message":"service_unavailable"}'),
        (503, "msg", "2026-06", '{"msg":"service_unavailable"}'),
        (503, "text", "2026-06", '{"error":"service_unavailable"}'),
        (404, None, "2025-11", '{"error":{"code":"not_found","message":"not found","service":"query-exchange"}}'),
        (404, None, "2026-10", '{"error":{"code":"not_found","message":"not found"}}'),
        (403, None, "2026-10", '{"error":{"code":"permission_denied","message":"permission denied"}}'),
        (418, None, "2026-10", '{"error":{"code":"i_m_a_teapot","message":"i\'m a teapot"}}'),
        (504, None, "2026-10", '{"error":{"code":"gateway_timeout","message":"gateway timeout"}}'),
        (520, None, "2026-10", '{"error":{"code":"status_520","message":"status 520"}}'),
        (400, None, "compat", '{"error":{"code":"bad_request","message":"bad request"},"code":"bad_request",'),
        (429, "text", "compat", '{"error":"too many requests"}'),
    ],
)
def test_bodies(status: int, shape: str | None, date: str, body: str) -> None:
    told = outage_body(status, shape, api_date(date)).decode()
    assert told.startswith(body)
    assert told == body or date == "compat"
    json.loads(told)


def test_every_status_has_a_body_at_every_date() -> None:
    for date in ("2025-11", "2026-02", "2026-06", "2026-10", "compat"):
        for status in range(400, 600):
            for shape in (None, "nested", "flat", "msg", "text"):
                assert json.loads(outage_body(status, shape, api_date(date)))


def test_every_row_names_its_source_and_none_overlaps() -> None:
    assert {row.source for row in OUTAGES} <= set(SOURCES)
    for date in ("2025-11", "2026-02", "2026-06", "2026-10"):
        day = api_date(date)
        holding = [row.name for row in OUTAGES if day.holds(row.since, row.until)]
        assert len(holding) == len(set(holding)) == len(pick(OUTAGES, day))
