"""Calls of streams that faults or literal answers touched: what of them came to the session, and how, is in the log.

A session has to have seen what it saw, since later calls and messages depend on it. What it answered then a fault has
changed or moved, so that alone is left out.
"""

from mockexchange.faults.registry import SUBJECT
from mockexchange.faults.stream_calls import frame_of
from mockexchange.replay.installed_rules import Installations
from mockexchange.replay.log_replay import Replay
from mockexchange.replay.recording import Plain
from mockexchange.replay.stubs import StubReplay
from mockexchange.sandbox.journal_json import frame_bytes
from mockexchange.scenario.fault_effects import ClockOffset, RateLimit, Status
from mockexchange.scenario.faults import FAULT, Rule
from mockexchange.venues.frame import Frame
from mockexchange.venues.session import Calls
from mockexchange.venues.venue import Venue

IN_ITS_PLACE = (Status, RateLimit)
"""Effects that keep a call from its session."""


def is_touched(frame: Plain) -> bool:
    """Whether a recorded command was answered otherwise than its session alone would."""
    return frame["fault"] is not None or frame.get("stub") is not None


class CallReplay:
    """The faults that there are at the place in the log that a replay has come to, and the stubs."""

    def __init__(self, replay: Replay, stubs: StubReplay) -> None:
        self._replay, self._stubs = replay, stubs
        self._faults = Installations(replay, SUBJECT, FAULT.read)

    def repeat(self, frame: Plain, calls: Calls, venue: Venue) -> list[Frame]:
        """Let a touched call happen again; return what it was answered with, where no fault touched that.

        Raises LogError where the log has no such stub.
        """
        raw, at, host_at = frame_bytes(frame), frame["at_us"], frame["host_at_us"]
        calls.note_call(host_at)
        rules = self._rules_of(frame["fault"])
        if any(isinstance(rule.effect, IN_ITS_PLACE) for rule in rules):
            return []
        host_at += sum(rule.effect.offset_us for rule in rules if isinstance(rule.effect, ClockOffset))
        call, context = calls.request_of(raw), self._replay.contexts[venue.name]
        if frame.get("stub") is None:
            calls.answer(call, context, at, host_at)
            return []
        answer = self._stubs.answer(frame["stub"], venue, call, at, host_at)
        return [] if frame["fault"] else [frame_of(answer)]

    def _rules_of(self, names: str | None) -> list[Rule]:
        """The rules that fired on a call, by what the journal says of it; a name may have commas in it."""
        return [rule for name, rule in self._faults.by_name.items() if names and f", {name}, " in f", {names}, "]
