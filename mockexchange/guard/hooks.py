"""Hooks the functions that connect to a host, with the standard library alone, so that each connection is checked.

* Names are resolved by functions of `socket`, and by `connect` itself.
* Event loops resolve in a thread, where the stack no longer has the caller, and uvloop in C: their methods are wrapped.
* Through a proxy, or by a function that was referenced before the hooks, a program connects unseen. But TLS needs the
  host's name for the certificate before any data is sent, and venues accept only TLS: so contexts are wrapped, and
  `set_tunnel`, which gets the name a step earlier.

An audit hook (`sys.addaudithook`) would see more, but can never be removed, and slows every `id()` and every access to
frames.
"""

from __future__ import annotations

from threading import RLock
from typing import Any, Callable  # noqa: UP035  # children of `run` load this with Pythons as old as 3.8

from mockexchange.guard.patching import Function, Patches

Check = Callable[[object, object], "BaseException | None"]
"""A function that is called with host and port before a connection.

It returns the exception to raise, or None to allow it.
"""
TLS_PORT = 443
"""The port that is reported for a connection of which only the TLS handshake is seen."""


class Hooks:
    """Calls checks before every connection of this process. `HOOKS` is the only instance."""

    def __init__(self) -> None:
        self._checks: tuple[Check, ...] = ()
        self._wrapping = Patches(WRAPPERS)
        self._lock = RLock()

    def add(self, check: Check) -> None:
        """Call `check` before every connection from now on. The first check patches the functions that connect."""
        with self._lock:
            if not self._checks:
                self._wrapping.install()
            if check not in self._checks:
                self._checks = (*self._checks, check)

    def remove(self, check: Check) -> None:
        """Remove a check; removing the last one undoes all patches."""
        with self._lock:
            self._checks = tuple(one for one in self._checks if one != check)
            if not self._checks:
                self._wrapping.undo()

    def ask(self, host: object, port: object) -> None:
        """Call every check with a host and a port, so that each can record the attempt to connect.

        Raises the first exception that a check returns.
        """
        refusals = [refusal for check in self._checks if (refusal := check(host, port))]
        if refusals:
            raise refusals[0]

    def ask_address(self, address: object) -> None:
        """Call every check with the host and port of a socket address.

        Other addresses, such as Unix paths, are ignored.
        """
        if isinstance(address, tuple) and len(address) > 1:
            self.ask(address[0], address[1])


def _wrap_socket(wrapping: Patches, module: Any) -> None:
    def make_resolve(original: Function) -> Function:
        def resolve(host: Any, *values: Any, **named: Any) -> Any:
            HOOKS.ask(host, named.get("port", _at(values, 0)))
            return original(host, *values, **named)

        return resolve

    def make_connect(original: Function) -> Function:
        def connect(self: Any, address: Any) -> Any:
            HOOKS.ask_address(address)
            return original(self, address)

        return connect

    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        wrapping.wrap(module, name, make_resolve)
    for name in ("connect", "connect_ex"):
        wrapping.wrap(module.socket, name, make_connect)


def _wrap_ssl(wrapping: Patches, module: Any) -> None:
    def naming(position: int) -> Callable[[Function], Function]:
        def make(original: Function) -> Function:
            def wrap(self: Any, *values: Any, **named: Any) -> Any:
                HOOKS.ask(named.get("server_hostname", _at(values, position)), TLS_PORT)
                return original(self, *values, **named)

            return wrap

        return make

    wrapping.wrap(module.SSLContext, "wrap_socket", naming(4))
    wrapping.wrap(module.SSLContext, "wrap_bio", naming(3))


def _wrap_http_client(wrapping: Patches, module: Any) -> None:
    def make(original: Function) -> Function:
        def set_tunnel(self: Any, host: Any, port: Any = None, headers: Any = None) -> Any:
            HOOKS.ask(host, port or TLS_PORT)
            return original(self, host, port, headers)

        return set_tunnel

    wrapping.wrap(module.HTTPConnection, "set_tunnel", make)


def _wrap_loop(wrapping: Patches, loop: Any) -> None:
    def make_getaddrinfo(original: Function) -> Function:
        async def getaddrinfo(self: Any, host: Any, port: Any, **named: Any) -> Any:
            HOOKS.ask(host, port)
            return await original(self, host, port, **named)

        return getaddrinfo

    def make_create_connection(original: Function) -> Function:
        async def create_connection(self: Any, protocol_factory: Any, *values: Any, **named: Any) -> Any:
            host, port = named.get("host", _at(values, 0)), named.get("port", _at(values, 1))
            HOOKS.ask(host, port)
            HOOKS.ask(named.get("server_hostname"), TLS_PORT)
            return await original(self, protocol_factory, *values, **named)

        return create_connection

    wrapping.wrap(loop, "getaddrinfo", make_getaddrinfo)
    wrapping.wrap(loop, "create_connection", make_create_connection)


def _at(values: tuple[Any, ...], position: int) -> Any:
    return values[position] if len(values) > position else None


WRAPPERS: dict[str, Callable[[Patches, Any], None]] = {
    "socket": _wrap_socket,
    "ssl": _wrap_ssl,
    "http.client": _wrap_http_client,
    "asyncio.base_events": lambda wrapping, module: _wrap_loop(wrapping, module.BaseEventLoop),
    "uvloop": lambda wrapping, module: _wrap_loop(wrapping, module.Loop),
}
"""The functions that patch a module, by the module's name."""
HOOKS: Hooks = Hooks()
