"""The schema of `then` in a fault rule: one key, the effect's name, with the fields of the effect."""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from msgspec import Struct

from mockexchange.core.instants import MICROSECONDS_PER_SECOND, parse_duration
from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.faults import fault_effects
from mockexchange.scenario.faults.fault_effects import Effect
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.steps.shared_fields import keywords
from mockexchange.scenario.types.composite_types import MapOf, Record, may, must
from mockexchange.scenario.types.literal_json import LITERAL, Literal
from mockexchange.scenario.types.value_types import NAME_CHARS_MAX, Scalar, choice, decimal, integer, matching, wrong

WAIT_US_MAX = 600 * MICROSECONDS_PER_SECOND
"""The longest delay of an effect, ten minutes: longer than any client waits."""
LAG_US_MAX = 86_400 * MICROSECONDS_PER_SECOND
OFFSET_US_MAX = 3_650 * 86_400 * MICROSECONDS_PER_SECOND
SIZE_BYTES_MAX = 1024 * 1024 * 1024
REQUESTS_MAX = 1_000_000
ROWS_MAX = 10_000
STATUS_MIN, STATUS_MAX = 400, 599
CLOSE_CODES = (*range(1000, 1004), *range(1007, 1015), *range(3000, 5000))
"""Codes that a close frame may have (RFC 6455, 7.4); clients report 1006 if there was no close frame."""
SHAPES = keywords("nested", "flat", "msg", "text")


class Surface(StrEnum):
    """The kind of traffic that an effect changes: requests, handshakes, or data frames or answers of streams.

    It determines which conditions a rule with the effect may have.
    """

    REQUEST = "requests"
    HANDSHAKE = "handshakes of streams"
    FRAME = "data frames of streams"
    ANSWER = "answers to commands of streams"


class Flag:
    """The type of an effect without fields, which a rule writes as `{drop}`, `drop:` or `drop: true`."""

    def read(self, node: Located, path: str) -> bool:
        if node.value not in (None, "true"):
            raise wrong(node, path, "true, or nothing")
        return True

    def json_schema(self) -> dict[str, Any]:
        return {"enum": [True, "true", None]}


class OrNull(Struct, frozen=True):
    """The type of a word out of several, one of which is "null"; YAML and JSON read `null` as no value."""

    kind: Scalar

    def read(self, node: Located, path: str) -> Any:
        return self.kind.read(Located("null", node.file, node.line) if node.value is None else node, path)

    def json_schema(self) -> dict[str, Any]:
        return {"anyOf": [self.kind.json_schema(), {"type": "null"}]}


def wait(expected: str, us_max: int, is_signed: bool = False) -> Scalar:
    """Return the type of a duration up to `us_max` microseconds, without 0; with `is_signed` it may be negative."""

    def parse(text: str) -> int:
        sign = -1 if is_signed and text.startswith("-") else 1
        duration_us = parse_duration(text.removeprefix("-") if is_signed else text)
        if not 0 < duration_us <= us_max:
            raise ValueError(text)
        return sign * duration_us

    pattern = f"^{'-?' if is_signed else ''}([0-9]+(us|ms|s|m|h|d))+$"
    return Scalar(expected, parse, {"type": "string", "pattern": pattern})


def _close_code(text: str) -> int:
    code = int(text) if re.fullmatch("[0-9]{4}", text) else 0
    if code == 1006:
        raise ValueError("no close frame has it, use `abort`")
    if code not in CLOSE_CODES:
        raise ValueError
    return code


def _share(text: str) -> int:
    ppm: int = _DECIMAL.parse(text)
    if not 0 <= ppm <= PROBABILITY_UNIT:
        raise ValueError
    return ppm


