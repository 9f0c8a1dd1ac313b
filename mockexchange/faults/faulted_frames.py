"""Applies faults to the frames that the server sends on one connection.

The frame that a rule fires on is sent if the effect follows it (duplicate, a literal frame, close, abort, stall). The
effects gap, silent_channel and terminal withhold it; reorder holds it until the next frame of the same subscription is
sent. Answers to commands are delayed by late_ack or by the request faults of a call, and data overtakes them.
"""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from mockexchange.faults.delivery import PLAIN, FrameDelivery
from mockexchange.faults.rule_firing import FaultSubject, InstalledRule, firing
from mockexchange.sandbox.journal import Firing, Journal
from mockexchange.scenario import fault_effects
from mockexchange.venues.frame import Frame
from mockexchange.venues.session import Session

FrameRules = list[InstalledRule]
Delayed = tuple[Frame, str]
"""A frame that is not sent yet, with the name of the fault that delays it."""
HELD_BACK_MAX = 1_000
"""Largest number of delayed answers of one client; further ones are sent at once, to bound memory."""


class Timer(Protocol):
    """A scheduled call that can be canceled."""

    def cancel(self) -> object: ...


class CallLater(Protocol):
    """The interface of an object that calls a function after a delay."""

    def call_later(self, delay_us: int, callback: Callable[[], object]) -> Timer: ...


class Stream(Protocol):
    """The interface of a connection that faults use."""

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
    """The interface of a sandbox's open streams that the faults of one connection use."""

    journal: Journal
    rules: FrameRules
    answer_rules: FrameRules
    now: Callable[[], tuple[int, int, int]]
    moment: tuple[int, int, int] | None


class FrameFaults:
    """Applies faults to the frames of one connection, between its session and its outbox."""

    def __init__(self, stream: Stream, streams: SandboxStreams) -> None:
        self.stream = stream
        self.held: dict[int, Delayed] = {}
        """For each subscription id (sid), a frame that is sent after the next one."""
        self.silenced: dict[str, InstalledRule] = {}
        """For each silenced channel, the rule that silences it as long as the rule is installed."""
        self.stalled_by: str | None = None
        self._streams = streams
        self._late: dict[Timer, tuple[Frame, FrameDelivery]] = {}
        """Delayed answers, oldest first."""
        self._seen: dict[InstalledRule, int] = {}

    def deliver(self, frame: Frame) -> None:
        """Send a frame with data, changed by the faults that fire on it; they can also withhold it."""
        silent = self.stalled_by or self._silencer(frame.channel)
        if silent:
            self.stream.lose(frame, silent)
            return
        fired = list(self._fired(self._streams.rules, frame))
        withholder = next((one for one in fired if type(one.rule.effect) in WITHHOLDING_EFFECTS), None)
        if withholder is None or not WITHHOLDING_EFFECTS[type(withholder.rule.effect)](self, withholder, frame):
            withholder = None
            self.stream.put(frame)
            released, fault = self.held.pop(frame.sid, (None, ""))
            if released:
                self.stream.put(released, fault)
        for one in fired:
            follow = FOLLOWING_EFFECTS.get(type(one.rule.effect))
            if follow and not (withholder and follow is _duplicate):
                follow(self, one, frame)

    def answer(self, frames: list[Frame], delivery: FrameDelivery = PLAIN) -> None:
        """Send the answers to a command, or delay them; `delivery` has the request faults that fired on the command."""
        for frame in frames:
            if self.stalled_by:
                self.stream.lose(frame, self.stalled_by)
            else:
                self._answer(frame, delivery)
        if delivery.end and not frames:
            self._end(delivery)
        self.drop_orphans()

    def _answer(self, frame: Frame, delivery: FrameDelivery) -> None:
        late = next(iter(list(self._fired(self._streams.answer_rules, frame))), None)
        later = _also_late(delivery, late) if late else delivery
        if later.delay_us and len(self._late) < HELD_BACK_MAX:
            timer = self.stream.wire.call_later(later.delay_us, lambda: self._let_go(*self._late.pop(timer)))
            self._late[timer] = frame, later
        else:
            self._let_go(frame, delivery)

    def _let_go(self, frame: Frame, delivery: FrameDelivery) -> None:
        if self.stalled_by:
            self.stream.lose(frame, self.stalled_by)
        elif delivery.end:
            self.stream.lose(frame, delivery.fault)
            self._end(delivery)
        else:
            self.stream.force(frame, delivery.fault or None)

    def _end(self, delivery: FrameDelivery) -> None:
        (self.stream.abort if delivery.end == "reset" else self.stream.drop)(delivery.fault)

    def _fired(self, rules: FrameRules, frame: Frame) -> Iterator[InstalledRule]:
        """Yield the rules that fire on a frame, in the order of installation."""
        at, host_at, position = self._streams.moment or self._streams.now()
        subject = FaultSubject(at, host_at, account=self.stream.account, channel=frame.channel)
        for one in firing(rules, subject, self._is_due):
            detail = {"connection": self.stream.number, "channel": frame.channel, "then": one.rule.kind}
            self._streams.journal.add_firing(Firing(at, host_at, position, "fault", one.name, detail))
            yield one

    def _is_due(self, one: InstalledRule) -> bool:
        """Whether the rule fires on this connection now. `at_frame` counts the matching frames per connection."""
        effect = one.rule.effect
        if not isinstance(effect, fault_effects.Close) or effect.at_frame is None:
            return True
        if one not in self._seen:
            self._seen = {known: count for known, count in self._seen.items() if known in self._streams.rules}
        self._seen[one] = self._seen.get(one, 0) + 1
        return self._seen[one] == effect.at_frame

    def _silencer(self, channel: str) -> str | None:
        one = self.silenced.get(channel)
        if one is not None and one not in self._streams.rules:
            del self.silenced[channel]
            return None
        return one.name if one else None

    def drop_orphans(self) -> None:
        """Drop the held frames whose subscription has ended, and journal them as lost."""
        for sid in [sid for sid in self.held if sid not in self.stream.session.subscriptions]:
            self.stream.lose(*self.held.pop(sid))

    def lose_held(self) -> None:
        """Journal all held and delayed frames as lost; the connection ends."""
        for timer in self._late:
            timer.cancel()
        late = [(frame, delivery.fault) for frame, delivery in self._late.values()]
        for frame, fault in (*self.held.values(), *late):
            self.stream.lose(frame, fault)
        self.held.clear()
        self._late.clear()


