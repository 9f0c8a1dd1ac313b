"""The part of the control API about the server itself: its front page, readiness, metrics, description and events."""

from collections.abc import Callable
from functools import cache
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from mockexchange.sandbox.journal import journal
from mockexchange.scenario.schema import json_schema
from mockexchange.server.control.access import Access, grant_of
from mockexchange.server.control.answers import MEDIA_TYPE as JSON_TYPE
from mockexchange.server.control.answers import ControlJson, encode
from mockexchange.server.control.errors import ControlError
from mockexchange.server.control.events import (
    FOLLOWING,
    HISTORY_MAX,
    WATCHERS_MAX,
    EventStream,
    ServerFeed,
    read_following,
)
from mockexchange.server.control.pages import render_page
from mockexchange.server.control.requests import BODY_BYTES_MAX, read_query
from mockexchange.server.control.route_table import Resource
from mockexchange.server.control.sandboxes import STEPS_MAX
from mockexchange.server.http import rest_endpoint
from mockexchange.server.metrics import MEDIA_TYPE as METRICS_TYPE
from mockexchange.server.metrics import exposition
from mockexchange.server.server_state import ServerState
from mockexchange.venues.registry import VENUES
from mockexchange.version import __version__

BOUNDS = {
    "journal_entries": journal.ENTRIES_MAX,
    "journal_body_bytes": journal.BODIES_BYTES_MAX,
    "frames": journal.FRAMES_MAX,
    "frame_bytes": journal.FRAMES_BYTES_MAX,
    "firings": journal.FIRINGS_MAX,
    "watchers": WATCHERS_MAX,
    "events": HISTORY_MAX,
    "steps": STEPS_MAX,
    "control_body_bytes": BODY_BYTES_MAX,
    "body_bytes": rest_endpoint.BODY_BYTES_MAX,
}
Description = Callable[[], dict[str, Any]]


def server_routes(server_state: ServerState, describe: Description) -> list[Resource]:
    """Return the routes about the server itself; `describe` returns the ready file's content, for the front page."""
    api = ServerHandlers(server_state, describe)
    return [
        Resource("/", GET=(Access.OPEN, api.page)),
        Resource("/_mock/live", GET=(Access.OPEN, api.live)),
        Resource("/_mock/ready", GET=(Access.OPEN, api.ready)),
        Resource("/_mock/health", GET=(Access.OPEN, api.ready)),
        Resource("/_mock/metrics", GET=(Access.LOOK_AT_ALL, api.metrics)),
        Resource("/_mock/info", GET=(Access.LOOK, api.info)),
        Resource("/_mock/schema", GET=(Access.LOOK, api.schema)),
        Resource("/_mock/events", GET=(Access.LOOK, api.events)),
    ]


class ServerHandlers:
    """The handlers of requests about the server itself, one for each operation of the control API."""

    def __init__(self, server_state: ServerState, describe: Description) -> None:
        self.server_state = server_state
        self.describe = describe
        self.feed = ServerFeed()
        for slot in server_state.sandboxes:
            self.feed.note("made", slot.sandbox)
        server_state.on_change.append(self.feed.note)
        server_state.on_stop = self.feed.end

    async def page(self, request: Request) -> Response:
        return render_page(self.describe())

    async def live(self, request: Request) -> Response:
        return ControlJson({"live": True})

    async def ready(self, request: Request) -> Response:
        is_ready = len(self.server_state.sandboxes) > 0
        return ControlJson({"live": True, "ready": is_ready}, status_code=200 if is_ready else 503)

    async def info(self, request: Request) -> Response:
        grant = grant_of(request)
        venues = [
            {
                "name": venue.name,
                "title": venue.title,
                "prefix": venue.prefix,
                "api_dates": list(venue.wire.aliases) if venue.wire else [],
                "stream_paths": list(venue.stream.paths),
                "channels": list(venue.stream.channels),
                "operations": list(venue.rest.operations),
            }
            for venue in VENUES.values()
        ]
        bounds = {"sandboxes": self.server_state.sandboxes.count_max, **BOUNDS}
        role, sandbox = grant.role.value, grant.sandbox
        shown = {"version": __version__, "role": role, "sandbox": sandbox, "venues": venues, "bounds": bounds}
        return ControlJson(shown)

    async def schema(self, request: Request) -> Response:
        return Response(_schema(), media_type=JSON_TYPE)

    async def events(self, request: Request) -> Response:
        last_event_id, is_following = read_following(request, read_query(request, FOLLOWING, ()))
        if self.feed.watchers >= WATCHERS_MAX:
            raise ControlError(409, "too_many_watchers", f"at most {WATCHERS_MAX} can watch one server")
        return EventStream(self.feed, self.feed.watch(last_event_id, is_following, grant_of(request).sees))

    async def metrics(self, request: Request) -> Response:
        await self.server_state.drop_expired()
        text = exposition([slot.sandbox for slot in self.server_state.sandboxes])
        return Response(text, headers={"content-type": METRICS_TYPE})


@cache
def _schema() -> bytes:
    return encode(json_schema())