FLAG = Flag()
PROBABILITY_UNIT = 1_000_000
_DECIMAL = decimal("a probability", 6)
SHARE = Scalar(
    "a probability from 0 to 1, such as 0.5, of at most 6 decimals",
    _share,
    {"type": ["number", "string"], "minimum": 0, "maximum": 1},
)
WAIT = wait("a duration such as 250ms or 2s, above 0 and of at most 10 minutes", WAIT_US_MAX)
LAG = wait("a duration such as 5s, above 0 and of at most a day", LAG_US_MAX)
OFFSET = wait("a duration such as -30s or 5m, of at most 10 years", OFFSET_US_MAX, is_signed=True)
CLOSE_CODE = Scalar(
    "a close code from 1000 to 4999 that may be sent, such as 1001, 1011 or 4000",
    _close_code,
    {"type": ["integer", "string"], "pattern": "^[0-9]{4}$", "minimum": 1000, "maximum": 4999},
    shows_reason=True,
)
HEADER_NAME = matching("a header name", re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}"))
HEADER_VALUE = matching(
    f"a header value of at most {NAME_CHARS_MAX} printable characters",
    re.compile(rf"[\x20-\x7e]{{0,{NAME_CHARS_MAX}}}"),
)
HEADERS = MapOf(HEADER_VALUE, key=HEADER_NAME, expected="a mapping of header names")
FRAMED_BY_SERVER = ("content-length", "transfer-encoding", "connection", "content-type")
"""Headers that a fault cannot set: those that mark the end of the body, and content-type, which has its own effect."""
BUCKET = Record(
    {
        "requests": must(integer(1, REQUESTS_MAX)),
        "per": may(WAIT, MICROSECONDS_PER_SECOND),
        "burst": may(integer(1, REQUESTS_MAX)),
        "clock": may(keywords("host", "exchange"), "host"),
    }
)


class EffectKind(Struct, frozen=True):
    """The type of one effect: its fields, and the function that makes the effect from their values."""

    surface: Surface
    record: Record
    make: Callable[[dict[str, Any]], Effect]


def _plain(name: str, kind: Any, surface: Surface, make: Callable[..., Effect], **more: Any) -> EffectKind:
    record = Record({name: must(kind), **more})
    return EffectKind(surface, record, lambda values: make(*(values[key] for key in record.fields)))


def _bare(name: str, surface: Surface, effect: Effect) -> EffectKind:
    return EffectKind(surface, Record({name: must(FLAG)}), lambda values: effect)


def _bucket(bucket: dict[str, Any], shape: str | None, headers: dict[str, str]) -> Effect:
    burst = bucket["burst"] or bucket["requests"]
    return fault_effects.RateLimit(bucket["requests"], bucket["per"], burst, bucket["clock"], shape, headers)


