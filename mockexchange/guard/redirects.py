"""Redirects connections to a venue's demo hosts to a local port, in a program that `mockexchange run` started.

It is used with `--as demo`, for programs that ignore HTTPS_PROXY, as most Python programs do. A name resolves to an
address that no machine has (`STAND_IN`), and a connection to that address goes to the local port. So programs that
resolve first, and then connect with the port of the URL, are redirected too.
"""

from __future__ import annotations

from typing import Any, NamedTuple  # children of `run` load this with Pythons as old as 3.8

from mockexchange.guard.hosts import spelt
from mockexchange.guard.patching import Function, Patches

STAND_IN = "127.83.77.19"
"""An unused address in 127.0.0.0/8, which never leaves a machine: unpatched, nothing answers at it."""
LOOPBACK = "127.0.0.1"


class Redirection(NamedTuple):
    """Redirects connections for the hosts `names` to `port` of the loopback address, where a server answers with TLS.

    `bundle` is a file of trusted certificates. `proxies` are the user's own proxies by URL scheme: Python programs get
    these instead of the proxy of `mockexchange run`, which could not see what client connects.
    """

    names: frozenset[str]
    port: int
    bundle: str
    proxies: dict[str, str]

    def install(self) -> Patches:
        """Install the redirection. It ends when the returned patches are undone."""
        wrapping = Patches(
            {
                "socket": self._wrap_socket,
                "uvloop": self._wrap_uvloop,
                "aiohttp.resolver": _wrap_aiohttp,
                "certifi": self._wrap_certifi,
                "urllib.request": self._wrap_urllib,
            }
        )
        wrapping.install()
        return wrapping

    def leads_here(self, host: object) -> bool:
        return spelt(host) in self.names

    def _wrap_socket(self, wrapping: Patches, module: Any) -> None:
        def make_getaddrinfo(original: Function) -> Function:
            def getaddrinfo(host: Any, port: Any, family: Any = 0, *values: Any, **named: Any) -> Any:
                if not self.leads_here(host):
                    return original(host, port, family, *values, **named)
                return original(STAND_IN, port, 0, *values, **named)

            return getaddrinfo

        def make_connect(original: Function) -> Function:
            def connect(sock: Any, address: Any) -> Any:
                return original(sock, self._address(address))

            return connect

        wrapping.wrap(module, "getaddrinfo", make_getaddrinfo)
        wrapping.wrap(module, "gethostbyname", self._make_gethostbyname)
        wrapping.wrap(module.socket, "connect", make_connect)
        wrapping.wrap(module.socket, "connect_ex", make_connect)

    def _make_gethostbyname(self, original: Function) -> Function:
        def gethostbyname(host: Any) -> Any:
            return STAND_IN if self.leads_here(host) else original(host)

        return gethostbyname

    def _address(self, address: Any) -> Any:
        is_here = isinstance(address, tuple) and (address[0] == STAND_IN or self.leads_here(address[0]))
        return (LOOPBACK, self.port) if is_here else address

    def _wrap_uvloop(self, wrapping: Patches, module: Any) -> None:
        """Patch uvloop, which resolves and connects in C."""

        def make(original: Function) -> Function:
            async def create_connection(
                loop: Any, protocol_factory: Any, host: Any = None, port: Any = None, **named: Any
            ) -> Any:
                if self.leads_here(host) or host == STAND_IN:
                    if named.get("ssl") and not named.get("server_hostname"):
                        named["server_hostname"] = host
                    host, port = LOOPBACK, self.port
                return await original(loop, protocol_factory, host, port, **named)

            return create_connection

        def make_getaddrinfo(original: Function) -> Function:
            async def getaddrinfo(loop: Any, host: Any, port: Any, **named: Any) -> Any:
                return await original(loop, STAND_IN if self.leads_here(host) else host, port, **named)

            return getaddrinfo

        wrapping.wrap(module.Loop, "create_connection", make)
        wrapping.wrap(module.Loop, "getaddrinfo", make_getaddrinfo)

    def _wrap_certifi(self, wrapping: Patches, module: Any) -> None:
        """Patch certifi, since some clients use its file instead of SSL_CERT_FILE."""
        for owner in (module, module.core):
            wrapping.wrap(owner, "where", lambda original: lambda: self.bundle)

    def _wrap_urllib(self, wrapping: Patches, module: Any) -> None:
        def make_bypass(original: Function) -> Function:
            def proxy_bypass(host: Any, *values: Any, **named: Any) -> Any:
                return self.leads_here(str(host).partition(":")[0]) or original(host, *values, **named)

            return proxy_bypass

        for name in ("getproxies", "getproxies_environment"):
            wrapping.wrap(module, name, lambda original: lambda: dict(self.proxies))
        for name in ("proxy_bypass", "proxy_bypass_environment"):
            wrapping.wrap(module, name, make_bypass)


def _wrap_aiohttp(wrapping: Patches, module: Any) -> None:
    """Make aiohttp resolve through `socket`: with aiodns it would ask name servers directly."""
    wrapping.wrap(module, "DefaultResolver", lambda original: module.ThreadedResolver)
