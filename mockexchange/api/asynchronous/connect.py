"""A sandbox of a server that runs elsewhere, as a context manager."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mockexchange.api.asynchronous.exchange import AsyncExchange
from mockexchange.api.asynchronous.sandbox_client import path_of
from mockexchange.api.transport.connection import AsyncConnection, no_application
from mockexchange.api.transport.discovery import find_control, url_mapper
from mockexchange.api.transport.remote import AsyncRemoteClient
from mockexchange.api.values.arguments import require
from mockexchange.api.values.sandbox_settings import Scenario, creation_body, for_remote_server, require_default
from mockexchange.sandbox.options import DEFAULT


@asynccontextmanager
async def connect_async(
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
) -> AsyncIterator[AsyncExchange]:
    """Use a server that runs elsewhere: a fresh sandbox of it until the end of the block, or the one named `sandbox`.

    `url` is such as http://127.0.0.1:8600; without it that of MOCKEXCHANGE_URL, or the server of the ready file is
    meant, by default the last one that was started. The token is otherwise MOCKEXCHANGE_TOKEN, or that of the ready
    file. An existing sandbox stays
    as it is: `scenario` and what follows are for a fresh one, which shares the server's port unless it is to have its
    own, and which the server deletes after an hour in which nobody talks to it.

    Raises Unreachable, or WrongRequest where an argument is wrong or the server has no such sandbox.
    """
    require(sandbox=sandbox)
    if sandbox is not None:
        require_default(creation_body(scenario, api_date=api_date, clock=clock, faults=faults, own_port=own_port))
    control, ca_bundle = find_control(url, token, ready_file, ca_cert)
    ask = AsyncRemoteClient(control)
    default = await ask("GET", path_of(DEFAULT))
    connection = AsyncConnection(
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
        async with AsyncExchange(connection, await ask("GET", path_of(sandbox))) as exchange:
            yield exchange
        return
    async with (
        AsyncExchange(connection, default) as server,
        server.sandbox(scenario, api_date=api_date, clock=clock, faults=faults, own_port=own_port) as exchange,
    ):
        yield exchange
