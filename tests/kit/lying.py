"""A server that is wrong in one way: requests and answers on their way are changed."""

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

import httpx

Query = list[tuple[str, str]]


class Told(NamedTuple):
    """A request and its response; `query` is that of the request before it was changed."""

    status: int
    body: Any
    query: dict[str, str]
    headers: httpx.Headers


def as_asked(query: Query) -> Query:
    return query


def as_told(told: Told) -> Told:
    return told


class Lie(NamedTuple):
    """`path` is a pattern of paths below the prefix."""

    path: str
    ask: Callable[[Query], Query] = as_asked
    tell: Callable[[Told], Told] = as_told


class LyingTransport(httpx.BaseTransport):
    def __init__(self, inner: httpx.BaseTransport, prefix: str, lie: Lie) -> None:
        self._inner, self._prefix, self._lie = inner, prefix, lie

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if not re.fullmatch(self._lie.path, request.url.path.removeprefix(self._prefix)):
            return self._inner.handle_request(request)
        query = parse_qsl(request.url.query.decode(), keep_blank_values=True)
        url = request.url.copy_with(query=urlencode(self._lie.ask(query)).encode() or None)
        response = self._inner.handle_request(httpx.Request(request.method, url, headers=request.headers))
        told = Told(response.status_code, json.loads(response.content), dict(query), request.headers)
        status, body, *_ = self._lie.tell(told)
        headers = {name: value for name, value in response.headers.items() if name != "content-length"}
        return httpx.Response(status, headers=headers, content=json.dumps(body).encode(), request=request)
