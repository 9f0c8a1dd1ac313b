"""Messages between workers: whole, in order, of any size, with open files, and none lost while the other end waits."""

import asyncio
import os
import socket
from collections.abc import Callable, Coroutine
from typing import Any

from mockexchange.sandbox.journal import JournalEntry, pack_headers
from mockexchange.server.workers import mailbox as module
from mockexchange.server.workers.mailbox import Answered, Done, HandOver, Mailbox, Message
from tests.server.streaming import until


def exchanged(
    play: Callable[[Mailbox, Callable[[], Mailbox], list[Any]], Coroutine[Any, Any, None]],
    ends: tuple[socket.socket, socket.socket] | None = None,
) -> list[Any]:
    """Return the messages that arrive; `play` opens the second end when it likes."""
    taken: list[Any] = []
    ends = ends or module.mailbox_ends()

    def take(message: Message, file: int | None, mailbox: Mailbox) -> None:
        taken.append((message, file))

    async def life() -> None:
        first = Mailbox(ends[0], take)
        opened: list[Mailbox] = []

        def open_second() -> Mailbox:
            opened.append(Mailbox(ends[1], take))
            return opened[-1]

        try:
            await play(first, open_second, taken)
        finally:
            for one in (first, *opened):
                one.close()

    asyncio.run(life())
    for end in ends:
        end.close()
    return taken


async def until_taken(taken: list[Any], count: int) -> None:
    await until(lambda: len(taken) >= count)


def test_messages_of_any_size_arrive_in_order_also_late() -> None:
    sizes = [1, 200_000, 3, 100_000, *([2_000] * 400)]

    async def play(first: Mailbox, open_second: Callable[[], Mailbox], taken: list[Any]) -> None:
        for size in sizes:
            first.send(HandOver(bytes(size)))
        await asyncio.sleep(0)
        open_second()
        await until_taken(taken, len(sizes))

    assert [(len(message.read), file) for message, file in exchanged(play)] == [(size, None) for size in sizes]


def test_a_packet_fits_the_smallest_buffer_of_a_system() -> None:
    raw = os.urandom(100_000)

    async def play(first: Mailbox, open_second: Callable[[], Mailbox], taken: list[Any]) -> None:
        first.send(HandOver(raw))
        open_second()
        await until_taken(taken, 1)

    def small_ends() -> tuple[socket.socket, socket.socket]:
        ends = module.mailbox_ends()
        for end in ends:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        return ends

    [(message, _)] = exchanged(play, small_ends())
    assert message.read == raw


def test_an_open_file_goes_along() -> None:
    read, write = os.pipe()

    async def play(first: Mailbox, open_second: Callable[[], Mailbox], taken: list[Any]) -> None:
        open_second().send(HandOver(b"x" * 50_000), write)
        await until_taken(taken, 1)

    [(_, file)] = exchanged(play)
    os.write(file, b"through")
    os.close(file)
    assert os.read(read, 100) == b"through"
    assert os.read(read, 1) == b"", "the sender has no file any more"
    os.close(read)


def test_an_entry_of_the_journal_arrives_as_it_was() -> None:
    headers = pack_headers(((b"a", b"\xff"),))
    entry = JournalEntry(1, 2, 3, 4, "GET", "/x?y", headers, None, 200, (b"{", b"}"), findings=("late",))

    async def play(first: Mailbox, open_second: Callable[[], Mailbox], taken: list[Any]) -> None:
        first.send(Answered(7, entry))
        open_second()
        await until_taken(taken, 1)

    assert exchanged(play) == [(Answered(7, entry), None)]


def test_the_oldest_messages_are_dropped_if_nobody_reads(monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "WAITING_MAX", 5)

    async def play(first: Mailbox, open_second: Callable[[], Mailbox], taken: list[Any]) -> None:
        for number in range(5_000):
            first.send(Done(number))
        open_second()
        await until_taken(taken, 6)
        await until(lambda: taken[-1] == (Done(4_999), None))

    found = [message.number for message, _ in exchanged(play)]
    assert found[-5:] == [4_995, 4_996, 4_997, 4_998, 4_999]
    assert found[:-5] == list(range(len(found) - 5))


def test_what_waits_is_closed_with_the_mailbox() -> None:
    read, write = os.pipe()

    async def play(first: Mailbox, open_second: Callable[[], Mailbox], taken: list[Any]) -> None:
        for _ in range(5_000):
            first.send(HandOver(b"x" * 1_000))
        first.send(HandOver(b""), write)

    exchanged(play)
    assert os.read(read, 1) == b""
    os.close(read)
