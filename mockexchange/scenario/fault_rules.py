"""The schema of fault rules, for scenarios, the control API and the command line: conditions and an effect.

`{name: outage, match: {operation: GetPositions, nth: 3}, then: {status: 503}}`. Everything is checked here except
the names of accounts, which only a sandbox knows.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from mockexchange.core.instants import parse_duration
from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.fault_effects import (
    EFFECT,
    EFFECTS,
    LAG,
    PROBABILITY_UNIT,
    REQUESTS_MAX,
    ClockOffset,
    Close,
    Effect,
    Surface,
)
from mockexchange.scenario.instants import INSTANT
from mockexchange.scenario.literal_json import plain
from mockexchange.scenario.located_text import Located, located_json
from mockexchange.scenario.value_types import (
    DURATION,
    NAME,
    PART,
    ListOf,
    Record,
    Scalar,
    decimal,
    integer,
    matching,
    may,
    must,
)
from mockexchange.venues.registry import DEFAULT, OPEN_STREAMS, VENUES

ANY = "*"
OPERATION_NAMES = tuple(dict.fromkeys(name for venue in VENUES.values() for name in venue.rest.operations))
CHANNEL_NAMES = tuple(dict.fromkeys(name for venue in VENUES.values() for name in venue.stream.channels))
ALWAYS = ("nth", "every", "probability", "from", "until", "host_time")
MATCHED = {
    Surface.REQUEST: ("operation", "path", "method", "account", "page", *ALWAYS),
    Surface.HANDSHAKE: ("operation", "account", *ALWAYS),
    Surface.FRAME: ("account", "channel", *ALWAYS),
    Surface.ANSWER: ("account", "channel", *ALWAYS),
}
"""The conditions that a rule may have, by the kind of traffic that its effect changes."""


class Moment(Struct, frozen=True):
    """An instant, or a duration since the installation of the rule (`is_relative`), in microseconds."""

    value: int
    is_relative: bool = False

    def since(self, installed_at: int) -> int:
        return installed_at + self.value if self.is_relative else self.value


class Span(Struct, frozen=True):
    """A span of time, from `begin` (inclusive) to `end` (exclusive); None is no bound."""

    begin: Moment | None = None
    end: Moment | None = None

    @property
    def is_relative(self) -> bool:
        """Whether the beginning or the end counts from the installation of the rule."""
        return any(bound is not None and bound.is_relative for bound in (self.begin, self.end))


class Match(Struct, frozen=True, kw_only=True):
    """The conditions of a rule; a condition that is None is met by everything.

    `*` may stand anywhere in `path`, and at the end of `operation`.
    """

    operation: str | None = None
    path: str | None = None
    method: str | None = None
    account: str | None = None
    channel: str | None = None
    page: int | None = None
    nth: int | None = None
    every: int | None = None
    probability_ppm: int | None = None
    span: Span = Span()
    host_span: Span = Span()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A fault rule: conditions and an effect. `given` is the rule as JSON; `name` is None if the rule has no name."""

    name: str | None
    match: Match
    times: int | None
    kind: str
    effect: Effect
    given: dict[str, Any] = field(compare=False)
    node: Located = field(compare=False, repr=False)
    path: str = field(default="", compare=False)

    @property
    def surface(self) -> Surface:
        return EFFECTS[self.kind].surface

    @property
    def text(self) -> str:
        """Return the rule as compact JSON."""
        return json.dumps(self.given, separators=(",", ":"), ensure_ascii=False)


def _moment(text: str) -> Moment:
    if re.fullmatch("([0-9]+[a-z]+)+", text):
        return Moment(parse_duration(text), is_relative=True)
    return Moment(INSTANT.parse(text))


def _word(expected: str, known: tuple[str, ...]) -> Scalar:
    """Return the type of one of many words or `*`. The error for a misspelt word suggests the nearest one."""

    def parse(text: str) -> str | None:
        if text == ANY:
            return None
        if text not in known:
            raise ValueError(text)
        return text

    return Scalar(expected, parse, {"enum": [*known, ANY]}, known)


