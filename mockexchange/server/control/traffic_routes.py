"""The routes of a sandbox's traffic: journal, frames, streams, live events and waits."""

from itertools import starmap

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mockexchange.sandbox.journal_json import entry_to_json, frame_to_json
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.server.control.answers import streams_of
from mockexchange.server.control.errors import ControlError
from mockexchange.server.control.events import WATCHERS_MAX, EventStream, Feeds
from mockexchange.server.control.json_text import ControlJson, answer_in_slices, list_pieces
from mockexchange.server.control.requests import (
    find_entries,
    find_frames,
    read_json,
    read_object,
    read_watch,
    resource,
)
from mockexchange.server.control.streams import move_streams
from mockexchange.server.control.wait_requests import read_wait
from mockexchange.server.control.waits import wait_for
from mockexchange.server.server_state import ServerState

ONE_SANDBOX = "/_mock/sandboxes/{name}"


def traffic_routes(server_state: ServerState) -> list[Route]:
    api = TrafficHandlers(server_state)
    return [
        resource(f"{ONE_SANDBOX}/journal", GET=api.journal, DELETE=api.clear_journal),
        resource(f"{ONE_SANDBOX}/frames", GET=api.frames),
        resource(f"{ONE_SANDBOX}/streams", GET=api.streams, POST=api.move_streams),
        resource(f"{ONE_SANDBOX}/events", GET=api.events),
        resource(f"{ONE_SANDBOX}/wait", POST=api.wait),
    ]


class TrafficHandlers:
    """The handlers, one per operation."""

    def __init__(self, server_state: ServerState) -> None:
        self.server_state = server_state
        self.feeds = Feeds()

    async def journal(self, request: Request) -> Response:
        entries = find_entries((await self._inspectable(request)).journal, request)
        return await answer_in_slices(list_pieces(map(entry_to_json, entries)))

    async def clear_journal(self, request: Request) -> Response:
        (await self._sandbox(request)).journal.clear()
        return Response(status_code=204)

    async def frames(self, request: Request) -> Response:
        found = find_frames((await self._inspectable(request)).journal, request)
        return await answer_in_slices(list_pieces(starmap(frame_to_json, found)))

    async def streams(self, request: Request) -> Response:
        return ControlJson(streams_of(await self._sandbox(request)))

    async def move_streams(self, request: Request) -> Response:
        body = read_object(await read_json(request))
        sandbox = await self._sandbox(request)
        count = move_streams(sandbox, body)
        sandbox.streams.flush()
        return ControlJson({"connections": count})

    async def events(self, request: Request) -> Response:
        kinds, last_event_id, is_following = read_watch(request)
        feed = self.feeds.of(await self._sandbox(request))
        if feed.watchers >= WATCHERS_MAX:
            raise ControlError(409, "too_many_watchers", f"at most {WATCHERS_MAX} can watch one sandbox")
        return EventStream(feed, kinds, last_event_id, is_following)

    async def wait(self, request: Request) -> Response:
        make, timeout_us = read_wait(read_object(await read_json(request)))
        sandbox = await self._sandbox(request)
        found = await wait_for(sandbox, make(sandbox), timeout_us, request.receive)
        return ControlJson({"found": found})

    async def _sandbox(self, request: Request) -> Sandbox:
        return await self.server_state.sandboxes.caught_up(request.path_params["name"])

    async def _inspectable(self, request: Request) -> Sandbox:
        return await self.server_state.sandboxes.inspectable(request.path_params["name"])
