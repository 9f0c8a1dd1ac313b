"""Differences of Kalshi's wire that reports show without a recording, each at the days around its change."""

import json

from mockexchange.venues.kalshi.named_days import api_date
from mockexchange.venues.kalshi.stream.channels import channels_of
from mockexchange.venues.request import Request
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import PREFIX, make

UNKNOWN = ((b"kalshi-access-key", b"nobody"), (b"kalshi-access-signature", b"AAAA"))


@each_row(("day", "status"), [("2026-05-16", 401), ("2026-05-17", 200)])
def test_markets_verify_an_unknown_key_until_the_day_of_the_report(day: str, status: int) -> None:
    asked = Request("GET", f"{PREFIX}/markets", "", UNKNOWN)
    assert make(date=day).answer(asked)[0].status == status


@each_row(("date", "has_code"), [("2026-06", False), ("2026-09-30", False), ("2026-10-01", True)])
def test_an_unknown_status_of_markets_has_a_code_from_the_newest_date_on(date: str, has_code: bool) -> None:
    body = make(date=date).answer(Request("GET", f"{PREFIX}/markets", "status=shoes"))[0].body
    assert (b'"code":"invalid_status_filter"' in body) == has_code


@each_row(("day", "flag"), [("2026-08-26", True), ("2026-08-27", False), ("2026-09-30", False), ("2026-10-01", None)])
def test_events_are_on_no_broker_from_the_day_on_which_the_field_was_deprecated(day: str, flag: bool | None) -> None:
    body = make(date=day).answer(Request("GET", f"{PREFIX}/events"))[0].body
    assert {event.get("available_on_brokers") for event in json.loads(body)["events"]} == {flag}


@each_row(("day", "is_known"), [("2026-07-22", False), ("2026-07-23", True)])
def test_prices_of_pyth_have_a_channel_from_the_day_of_the_changelog_on(day: str, is_known: bool) -> None:
    assert ("pyth_value" in channels_of(api_date(day))) == is_known