def _operation(text: str) -> str | None:
    """Return an operation's name, or a prefix with `*` at its end, if a venue has such an operation."""
    if text not in (ANY, *OPERATION_NAMES) and not (
        text.endswith(ANY) and any(name.startswith(text[:-1]) for name in OPERATION_NAMES)
    ):
        raise ValueError(text)
    return None if text == ANY else text


def _probability(text: str) -> int:
    ppm: int = _SHARE.parse(text)
    if not 0 < ppm <= PROBABILITY_UNIT:
        raise ValueError
    return ppm


_SHARE = decimal("a probability", 6)
COUNT = integer(1, REQUESTS_MAX)
PROBABILITY = Scalar(
    "a probability such as 0.1, above 0 and up to 1, of at most 6 decimals",
    _probability,
    {"type": ["number", "string"], "exclusiveMinimum": 0, "maximum": 1},
)
MOMENT = Scalar(
    "an instant such as 2025-11-04T23:00:00Z, or a duration such as 30s after the rule is installed",
    _moment,
    {"type": "string", "anyOf": [INSTANT.schema, DURATION.schema]},
)
OPERATION = Scalar(
    "the name of an operation, such as GetPositions or private/*",
    _operation,
    {"anyOf": [{"enum": list(OPERATION_NAMES)}, {"type": "string", "pattern": r"^[A-Za-z/_]*\*$"}]},
    OPERATION_NAMES,
)
METHOD = _word("GET, POST, PUT or DELETE", ("GET", "POST", "PUT", "DELETE"))
_BEGINNINGS = "|".join(venue.prefix for venue in VENUES.values())
_STREAMS = "|".join(path for venue in VENUES.values() if venue.rest.rpc_call_of for path in venue.stream.paths)
"""Paths of streams with calls, which are matched as requests."""
PATH = matching(
    f"a path such as {DEFAULT.prefix}/portfolio/*, from the first slash on, or one that begins with *",
    re.compile(rf"(?:\*|(?:{_BEGINNINGS})(?=[/*])|(?:{_STREAMS})(?=[/*]|$))[\x21-\x7e]{{0,1000}}"),
)
ACCOUNT = PART
HOST_TIME = Record({"from": may(MOMENT), "until": may(MOMENT)})
MATCH = Record(
    {
        "operation": may(OPERATION),
        "path": may(PATH),
        "method": may(METHOD),
        "account": may(ACCOUNT),
        "channel": may(_word("the name of a channel, such as market_positions", CHANNEL_NAMES)),
        "page": may(COUNT),
        "nth": may(COUNT),
        "every": may(COUNT),
        "probability": may(PROBABILITY),
        "from": may(MOMENT),
        "until": may(MOMENT),
        "host_time": may(HOST_TIME, {}),
    }
)
RULE = Record({"name": may(NAME), "match": may(MATCH, {}), "times": may(COUNT), "then": must(EFFECT)})


class FaultType:
    """The schema of a fault rule."""

    def read(self, node: Located, path: str) -> Rule:
        values = RULE.read(node, path)
        kind, effect = values["then"]
        rule = Rule(
            name=values["name"],
            match=_match(values["match"]),
            times=values["times"],
            kind=kind,
            effect=effect,
            given=plain(node),
            node=node,
            path=path,
        )
        _require_matched(rule)
        _require_some_time(rule)
        return rule

    def json_schema(self) -> dict[str, Any]:
        return RULE.json_schema()


FAULT = FaultType()
FAULTS = ListOf(FAULT, "a list of fault rules")


def _match(values: dict[str, Any]) -> Match:
    if not values:
        return Match()
    host_time = values["host_time"]
    account = values["account"]
    return Match(
        operation=values["operation"],
        path=values["path"],
        method=values["method"],
        account=None if account == ANY else account,
        channel=values["channel"],
        page=values["page"],
        nth=values["nth"],
        every=values["every"],
        probability_ppm=values["probability"],
        span=Span(values["from"], values["until"]),
        host_span=Span(host_time.get("from"), host_time.get("until")),
    )


