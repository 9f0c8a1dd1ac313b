"""Describes a server: its version, its venues with their API dates and operations, and its limits."""

from typing import Any

from mockexchange.sandbox import journal
from mockexchange.server.control import events, requests
from mockexchange.server.control.access.roles import Grant
from mockexchange.server.http import rest_endpoint
from mockexchange.venues.registry import VENUES
from mockexchange.venues.venue import Venue
from mockexchange.version import __version__

BOUNDS = {
    "journal_entries": journal.ENTRIES_MAX,
    "journal_body_bytes": journal.BODIES_BYTES_MAX,
    "frames": journal.FRAMES_MAX,
    "frame_bytes": journal.FRAMES_BYTES_MAX,
    "firings": journal.FIRINGS_MAX,
    "watchers": events.WATCHERS_MAX,
    "events": events.HISTORY_MAX,
    "steps": requests.STEPS_MAX,
    "control_body_bytes": requests.BODY_BYTES_MAX,
    "body_bytes": rest_endpoint.BODY_BYTES_MAX,
}


def server_info(grant: Grant, sandboxes_max: int) -> dict[str, Any]:
    """Return the description of this server as JSON, with the role of the caller's token."""
    return {
        "version": __version__,
        "role": grant.role.value,
        "sandbox": grant.sandbox,
        "venues": list(map(_venue, VENUES.values())),
        "bounds": {"sandboxes": sandboxes_max, **BOUNDS},
    }


def _venue(venue: Venue) -> dict[str, Any]:
    return {
        "name": venue.name,
        "title": venue.title,
        "prefix": venue.prefix,
        "api_dates": list(venue.wire.aliases) if venue.wire else [],
        "stream_paths": list(venue.stream.paths),
        "channels": list(venue.stream.channels),
        "operations": list(venue.rest.operations),
    }
