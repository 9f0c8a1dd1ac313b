"""Drives typed-deribit on the stream, in an interpreter of its own.

Reads a JSON task from each line of standard input and prints a line of JSON for it, {error} where the client raised:

    {do: open, ws_url, key_id, secret, heartbeat}     connect anew; a heartbeat of so many seconds, or null
    {do: subscribe, channel, arguments}               by the client's own name of the channel, such as portfolio
    {do: rows, channel, count}                        {rows: [...]} of a channel, once there are `count`
    {do: read, group, method, arguments}              {result} of a method of its section, over the stream
    {do: close}

It holds every answer and notification against its types. Imports nothing but the standard library and the client.
"""

import asyncio
import contextlib
import faulthandler
import json
import sys
from collections import defaultdict
from datetime import datetime
from importlib import import_module
from typing import Any

TASK_SECONDS_MAX = 100
WAIT_SECONDS_MAX = 60


def module(name: str) -> Any:
    # By name, because the environment in which types are checked does not have it.
    return import_module(f"typed_deribit.{name}")


class Listener:
    """The client's socket, and the updates of each channel."""

    def __init__(self) -> None:
        self.socket: Any = None
        self.updates: dict[str, list[Any]] = defaultdict(list)
        self.changed = asyncio.Condition()
        self.readers: list[asyncio.Task[None]] = []

    async def open(self, ws_url: str, key_id: str, secret: str, heartbeat: int | None) -> None:
        credentials = module("core.auth").Credentials(key_id, secret)
        transport = module("core.transport.ws").SocketRpcStreamClient
        self.socket = transport.new(ws_url, credentials=credentials, heartbeat_interval=heartbeat)
        await self.socket.__aenter__()
        await self.socket.conn.ctx  # it connects when it is asked for something, else

    async def subscribe(self, channel: str, arguments: dict[str, Any]) -> None:
        manager = getattr(module("streams.user").User(client=self.socket), channel)(**arguments)
        self.readers.append(asyncio.create_task(self._read(channel, await manager)))

    async def _read(self, channel: str, stream: Any) -> None:
        async for update in stream:
            async with self.changed:
                self.updates[channel].append(update)
                self.changed.notify_all()

    async def wait(self, channel: str, count: int) -> list[Any]:
        async with asyncio.timeout(WAIT_SECONDS_MAX), self.changed:
            await self.changed.wait_for(lambda: len(self.updates[channel]) >= count or self._broken())
        for reader in self.readers:
            if reader.done():
                reader.result()
        return self.updates[channel]

    def _broken(self) -> bool:
        return any(reader.done() for reader in self.readers)

    async def read(self, group: str, method: str, arguments: dict[str, Any]) -> Any:
        name = "".join(part.capitalize() for part in group.split("_"))
        section = getattr(module(group), name).new(self.socket, ws_client=self.socket)
        return await getattr(section, method)(**arguments, transport="ws")

    async def close(self) -> None:
        for reader in self.readers:
            reader.cancel()
        await asyncio.gather(*self.readers, return_exceptions=True)
        if self.socket is not None:
            await self.socket.__aexit__(None, None, None)


async def perform(listener: Listener, task: dict[str, Any]) -> dict[str, Any]:
    words = {name: value for name, value in task.items() if name != "do"}
    match task["do"]:
        case "open":
            await listener.open(**words)
        case "subscribe":
            await listener.subscribe(**words)
        case "rows":
            return {"rows": await listener.wait(**words)}
        case "read":
            return {"result": await listener.read(**words)}
        case "close":
            await listener.close()
    return {}


def write_plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"the client made a {type(value).__name__}")


async def run() -> None:
    listener = Listener()
    while line := await asyncio.to_thread(sys.stdin.readline):
        task = json.loads(line)
        if task["do"] == "open":
            with contextlib.suppress(Exception):
                await listener.close()
            listener = Listener()
        faulthandler.dump_traceback_later(TASK_SECONDS_MAX, exit=True)
        try:
            answer = await perform(listener, task)
        except Exception as error:  # noqa: BLE001  # whatever the client raises is the answer
            answer = {"error": {"type": type(error).__name__, "message": str(error)}}
        faulthandler.cancel_dump_traceback_later()
        sys.stdout.write(f"{json.dumps(answer, default=write_plain)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(run())
