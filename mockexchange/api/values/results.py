"""What calls of an exchange return: outcomes of steps, steps of the script, positions, faults, stubs, and URLs."""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from mockexchange.api.errors import Refused, UnknownVenue, WrongRequest
from mockexchange.api.values.arguments import given_json, read_instant, read_row, require
from mockexchange.scenario.errors import did_you_mean

# The outcome of a step


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a step that was executed; `events` are those of the control API, with amounts as `Decimal`."""

    sequence: int
    """The step's number in the sandbox's log."""
    at: datetime
    """The exchange time at which the step was carried out."""
    events: tuple[Mapping[str, Any], ...]

    def __getitem__(self, name: str) -> Any:
        """Return the first value with this field name among the events, such as `order_id`. Raises KeyError."""
        for event in self.events:
            if name in event:
                return event[name]
        known = ", ".join(sorted({key for event in self.events for key in event}))
        raise KeyError(f"no event has {name!r}; known: {known}")


def read_outcomes(steps: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]) -> list[Outcome]:
    """Return the outcomes of steps from the control API's answer.

    Raises Refused for the first refused step; the other steps were executed.
    """
    for step, row in zip(steps, rows, strict=True):
        if "refusal" in row:
            raise Refused(row["refusal"]["code"], row["refusal"]["message"], step)
    return [Outcome(row["seq"], read_instant(row["at"]), tuple(map(read_row, row["events"]))) for row in rows]


# Steps of a script, with their progress


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptStep:
    """A step of a sandbox's script: its action, its state, and how often it ran, was refused or failed."""

    name: str
    action: str
    """The name of the scenario step that this step carries out, such as fill, or sequence for several."""
    state: str
    """waiting (for a client), scheduled (for a time) or done."""
    fired: int
    """The number of times the step ran."""
    refused: int
    failed: int
    reason: str | None
    """Why the step was last refused or failed; None if it never was."""
    next: datetime | None
    """The exchange time of the next run; None if no run is scheduled."""


def read_script_step(row: Mapping[str, Any]) -> ScriptStep:
    """Return the script step that a row of the control API describes."""
    due = row["next"]
    return ScriptStep(**{**row, "next": None if due is None else read_instant(due)})


# Positions, as the exchange itself keeps them: exact, and without conversions of a venue's API


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A position of an account in a market or in a derivative.

    In a market `quantity` counts contracts, above zero for YES and below zero for NO, and amounts are dollars. In a
    derivative `quantity` is the signed size, amounts are in `currency`, fields that only markets have are None, and
    `details` has all other numbers.
    """

    account: str
    book: str
    """The subaccount: 0 is the account itself, other subaccounts have numbers, subtraders names."""
    instrument: str
    quantity: Decimal
    realized: Decimal
    """Profit of the closed part, without fees."""
    event: str | None = None
    price: Decimal | None = None
    """The market's last price of YES in dollars; None before the first one, and for a derivatives contract."""
    cost: Decimal | None = None
    """The price paid for the open position, in dollars, also called its exposure."""
    fees: Decimal | None = None
    traded: Decimal | None = None
    """The sum paid in all purchases, without fees."""
    resting: Decimal | None = None
    """The number of contracts in resting orders."""
    settled: bool = False
    updated_at: datetime | None = None
    """The exchange time of the last change."""
    kind: str | None = None
    """The kind of a derivatives contract: future, option, future_combo or option_combo; None for a market."""
    currency: str | None = None
    """The settlement currency of a derivatives contract; None for a market."""
    direction: str | None = None
    """The side of a position in a derivatives contract: buy, sell or zero; None for a market."""
    details: Mapping[str, Decimal | int | None] = field(default_factory=dict)


_OWN = frozenset(each.name for each in fields(Position))


def read_position(row: Mapping[str, Any]) -> Position:
    """Return the position that a row of the control API describes."""
    read = read_row(row)
    if "size" in read:
        read["quantity"] = read.pop("size")
    own = {name: value for name, value in read.items() if name in _OWN}
    return Position(**own, details={name: value for name, value in read.items() if name not in _OWN})


