"""Repeats those calls on streams whose answers were changed by faults or stubs.

A session has to execute the same calls again, because later calls and messages depend on them. Their answers are not
compared if a fault changed or delayed them in the recording.
"""

from mockexchange.faults.registry import SUBJECT
from mockexchange.faults.stream_calls import RESULT, frame_of
from mockexchange.replay.installed_rules import InstalledRules
from mockexchange.replay.log_replay import Replay
from mockexchange.replay.recording import Plain
from mockexchange.replay.stubs import StubReplay
from mockexchange.sandbox.journal.journal_json import frame_bytes
from mockexchange.scenario.faults.fault_effects import ClockOffset, LostRequest, RateLimit, Status, UnknownOutcome
from mockexchange.scenario.faults.fault_rules import FAULT, Rule
from mockexchange.venues.frame import Frame, PendingFrame
from mockexchange.venues.request import Pending
from mockexchange.venues.session import Calls
from mockexchange.venues.venue import Venue

INTERCEPTING_EFFECTS = (Status, RateLimit, LostRequest, UnknownOutcome)
"""Effects of faults that answer a call before the session executes it."""


def is_changed(frame: Plain) -> bool:
    """Return whether a fault or a stub changed the answer of a recorded command."""
    return frame["fault"] is not None or frame.get("stub") is not None


class CallReplay:
    """Repeats calls on streams whose answers were changed by faults or stubs.

    It uses the faults and stubs that are installed at the current position of the replay.
    """

    def __init__(self, replay: Replay, stubs: StubReplay) -> None:
        self._replay, self._stubs = replay, stubs
        self._faults = InstalledRules(replay, SUBJECT, FAULT.read)

    def repeat(self, frame: Plain, calls: Calls, venue: Venue) -> list[Frame]:
        """Repeat a call whose answer was changed, and return the frames that the session sends because of it.

        The frames include the call's answers if only a stub changed them. Raises LogError if the log has no such stub.
        """
        raw, at, host_at = frame_bytes(frame), frame["at_us"], frame["host_at_us"]
        calls.note_call(host_at)
        rules = self._rules_of(frame["fault"])
        if any(isinstance(rule.effect, INTERCEPTING_EFFECTS) for rule in rules):
            return []
        host_at += sum(rule.effect.offset_us for rule in rules if isinstance(rule.effect, ClockOffset))
        call, context = calls.request_of(raw), self._replay.contexts[venue.name]
        if frame.get("stub") is None:
            answered = calls.answer(call, context, at, host_at)
            return list(answered.data) if answered else []
        answer = self._stubs.answer(frame["stub"], venue, call, at, host_at, frame["number"])
        if frame["fault"]:
            return []
        return [Frame(b"", RESULT, pending=_framed(answer.pending)) if answer.pending else frame_of(answer)]

    def _rules_of(self, names: str | None) -> list[Rule]:
        """Return the installed rules among the names that the journal gives for a call. A name may contain commas."""
        return [rule for name, rule in self._faults.by_name.items() if names and f", {name}, " in f", {names}, "]


def _framed(pending: Pending) -> PendingFrame:
    return frame_of((yield from pending))
