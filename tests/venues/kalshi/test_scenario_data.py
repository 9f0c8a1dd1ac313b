"""Reads that answer with objects of the scenario: filters, pages, unknown names, and the empty default."""

import json
from functools import cache
from typing import Any
from urllib.parse import urlencode

from contracts.suites.world import World, open_world
from mockexchange.venues.kalshi.resources import OPERATIONS, READS
from mockexchange.venues.kalshi.resources.call import PublicOperation
from mockexchange.venues.request import Answer, Request
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import make, send

PREFIX = "/trade-api/v2"
MILESTONE = "7c2d4b1a-3e5f-4a6b-9c8d-1e2f3a4b5c6d"
EVENT, MARKET = "KXRAINNYC-25NOV05", "KXRAINNYC-25NOV05-T1"
TODAY: dict[str, Any] = {"start_ts": 1762128000, "end_ts": 1762300800}
EMPTY = "scenario: empty\nstart: 2025-11-04T12:00:00Z\nseries: {}\n"


@cache
def world(date: str) -> World:
    return open_world(date)


def ask(path: str, date: str = "2026-10", who: str = "", **query: Any) -> Answer:
    target = f"{PREFIX}/{path}"
    headers = world(date).signers[who, "main"].headers("GET", target) if who else {}
    raw = tuple((name.lower().encode(), value.encode()) for name, value in headers.items())
    return world(date).sandbox.answer(Request("GET", target, urlencode(query, doseq=True), raw))[0]


def read(path: str, date: str = "2026-10", who: str = "", **query: Any) -> Any:
    answer = ask(path, date, who, **query)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def ids(path: str, key: str, who: str = "", **query: Any) -> list[str]:
    """Return the ids of the rows in an answer."""
    return [row["id"] for row in read(path, who=who, **query)[key]]


@each_row(
    ("query", "wanted"),
    [
        ({}, [MILESTONE, "m2", "m3"]),
        ({"category": "Sports"}, [MILESTONE, "m3"]),
        ({"type": "political_race"}, ["m2"]),
        ({"source_id": "source-1"}, [MILESTONE]),
        ({"competition": "NBA"}, [MILESTONE]),
        ({"related_event_ticker": EVENT}, [MILESTONE]),
        ({"minimum_start_date": "2025-11-05T00:00:00Z"}, [MILESTONE, "m3"]),
        ({"min_updated_ts": 1762128000}, [MILESTONE, "m2"]),
        ({"category": "Sports", "type": "political_race"}, []),
    ],
)
def test_milestones_are_filtered(query: dict[str, Any], wanted: list[str]) -> None:
    assert ids("milestones", "milestones", limit=500, **query) == wanted


@each_row(
    ("path", "key", "cursor", "limit", "who"),
    [
        ("milestones", "milestones", "cursor", "limit", ""),
        ("structured_targets", "structured_targets", "cursor", "page_size", ""),
        ("incentive_programs", "incentive_programs", "next_cursor", "limit", ""),
        ("events/fee_changes", "event_fee_changes", "cursor", "limit", ""),
        ("communications/rfqs", "rfqs", "cursor", "limit", "member"),
        ("communications/quotes", "quotes", "cursor", "limit", "member"),
    ],
)
@each_row("size", [1, 2, 7])
def test_pages_of_every_size_make_the_whole_list(
    path: str, key: str, cursor: str, limit: str, who: str, size: int
) -> None:
    whole, walked, after = ids(path, key, who, **{limit: 100}), list[str](), ""
    while True:
        page = read(path, "2026-10", who, **{limit: size, "cursor": after})
        walked += [row["id"] for row in page[key]]
        after = page[cursor]
        if not after:
            break
        assert len(page[key]) == size
    assert walked == whole
    assert len(whole) >= 2


@each_row(
    ("query", "wanted"),
    [
        ({"ids": [MILESTONE, "t3", "unknown"]}, [MILESTONE, "t3"]),
        ({"type": "basketball_player"}, ["t2", "t3"]),
        ({"competition": "NBA"}, [MILESTONE]),
    ],
)
def test_structured_targets_are_filtered(query: dict[str, Any], wanted: list[str]) -> None:
    assert ids("structured_targets", "structured_targets", **query) == wanted


@each_row(
    ("query", "wanted"),
    [
        ({"status": "all"}, ["i1", "i2", "i3"]),
        ({"status": "active"}, ["i1"]),
        ({"status": "upcoming"}, ["i3"]),
        ({"status": "paid_out"}, ["i2"]),
        ({"status": "closed"}, []),
        ({"type": "liquidity"}, ["i2", "i3"]),
        ({"incentive_description": "Volume rewards"}, ["i1"]),
    ],
)
def test_incentive_programs_are_filtered(query: dict[str, Any], wanted: list[str]) -> None:
    assert ids("incentive_programs", "incentive_programs", **query) == wanted


