"""Finds uses of operations, parameters, fields and channels that the venue has retired or will retire."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

from mockexchange.api.values.records import Deprecation, Frame, Request
from mockexchange.venues.dated import LATEST
from mockexchange.venues.registry import venue_at
from mockexchange.venues.retirement import Retirement
from mockexchange.venues.venue import Venue

RetiredUse = tuple[Venue, Retirement, Request | Frame]


def find_deprecations(requests: Iterable[Request], frames: Iterable[Frame], api_date: str) -> list[Deprecation]:
    """Return a row for each retired item (such as a field) that requests or frames use, sorted by its last day."""
    requests = list(requests)
    rows: dict[tuple[str, str, str], Deprecation] = {}
    for venue, retirement, record in [*_in_requests(requests, api_date), *_in_frames(requests, frames)]:
        key = venue.name, retirement.kind, retirement.name
        known = rows.get(key)
        rows[key] = replace(known, uses=known.uses + 1) if known else _row(venue, retirement, record, api_date)
    return sorted(rows.values(), key=lambda row: (row.until, row.kind, row.name))


def describe_retirement(request: Request, api_date: str) -> str | None:
    """Return a text with the day on which a request's operation was retired, and its replacement.

    Returns None if the operation exists at the API date. It is meant for requests that a stub or fault answered, since
    the exchange itself refuses retired operations.
    """
    venue = venue_at(request.path)
    if venue.wire is None:
        return None
    found = venue.wire.retired_by_request(request.method, request.path, "", None, venue.api_date(api_date))
    gone = [one for one in found if one.kind == "operation" and one.until <= _day(venue, api_date)]
    return f"the venue retired it on {gone[0].until}: {gone[0].advice}" if gone else None


def _in_requests(requests: Iterable[Request], api_date: str) -> Iterator[RetiredUse]:
    for request in requests:
        venue = venue_at(request.path)
        if venue.wire is None:
            continue
        day, query = venue.api_date(api_date), request.target.partition("?")[2]
        found = venue.wire.retired_by_request(request.method, request.path, query, request.answer, day)
        for retirement in dict.fromkeys(found):
            yield venue, retirement, request


def _in_frames(requests: Iterable[Request], frames: Iterable[Frame]) -> Iterator[RetiredUse]:
    """Yield the uses in frames. The path of its handshake determines a frame's venue; others are skipped."""
    venues = {one.connection: venue_at(one.path) for one in requests if one.connection is not None}
    for frame in frames:
        venue = venues.get(frame.connection)
        if venue is not None and venue.wire is not None and frame.is_message:
            for retirement in dict.fromkeys(venue.wire.retired_by_frame(frame.direction, frame.raw, frame.kind)):
                yield venue, retirement, frame


def _row(venue: Venue, retirement: Retirement, record: Request | Frame, api_date: str) -> Deprecation:
    return Deprecation(
        kind=retirement.kind,
        name=retirement.name,
        venue=venue.name,
        since=date.fromisoformat(retirement.since) if retirement.since else None,
        until=date.fromisoformat(retirement.until),
        is_gone=retirement.until <= _day(venue, api_date),
        advice=retirement.advice,
        uses=1,
        first=record,
    )


def _day(venue: Venue, api_date: str) -> str:
    """Return the day of an API date: the newest day for the API date `compat`, "" for a venue without API dates."""
    return venue.api_date(api_date).day or venue.api_date(LATEST).day or ""
