"""The effects of faults: each is declared with the schema that it has in `then` of a rule, under its name.

None of them changes the exchange's state; script steps do that. `mockexchange.faults` applies them to bytes and
sockets. Durations are microseconds.
"""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from msgspec import Struct, field

from mockexchange.core.instants import MICROSECONDS_PER_SECOND, parse_duration
from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.literal_json import LITERAL, Literal
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.value_types import (
    NAME_CHARS_MAX,
    MapOf,
    Record,
    Scalar,
    choice,
    decimal,
    integer,
    keywords,
    matching,
    may,
    must,
    wrong,
)

WAIT_US_MAX = 600 * MICROSECONDS_PER_SECOND
"""The longest delay of an effect, ten minutes: longer than any client waits."""
LAG_US_MAX = 86_400 * MICROSECONDS_PER_SECOND
OFFSET_US_MAX = 3_650 * 86_400 * MICROSECONDS_PER_SECOND
SIZE_BYTES_MAX = 1024 * 1024 * 1024
REQUESTS_MAX = 1_000_000
ROWS_MAX = 10_000
STATUS_MIN, STATUS_MAX = 400, 599
HANDSHAKE_STATUS_MIN = 200
WITHOUT_BODY = (204, 205, 304)
"""Statuses whose answers have no body (RFC 9110), so that no text can refuse a handshake with them."""
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


def _handshake_status(text: str) -> int:
    status: int = _ANY_STATUS.parse(text)
    if status in WITHOUT_BODY:
        raise ValueError
    return status


def _share(text: str) -> int:
    ppm: int = _DECIMAL.parse(text)
    if not 0 <= ppm <= PROBABILITY_UNIT:
        raise ValueError
    return ppm


FLAG = Flag()
PROBABILITY_UNIT = 1_000_000
_DECIMAL = decimal("a probability", 6)
_ANY_STATUS = integer(HANDSHAKE_STATUS_MIN, STATUS_MAX)
HANDSHAKE_STATUS = Scalar(
    f"a status from {HANDSHAKE_STATUS_MIN} to {STATUS_MAX} whose answer has a body",
    _handshake_status,
    _ANY_STATUS.schema,
)
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


class Effect(Struct, frozen=True):
    """What a fault does."""


class EffectKind(Struct, frozen=True):
    """How an effect is written: its fields, and the function that makes the effect from their values.

    Effects of one `stage` exclude each other: only that of the first rule that fires is applied.
    """

    surface: Surface
    record: Record
    make: Callable[[dict[str, Any]], Effect]
    stage: str


AnyEffect = TypeVar("AnyEffect", bound=Effect)
Headers = Mapping[str, str]
EFFECTS: dict[str, EffectKind] = {}
OF_ANSWER: dict[str, Any] = {"shape": may(SHAPES), "headers": may(HEADERS, {})}


def effect(
    name: str,
    surface: Surface,
    kind: Any = FLAG,
    *,
    stage: str = "",
    make: Callable[..., Effect] | None = None,
    **more: Any,
) -> Callable[[type[AnyEffect]], type[AnyEffect]]:
    """Register an effect that a rule writes as `{name: value}`, the value of type `kind`, and perhaps `more` keys.

    `make` makes the effect from the values, by default its class. Without a `stage` it excludes only its like.
    """

    def register(effect_class: type[AnyEffect]) -> type[AnyEffect]:
        new, keys = make or effect_class, [*more] if kind is FLAG else [name, *more]
        record = Record({name: must(kind), **more})
        EFFECTS[name] = EffectKind(surface, record, lambda values: new(*(values[key] for key in keys)), stage or name)
        return effect_class

    return register


def _of_bucket(bucket: dict[str, Any], shape: str | None, headers: dict[str, str]) -> Effect:
    burst = bucket["burst"] or bucket["requests"]
    return RateLimit(bucket["requests"], bucket["per"], burst, bucket["clock"], shape, headers)


@effect("status", Surface.REQUEST, integer(STATUS_MIN, STATUS_MAX), stage="answer", **OF_ANSWER)
class Status(Effect, frozen=True):
    """Answer with an HTTP error in place of the exchange. `shape` None selects the venue's own body for this status."""

    status: int
    shape: str | None = None
    headers: Headers = field(default_factory=dict)


@effect("body", Surface.REQUEST, Literal(chars_min=0), content_type=may(HEADER_VALUE))
class Body(Effect, frozen=True):
    """Replace the body of the answer."""

    text: str
    content_type: str | None = None


@effect("delay", Surface.REQUEST, WAIT)
class Delay(Effect, frozen=True):
    delay_us: int


@effect("trickle", Surface.REQUEST, integer(1, SIZE_BYTES_MAX))
class Trickle(Effect, frozen=True):
    bytes_per_second: int


@effect("cut_after", Surface.REQUEST, integer(0, SIZE_BYTES_MAX), stage="end")
class CutAfter(Effect, frozen=True):
    size_bytes: int


@effect("drop", Surface.REQUEST, stage="end")
class Drop(Effect, frozen=True):
    pass


@effect("reset", Surface.REQUEST, stage="end")
class Reset(Effect, frozen=True):
    pass


@effect("lost_answer", Surface.REQUEST, stage="end")
class LostAnswer(Effect, frozen=True):
    """Execute the request and close the connection without an answer."""


@effect("lost_request", Surface.REQUEST, stage="end")
class LostRequest(Effect, frozen=True):
    """Close the connection without an answer, and do not execute the request."""


@effect("unknown_outcome", Surface.REQUEST, SHARE, stage="answer")
class UnknownOutcome(Effect, frozen=True):
    """Answer 503, so that the client does not know whether the request was executed.

    It is executed with this probability, in millionths.
    """

    carried_out_ppm: int