def test_past_fee_changes_are_listed_if_requested() -> None:
    assert ids("series/fee_changes", "series_fee_change_arr") == ["f1"]
    assert ids("series/fee_changes", "series_fee_change_arr", show_historical="true") == ["f1", "f2"]
    assert ids("series/fee_changes", "series_fee_change_arr", series_ticker="KXRAINNYC") == []
    assert ids("events/fee_changes", "event_fee_changes", event_ticker="KXNONE") == []


def test_collections_are_filtered_by_their_days_and_events() -> None:
    def found(**query: Any) -> list[str]:
        rows = read("multivariate_event_collections", **query)["multivariate_contracts"]
        return [row["collection_ticker"] for row in rows]

    assert found() == ["KXCOMBO-R", "KXLATER-R"]
    assert found(status="open") == found(associated_event_ticker=EVENT) == found(series_ticker="KXCOMBO")
    assert found(status="unopened") == ["KXLATER-R"]
    assert found(status="closed") == []


def test_look_ups_are_those_of_the_last_seconds() -> None:
    path = "multivariate_event_collections/{}/lookup"
    assert len(read(path.format("KXCOMBO-R"), "2025-11", lookback_seconds=3600)["lookup_points"]) == 1
    assert read(path.format("KXLATER-R"), "2025-11", lookback_seconds=3600)["lookup_points"] == []
    assert ask(path.format("KXNONE"), "2025-11", lookback_seconds=3600).status == 404
    refused = ask(path.format("KXCOMBO-R"), "2026-02", lookback_seconds=11)
    assert refused.status == 400
    assert b"'oneof' tag" in refused.body


def test_events_of_collections_are_listed_apart_from_the_others() -> None:
    rows = read("events/multivariate", with_nested_markets="true")["events"]
    assert [row["event_ticker"] for row in rows] == ["KXHIGHCHI-25NOV05"]
    assert rows[0]["markets"]
    assert read("events/multivariate", collection_ticker="KXOTHER")["events"] == []
    assert read("events/multivariate", series_ticker="KXOTHER")["events"] == []
    assert "KXHIGHCHI-25NOV05" not in {row["event_ticker"] for row in read("events")["events"]}


def test_metadata_is_the_scenarios_and_lists_the_events_markets() -> None:
    given = read(f"events/{EVENT}/metadata")
    assert given["image_url"] == "/images/rain.webp"
    assert {"market_ticker": MARKET, "image_url": "", "color_code": ""} in given["market_details"]
    plain = read("events/KXFED-25DEC/metadata")
    assert (plain["image_url"], plain["settlement_sources"]) == ("", [])
    assert ask("events/KXNONE/metadata").status == 404


def test_forecasts_have_the_percentiles_that_are_requested() -> None:
    path = f"series/KXRAINNYC/events/{EVENT}/forecast_percentile_history"
    asked: dict[str, Any] = {"percentiles": [2500], **TODAY}
    [point] = read(path, who="member", period_interval=60, **asked)["forecast_history"]
    assert [one["percentile"] for one in point["percentile_points"]] == [2500]
    assert read(path, who="member", period_interval=1, **asked)["forecast_history"] == []
    unknown = "series/KXRAINNYC/events/KXNONE/forecast_percentile_history"
    assert ask(unknown, who="member", period_interval=1, **asked).status == 404
    of_another_series = f"series/KXFED/events/{EVENT}/forecast_percentile_history"
    assert ask(of_another_series, who="member", period_interval=1, **asked).status == 404
    too_many = ask(path, who="member", percentiles=list(range(11)), period_interval=60, **TODAY)
    assert b"'max' tag" in too_many.body
    assert ask(path, percentiles=[1], period_interval=60, **TODAY).status == 401


def test_searches_offer_the_tags_of_series_and_the_sports_of_the_scenario() -> None:
    assert read("search/tags_by_categories")["tags_by_categories"] == {"Climate and Weather": ["Rain", "NYC"]}
    sports = read("search/filters_by_sport")
    assert sports["sport_ordering"] == ["Soccer", "Tennis"]
    assert sports["filters_by_sports"]["Soccer"] == {
        "competitions": {"EPL": {"scopes": ["Games"]}},
        "scopes": ["Games", "Futures"],
    }


def test_live_data_are_found_by_milestone_and_type() -> None:
    wanted = {"details": {"status": "live", "home_points": 10}, "milestone_id": MILESTONE, "type": "basketball_game"}
    assert read(f"live_data/milestone/{MILESTONE}") == {"live_data": wanted}
    assert read(f"live_data/basketball_game/milestone/{MILESTONE}") == {"live_data": wanted}
    assert ask(f"live_data/soccer_game/milestone/{MILESTONE}").status == 404
    assert read("live_data/batch", milestone_ids=[MILESTONE, "m2"]) == {"live_datas": [wanted]}
    assert ask("live_data/batch").body == (b'{"msg":"Query argument milestone_ids is required, but not found"}')
    assert read(f"live_data/events/{EVENT}")["live_data"]["range_options"] == ["1h", "1d"]
    assert read(f"live_data/milestone/{MILESTONE}/game_stats")["pbp"]["periods"][0]["events"][0]["points"] == 2
    assert read("live_data/milestone/m2/game_stats") == {"pbp": None}
    assert ask("live_data/milestone/unknown/game_stats").status == 404


