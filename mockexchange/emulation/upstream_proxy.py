"""Connects to hosts that belong to no venue through the user's own proxy, as the program would without this run."""

import asyncio
import base64
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # it is there, and undocumented

from mockexchange.emulation.tcp_listener import StreamPair

VARIABLES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
"""Environment variables that may name the user's proxy, in order of precedence."""
HTTP_PORT = 80
EXAMPLE = "http://proxy.example:3128"


class WrongProxy(Exception):
    """Raised if the environment names a proxy whose URL is not valid."""


@dataclass(frozen=True, slots=True)
class UpstreamProxy:
    """The user's own HTTP proxy.

    `authorization` is empty if the proxy needs none; `bypassed` are hosts to reach directly, as in NO_PROXY.
    """

    host: str
    port: int
    authorization: str
    bypassed: str

    def serves(self, host: str) -> bool:
        return not proxy_bypass_environment(host, {"no": self.bypassed})

    async def reach(self, host: str, port: int, context: ssl.SSLContext | None) -> StreamPair:
        """Open a tunnel through the proxy, with TLS if `context` is given. Raises OSError if the proxy refuses."""
        ends = StreamPair(*await asyncio.open_connection(self.host, self.port))
        try:
            head = f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n"
            head += f"Proxy-Authorization: {self.authorization}\r\n" if self.authorization else ""
            ends.writer.write(f"{head}\r\n".encode("latin-1"))
            try:
                answer = await ends.reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                answer = b""
            status = answer.split(b"\r\n", 1)[0].decode("latin-1")
            if status.split(" ")[1:2] != ["200"]:
                raise OSError(f"the proxy {self.host}:{self.port} answers {status or 'nothing'!r}")
            if context is not None:
                await ends.writer.start_tls(context, server_hostname=host)
        except BaseException:
            ends.writer.close()
            raise
        return ends


def find_upstream(environment: Mapping[str, str]) -> UpstreamProxy | None:
    """Return the proxy that environment variables name for https; None if they name no HTTP proxy.

    Raises WrongProxy.
    """
    name = next((name for name in VARIABLES if environment.get(name)), "")
    text = environment.get(name, "")
    try:
        url = urlsplit(text if "://" in text else f"http://{text}")
        port = url.port or HTTP_PORT
    except ValueError as error:
        shown = text.rpartition("@")[2]  # what stands before it is a password
        raise WrongProxy(f"{name}: expected a URL such as {EXAMPLE}, got {shown!r}: {error}") from None
    if url.scheme != "http" or not url.hostname:
        return None
    credentials = f"{unquote(url.username or '')}:{unquote(url.password or '')}" if url.username else ""
    authorization = f"Basic {base64.b64encode(credentials.encode()).decode()}" if credentials else ""
    bypassed = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    return UpstreamProxy(url.hostname, port, authorization, bypassed)