@effect("content_type", Surface.REQUEST, HEADER_VALUE)
class ContentType(Effect, frozen=True):
    value: str


@effect("truncate_json", Surface.REQUEST)
class TruncateJson(Effect, frozen=True):
    pass


@effect("cursor", Surface.REQUEST, OrNull(keywords("null", "absent", "repeat")))
class Cursor(Effect, frozen=True):
    """Change the cursor in the answer: `how` is "null", "absent", or "repeat" (the cursor that the request sent)."""

    how: str


@effect("page_size", Surface.REQUEST, integer(1, ROWS_MAX))
class PageSize(Effect, frozen=True):
    rows: int


@effect("duplicate_row", Surface.REQUEST)
class DuplicateRow(Effect, frozen=True):
    pass


@effect("no_rows", Surface.REQUEST)
class NoRows(Effect, frozen=True):
    """Leave out all rows of a page, and keep its cursor."""


@effect("stale", Surface.REQUEST, LAG)
class Stale(Effect, frozen=True):
    lag_us: int


@effect("legacy", Surface.REQUEST, keywords("absent", "zero", "wrong"))
class Legacy(Effect, frozen=True):
    """Change the old number fields that stand beside the fixed-point fields which replaced them.

    `how` is "absent", "zero" or "wrong".
    """

    how: str


@effect("clock_offset", Surface.REQUEST, OFFSET)
class ClockOffset(Effect, frozen=True):
    offset_us: int


@effect("rate_limit", Surface.REQUEST, BUCKET, stage="answer", make=_of_bucket, **OF_ANSWER)
class RateLimit(Effect, frozen=True):
    """Answer 429 beyond this many requests in a period; `burst` is the size of the token bucket."""

    requests: int
    per_us: int
    burst: int
    clock: str = "host"
    shape: str | None = None
    headers: Headers = field(default_factory=dict)


@effect(
    "refuse",
    Surface.HANDSHAKE,
    HANDSHAKE_STATUS,
    **OF_ANSWER,
    body=may(Literal(chars_min=0)),
    content_type=may(HEADER_VALUE),
)
class Refuse(Effect, frozen=True):
    """Answer the handshake of a stream with an HTTP answer. `body` None selects the venue's own body for the status."""

    status: int
    shape: str | None = None
    headers: Headers = field(default_factory=dict)
    body: str | None = None
    content_type: str | None = None


@effect("close", Surface.FRAME, CLOSE_CODE, stage="end", at_frame=may(integer(1, REQUESTS_MAX)))
class Close(Effect, frozen=True):
    """Close the stream when the rule applies to a frame.

    With `at_frame` it applies to the frame with that number, counted among the connection's frames that meet the
    conditions.
    """

    code: int
    at_frame: int | None = None


@effect("abort", Surface.FRAME, stage="end")
class Abort(Effect, frozen=True):
    pass


@effect("duplicate", Surface.FRAME)
class Duplicate(Effect, frozen=True):
    pass


@effect("reorder", Surface.FRAME, stage="taken")
class Reorder(Effect, frozen=True):
    pass


@effect("gap", Surface.FRAME, stage="taken")
class Gap(Effect, frozen=True):
    pass


@effect("stall", Surface.FRAME, stage="end")
class Stall(Effect, frozen=True):
    pass


@effect("silent_channel", Surface.FRAME, stage="taken")
class SilentChannel(Effect, frozen=True):
    pass


@effect("late_ack", Surface.ANSWER, WAIT)
class LateAck(Effect, frozen=True):
    delay_us: int


@effect("terminal", Surface.FRAME, choice({"10": 10, "25": 25}), stage="taken")
class Terminal(Effect, frozen=True):
    code: int


@effect("frame", Surface.FRAME, LITERAL)
class LiteralFrame(Effect, frozen=True):
    """Send `text` as a frame, with "$sid" and "$seq" replaced by the subscription's id and its next sequence number."""

    text: str


class EffectType:
    """The schema of `then` in a fault rule: a mapping with one effect."""

    def read(self, node: Located, path: str) -> tuple[str, Effect]:
        """Read the mapping below `then`; return the name of the effect and the effect. Raises ScenarioError."""
        if not isinstance(node.value, dict):
            raise wrong(node, path, f"a mapping with one of {', '.join(EFFECTS)}")
        given = [key for key in node.value if key in EFFECTS]
        # `content_type` is an effect, and a key of `body`.
        names = [
            key for key in given if not any(key in EFFECTS[other].record.fields for other in given if other != key)
        ]
        if len(names) > 1:
            message = f"expected one effect, got {' and '.join(names)}: write a rule for each"
            raise ScenarioError(message, node.file, node.line_of(names[1]), path)
        if not names:
            unknown = next(iter(node.value), "")
            advice = did_you_mean(unknown, EFFECTS) or f": known are {', '.join(EFFECTS)}"
            message = f"unknown effect {unknown!r}{advice}" if unknown else f"expected one of {', '.join(EFFECTS)}"
            raise ScenarioError(message, node.file, node.line_of(unknown), path)
        kind = EFFECTS[names[0]]
        values = kind.record.read(node, path)
        taken = next((name for name in values.get("headers") or {} if name.lower() in FRAMED_BY_SERVER), None)
        if taken is not None:
            advice = ": use the effect content_type" if taken.lower() == "content-type" else ""
            message = f"expected a header other than those that frame an answer, got {taken!r}{advice}"
            raise ScenarioError(message, node.file, node.line_of("headers"), f"{path}.headers")
        return names[0], kind.make(values)

    def json_schema(self) -> dict[str, Any]:
        return {"oneOf": [kind.record.json_schema() for kind in EFFECTS.values()]}


EFFECT = EffectType()