def _require_matched(rule: Rule) -> None:
    """Refuse conditions that can never match: a frame has no page, a request no channel."""
    given = rule.given.get("match") or {}
    for name in given:
        if name not in MATCHED[rule.surface]:
            raise _contradiction(
                rule, name, f"expected {', '.join(MATCHED[rule.surface])}: {rule.kind} is about {rule.surface}"
            )
    if isinstance(rule.effect, Close) and rule.effect.at_frame is not None:
        clash = next((name for name in ("nth", "every", "probability") if name in given), None)
        if clash:
            raise _contradiction(rule, clash, f"expected `at_frame` or `{clash}`: both say at which frame")
    is_handshake = rule.surface is Surface.HANDSHAKE
    operation = rule.match.operation
    if operation in OPEN_STREAMS and not is_handshake and not isinstance(rule.effect, ClockOffset):
        raise _contradiction(rule, "operation", f"expected refuse or clock_offset with {operation}, got {rule.kind}")
    if is_handshake and operation not in (None, *OPEN_STREAMS):
        expected = " or ".join(OPEN_STREAMS)
        raise _contradiction(rule, "operation", f"expected {expected}: {rule.kind} is about {rule.surface}")


def _require_some_time(rule: Rule) -> None:
    """Refuse spans that end before they begin, unless one end is an instant and the other relative to installation."""
    for name, span in (("until", rule.match.span), ("host_time", rule.match.host_span)):
        begin, end = span.begin, span.end
        if begin and end and begin.is_relative == end.is_relative and begin.value >= end.value:
            raise _contradiction(rule, name, "expected `until` after `from`")


def _contradiction(rule: Rule, name: str, message: str) -> ScenarioError:
    assert isinstance(rule.node.value, dict), "it was read as a mapping"
    where = rule.node.value["match"]
    path = f"{rule.path}.match.{name}".removeprefix(".")
    return ScenarioError(message, rule.node.file, where.line_of(name), path)


def unknown_account(rule: Rule, known: tuple[str, ...]) -> ScenarioError:
    """Return the error for a rule whose account is not one of the known ones."""
    name = rule.match.account or ""
    advice = did_you_mean(name, known) or f": known are {', '.join(known[:20]) or 'none'}"
    return _contradiction(rule, "account", f"expected an account, got {name!r}{advice}")


def read_change(text: str) -> tuple[Rule, int] | str | None:
    """Parse a note of the log about fault rules.

    Return (rule, time) for an installed rule, the name of a removed rule, or None for a note about something else. The
    time is the host time of the installation in microseconds, 0 unless the rule depends on it. Raises ScenarioError.
    """
    match located_json(text, "", 0).value:
        case {"install": Located() as node, "host_at": Located(value=str(host_at))}:
            return FAULT.read(node, ""), int(host_at)
        case {"install": Located() as node}:
            return FAULT.read(node, ""), 0
        case {"remove": Located(value=str(name))}:
            return name
    return None


# `lag`: reads show a change only after a delay, by the kind of read
#
# A venue answers reads from a replica that is behind the exchange: a new order is unknown for a while, and a list is
# old.


READS: dict[str, tuple[str, ...]] = {
    kind: tuple(name for venue in VENUES.values() for name in venue.faults.lagging_reads.get(kind, ()))
    for kind in dict.fromkeys(kind for venue in VENUES.values() for kind in venue.faults.lagging_reads)
}
"""The operations of each kind of read, such as orders or positions."""
LAGS = Record({kind: may(LAG) for kind in READS})


TIMES = tuple(name for venue in VENUES.values() for name in venue.faults.reads_of_lag)
"""The operations that return the time of the state that other reads show."""


def rules_of_lags(lags: dict[str, int | None]) -> list[Rule]:
    """Return a fault rule for each kind of read that is delayed; `lags` are the delays in microseconds.

    The operations that return the time of the state get the longest of the delays.
    """
    given = [(kind, lag_us) for kind, lag_us in lags.items() if lag_us is not None]
    rules = [_rule(kind, operation, lag_us) for kind, lag_us in given for operation in READS[kind]]
    longest_us = max((lag_us for _, lag_us in given), default=0)
    return [*rules, *(_rule("time", operation, longest_us) for operation in TIMES if longest_us)]


def _rule(kind: str, operation: str, lag_us: int) -> Rule:
    given = {
        "name": f"lag of {kind}: {operation}",
        "match": {"operation": operation},
        "then": {"stale": f"{lag_us}us"},
    }
    rule: Rule = FAULT.read(located_json(json.dumps(given), "", 0), "lag")
    return rule
