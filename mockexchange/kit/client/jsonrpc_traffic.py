"""Converts the traffic of clients of JSON-RPC venues to one call for each method called, by HTTP or on a stream.

Such a client may send everything to one path or on one stream. In the converted traffic each call has the path of its
method and the HTTP status that its error would have elsewhere, so that the rules for other venues apply.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mockexchange.kit.client.traffic import Call, Frame, Traffic

REFUSED = 400
METHOD, PARAMS = "method", "params"
CREDENTIALS = frozenset(
    ("access_token", "refresh_token", "client_id", "client_secret", "signature", "timestamp", "nonce")
)
"""Parameters that identify the caller, not what is requested."""
ACKNOWLEDGED = "subscribed"

StatusOf = Callable[[int, bytes], int]


def read_jsonrpc(
    traffic: Traffic, *, prefix: str, status_of: StatusOf, id_name: str, channels: Sequence[str]
) -> Traffic:
    """Return a client's traffic with one call for each JSON-RPC method called.

    `id_name` is the key of a call's id. `channels` are the prefixes by which channels are grouped.
    """
    over_http = [call if call.is_handshake else _of_request(call, prefix, status_of) for call in traffic.calls]
    streamed = _streamed(traffic.frames, prefix, status_of, id_name)
    calls = sorted((*over_http, *streamed), key=lambda call: call.began_s)
    frames = [one for frame in traffic.frames for one in _named(frame, channels)]
    return replace(traffic, calls=tuple(calls), frames=tuple(frames))


def _of_request(call: Call, prefix: str, status_of: StatusOf) -> Call:
    """Return a request as a call of its method, which its path or its body names."""
    body = _object(call.body)
    method = call.path.removeprefix(prefix).strip("/") or str(body.get(METHOD, ""))
    params = body.get(PARAMS) if body else call.parameters
    target = f"{prefix}/{method}{f'?{call.query}' if call.query else ''}"
    status = status_of(call.status, call.answer)
    return call._replace(target=target, status=status, subject=_subject(params))


def _streamed(frames: Sequence[Frame], prefix: str, status_of: StatusOf, id_name: str) -> Iterator[Call]:
    """Yield the calls on streams, each with its answer."""
    answers = {
        (frame.stream, json.dumps(body[id_name])): frame
        for frame in reversed(frames)
        if frame.direction == "out" and METHOD not in (body := _object(frame.raw)) and id_name in body
    }
    for frame in frames:
        asked = _object(frame.raw) if frame.direction == "in" else {}
        if METHOD in asked:
            answer = answers.get((frame.stream, json.dumps(asked.get(id_name))))
            yield _call_of(frame, asked, answer, prefix, status_of)


def _call_of(frame: Frame, asked: Mapping[str, Any], answer: Frame | None, prefix: str, status_of: StatusOf) -> Call:
    """Return a call on a stream. One without an answer has status 0, as a request whose connection ended."""
    raw = answer.raw if answer else b""
    status = 0 if answer is None else status_of(REFUSED, raw) if "error" in _object(raw) else 200
    return Call(
        began_s=frame.at_s,
        ended_s=answer.at_s if answer else frame.at_s,
        method="POST",
        target=f"{prefix}/{asked[METHOD]}",
        headers={},
        body=frame.raw,
        status=status,
        answer=raw,
        operation=str(asked[METHOD]),
        key_id=None,
        diagnosis=(answer.note if answer else frame.note) or None,
        fault=answer.fault if answer else frame.fault,
        stream=frame.stream,
        subject=_subject(asked.get(PARAMS)),
    )


def _subject(params: object) -> str:
    """Return params as text without credentials, equal for calls that ask for the same."""
    if not isinstance(params, Mapping):
        return ""
    return json.dumps({name: params[name] for name in sorted(params) if name not in CREDENTIALS})


def _named(frame: Frame, channels: Sequence[str]) -> Iterable[Frame]:
    """Return an acknowledgement once for each of its channels, with the family of the channel; other frames as is."""
    listed = _object(frame.raw).get("result") if frame.kind == ACKNOWLEDGED else None
    if not isinstance(listed, list):
        return (frame,)
    return [frame._replace(channel=_family(name, channels)) for name in listed if isinstance(name, str)]


def _family(name: str, channels: Sequence[str]) -> str:
    fitting = [channel for channel in channels if name == channel or name.startswith(f"{channel}.")]
    return max(fitting, key=len, default=name)


def _object(raw: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(raw)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