def _also_late(delivery: FrameDelivery, late: InstalledRule) -> FrameDelivery:
    """Return the delivery with the delay of late_ack added."""
    effect = late.rule.effect
    assert isinstance(effect, fault_effects.LateAck), "the only effect on answers"
    names = ", ".join(name for name in (delivery.fault, late.name) if name)
    return FrameDelivery(names, delivery.delay_us + effect.delay_us, delivery.end)


def _hold(faults: FrameFaults, one: InstalledRule, frame: Frame) -> bool:
    """Hold a frame until the next one is sent. Return False if one is held already: sending this one swaps the two."""
    if frame.sid in faults.held:
        return False
    faults.held[frame.sid] = frame, one.name
    return True


def _lose(faults: FrameFaults, one: InstalledRule, frame: Frame) -> bool:
    faults.stream.lose(frame, one.name)
    return True


def _silence(faults: FrameFaults, one: InstalledRule, frame: Frame) -> bool:
    faults.silenced[frame.channel] = one
    return _lose(faults, one, frame)


def _terminate(faults: FrameFaults, one: InstalledRule, frame: Frame) -> bool:
    assert isinstance(one.rule.effect, fault_effects.Terminal), "by the table"
    faults.stream.lose(frame, one.name)
    faults.stream.terminate(frame.sid, one.rule.effect.code, one.name)
    faults.drop_orphans()
    return True


def _duplicate(faults: FrameFaults, one: InstalledRule, frame: Frame) -> None:
    faults.stream.put(frame, one.name)


def _send_literal(faults: FrameFaults, one: InstalledRule, frame: Frame) -> None:
    assert isinstance(one.rule.effect, fault_effects.LiteralFrame), "by the table"
    faults.stream.send_literal(one.rule.effect.text, frame.channel, one.name)


def _close(faults: FrameFaults, one: InstalledRule, frame: Frame) -> None:
    assert isinstance(one.rule.effect, fault_effects.Close), "by the table"
    faults.stream.close(one.rule.effect.code, fault=one.name)


def _abort(faults: FrameFaults, one: InstalledRule, frame: Frame) -> None:
    faults.stream.abort(one.name)


def _stall(faults: FrameFaults, one: InstalledRule, frame: Frame) -> None:
    faults.stalled_by = one.name
    faults.stream.stall()


WITHHOLDING_EFFECTS: dict[type, Callable[[FrameFaults, InstalledRule, Frame], bool]] = {
    fault_effects.Gap: _lose,
    fault_effects.SilentChannel: _silence,
    fault_effects.Terminal: _terminate,
    fault_effects.Reorder: _hold,
}
"""Functions of the effects that withhold a frame; each returns whether it withheld this frame."""
FOLLOWING_EFFECTS: dict[type, Callable[[FrameFaults, InstalledRule, Frame], Any]] = {
    fault_effects.Duplicate: _duplicate,
    fault_effects.LiteralFrame: _send_literal,
    fault_effects.Close: _close,
    fault_effects.Abort: _abort,
    fault_effects.Stall: _stall,
}
"""Functions of the effects that happen after the frame is sent."""
