"""The routes of a sandbox's traffic: its journal, frames, streams and live events, and waiting for them."""

from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

from starlette.requests import Request
from starlette.responses import Response

from mockexchange.sandbox.journal import Journal
from mockexchange.sandbox.journal_json import entry_to_json, frame_to_json, request_to_json, short_frame_to_json
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.server.control.access.roles import Access, grant_of
from mockexchange.server.control.access.secret_filter import SecretFilter
from mockexchange.server.control.errors import ControlError
from mockexchange.server.control.events import WATCHERS_MAX, EventStream, Feeds
from mockexchange.server.control.json_text import ControlJson, answer_in_slices, list_pieces, object_pieces
from mockexchange.server.control.requests import read_body, read_object
from mockexchange.server.control.route_table import ONE_SANDBOX, Resource, resource
from mockexchange.server.control.sandboxes.answers import streams_of
from mockexchange.server.control.traffic.calls import read_call, send_call
from mockexchange.server.control.traffic.filters import is_refused
from mockexchange.server.control.traffic.frame_sequences import FrameSequences
from mockexchange.server.control.traffic.journal_queries import (
    count_groups,
    entry_of,
    find_entries,
    find_frames,
    frame_of,
    read_redaction,
    read_watch,
)
from mockexchange.server.control.traffic.streams import move_streams, read_move
from mockexchange.server.control.waits.wait_requests import read_wait
from mockexchange.server.control.waits.waits import wait_for
from mockexchange.server.server_state import ServerState


def traffic_routes(server_state: ServerState, feeds: Feeds) -> list[Resource]:
    api = TrafficHandlers(server_state, feeds)
    return [
        resource(f"{ONE_SANDBOX}/journal", GET=(Access.LOOK, api.journal), DELETE=(Access.CHANGE, api.clear_journal)),
        resource(f"{ONE_SANDBOX}/journal/{{number}}", GET=(Access.LOOK, api.entry)),
        resource(f"{ONE_SANDBOX}/frames", GET=(Access.LOOK, api.frames)),
        resource(f"{ONE_SANDBOX}/frames/{{number}}", GET=(Access.LOOK, api.frame)),
        resource(f"{ONE_SANDBOX}/call", POST=(Access.CHANGE, api.call)),
        resource(f"{ONE_SANDBOX}/streams", GET=(Access.LOOK, api.streams), POST=(Access.CHANGE, api.move_streams)),
        resource(f"{ONE_SANDBOX}/events", GET=(Access.LOOK, api.events)),
        resource(f"{ONE_SANDBOX}/wait", POST=(Access.LOOK, api.wait)),
    ]


class TrafficHandlers:
    """The handlers of requests about a sandbox's traffic, one for each operation of the control API."""

    def __init__(self, server_state: ServerState, feeds: Feeds) -> None:
        self.server_state = server_state
        self.feeds = feeds
        self._sequences: WeakKeyDictionary[Journal, FrameSequences] = WeakKeyDictionary()

    async def journal(self, request: Request) -> Response:
        sandbox = await self._inspectable(request)
        secrets = SecretFilter.now(self.server_state.secrets)
        found = await find_entries(sandbox.journal, request, secrets)
        write = request_to_json if found.page.is_short else entry_to_json
        rows = map(write, found.items)
        if found.page.clean:
            rows = map(found.page.clean, rows)
        if not found.page.is_short:
            return await answer_in_slices(list_pieces(rows))
        first = found.kept[0].number if found.kept else found.count + 1
        refused = sum(is_refused(entry.status) for entry in found.kept)
        groups = {"groups": count_groups(found)} if found.group_by else {}
        shown = {**found.counts(first), "refused": refused, **groups, "entries": rows}
        return await answer_in_slices(object_pieces(shown.items()))

    async def entry(self, request: Request) -> Response:
        clean = read_redaction(request, SecretFilter.now(self.server_state.secrets))
        sandbox = await self._inspectable(request)
        shown = entry_to_json(entry_of(sandbox.journal, request.path_params["number"]))
        return ControlJson(clean(shown))

    async def clear_journal(self, request: Request) -> Response:
        (await self._sandbox(request)).journal.clear()
        return Response(status_code=204)

    async def frames(self, request: Request) -> Response:
        sandbox = await self._inspectable(request)
        secrets = SecretFilter.now(self.server_state.secrets)
        sequences = self._sequences.setdefault(sandbox.journal, FrameSequences())
        found = await find_frames(sequences, sandbox.journal, request, secrets)
        is_short = found.page.is_short
        rows: Iterator[dict[str, Any]] = (
            {**short_frame_to_json(one.number, one.frame), "missing": one.missing}
            if is_short
            else frame_to_json(one.number, one.frame)
            for one in found.items
        )
        if found.page.clean:
            rows = map(found.page.clean, rows)
        if not is_short:
            return await answer_in_slices(list_pieces(rows))
        first = found.kept[0].number if found.kept else found.count + 1
        lost = sum(one.frame.direction == "lost" for one in found.kept)
        gaps = sum(one.missing != 0 for one in found.kept)
        shown = {**found.counts(first), "lost": lost, "gaps": gaps, "frames": rows}
        return await answer_in_slices(object_pieces(shown.items()))

    async def frame(self, request: Request) -> Response:
        clean = read_redaction(request, SecretFilter.now(self.server_state.secrets))
        sandbox = await self._inspectable(request)
        shown = frame_to_json(*frame_of(sandbox.journal, request.path_params["number"]))
        return ControlJson(clean(shown))

    async def call(self, request: Request) -> Response:
        values = await read_body(request, lambda body: read_call(read_object(body)))
        sandbox = await self._sandbox(request)
        origin = self.server_state.origin(sandbox.name)
        entry = await send_call(sandbox, self.server_state.diagnosis_worker, origin, values)
        return ControlJson(SecretFilter.now(self.server_state.secrets).clean(request_to_json(entry)))

    async def streams(self, request: Request) -> Response:
        return ControlJson(streams_of(await self._sandbox(request)))

    async def move_streams(self, request: Request) -> Response:
        wanted = await read_body(request, lambda body: read_move(read_object(body)))
        sandbox = await self._sandbox(request)
        count = move_streams(sandbox, wanted)
        sandbox.streams.flush()
        return ControlJson({"connections": count})

    async def events(self, request: Request) -> Response:
        secrets = SecretFilter(self.server_state.secrets.known)
        wanted, last_event_id, is_following = read_watch(request, secrets)
        sandbox = await self._sandbox(request)
        feed = self.feeds.of(sandbox)
        if feed.watchers >= WATCHERS_MAX:
            raise ControlError(409, "too_many_watchers", f"at most {WATCHERS_MAX} can watch one sandbox")
        return EventStream(feed, wanted, last_event_id, is_following)

    async def wait(self, request: Request) -> Response:
        make, timeout_us = await read_body(request, lambda body: read_wait(read_object(body)))
        secrets = SecretFilter.now(self.server_state.secrets)
        clean, least = read_redaction(request, secrets), secrets.least_for(grant_of(request))
        sandbox = await self._sandbox(request)
        awaited = make(sandbox, None if least is None else least.clean_item)
        found = await wait_for(sandbox, awaited, timeout_us, request.receive)
        return ControlJson({"found": list(map(clean, found))})

    async def _sandbox(self, request: Request) -> Sandbox:
        return await self.server_state.sandboxes.caught_up(request.path_params["name"])

    async def _inspectable(self, request: Request) -> Sandbox:
        return await self.server_state.sandboxes.inspectable(request.path_params["name"])
