"""An HTTP proxy that routes demo hosts to the sandbox, answers real venues with 403, and lets other hosts through.

Requests have two forms: CONNECT, and the absolute form (`GET https://host/path`), which some clients send for https
too. A request of the absolute form to an emulated host was never encrypted and goes to the sandbox as it is.
"""

import asyncio
import base64
import hmac
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from mockexchange.emulation.environment import PROXY_USER
from mockexchange.emulation.hosts import Route, route_of
from mockexchange.emulation.tcp_listener import StreamPair, connect_locally, join
from mockexchange.emulation.upstream_proxy import UpstreamProxy
from mockexchange.emulation.user_agents import user_agent_of
from mockexchange.guard import Dial, find_place
from mockexchange.guard.clients import UNKNOWN

HEAD_S_MAX = 30.0
"""The seconds to wait for the first request of a connection; clients may open connections in advance."""
CONNECT_S_MAX = 20.0
PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
SECURE = ("https", "wss")
AGENT_CHARS_MAX = 80
CHALLENGE = 'Proxy-Authenticate: Basic realm="mockexchange run"\r\n'
"""The header that asks for credentials; some programs send them only after it."""


class ProxyRequest(NamedTuple):
    """The first line and the headers of a request to the proxy. `url` is None for CONNECT."""

    method: str
    host: str
    port: int
    url: SplitResult | None
    headers: list[bytes]

    def header(self, name: str) -> str:
        """Return the value of the header `name`; empty if the request does not have it."""
        start = name.lower().encode() + b":"
        found = (line[len(start) :] for line in self.headers if line.lower().startswith(start))
        return next(found, b"").strip().decode("latin-1")


@dataclass(frozen=True, slots=True)
class Proxy:
    """The HTTP proxy of a run.

    It sends requests for hosts of `emulated` to `sandbox_port`, and their TLS connections to `front_port`.

    `on_dial` is called with every refused connection to a real host, `on_ask` for every request. `upstream` is the
    user's own proxy, for all other hosts. Requests for those and for real hosts have to carry the credentials `ticket`,
    if it is set, since other users of the machine could use this proxy, or end the run.
    """

    emulated: frozenset[str]
    sandbox_port: int
    front_port: int
    on_dial: Callable[[Dial], object]
    upstream: UpstreamProxy | None = None
    ticket: str = ""
    on_ask: Callable[[], object] = lambda: None

    async def serve(self, client: StreamPair) -> None:
        """Handle one connection until it ends."""
        try:
            head = await asyncio.wait_for(client.reader.readuntil(b"\r\n\r\n"), HEAD_S_MAX)
            asked = read_head(head)
        except (asyncio.IncompleteReadError, TimeoutError):
            await client.close()
        except (asyncio.LimitOverrunError, ValueError) as error:
            await _answer(client, "400 Bad Request", f"this proxy takes CONNECT and absolute URLs: {error}")
        else:
            self.on_ask()
            await self._route(client, asked)

    async def _route(self, client: StreamPair, asked: ProxyRequest) -> None:
        route = route_of(asked.host, self.emulated)
        if route is not Route.EMULATED and not _shows(asked, self.ticket):
            message = "only the program that is run may use this proxy: show what HTTPS_PROXY has before its @"
            await _answer(client, "407 Proxy Authentication Required", message, CHALLENGE)
            return
        if route is Route.REFUSED:
            dial = _dial(asked)
            self.on_dial(dial)
            await _answer(client, "403 Forbidden", f"mockexchange run refuses real venues: {dial}")
            return
        try:
            server = await asyncio.wait_for(self._reach(asked, route), CONNECT_S_MAX)
        except (OSError, TimeoutError) as error:
            why = str(error) or "it does not answer"
            await _answer(client, "502 Bad Gateway", f"{asked.host}:{asked.port} cannot be reached: {why}")
            return
        if asked.url is None:
            client.writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            server.writer.write(origin_form(asked))
        await join(client, server)

    async def _reach(self, asked: ProxyRequest, route: Route) -> StreamPair:
        is_tunnel = asked.url is None
        if route is Route.EMULATED:
            return await connect_locally(self.front_port if is_tunnel else self.sandbox_port)
        is_secure = asked.url is not None and asked.url.scheme in SECURE
        context = ssl.create_default_context() if is_secure else None
        if self.upstream and self.upstream.serves(asked.host):
            return await self.upstream.reach(asked.host, asked.port, context)
        return StreamPair(*await asyncio.open_connection(asked.host, asked.port, ssl=context))


def read_head(head: bytes) -> ProxyRequest:
    """Parse the first line and the headers of a request to a proxy. Raises ValueError with the reason."""
    line, *headers = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    method, _, rest = line.decode("latin-1").partition(" ")
    target, _, version = rest.partition(" ")
    if not version.startswith("HTTP/1."):
        raise ValueError(f"expected HTTP/1.1, got {line[:80].decode('latin-1')!r}")
    is_tunnel = method == "CONNECT"
    url = urlsplit(f"//{target}" if is_tunnel else target)
    port = url.port or PORTS.get(url.scheme, 0)
    if not url.hostname or not port or (not is_tunnel and url.scheme not in PORTS):
        raise ValueError(f"expected {'HOST:PORT' if is_tunnel else 'an absolute URL'}, got {target[:80]!r}")
    return ProxyRequest(method, url.hostname, port, None if is_tunnel else url, headers)


def origin_form(asked: ProxyRequest) -> bytes:
    """Return the first line and the headers of a request as a server expects them, not a proxy.

    The target has no host, and headers for the proxy and about keep-alive are removed.
    """
    assert asked.url is not None, "CONNECT is asked of nobody else"
    path = (asked.url.path or "/") + (f"?{asked.url.query}" if asked.url.query else "")
    is_upgrade = bool(asked.header("Upgrade"))
    dropped = (b"proxy-",) if is_upgrade else (b"proxy-", b"connection:", b"keep-alive:")
    kept = [line for line in asked.headers if not line.lower().startswith(dropped)]
    if not is_upgrade:
        kept.append(b"Connection: close")
    return b"\r\n".join([f"{asked.method} {path} HTTP/1.1".encode("latin-1"), *kept, b"", b""])


def _dial(asked: ProxyRequest) -> Dial:
    place = find_place(asked.host)
    assert place is not None, "nobody else is refused"
    header = asked.header("User-Agent")
    agent = user_agent_of(header)
    unknown = UNKNOWN[place.kind] + (f"; it calls itself {header[:AGENT_CHARS_MAX]!r}" if header else "")
    client, advice = (agent.client, agent.advice) if agent else (None, unknown)
    return Dial(place.name, asked.port, place.venue, place.kind, client, advice, "")


def ticket_of(password: str) -> str:
    """Return the Proxy-Authorization header of a program whose HTTPS_PROXY contains this password."""
    return base64.b64encode(f"{PROXY_USER}:{password}".encode()).decode()


def _shows(asked: ProxyRequest, ticket: str) -> bool:
    scheme, _, shown = asked.header("Proxy-Authorization").partition(" ")
    is_right = hmac.compare_digest(shown.strip().encode(), ticket.encode())
    return not ticket or (scheme.lower() == "basic" and is_right)


async def _answer(client: StreamPair, status: str, message: str, headers: str = "") -> None:
    body = f"{message}\n".encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
    client.writer.write((head + headers).encode() + b"X-Mock-Exchange: 1\r\nConnection: close\r\n\r\n" + body)
    await client.close()