def test_a_weather_index_is_published_up_to_now() -> None:
    assert len(read("live_data/weather/miami")["timeseries"]) == 2
    assert "stations" not in read("live_data/weather/miami")["timeseries"][0]
    assert read("live_data/weather/miami", detailed="true")["timeseries"][0]["stations"][0]["code"] == "ok"
    assert read("live_data/weather/miami", to=1762128060000)["timeseries"][0]["t"] == 1762128060000
    nothing = read("live_data/weather/miami", last_sec=60)
    assert (nothing["timeseries"], nothing["config_version"]) == ([], "")
    assert ask("live_data/weather/miami", last_sec=60, to=5).status == 400
    assert ask("live_data/weather/paris").status == ask("live_data/weather/paris/calibrations").status == 400
    assert read("live_data/weather/miami/calibrations")["calibrations"][0]["city_reference_c"] == 26.5


@each_row(
    ("path", "query", "prices"),
    [
        ("values", {}, []),
        ("values", {"id": "BRTI"}, ["101234.56"]),
        ("values", {"id": "ETHUSD_RTI"}, []),
        ("history/values", {"id": "BRTI", "timespan": "HOUR", "timestamp": "2025-11-04T11:00:00.000Z"}, []),
    ],
)
def test_answers_of_cf_benchmarks_are_passed_on(path: str, query: dict[str, Any], prices: list[str]) -> None:
    answer = read(f"cfbenchmarks/{path}", who="member", **query)
    assert [one["value"] for one in answer["data"]["payload"]] == prices


def test_who_may_not_ask_cf_benchmarks_is_told_why() -> None:
    assert ask("cfbenchmarks/values").status == 401
    assert ask("cfbenchmarks/history/values", who="member", id="BRTI").status == 404
    assert ask("cfbenchmarks/values", "2026-06-07", "member").status == 404
    sandbox = make(EMPTY + "accounts: {alice: {}}\n", date="2026-10")
    answer = send(sandbox, "GET", "/cfbenchmarks/values")
    assert answer.status == 403


def test_quotes_and_requests_hide_what_is_private_to_their_users() -> None:
    [first, _] = read("communications/rfqs", who="member")["rfqs"]
    assert not {"creator_user_id", "creator_subaccount"} & set(first)
    assert ids("communications/rfqs", "rfqs", "member", event_ticker=EVENT) == [first["id"]]
    assert ids("communications/rfqs", "rfqs", "member", user_filter="self") == []
    assert ids("communications/rfqs", "rfqs", "member", status="closed") == ["r2"]
    [quote, _] = ids("communications/quotes", "quotes", "member")
    assert ids("communications/quotes", "quotes", "member", rfq_id=first["id"], min_ts=1762214400) == [quote]
    assert ids("communications/quotes", "quotes", "member", max_ts=1) == []
    assert ids("communications/quotes", "quotes", "member", rfq_creator_subtrader_id="x") == []
    assert read(f"communications/rfqs/{first['id']}", who="member")["rfq"]["id"] == first["id"]
    assert read(f"communications/quotes/{quote}", who="member")["quote"]["yes_bid_dollars"] == "0.5500"
    assert read(f"communications/rfqs/{first['id']}/quotes/{quote}", who="member")["quote"]["id"] == quote
    assert ask(f"communications/rfqs/r2/quotes/{quote}", who="member").status == 404


def test_block_trades_are_seen_by_their_parties_alone() -> None:
    [proposal] = read("communications/block-trade-proposals", who="member")["block_trade_proposals"]
    assert (proposal["buyer_user_id"], proposal["seller_user_id"]) == ("user-of-member", "")
    assert "seller_subtrader_id" not in proposal
    assert read("communications/block-trade-proposals", who="neighbour")["block_trade_proposals"] == []


def test_each_account_has_a_name_in_communications() -> None:
    names = {read("communications/id", who=who)["communications_id"] for who in ("member", "neighbour")}
    assert len(names) == 2


def test_lists_are_empty_by_default() -> None:
    sandbox = make(EMPTY, "2026-10")
    names = {read.name for read in READS}
    for one in OPERATIONS:
        if one.name in names and isinstance(one, PublicOperation) and "{" not in one.path:
            query = "limit=5&milestone_ids=m"
            answer = sandbox.answer(Request("GET", PREFIX + one.path, query))[0]
            assert answer.status == 200
            assert not any(value for value in json.loads(answer.body).values())


def test_as_many_ids_as_are_documented_fit_a_request() -> None:
    ids = [f"{number:08x}-3e5f-4a6b-9c8d-1e2f3a4b5c6d" for number in range(1_999)]
    targets = json.loads(ask("structured_targets", ids=[*ids, MILESTONE]).body)["structured_targets"]
    assert [target["id"] for target in targets] == [MILESTONE]
