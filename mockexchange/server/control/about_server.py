"""The part of the control API about the server itself: its front page, readiness, metrics, description and events."""

import shlex
from collections.abc import Callable
from functools import cache
from html import escape
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from mockexchange.sandbox import journal
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
from mockexchange.server.control.requests import BODY_BYTES_MAX, read_query
from mockexchange.server.control.route_table import Resource
from mockexchange.server.control.sandboxes import STEPS_MAX
from mockexchange.server.http import rest_endpoint
from mockexchange.server.metrics import MEDIA_TYPE as METRICS_TYPE
from mockexchange.server.metrics import exposition
from mockexchange.server.server_state import ServerState
from mockexchange.venues.dated_fields import COMPAT
from mockexchange.venues.registry import DEFAULT, VENUES, client_setups
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
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:3rem auto;max-width:52rem;padding:0 1rem;color:#1a1a1a}"
    "pre{background:#f4f4f1;padding:1rem;overflow:auto;border-radius:6px}table{border-collapse:collapse}"
    "td,th{text-align:left;padding:.2rem 1rem .2rem 0}code{background:#f4f4f1}"
)
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The Content-Security-Policy of the front page, which has no script, loads nothing and is in no frame."""
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
        return _front_page(self.describe())

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


# --- the front page, which shows in a browser what the terminal shows at the start


def _front_page(ready: dict[str, Any]) -> Response:
    """Return the page with the content of the ready file, except its only secret, the token."""
    rows = "".join(
        f"<tr><td>{escape(one['name'])}</td><td>{VENUES[one['venue']].title}</td><td>{one['kind']}</td>"
        f"<td><code>{escape(one['key_id'])}</code></td></tr>"
        for one in ready["accounts"]
    )
    own = ready["venues"][DEFAULT.name]
    others = "".join(
        f", {VENUES[name].title}'s at {_places(urls)}" for name, urls in ready["venues"].items() if urls is not own
    )
    every = ", every field of every date," if ready["api_date"] == COMPAT else ""
    first = min(ready["accounts"], key=lambda one: one["venue"] != DEFAULT.name, default=None)
    exports = _exports(own, first, ready.get("ca_cert"))
    html = (
        "<!doctype html><html lang=en><meta charset=utf-8><title>mockexchange</title>"
        f"<style>{STYLE}</style><h1>mockexchange</h1><p>An exchange you own, speaking {DEFAULT.title}'s wire as of"
        f" <b>{escape(ready['api_date'])}</b>{every} at {_places(own)}{others}.</p>"
        f"<table><tr><th>account<th>venue<th>kind<th>key id</tr>{rows}</table>{exports}"
        '<p><a href="/_mock/console/">Console</a>: requests and why they were refused, live; <code>mockexchange'
        " console</code> opens it with its token."
        '<p><a href="/_mock/docs/">What goes over the wire</a>, on every API date.'
    )
    return HTMLResponse(html, headers={"content-security-policy": POLICY})


def _places(urls: dict[str, str]) -> str:
    """Return the URLs of a venue's REST API and of its stream."""
    return " and ".join(f"<code>{escape(urls[name])}</code>" for name in ("base_url", "ws_url"))


def _exports(urls: dict[str, str], account: dict[str, Any] | None, ca_cert: str | None) -> str:
    """Return the lines for a shell that point a client at the account, with a first request if that takes one line."""
    if account is None:
        return "<p>The scenario has no accounts.</p>"
    name = shlex.quote(account["name"])
    lines = [f'eval "$(mockexchange env --account {name})"']
    if account["venue"] == DEFAULT.name and not ca_cert:
        setup = client_setups()[DEFAULT.name]
        origins = {
            place: urlsplit(urls[url])._replace(path="").geturl()
            for place, url in (("origin", "base_url"), ("ws_origin", "ws_url"))
        }
        values = {**urls, **origins, "key_id": account["key_id"], "key_path": str(account["private_key_path"])}
        pointers = setup.pointers.items()
        lines = [f"export {variable}={shlex.quote(template.format(**values))}" for variable, template in pointers]
        lines += ["", f"mockexchange call {name} {setup.example_request}"]
    trust = f"<p>Clients have to trust <code>{escape(ca_cert)}</code>; these lines see to it:" if ca_cert else ""
    return f"{trust}<pre>{escape(chr(10).join(lines))}</pre>"
