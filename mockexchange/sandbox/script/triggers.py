"""What clients do, and which steps of a script that sets off."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import parse_qsl

from mockexchange.sandbox.journal import JournalEntry
from mockexchange.sandbox.page_numbers import PageNumbers
from mockexchange.sandbox.script.steps import Step
from mockexchange.scenario.triggers import PAGE, REQUEST, SUBSCRIBED
from mockexchange.venues.registry import venue_at

NOBODY_KNOWN = "an unknown client"


class TriggeredStep(NamedTuple):
    """A step that is set off, whose doing it was, and what that was in words."""

    step: Step
    account: str | None
    words: str


class Triggers:
    """The steps that wait for clients."""

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._pages = PageNumbers()

    def __bool__(self) -> bool:
        return bool(self._steps)

    def add(self, step: Step) -> None:
        self._steps.append(step)

    def clear(self) -> None:
        self._steps.clear()

    def by_subscription(self, account: str | None, channel: str) -> Iterator[TriggeredStep]:
        """What an acknowledged channel sets off."""
        return self._matching(SUBSCRIBED, account, channel, f"{account or NOBODY_KNOWN} subscribed to {channel}")

    def by_operation(self, account: str | None, operation: str) -> Iterator[TriggeredStep]:
        """What an answered call sets off, whether a request or a command of a stream."""
        return self._matching(REQUEST, account, operation, f"{account or NOBODY_KNOWN} asked for {operation}")

    def by_request(self, visit: JournalEntry) -> Iterator[TriggeredStep]:
        """What an answered request sets off. One refused for who asks is nobody's, and what is refused is no page."""
        if visit.operation is None or venue_at(visit.path).auth.refuses_caller(visit.status, visit.answer or b""):
            return
        who, operation = visit.account, visit.operation
        yield from self.by_operation(who, operation)
        if visit.status == HTTPStatus.OK and any(
            step.entry.when and step.entry.when.kind == PAGE for step in self._steps
        ):
            number = self._pages.number_of(who, operation, dict(parse_qsl(visit.query)).get("cursor"))
            self._pages.note(who, operation, number, visit.answer or b"")
            words = f"{who or NOBODY_KNOWN} read page {number} of {operation}"
            yield from self._matching(PAGE, who, operation, words, number)

    def _matching(
        self, kind: str, account: str | None, of: str, words: str, number: int = 0
    ) -> Iterator[TriggeredStep]:
        for step in self._steps:
            when = step.entry.when
            if when is None or not when.matches(kind, account, of, number):
                continue
            times = step.done_by[account] = step.done_by.get(account, 0) + 1
            if when.nth in (None, times):
                yield TriggeredStep(step, account, words)
