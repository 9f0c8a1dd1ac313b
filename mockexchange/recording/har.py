"""Converts recordings to and from HAR 1.2, the format of browsers and other proxies.

HAR has no streams: their messages are written as browsers do, as `_webSocketMessages` of the handshake.
"""

import errno
import json
from base64 import b64decode
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mockexchange.named_files import read_file
from mockexchange.recording.read_errors import reason_of
from mockexchange.recording.recording_file import BODY_BYTES_MAX, Exchanged, RecordingFile
from mockexchange.version import __version__

Plain = dict[str, Any]
HAR_BYTES_MAX = 256 * 1024 * 1024
"""The largest HAR in bytes, since a HAR is read whole; longer recordings are kept as JSON lines."""
MICROS = 1_000_000


class WrongHar(ValueError):
    """Raised for a file that is not a HAR; the message gives the reason."""


def har_of(lines: Iterable[Plain]) -> Plain:
    """Return the HAR document with a recording's lines."""
    entries: list[Plain] = []
    streams: dict[int, list[Plain]] = defaultdict(list)
    for line in lines:
        if "direction" in line:
            streams[line["connection"]].append(line)
        elif "method" in line:
            entries.append(line)
    creator = {"name": "mockexchange", "version": __version__}
    shown = [_entry(entry, streams.get(entry.get("connection") or 0, [])) for entry in entries]
    return {"log": {"version": "1.2", "creator": creator, "entries": shown}}


def exchanges_of(path: Path) -> Iterator[tuple[Exchanged, list[Plain]]]:
    """Yield each request of a HAR with its answer and the messages of its stream.

    Raises WrongHar, whose message names the place of the error.
    """
    try:
        entries = json.loads(read_file(path, HAR_BYTES_MAX))["log"]["entries"]
    except OSError as error:
        hint = ": record it with --out FILE.jsonl" if error.errno == errno.EFBIG else ""
        raise WrongHar(f"{path} {error.strerror or error}{hint}") from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise WrongHar(f"{path} is no HAR: {reason_of(error)}") from None
    for number, entry in enumerate(entries, start=1):
        try:
            request, response = entry["request"], entry["response"]
            url = urlsplit(request["url"])
            target = (url.path or "/") + (f"?{url.query}" if url.query else "")
            content = response["content"]
            text = str(content.get("text") or "")
            answer = b64decode(text, validate=True) if content.get("encoding") == "base64" else text.encode()
            started = datetime.fromisoformat(entry["startedDateTime"])
            at = round((started if started.tzinfo else started.replace(tzinfo=UTC)).timestamp() * MICROS)
            yield (
                Exchanged(
                    method=str(request["method"]),
                    target=target,
                    headers=_headers(request["headers"]),
                    body=str((request.get("postData") or {}).get("text") or "").encode()[:BODY_BYTES_MAX],
                    status=int(response["status"]),
                    answer_headers=_headers(response["headers"]),
                    answer=answer,
                    at=at,
                    latency_us=int(float(entry.get("time") or 0) * 1000),
                    source=f"{url.scheme}://{url.netloc.rpartition('@')[2]}",
                ),
                entry.get("_webSocketMessages", []),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise WrongHar(f"{path}, entry {number}: {reason_of(error)}") from None


def add_har(path: Path, file: RecordingFile) -> None:
    """Add the requests and answers of a HAR file to a recording; they are redacted like any recorded traffic."""
    for connection, (found, messages) in enumerate(exchanges_of(path), start=1):
        is_stream = bool(messages) or found.status == 101
        file.add_request(found._replace(connection=connection if is_stream else None))
        for message in messages:
            at = int(float(message["time"]) * MICROS)
            direction = "in" if message["type"] == "send" else "out"
            file.add_frame(connection, direction, str(message["data"]).encode(), at=at)


def _entry(line: Plain, frames: list[Plain]) -> Plain:
    origin = line.get("source") or ""
    url = (origin if "//" in origin else "http://proxy") + line["target"]
    body, answer = line.get("body"), line.get("answer")
    milliseconds = (line.get("latency_us") or 0) / 1000
    types = {name.lower(): value for name, value in line.get("answer_headers") or []}
    request: Plain = {
        "method": line["method"],
        "url": url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(line["headers"]),
        "queryString": [],
        "headersSize": -1,
        "bodySize": len(body or ""),
    }
    if body:
        request["postData"] = {"mimeType": "application/json", "text": body}
    content = {"size": len(answer or ""), "mimeType": types.get("content-type", ""), "text": answer or ""}
    response = {
        "status": line["status"],
        "statusText": "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(line.get("answer_headers") or []),
        "content": content,
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": len(answer or ""),
    }
    shown = {"startedDateTime": line["at"], "time": milliseconds, "request": request, "response": response}
    timings = {"send": 0, "wait": milliseconds, "receive": 0}
    messages = [_message(frame) for frame in frames if not frame["kind"]]
    return {**shown, "cache": {}, "timings": timings} | ({"_webSocketMessages": messages} if messages else {})


def _message(frame: Plain) -> Plain:
    kind = "send" if frame["direction"] == "in" else "receive"
    return {"type": kind, "time": frame["host_at_us"] / MICROS, "opcode": 1, "data": frame.get("frame") or ""}


def _pairs(headers: Iterable[Iterable[str]]) -> list[Plain]:
    return [{"name": name, "value": value} for name, value in headers]


def _headers(found: Iterable[Mapping[str, str]]) -> list[tuple[bytes, bytes]]:
    pairs = ((str(one["name"]), str(one["value"])) for one in found)
    return [(name.encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in pairs]
