"""Runs `verify server`: all selected rules, each with verdicts or the reason why there are none."""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

from mockexchange.kit.checks import Check, run_check
from mockexchange.kit.findings import Report, Table, Verdict
from mockexchange.kit.schemathesis.outcome import DESCRIPTIONS
from mockexchange.kit.schemathesis.run import EXAMPLES, SEED, Effort, explore
from mockexchange.kit.server.arguments import EVERYTHING, Address, Selection
from mockexchange.kit.server.preflight import (
    CannotJudge,
    discover_names,
    mock_api_date,
    require_known_names,
    require_server,
    role_of_key,
)
from mockexchange.kit.server.reproductions import with_reproductions
from mockexchange.kit.server.throttled_transport import throttled_client
from mockexchange.kit.streaming.target import LISTEN_S, StreamTarget
from mockexchange.kit.target import MEMBER, ROLES, Target, Unreachable
from mockexchange.kit.venue import COMPAT, LATEST, Signer, VenueKit, alias_at, aliases, read_alias

INTERRUPTED = "it was interrupted"
RULES = "rules beyond the document's schemas"
WRONG_SIGNATURE_RULES = ("signatures.", "stream.refusals")
"""Prefixes of rules that send wrong signatures on purpose."""
NO_ORDERS = "it places orders: --writes allows that, on hosts other than production"
LAG_S = 15.0
"""The seconds by which a venue's reads may lag behind its writes: about ten were seen at a demo."""
FAST_LISTEN_S = 5.0
"""The most seconds of listening in a fast run, which ends earlier if every channel has sent a frame."""
NOT_FAST = "a run with --fast sends no generated requests"
NOT_IN_PRODUCTION = "not on a production host: it sends what is wrong on purpose, and a key may be locked for that"


