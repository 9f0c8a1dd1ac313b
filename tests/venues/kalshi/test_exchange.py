"""Status, schedule and announcements of the exchange at every API date."""

import json

from mockexchange.core.commands import Announce, SwitchExchange
from mockexchange.core.vocabulary import Severity
from mockexchange.venues.request import Answer, Request
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import make
from tests.venues.kalshi import bodies
from tests.venues.kalshi.bodies import DATES
from tests.venues.kalshi.world import MILLISECOND, PREFIX, SECOND, START, Venue, at, refusal, why

NULL = '"exchange_estimated_resume_time":null,'
SHARDS = (
    '"exchange_index_statuses":[{"description":"Default","exchange_active":true,"exchange_index":0,'
    '"intra_exchange_transfers_active":true,"trading_active":true}],"intra_exchange_transfers_active":true,'
)
STATUSES = {
    "2025-11": NULL,
    "2025-12": NULL,
    "2026-02": NULL,
    "2026-04": NULL,
    "2026-06": "",
    "2026-10": SHARDS,
    "compat": SHARDS,
}
SWITCHES = [(True, True), (True, False), (False, True), (False, False)]


def public(date: str, target: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Answer:
    return make(date=date).answer(Request("GET", f"{PREFIX}/{target}", headers=headers))[0]


@each_row("date", DATES)
def test_the_status_as_of_its_date(date: str) -> None:
    answer = Venue().ask("exchange/status", date=date)
    assert answer.body.decode() == f'{{"exchange_active":true,{STATUSES[date]}"trading_active":true}}'
    assert answer.headers == ((b"cache-control", b"public, max-age=1"),)


@each_row(("active", "trading"), SWITCHES)
def test_the_status_tells_what_was_switched(active: bool, trading: bool) -> None:
    venue = Venue()
    before = venue.read("exchange/status")
    venue.do(SwitchExchange(active=active, trading=trading))
    for date in DATES:
        status = venue.read("exchange/status", date=date)
        assert (status["exchange_active"], status["trading_active"]) == (active, trading)
        assert status.get("intra_exchange_transfers_active", active) == active
        for shard in status.get("exchange_index_statuses", []):
            assert (shard["exchange_active"], shard["trading_active"]) == (active, trading)
    venue.do(SwitchExchange())
    assert venue.read("exchange/status") == before


def test_it_tells_when_it_is_back_where_that_is_known() -> None:
    venue = Venue()
    venue.do(SwitchExchange(active=False, trading=False, resume_at=START + 90 * SECOND + 5 * MILLISECOND))
    for date in DATES:
        status = venue.read("exchange/status", date=date)
        assert status["exchange_estimated_resume_time"] == "2026-10-20T12:01:30.005Z"


def test_every_shard_that_has_an_event_has_a_status() -> None:
    venue = Venue()
    assert [one["exchange_index"] for one in venue.read("exchange/status")["exchange_index_statuses"]] == [0]
    venue.list_markets("RAIN-1", exchange_index=3)
    venue.list_markets("HEAT-1", exchange_index=1)
    shards = venue.read("exchange/status")["exchange_index_statuses"]
    assert [(one["exchange_index"], one["description"]) for one in shards] == [
        (0, "Default"),
        (1, "Exchange index 1"),
        (3, "Exchange index 3"),
    ]


@each_row(
    ("day", "has_shards", "has_descriptions"),
    [
        ("2026-07-01", False, False),
        ("2026-07-02", True, False),
        ("2026-08-12", True, False),
        ("2026-08-13", True, True),
    ],
)
def test_shards_came_in_july_and_their_descriptions_in_august(
    day: str, has_shards: bool, has_descriptions: bool
) -> None:
    body = Venue().ask("exchange/status", date=day).body
    assert (b'"exchange_index_statuses":' in body, b'"description":' in body) == (has_shards, has_descriptions)


@each_row("date", DATES)
def test_the_schedule_is_day_and_night(date: str) -> None:
    hours = [{"close_time": "24:00", "open_time": "00:00"}]
    days = ("friday", "monday", "saturday", "sunday", "thursday", "tuesday", "wednesday")
    week = {"end_time": "2030-01-01T00:00:00Z", "start_time": "2025-01-01T00:00:00Z", **dict.fromkeys(days, hours)}
    wanted = {"schedule": {"maintenance_windows": [], "standard_hours": [week]}}
    answer = Venue().ask("exchange/schedule", date=date)
    assert answer.body == json.dumps(wanted, separators=(",", ":"), sort_keys=True).encode()
    assert answer.headers == ()


@each_row("date", DATES)
def test_reads_are_as_of_this_moment(date: str) -> None:
    venue = Venue(at=START + 1)
    now = venue.ask("exchange/user_data_timestamp", date=date).body
    assert now == b'{"as_of_time":"2026-10-20T12:00:00.%06dZ"}' % (venue.at - START)
    venue.at = START + SECOND
    assert venue.ask("exchange/user_data_timestamp", date=date).body == b'{"as_of_time":"2026-10-20T12:00:01Z"}'


# --- announcements


def announced() -> Venue:
    venue = Venue()
    venue.do(Announce(message="first"), at=START + SECOND)
    venue.do(Announce(message='"second"', severity=Severity.ERROR, active=False), at=START + 2 * SECOND)
    venue.do(Announce(message="of long ago", severity=Severity.WARNING, delivered_at=START))
    return venue


WANTED = (
    '{"announcements":['
    '{"delivery_time":"2026-10-20T12:00:02Z","message":"\\"second\\"","status":"inactive","type":"error"},'
    '{"delivery_time":"2026-10-20T12:00:01Z","message":"first","status":"active","type":"info"},'
    '{"delivery_time":"2026-10-20T12:00:00Z","message":"of long ago","status":"active","type":"warning"}]}'
)


@each_row("date", [date for date in DATES if date != "2026-10"])
def test_announcements_newest_first(date: str) -> None:
    assert announced().ask("exchange/announcements", date=date).body.decode() == WANTED
    assert Venue().ask("exchange/announcements", date=date).body == b'{"announcements":[]}'


def test_of_announcements_at_one_instant_the_last_one_is_the_newest() -> None:
    venue = Venue()
    venue.do(*(Announce(message=message) for message in ("first", "second", "third")), at=START + SECOND)
    told = venue.read("exchange/announcements", date="2026-06")["announcements"]
    assert [one["message"] for one in told] == ["third", "second", "first"]


def test_announcements_ended_on_2026_07_04() -> None:
    venue = announced()
    assert venue.ask("exchange/announcements", date="2026-07-03").status == 200
    answer = venue.ask("exchange/announcements", date="2026-07-04")
    assert refusal(answer) == at(bodies.NOT_FOUND)
    assert why(answer).endswith("did not exist at API date 2026-07-04: the venue has it until 2026-07-04")


# --- who may ask

KEY = (b"kalshi-access-key", b"nobody")
SIGNED_BADLY = (KEY, (b"kalshi-access-signature", b"AAAA"), (b"kalshi-access-timestamp", b"1"))


@each_row("headers", [(), (KEY,), SIGNED_BADLY], ids=["no key", "unknown key", "bad signature"])
@each_row("target", ["status", "schedule", "announcements", "user_data_timestamp"])
def test_anybody_may_ask(target: str, headers: tuple[tuple[bytes, bytes], ...]) -> None:
    for date in ("2025-11", "2026-06", "compat"):
        answer = public(date, f"exchange/{target}", headers)
        assert (answer.status, answer.account, answer.findings) == (200, None, [])
