"""Readers of a stream in a process of their own: they count lines, and a line is a frame.

Usage: python -m benchmarks.stream_reading PORT COUNT HEAD SUBSCRIBE. Prints a line when all are subscribed. Then each
line of input is a number of frames, and is answered when every reader has got so many more: {"ended_s", "at_s"}, the
second the times of the first reader's frames. Ends with its standard input.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from functools import partial
from typing import cast

from benchmarks.world import loop_factory
from mockexchange.server.operating_system import allow_many_files

AT_ONCE = 100
MASK = bytes(4)
"""No mask at all changes nothing of what is sent."""


def masked(text: bytes) -> bytes:
    """A whole text frame of a client, of 126 to 65,535 bytes."""
    return bytes((0x81, 0x80 | 126)) + len(text).to_bytes(2, "big") + MASK + text


class Reader(asyncio.Protocol):
    """Subscribes, then counts."""

    def __init__(self, head: bytes, command: bytes, keeps_times: bool) -> None:
        self.head, self.command = head, command
        self.keeps_times = keeps_times
        self.times_s: list[float] = []
        self.lines, self.wanted = 0, 1
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self.head)

    def data_received(self, data: bytes) -> None:
        if not self._is_open:
            head, _, data = data.partition(b"\r\n\r\n")
            if b" 101 " not in head[:20]:
                raise SystemExit(f"no stream: {head[:400]!r}")
            self._is_open = True
            self.transport.write(masked(self.command))
        lines = data.count(b"\n")
        self.lines += lines
        if self.keeps_times:
            self.times_s += [time.perf_counter()] * lines
        if self.lines >= self.wanted and not self.done.done():
            self.done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(RuntimeError(f"lost after {self.lines} of {self.wanted} frames: {exc}"))

    def want(self, lines: int) -> None:
        self.wanted += lines
        self.times_s.clear()
        self.done = asyncio.get_running_loop().create_future()
        if self.lines >= self.wanted:
            self.done.set_result(None)


def _itself(reader: Reader) -> Reader:
    return reader


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("head")
    parser.add_argument("command")
    given = parser.parse_args()
    allow_many_files()
    loop = asyncio.get_running_loop()
    readers = [Reader(given.head.encode(), given.command.encode(), keeps_times=not n) for n in range(given.count)]
    for start in range(0, given.count, AT_ONCE):
        some = readers[start : start + AT_ONCE]
        await asyncio.gather(*(loop.create_connection(partial(_itself, one), "127.0.0.1", given.port) for one in some))
    await asyncio.gather(*(reader.done for reader in readers))
    print("ready", flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        for reader in readers:
            reader.want(int(line))
        print("counting", flush=True)
        await asyncio.gather(*(reader.done for reader in readers))
        print(json.dumps({"ended_s": time.perf_counter(), "at_s": readers[0].times_s}), flush=True)
    os._exit(0)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(main())