class ProgressDisplay(Protocol):
    """The interface through which a run shows its progress."""

    def stage(self, name: str, total: int | None = None) -> None: ...
    def at(self, text: str) -> None: ...
    def add_verdict(self, verdict: Verdict) -> None: ...
    def warn(self, text: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRunSettings:
    """The options of a run of `verify server`. `api_date` is an alias, such as 2026-10.

    Without one the server is judged by the API date that it speaks if it is a mock, else by the latest.
    `keys` maps roles to keys and contains a member's key. Without `rate_per_s` requests are not throttled.
    """

    venue: VenueKit
    address: Address
    api_date: str | None
    keys: Mapping[str, Signer]
    names: Mapping[str, str] = field(default_factory=dict)
    may_write: bool = False
    may_order: bool = False
    """Whether rules that place and cancel small orders run; never on a production host."""
    rate_per_s: float | None = None
    selection: Selection = EVERYTHING
    examples: int = EXAMPLES
    seed: int = SEED
    listen_s: float = LISTEN_S
    is_fast: bool = False
    """Whether no requests are generated, and the stream is listened to only for a short time."""


def rules_of(venue: VenueKit) -> list[str]:
    """Return the ids of all rules that a run can check."""
    return [*(check.rule for check in (*venue.checks, *venue.stream_checks, *venue.write_checks)), *DESCRIPTIONS]


class ServerRun:
    """One run of `verify server`, which must be closed at the end.

    `report` and `tables` have the results so far, also if the run was cut short.
    """

    def __init__(self, settings: ServerRunSettings, watcher: ProgressDisplay) -> None:
        self._settings, self._watcher = settings, watcher
        self._parts: dict[str, float] = {}
        self._began_s = time.perf_counter()
        self._client, self._transport = throttled_client(
            settings.address,
            settings.venue,
            rate_per_s=settings.rate_per_s,
            may_write=settings.may_write or settings.may_order,
        )
        self._keys = dict(settings.keys)
        self.target = Target(
            venue=settings.venue,
            api_date=settings.api_date or read_alias(LATEST, settings.venue.name),
            base_url=settings.address.base_url,
            ws_url=settings.address.ws_url,
            http=self._client,
            keys=self._keys,
            may_write=settings.may_write,
            may_order=settings.may_order and not settings.address.is_production,
            lag_s=0.0 if settings.address.is_loopback else LAG_S,
            names=settings.names,
        )
        self.report = Report(f"{settings.address.base_url} as of {self.target.api_date}")

    def prepare(self) -> None:
        """Find by which API date the server is judged, and check that it can be verified. Raises CannotJudge.

        If there is only one key, find its role: whether it is the key of a member or of an FCM, for example.
        """
        spoken = None if self._settings.address.is_production else mock_api_date(self.target)
        if spoken:
            self._choose_date(spoken)
        require_known_names(self.target)
        require_server(self.target)
        if set(self._keys) == {MEMBER}:
            self._find_role(self._keys.pop(MEMBER))
        if MEMBER in self._keys:
            self._keys.update(self._settings.venue.further_keys(self._keys[MEMBER]))

    def _find_role(self, signer: Signer) -> None:
        role = role_of_key(self.target, signer)
        self._keys[role] = signer
        if role != MEMBER:
            hint = f"give {ROLES[MEMBER]}, and this one as --role {role}=KEY_ID:FILE, to have everything judged"
            self._watcher.warn(f"the key {signer.key_id} is {ROLES[role]}: {hint}")

    def _choose_date(self, spoken: str) -> None:
        """Judge a mock by the API date that it speaks, if none was given; else warn if the given one differs.

        Raises CannotJudge if there are no documents of the date.
        """
        venue, given = self._settings.venue, self._settings.api_date
        alias = alias_at(None if spoken == COMPAT else spoken, venue)
        if given is None:
            if alias is None:
                known = ", ".join(aliases(venue.name))
                raise CannotJudge(f"this mock speaks {spoken}, which has no contract document: expected {known}")
            self.target.api_date = alias
            self.report.title = f"{self.target.base_url} as of {alias}"
        elif alias != given:
            self._watcher.warn(f"this mock speaks {spoken} and is judged as of {given}: --api-date says by which date")

    def judge(self) -> None:
        """Check the selected rules, until the end or until the server no longer answers."""
        try:
            self._take(self._verdicts())
        except KeyboardInterrupt:
            self.report.cut_short = INTERRUPTED
        except Unreachable as error:
            self.report.cut_short = self._transport.gone or str(error)

    def close(self) -> None:
        self._client.close()

    def tables(self) -> list[Table]:
        """Return a table about the run: numbers of requests and answers, times, and keys."""
        keys = ", ".join(f"{role} {signer.key_id}" for role, signer in self._keys.items())
        statuses = ", ".join(f"{count:,} x {status}" for status, count in sorted(self._transport.statuses.items()))
        rows = [
            ("requests", f"{self._transport.statuses.total():,}"),
            ("answers", statuses or "none"),
            ("seconds", f"{time.perf_counter() - self._began_s:.1f}"),
            *((f"  {part}", f"{seconds:.1f}") for part, seconds in self._parts.items()),
            ("waited after 429", f"{self._transport.waited_s:.1f} s"),
            ("keys", keys),
            ("stream", self._settings.address.ws_url),
            ("seed", str(self._settings.seed)),
        ]
        return [Table("The run", ("what", "how much"), rows)]

    def _take(self, verdicts: Iterator[Verdict]) -> None:
        for verdict in verdicts:
            if self._settings.selection.takes(verdict.rule):
                shown = with_reproductions(verdict, self.target)
                self.report.add([shown])
                self._watcher.add_verdict(shown)
            if self._transport.gone:
                self.report.cut_short = f"{self._transport.gone} (at {verdict.rule} {verdict.subject})"
                return

    def _verdicts(self) -> Iterator[Verdict]:
        """Yield the verdicts of all parts. The stream is listened to by a thread, while requests are sent."""
        settings = self._settings
        listen_s = min(settings.listen_s, FAST_LISTEN_S) if settings.is_fast else settings.listen_s
        with (
            ThreadPoolExecutor(1) as pool,
            StreamTarget(rest=self.target.apart(), listen_s=listen_s, is_brief=settings.is_fast) as streams,
        ):
            listening = pool.submit(self._listened, streams)
            yield from self._timed("rules", self._checked(RULES, settings.venue.checks))
            yield from self._timed("generated", self._explored())
            taken = self._taken(settings.venue.stream_checks)
            if taken:
                self._watcher.stage("the stream", sum(len(tuple(check.subjects(streams))) for check in taken))
            yield from listening.result()
        yield from self._timed("orders", self._written())

    def _timed(self, part: str, verdicts: Iterator[Verdict]) -> Iterator[Verdict]:
        began_s = time.perf_counter()
        yield from verdicts
        self._parts[part] = time.perf_counter() - began_s

    def _listened(self, streams: StreamTarget) -> list[Verdict]:
        found = self._timed("stream, beside", self._judged(self._settings.venue.stream_checks, streams))
        return list(found)

    def _taken(self, checks: Sequence[Check[Any]]) -> list[Check[Any]]:
        return [check for check in checks if self._settings.selection.takes(check.rule)]

    def _checked(self, stage: str, checks: Sequence[Check[Any]]) -> Iterator[Verdict]:
        taken = self._taken(checks)
        if taken:
            self._watcher.stage(stage, sum(len(tuple(check.subjects(self.target))) for check in taken))
        for check in taken:
            self._watcher.at(check.rule)
            yield from self._judged([check], self.target)

    def _judged(self, checks: Sequence[Check[Any]], target: Any) -> Iterator[Verdict]:
        for check in self._taken(checks):
            if check.rule.startswith(WRONG_SIGNATURE_RULES) and self._settings.address.is_production:
                yield Verdict(check.rule, "-", why=NOT_IN_PRODUCTION, description=check.description)
            else:
                yield from run_check(check, target)

    def _written(self) -> Iterator[Verdict]:
        """Check the rules that place orders; without permission, report those that were asked for by name."""
        checks, selection = self._settings.venue.write_checks, self._settings.selection
        if self.target.may_order:
            yield from self._checked("orders", checks)
        elif selection.only:
            yield from (Verdict(one.rule, "-", why=NO_ORDERS, description=one.description) for one in checks)

    def _explored(self) -> Iterator[Verdict]:
        taken = [rule for rule in DESCRIPTIONS if self._settings.selection.takes(rule)]
        if self._settings.address.is_production:
            yield from (Verdict(rule, "-", why=NOT_IN_PRODUCTION, description=DESCRIPTIONS[rule]) for rule in taken)
        elif self._settings.is_fast:
            yield from (Verdict(rule, "-", why=NOT_FAST, description=DESCRIPTIONS[rule]) for rule in taken)
        elif taken:
            self._watcher.stage("requests made up from the document")
            hints = self.target.venue.make_hints(self.target.document, discover_names(self.target), self._keys)
            effort = Effort(examples=self._settings.examples, seed=self._settings.seed)
            yield from explore(self.target, hints, effort, self._watcher.at)