_ANSWER = {"shape": may(SHAPES), "headers": may(HEADERS, {})}
EFFECTS: dict[str, EffectKind] = {
    "status": _plain("status", integer(STATUS_MIN, STATUS_MAX), Surface.REQUEST, fault_effects.Status, **_ANSWER),
    "body": _plain("body", Literal(chars_min=0), Surface.REQUEST, fault_effects.Body, content_type=may(HEADER_VALUE)),
    "delay": _plain("delay", WAIT, Surface.REQUEST, fault_effects.Delay),
    "trickle": _plain("trickle", integer(1, SIZE_BYTES_MAX), Surface.REQUEST, fault_effects.Trickle),
    "cut_after": _plain("cut_after", integer(0, SIZE_BYTES_MAX), Surface.REQUEST, fault_effects.CutAfter),
    "drop": _bare("drop", Surface.REQUEST, fault_effects.Drop()),
    "reset": _bare("reset", Surface.REQUEST, fault_effects.Reset()),
    "lost_answer": _bare("lost_answer", Surface.REQUEST, fault_effects.LostAnswer()),
    "lost_request": _bare("lost_request", Surface.REQUEST, fault_effects.LostRequest()),
    "unknown_outcome": _plain("unknown_outcome", SHARE, Surface.REQUEST, fault_effects.UnknownOutcome),
    "content_type": _plain("content_type", HEADER_VALUE, Surface.REQUEST, fault_effects.ContentType),
    "truncate_json": _bare("truncate_json", Surface.REQUEST, fault_effects.TruncateJson()),
    "cursor": _plain("cursor", OrNull(keywords("null", "absent", "repeat")), Surface.REQUEST, fault_effects.Cursor),
    "page_size": _plain("page_size", integer(1, ROWS_MAX), Surface.REQUEST, fault_effects.PageSize),
    "duplicate_row": _bare("duplicate_row", Surface.REQUEST, fault_effects.DuplicateRow()),
    "no_rows": _bare("no_rows", Surface.REQUEST, fault_effects.NoRows()),
    "stale": _plain("stale", LAG, Surface.REQUEST, fault_effects.Stale),
    "legacy": _plain("legacy", keywords("absent", "zero", "wrong"), Surface.REQUEST, fault_effects.Legacy),
    "clock_offset": _plain("clock_offset", OFFSET, Surface.REQUEST, fault_effects.ClockOffset),
    "rate_limit": _plain("rate_limit", BUCKET, Surface.REQUEST, _bucket, **_ANSWER),
    "refuse": _plain("refuse", choice({"401": 401, "403": 403, "502": 502}), Surface.HANDSHAKE, fault_effects.Refuse),
    "close": _plain("close", CLOSE_CODE, Surface.FRAME, fault_effects.Close, at_frame=may(integer(1, REQUESTS_MAX))),
    "abort": _bare("abort", Surface.FRAME, fault_effects.Abort()),
    "duplicate": _bare("duplicate", Surface.FRAME, fault_effects.Duplicate()),
    "reorder": _bare("reorder", Surface.FRAME, fault_effects.Reorder()),
    "gap": _bare("gap", Surface.FRAME, fault_effects.Gap()),
    "stall": _bare("stall", Surface.FRAME, fault_effects.Stall()),
    "silent_channel": _bare("silent_channel", Surface.FRAME, fault_effects.SilentChannel()),
    "late_ack": _plain("late_ack", WAIT, Surface.ANSWER, fault_effects.LateAck),
    "terminal": _plain("terminal", choice({"10": 10, "25": 25}), Surface.FRAME, fault_effects.Terminal),
    "frame": _plain("frame", LITERAL, Surface.FRAME, fault_effects.LiteralFrame),
}


class EffectType:
    """The schema of `then` in a fault rule: a mapping with one effect."""

    def read(self, node: Located, path: str) -> tuple[str, Effect]:
        """Read the mapping below `then`; return the name of the effect and the effect. Raises ScenarioError."""
        if not isinstance(node.value, dict):
            raise wrong(node, path, f"a mapping with one of {', '.join(EFFECTS)}")
        name = _name_of(node, path)
        values = EFFECTS[name].record.read(node, path)
        _require_free_headers(values.get("headers") or {}, node, path)
        return name, EFFECTS[name].make(values)

    def json_schema(self) -> dict[str, Any]:
        return {"oneOf": [kind.record.json_schema() for kind in EFFECTS.values()]}


EFFECT = EffectType()


def _name_of(node: Located, path: str) -> str:
    assert isinstance(node.value, dict), "checked by the caller"
    given = [key for key in node.value if key in EFFECTS]
    names = [key for key in given if not any(key in EFFECTS[other].record.fields for other in given if other != key)]
    if len(names) > 1:
        message = f"expected one effect, got {' and '.join(names)}: write a rule for each"
        raise ScenarioError(message, node.file, node.line_of(names[1]), path)
    if not names:
        unknown = next(iter(node.value), "")
        advice = did_you_mean(unknown, EFFECTS) or f": known are {', '.join(EFFECTS)}"
        message = f"unknown effect {unknown!r}{advice}" if unknown else f"expected one of {', '.join(EFFECTS)}"
        raise ScenarioError(message, node.file, node.line_of(unknown), path)
    return names[0]


def _require_free_headers(headers: dict[str, str], node: Located, path: str) -> None:
    taken = next((name for name in headers if name.lower() in FRAMED_BY_SERVER), None)
    if taken is not None:
        advice = ": use the effect content_type" if taken.lower() == "content-type" else ""
        message = f"expected a header other than those that frame an answer, got {taken!r}{advice}"
        raise ScenarioError(message, node.file, node.line_of("headers"), f"{path}.headers")
