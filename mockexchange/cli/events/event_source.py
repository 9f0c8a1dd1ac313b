"""Receives the control API's server-sent events (WHATWG HTML, section 9.2)."""

import json
from collections.abc import Iterable, Iterator, Mapping
from http.client import HTTPException, HTTPResponse
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from mockexchange.cli.click_base import Failure
from mockexchange.cli.server_connection import Server
from mockexchange.runtime.http_request import connection_to

NO_QUERY: Mapping[str, str] = {}


class Event(NamedTuple):
    """A server-sent event; `kind` is command, request, frame, script or fault, or begin, lost or end."""

    kind: str
    data: dict[str, Any]
    event_id: str | None = None


class ConnectionLost(Exception):
    """Raised if the connection breaks before the server has sent the event `end`."""


def events_of(
    server: Server, sandbox: str, kinds: Iterable[str], last_event_id: str | None, query: Mapping[str, str] = NO_QUERY
) -> Iterator[Event]:
    """Yield a sandbox's events until it ends. Raises ConnectionLost, or Failure if the server or sandbox is gone."""
    path = f"/sandboxes/{quote(sandbox, safe='')}/events?{urlencode({'kinds': ','.join(kinds), **query})}"
    headers = {"Authorization": f"Bearer {server.ready['control_token']}", "Accept": "text/event-stream"}
    if last_event_id:
        headers["Last-Event-ID"] = last_event_id
    url = server.control.url
    connection = connection_to(url, ca_cert=server.ca_cert)
    try:
        connection.request("GET", urlsplit(url).path + path, headers=headers)
        answer = connection.getresponse()
        _require_events(answer, sandbox)
        yield from read_events(_lines(answer))
    except (OSError, HTTPException) as error:
        raise ConnectionLost(str(error) or type(error).__name__) from None
    finally:
        connection.close()


def read_events(lines: Iterable[str]) -> Iterator[Event]:
    """Parse the lines of an event stream. Comments, which only keep the connection open, are skipped."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif "data" in fields:
            yield Event(fields.get("event", "message"), json.loads(fields["data"]), fields.get("id"))
            fields = {}
        else:
            fields = {}


def _lines(answer: HTTPResponse) -> Iterator[str]:
    while raw := answer.readline():
        yield raw.decode().rstrip("\r\n")


def _require_events(answer: HTTPResponse, sandbox: str) -> None:
    if answer.status == 200:
        return
    raw = answer.read()
    try:
        message = json.loads(raw)["error"]["message"]
    except (ValueError, KeyError, TypeError):
        message = f"expected the events of sandbox {sandbox!r}, got status {answer.status}"
    raise Failure(message)
