"""What faults do to the frames of one connection.

The frame that a rule fires on still goes out where the effect is about what comes after it (duplicate, a literal
frame, close, abort, stall); gap, silent_channel and terminal take it away; reorder holds it until the next frame of
the same subscription is out. Answers to commands are held back by late_ack, or by what faults of requests do to a call,
and data overtakes them.
"""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from mockexchange.faults.faulty_answer import PLAIN, FrameDelivery
from mockexchange.faults.installed_rule import InstalledRule, firing
from mockexchange.faults.matching import FaultSubject
from mockexchange.sandbox.journal import Firing, Journal
from mockexchange.scenario import fault_effects
from mockexchange.venues.frame import Frame
from mockexchange.venues.session import Session

FrameRules = list[InstalledRule]
Delayed = tuple[Frame, str]
"""A frame that has not gone out yet, and the rule that keeps it."""
HELD_BACK_MAX = 1_000
"""Answers that wait at a time for one client; beyond, they go out at once: a client that floods costs no memory."""


class Timer(Protocol):
    """A call that is to come."""

    def cancel(self) -> object: ...


class CallLater(Protocol):
    """What can call back later."""

    def call_later(self, delay_us: int, callback: Callable[[], object]) -> Timer: ...


class Stream(Protocol):
    """What a disturbed connection can do."""

    number: int
    session: Session
    account: str | None

    @property
    def wire(self) -> CallLater: ...

    def put(self, frame: Frame, fault: str | None = None) -> None: ...
    def force(self, frame: Frame, fault: str | None = None) -> None: ...
    def lose(self, frame: Frame, fault: str) -> None: ...
    def terminate(self, sid: int, code: int, fault: str) -> None: ...
    def send_literal(self, text: str, channel: str = "", fault: str | None = None) -> None: ...
    def close(self, code: int, reason: str = "", fault: str | None = None) -> None: ...
    def abort(self, fault: str | None = None) -> None: ...
    def drop(self, fault: str | None = None) -> None: ...
    def stall(self) -> None: ...


class SandboxStreams(Protocol):
    """What the streams of a sandbox share."""

    journal: Journal
    rules: FrameRules
    answer_rules: FrameRules
    now: Callable[[], tuple[int, int, int]]
    moment: tuple[int, int, int] | None


class FrameFaults:
    """Stands between a session and its outbox once there was a rule to look at one of its frames."""

    def __init__(self, stream: Stream, around: SandboxStreams) -> None:
        self.stream = stream
        self.held: dict[int, Delayed] = {}
        """By sid: a frame that goes out after the next one."""
        self.silenced: dict[str, InstalledRule] = {}
        """By channel: the rule that keeps it silent, as long as it is installed."""
        self.stalled_by: str | None = None
        self._around = around
        self._late: dict[Timer, tuple[Frame, FrameDelivery]] = {}
        """Answers that are held back, the oldest first."""
        self._seen: dict[InstalledRule, int] = {}

    def deliver(self, frame: Frame) -> None:
        """Let a data frame through all that is in its way."""
        silent = self.stalled_by or self._silencer(frame.channel)
        if silent:
            self.stream.lose(frame, silent)
            return
        fired = list(self._fired(self._around.rules, frame))
        taker = next((one for one in fired if type(one.rule.effect) in TAKERS), None)
        if taker is None or not TAKERS[type(taker.rule.effect)](self, taker, frame):
            taker = None
            self.stream.put(frame)
            self._release(frame.sid)
        for one in fired:
            follow = FOLLOWERS.get(type(one.rule.effect))
            if follow and not (taker and follow is _duplicate):
                follow(self, one, frame)

    def answer(self, frames: list[Frame], passage: FrameDelivery = PLAIN) -> None:
        """Let the answers of one command through, or hold them back; `passage` is how faults of its call have it."""
        for frame in frames:
            if self.stalled_by:
                self.stream.lose(frame, self.stalled_by)
            else:
                self._answer(frame, passage)
        if passage.end and not frames:
            self._end(passage)
        self.drop_orphans()

    def _answer(self, frame: Frame, passage: FrameDelivery) -> None:
        late = next(iter(list(self._fired(self._around.answer_rules, frame))), None)
        later = _also_late(passage, late) if late else passage
        if later.delay_us and len(self._late) < HELD_BACK_MAX:
            timer = self.stream.wire.call_later(later.delay_us, lambda: self._send_late(timer))
            self._late[timer] = frame, later
        else:
            self._let_go(frame, passage)

    def _send_late(self, timer: Timer) -> None:
        self._let_go(*self._late.pop(timer))

    def _let_go(self, frame: Frame, passage: FrameDelivery) -> None:
        if self.stalled_by:
            self.stream.lose(frame, self.stalled_by)
        elif passage.end:
            self.stream.lose(frame, passage.fault)
            self._end(passage)
        else:
            self.stream.force(frame, passage.fault or None)

    def _end(self, passage: FrameDelivery) -> None:
        (self.stream.abort if passage.end == "reset" else self.stream.drop)(passage.fault)

    def _fired(self, rules: FrameRules, frame: Frame) -> Iterator[InstalledRule]:
        """The rules that fire on a frame, in the order in which they were installed."""
        at, host_at, position = self._around.moment or self._around.now()
        subject = FaultSubject(at, host_at, account=self.stream.account, channel=frame.channel)
        for one in firing(rules, subject, self._is_due):
            detail = {"connection": self.stream.number, "channel": frame.channel, "then": one.rule.kind}
            self._around.journal.add_firing(Firing(at, host_at, position, "fault", one.name, detail))
            yield one

    def _is_due(self, one: InstalledRule) -> bool:
        """Whether the rule fires on this connection now: `at_frame` counts what it finds on each."""
        effect = one.rule.effect
        if not isinstance(effect, fault_effects.Close) or effect.at_frame is None:
            return True
        if one not in self._seen:
            self._seen = {known: count for known, count in self._seen.items() if known in self._around.rules}
        self._seen[one] = self._seen.get(one, 0) + 1
        return self._seen[one] == effect.at_frame

    def _silencer(self, channel: str) -> str | None:
        one = self.silenced.get(channel)
        if one is not None and one not in self._around.rules:
            del self.silenced[channel]
            return None
        return one.name if one else None

    def _release(self, sid: int) -> None:
        frame, fault = self.held.pop(sid, (None, ""))
        if frame:
            self.stream.put(frame, fault)

    def drop_orphans(self) -> None:
        """What was held for a subscription that is no more."""
        for sid in [sid for sid in self.held if sid not in self.stream.session.subscriptions]:
            self.stream.lose(*self.held.pop(sid))

    def lose_held(self) -> None:
        """The connection ends: what waits to go out is lost."""
        for timer in self._late:
            timer.cancel()
        late = [(frame, passage.fault) for frame, passage in self._late.values()]
        for frame, fault in (*self.held.values(), *late):
            self.stream.lose(frame, fault)
        self.held.clear()
        self._late.clear()


