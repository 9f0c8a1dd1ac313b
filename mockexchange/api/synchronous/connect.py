# Written by tools/write_sync_api.py from mockexchange/api/asynchronous/connect.py: change that.
"""Defines `connect`, a context manager for a sandbox of a remote server."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mockexchange.api.errors import short_traceback_contextmanager
from mockexchange.api.synchronous.exchange import Exchange
from mockexchange.api.synchronous.sandbox_client import path_of
from mockexchange.api.transport.connection import Connection, no_application
from mockexchange.api.transport.remote import RemoteClient, find_control, url_mapper
from mockexchange.api.values.arguments import require
from mockexchange.api.values.sandbox_settings import Scenario, creation_body, for_remote_server, require_default
from mockexchange.sandbox.options import DEFAULT


@short_traceback_contextmanager
def connect(
    url: str | None = None,
    token: str | None = None,
    *,
    ready_file: Path | str | None = None,
    ca_cert: Path | str | None = None,
    sandbox: str | None = None,
    scenario: Scenario = "demo",
    api_date: str = "latest",
    clock: str = "real",
    faults: Sequence[Mapping[str, Any] | str] = (),
    own_port: bool = False,
) -> Iterator[Exchange]:
    """Use a sandbox of a remote server: a new one until the end of the block, or the existing one named `sandbox`.

    `url` is such as http://127.0.0.1:8600. Its default is MOCKEXCHANGE_URL, then the server of the ready file, by
    default the last one that was started. The default of `token` is MOCKEXCHANGE_TOKEN, or the ready file's token. An
    existing sandbox is not changed: `scenario` and the arguments after it are for a new one, which shares the server's
    port unless `own_port` is given. The server deletes a new sandbox after an hour without requests.

    Raises Unreachable, or WrongRequest if an argument is wrong or the server has no such sandbox.
    """
    require(sandbox=sandbox)
    if sandbox is not None:
        require_default(creation_body(scenario, api_date=api_date, clock=clock, faults=faults, own_port=own_port))
    control, ca_bundle = find_control(url, token, ready_file, ca_cert)
    ask = RemoteClient(control)
    default = ask("GET", path_of(DEFAULT))
    connection = Connection(
        ask=ask,
        control_url=control.url,
        token=control.token,
        ca_cert=control.ca_cert,
        ca_bundle=ca_bundle,
        app_of=no_application,
        map_url=url_mapper(control.url, default["base_url"]),
        prepare_creation=for_remote_server,
    )
    if sandbox is not None:
        with Exchange(connection, ask("GET", path_of(sandbox))) as exchange:
            yield exchange
        return
    with (
        Exchange(connection, default) as server,
        server.sandbox(scenario, api_date=api_date, clock=clock, faults=faults, own_port=own_port) as exchange,
    ):
        yield exchange