# Faults and stubs, and the bodies of requests that install them


class NotGiven:
    """The type of `NOT_GIVEN`, the default of `json`; None cannot be the default, since it is a JSON value."""

    def __repr__(self) -> str:
        return "not given"


NOT_GIVEN = NotGiven()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A rule that disturbs requests, answers or frames; the values of `match` and `then` are text, as in a scenario."""

    name: str
    match: Mapping[str, Any]
    then: Mapping[str, Any]
    times: int | None
    """How many times the fault may fire; None without a limit."""
    matched: int
    """The number of requests or frames that the fault matched so far."""
    fired: int
    """The number of matched requests or frames that the fault disturbed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stub:
    """A fixed answer that a matching request gets instead of the venue's own."""

    name: str
    request: str
    """Method and path, such as `GET /trade-api/v2/milestones`."""
    query: Mapping[str, str]
    """Parameters that a request must have; it may have more."""
    status: int
    times: int | None
    """How many requests the stub may answer; None without a limit."""
    matched: int
    """The number of requests that the stub matched, until it had answered `times` requests."""
    answered: int
    """The number of matched requests that the stub answered, which are those with valid signatures."""


def fault_body(preset: str | Mapping[str, Any] | None, **words: Any) -> dict[str, Any]:
    """Return the request body that installs the preset, or else the rule that `words` describe.

    Raises WrongRequest if both are given, or neither.
    """
    if isinstance(preset, Mapping):
        message = "expected the name of a preset; the keys of a rule are given by name, as in fault(**rule)"
        raise WrongRequest("bad_fault", message)
    rule = given_json(words)
    if preset is None and "then" not in rule:
        raise WrongRequest("bad_fault", "expected what the rule does, such as fault(then={'status': 503})", "then")
    if preset is not None and rule:
        message = "expected a preset such as fault('flaky'), or a rule such as fault(then={'status': 503}), not both"
        raise WrongRequest("bad_fault", message)
    return rule if preset is None else {"preset": preset}


def stub_body(json: Any, result: Any, body: bytes | None, **words: Any) -> dict[str, Any]:
    """Return the request body that installs a stub. Raises WrongArgument.

    `json` and `result` are sent unchanged, so that numbers in them stay numbers and do not become text.
    """
    require(body=body)
    literal = {name: value for name, value in (("json", json), ("result", result)) if value is not NOT_GIVEN}
    require(**literal)
    encoded = {} if body is None else {"body_base64": b64encode(body).decode()}
    return {**given_json(words), **literal, **encoded}


def read_fault(row: Mapping[str, Any]) -> Fault:
    return Fault(**row)


def read_stub(row: Mapping[str, Any]) -> Stub:
    counts = {name: row[name] for name in ("name", "request", "status", "matched", "answered")}
    return Stub(**counts, query=row.get("query", {}), times=row.get("times"))


# URLs at which clients reach the venues of a sandbox


@dataclass(frozen=True, slots=True)
class VenueUrls:
    """The URLs for clients of one venue: for REST requests and for streams."""

    base_url: str
    ws_url: str


class Venues(dict[str, VenueUrls]):
    """The URLs of a sandbox by venue name. An unknown name raises UnknownVenue, which is a KeyError."""

    def __missing__(self, name: object) -> VenueUrls:
        raise UnknownVenue(f"no venue {name!r}{did_you_mean(str(name), self)} (known: {', '.join(self)})")


def venues_of(shown: Mapping[str, Any], map_url: Callable[[str], str]) -> Venues:
    """Return the URLs of each venue of a sandbox; `map_url` converts them to addresses that work from here."""
    urls = shown["venues"].items()
    return Venues({name: VenueUrls(map_url(one["base_url"]), map_url(one["ws_url"])) for name, one in urls})
