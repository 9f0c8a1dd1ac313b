"""Makes the JSON answers of the control API.

Long ones are made and sent in pieces, so that they do not block the loop.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from itertools import chain
from typing import Any, TypeVar

import msgspec
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

MEDIA_TYPE = "application/json"
SLICE_S = 0.005
"""The seconds for which JSON is made before other tasks get a turn."""
PIECE_CHARS = 64 * 1024
"""The size of the text that is sent at once."""
REREADS_MAX = 3
"""How often a list is read again because a command changed the state meanwhile; then it is read without a pause."""
Item = TypeVar("Item")


class ControlJson(JSONResponse):
    """A JSON response. Half of a surrogate pair in a text, which UTF-8 cannot encode, becomes a question mark."""

    def render(self, content: object) -> bytes:
        return encode(content)


class PiecesResponse(StreamingResponse):
    """A streaming response that does not notice when the client disconnects.

    Starlette's own notices it by a task group, and the first task group in a process takes 40 ms for imports.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.stream_response(send)


def encode(content: object) -> bytes:
    try:
        return msgspec.json.encode(content)
    except UnicodeEncodeError:  # half of a surrogate pair, which a client sent in an escape
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def list_pieces(rows: Iterable[Any]) -> Iterator[bytes]:
    """Yield the JSON of a list in pieces, each of which takes about SLICE_S to make.

    Rows are read when their piece is made.
    """
    return encoded_pieces(map(encode, rows))


def encoded_pieces(rows: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the JSON of a list in pieces. The rows are JSON already."""
    return sliced(chain((b"[",), _separated(rows), (b"]",)))


def object_pieces(members: Iterable[tuple[str, Any]]) -> Iterator[bytes]:
    """Yield the JSON of an object in pieces, from (key, value) pairs. A value that is an iterator becomes a list."""
    return sliced(chain((b"{",), _members(members), (b"}",)))


async def answer_in_slices(pieces: Iterator[bytes], status: int = 200) -> Response:
    """Return a response whose body is made of pieces.

    If there are several, they are made while the response is sent.
    """
    first, second = next(pieces), next(pieces, None)
    if second is None:
        return Response(first, status, media_type=MEDIA_TYPE)
    return PiecesResponse(turn_after_each(chain((first, second), pieces)), status, media_type=MEDIA_TYPE)


async def answer_unchanged(make: Callable[[], Iterator[bytes]], revision: Callable[[], int]) -> Response:
    """Return a response whose pieces all show the same state: they are made anew if a command is executed in between.

    `revision` returns a number that rises with each command.
    """
    for _ in range(REREADS_MAX):
        before, made = revision(), []
        for piece in make():
            made.append(piece)
            await asyncio.sleep(0)
            if revision() != before:  # before the next piece: what it reads has changed
                break
        else:
            return await answer_in_slices(iter(made))
    return await answer_in_slices(iter(list(make())))


async def turn_after_each(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    """Yield the pieces unchanged, and let other tasks of the event loop run after each."""
    for piece in pieces:
        yield piece
        await asyncio.sleep(0)


def _members(members: Iterable[tuple[str, Any]]) -> Iterator[bytes]:
    separator = b""
    for name, value in members:
        if isinstance(value, Iterator):
            yield from chain((separator, encode(name), b":["), _separated(map(encode, value)), (b"]",))
        else:
            yield separator + encode({name: value})[1:-1]
        separator = b","


def _separated(texts: Iterable[bytes]) -> Iterator[bytes]:
    separator = b""
    for text in texts:
        yield separator + text
        separator = b","


def sliced(texts: Iterable[bytes]) -> Iterator[bytes]:
    """Join texts into pieces of about PIECE_CHARS, none of which takes much longer than SLICE_S to make."""
    parts: list[bytes] = []
    size, until = 0, time.perf_counter() + SLICE_S
    for text in texts:
        parts.append(text)
        size += len(text)
        if size >= PIECE_CHARS or time.perf_counter() >= until:
            yield b"".join(parts)
            parts, size, until = [], 0, time.perf_counter() + SLICE_S
    if parts:
        yield b"".join(parts)


async def in_turns(items: Iterable[Item]) -> AsyncIterator[Item]:
    """Yield the items unchanged, and let other tasks of the event loop run every SLICE_S seconds."""
    until = time.perf_counter() + SLICE_S
    for item in items:
        yield item
        if time.perf_counter() >= until:
            await asyncio.sleep(0)
            until = time.perf_counter() + SLICE_S
