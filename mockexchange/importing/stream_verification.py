"""Repeats the recorded commands of each stream on a session of the imported scenario, and compares the frames."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from mockexchange.core.exchange import Outcome
from mockexchange.core.refusals import Refusal
from mockexchange.importing.recorded_answers import Recorded, RecordedAnswer, note_problem
from mockexchange.importing.recorded_streams import CLOSE, StreamLine
from mockexchange.importing.stream_comparison import (
    SUBSCRIPTION,
    ComparedFrame,
    StreamFrame,
    channels_of,
    compare_frames,
    frame_of,
)
from mockexchange.importing.verification import Emulated, Verified
from mockexchange.recording.read_errors import reason_of
from mockexchange.scenario.plan import Plan
from mockexchange.venues.dated import ApiDate
from mockexchange.venues.frame import Frame
from mockexchange.venues.registry import venue_of
from mockexchange.venues.session import Session

FRAME = "frame"
"""The method of a frame in reports, in which its type is the target."""
LATE_US = 1_000_000
"""The time before the end of a stream in which a frame may be sent and yet not arrive."""


def verify_streams(plan: Plan, recorded: Recorded, api_date: ApiDate) -> list[Verified]:
    """Compare the frames of each recorded stream with those that the scenario sends.

    Frames that cannot be read become problems of the recording. Raises ScenarioError.
    """
    lines = recorded.streams.of(recorded.venue)
    if not lines:
        return []
    player = asyncio.run(_played(plan, recorded.venue, sorted(lines, key=lambda one: (one.at, one.line)), api_date))
    by_stream: dict[int, list[StreamLine]] = defaultdict(list)
    for one in lines:
        by_stream[one.connection].append(one)
    public = venue_of(recorded.venue).stream.public_channels
    found: list[Verified] = []
    for number, streamed in by_stream.items():
        compared = compare_frames(_recorded(recorded, streamed), player.frames_of(number), public)
        found += (_verified(one, streamed[0].line) for one in compared if not _is_late(one, streamed[-1].at))
    return found


@dataclass(slots=True)
class _Player:
    """The sessions of the recorded streams, and the frames that they sent."""

    emulated: Emulated
    sessions: dict[int, Session] = field(default_factory=dict)
    made: dict[int, list[tuple[int, Frame]]] = field(default_factory=lambda: defaultdict(list))

    def repeat(self, line: StreamLine) -> None:
        """Send a recorded command, or end the stream that was closed."""
        if line.kind == CLOSE:
            self.sessions.pop(line.connection, None)
            return
        session = self.sessions.get(line.connection) or self.emulated.open_stream(line.at).session
        if session is None:
            return
        self.sessions[line.connection] = session
        if line.is_sent:
            frames = session.receive(line.text.encode("utf-8", "replace"), line.at, line.at)
            self.made[line.connection] += ((line.at, frame) for frame in frames)

    def publish(self, outcome: Outcome, at: int) -> None:
        """Let the sessions send what a step changed."""
        if isinstance(outcome, Refusal) or not self.sessions:
            return
        context = self.emulated.sandbox.contexts[self.emulated.venue]
        channels = {name for session in self.sessions.values() for name in session.channels}
        messages_of = venue_of(self.emulated.venue).stream.messages_of
        messages = list(messages_of(context.state, outcome, at, context.settings, channels))
        for number, session in self.sessions.items():
            frames = [frame for message in messages if (frame := session.frame_of(message))]
            self.made[number] += ((at, frame) for frame in frames)

    def frames_of(self, number: int) -> list[StreamFrame]:
        return [frame_of(0, at, frame.channel, frame.raw.decode()) for at, frame in self.made[number]]


async def _played(plan: Plan, venue: str, lines: Sequence[StreamLine], api_date: ApiDate) -> _Player:
    player = _Player(await Emulated.open(plan, venue, api_date))
    await player.emulated.advance(plan.start)
    player.emulated.on_step = player.publish
    for line in lines:
        await player.emulated.advance(line.at)
        player.repeat(line)
    return player


def _recorded(recorded: Recorded, lines: Sequence[StreamLine]) -> list[StreamFrame]:
    """Return the frames that the venue sent on a stream."""
    found: list[StreamFrame] = []
    for one in lines:
        if one.is_sent or one.kind == CLOSE:
            continue
        try:
            found.append(frame_of(one.line, one.at, "", one.text))
        except (TypeError, ValueError, RecursionError) as error:
            note_problem(recorded, one.line, reason_of(error))
    channels = channels_of(found)
    return [one._replace(channel=channels.get(str(one.document.get(SUBSCRIPTION)), "")) for one in found]


def _is_late(one: ComparedFrame, end_at: int) -> bool:
    """Return whether a frame that only the scenario sends may not have arrived before the end of its stream."""
    return not one.frame.line and one.frame.at > end_at - LATE_US


def _verified(one: ComparedFrame, first_line: int) -> Verified:
    line = one.frame.line or first_line
    return Verified(RecordedAnswer(line, 0, one.frame.at, one.frame.kind, FRAME), one.comparison)
