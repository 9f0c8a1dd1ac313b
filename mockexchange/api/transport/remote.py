"""Sends requests to a remote control API: one HTTP request per call, and never through a proxy."""

import asyncio
from http import HTTPStatus
from typing import Any

from mockexchange.api.errors import Unreachable, WrongRequest
from mockexchange.api.transport.control_client import PATIENCE_S, Query, Reply, encode_body, encode_query, read_reply
from mockexchange.runtime import http_request
from mockexchange.runtime.http_request import ControlApi
from mockexchange.runtime.ready_file import START_ONE

TOKEN = "MOCKEXCHANGE_TOKEN"  # noqa: S105  # the variable's name


class RemoteClient:
    """A client of a remote control API that blocks until the answer."""

    def __init__(self, control: ControlApi) -> None:
        self._control = control

    def __call__(
        self, method: str, path: str, body: Any = None, query: Query | None = None, patience_s: float = PATIENCE_S
    ) -> Any:
        return _RemoteRequest(self._control, method, path, query, patience_s).carry(body)


class AsyncRemoteClient:
    """A client of a remote control API that sends each request in a thread; cancellation aborts the request."""

    def __init__(self, control: ControlApi) -> None:
        self._control = control

    async def __call__(
        self, method: str, path: str, body: Any = None, query: Query | None = None, patience_s: float = PATIENCE_S
    ) -> Any:
        call = _RemoteRequest(self._control, method, path, query, patience_s)
        try:
            return await asyncio.to_thread(call.carry, body)
        except asyncio.CancelledError:
            http_request.shut_down(call.connection)
            raise


class _RemoteRequest:
    """One request on a connection of its own."""

    def __init__(self, control: ControlApi, method: str, path: str, query: Query | None, patience_s: float) -> None:
        words = encode_query(query)
        self._control, self._method = control, method
        self._url = f"{control.url}/{path}{'?' if words else ''}{words}"
        try:
            self.connection = http_request.connection_to(self._url, patience_s, control.ca_cert)
        except (OSError, ValueError) as error:
            raise _unreachable(control, http_request.reason_of(error)) from None

    def carry(self, body: Any) -> Any:
        try:
            reply = http_request.carry(
                self.connection, self._method, self._url, self._control.headers, encode_body(body)
            )
        except http_request.Unreachable as error:
            raise _unreachable(self._control, str(error)) from None
        if reply.status == HTTPStatus.UNAUTHORIZED and not self._control.token:
            raise WrongRequest("no_token", f"expected the control API's token: give a `token`, or set {TOKEN}")
        content_type = reply.headers.get("Content-Type", "")
        return read_reply(Reply(reply.status, content_type, reply.body), self._control.url)


def _unreachable(control: ControlApi, reason: str) -> Unreachable:
    return Unreachable(f"no server answers at {control.url} ({reason}): {START_ONE}, or give another URL")