def _also_late(passage: FrameDelivery, late: InstalledRule) -> FrameDelivery:
    """An answer that late_ack holds back, whatever else does."""
    effect = late.rule.effect
    assert isinstance(effect, fault_effects.LateAck), "the only effect on answers"
    names = ", ".join(name for name in (passage.fault, late.name) if name)
    return FrameDelivery(names, passage.delay_us + effect.delay_us, passage.end)


def _hold(disturber: FrameFaults, one: InstalledRule, frame: Frame) -> bool:
    """Hold a frame back, unless one is held already: then the two are swapped by letting this one out."""
    if frame.sid in disturber.held:
        return False
    disturber.held[frame.sid] = frame, one.name
    return True


def _lose(disturber: FrameFaults, one: InstalledRule, frame: Frame) -> bool:
    disturber.stream.lose(frame, one.name)
    return True


def _silence(disturber: FrameFaults, one: InstalledRule, frame: Frame) -> bool:
    disturber.silenced[frame.channel] = one
    return _lose(disturber, one, frame)


def _terminate(disturber: FrameFaults, one: InstalledRule, frame: Frame) -> bool:
    assert isinstance(one.rule.effect, fault_effects.Terminal), "by the table"
    disturber.stream.lose(frame, one.name)
    disturber.stream.terminate(frame.sid, one.rule.effect.code, one.name)
    disturber.drop_orphans()
    return True


def _duplicate(disturber: FrameFaults, one: InstalledRule, frame: Frame) -> None:
    disturber.stream.put(frame, one.name)


def _send_literal(disturber: FrameFaults, one: InstalledRule, frame: Frame) -> None:
    assert isinstance(one.rule.effect, fault_effects.LiteralFrame), "by the table"
    disturber.stream.send_literal(one.rule.effect.text, frame.channel, one.name)


def _close(disturber: FrameFaults, one: InstalledRule, frame: Frame) -> None:
    assert isinstance(one.rule.effect, fault_effects.Close), "by the table"
    disturber.stream.close(one.rule.effect.code, fault=one.name)


def _abort(disturber: FrameFaults, one: InstalledRule, frame: Frame) -> None:
    disturber.stream.abort(one.name)


def _stall(disturber: FrameFaults, one: InstalledRule, frame: Frame) -> None:
    disturber.stalled_by = one.name
    disturber.stream.stall()


TAKERS: dict[type, Callable[[FrameFaults, InstalledRule, Frame], bool]] = {
    fault_effects.Gap: _lose,
    fault_effects.SilentChannel: _silence,
    fault_effects.Terminal: _terminate,
    fault_effects.Reorder: _hold,
}
"""Effects that keep a frame from going out now, and whether they did."""
FOLLOWERS: dict[type, Callable[[FrameFaults, InstalledRule, Frame], Any]] = {
    fault_effects.Duplicate: _duplicate,
    fault_effects.LiteralFrame: _send_literal,
    fault_effects.Close: _close,
    fault_effects.Abort: _abort,
    fault_effects.Stall: _stall,
}
"""Effects that come after it."""
