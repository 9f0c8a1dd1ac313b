"""A client on a stream without a socket: requests in, frames as parsed JSON out."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from mockexchange.core.commands import Command
from mockexchange.venues.deribit.settings import DeribitSettings
from mockexchange.venues.deribit.stream.feed import messages_of
from mockexchange.venues.deribit.stream.session import Session, shake_hands
from mockexchange.venues.frame import Frame
from mockexchange.venues.request import resume
from tests.venues.deribit.keyring import HOST, KEY_ID, NOW, SECRET, Bench, bench, request, rpc

STREAM = request("GET", "/ws/api/v2", None)


@dataclass(eq=False, repr=False)
class Client:
    """A client; `host_at` is the host time of its requests, `frames` the received frames."""

    made: Bench
    session: Session
    host_at: int = HOST
    frames: list[Frame] = field(default_factory=list)

    def send(self, raw: bytes) -> list[Any]:
        """Return the frames in answer."""
        came = [self._completed(frame) for frame in self.session.receive(raw, NOW, self.host_at)]
        self.frames += came
        return [json.loads(frame.raw) for frame in came]

    def _completed(self, frame: Frame) -> Frame:
        """Execute the commands of a write; return its answer."""
        if frame.pending is None:
            return frame
        step = resume(frame.pending)
        while not isinstance(step, Frame):
            step = resume(frame.pending, self.made.exchange.execute(step, NOW))
        return step

    def ask(self, method: str, **params: Any) -> Any:
        """Return the result or the error of one request."""
        (answer,) = self.send(rpc(method, params))
        assert ("result" in answer) != ("error" in answer)
        return answer["result"] if "result" in answer else answer["error"]

    def log_in(self, key_id: str = KEY_ID, secret: str = SECRET, **more: Any) -> Any:
        params = {"grant_type": "client_credentials", "client_id": key_id, "client_secret": secret, **more}
        return self.ask("public/auth", **params)

    def subscribe(self, *channels: str, method: str = "private/subscribe") -> Any:
        return self.ask(method, channels=list(channels))

    @property
    def note(self) -> str:
        return self.frames[-1].note

    def wake(self) -> list[Any]:
        """Advance to the next wake-up of the session, and wake it."""
        assert self.session.wakes_at is not None
        self.host_at = self.session.wakes_at
        return [json.loads(frame.raw) for frame in self.session.wake(NOW, self.host_at)]


def client(made: Bench | None = None, settings: DeribitSettings | None = None) -> Client:
    made = made or bench(settings)
    session = shake_hands(made.context, STREAM, NOW, HOST).session
    assert isinstance(session, Session)
    return Client(made, session)


def published(made: Bench, clients: Iterable[Client], *commands: Command) -> list[list[Any]]:
    """Execute commands; return the notifications of each client, in order."""
    listening = list(clients)
    received: list[list[Any]] = [[] for _ in listening]
    for command in commands:
        events = made.execute(command)
        channels = {name for one in listening for name in one.session.channels}
        for message in messages_of(made.context.state, events, NOW, made.context.settings, channels):
            for one, frames in zip(listening, received, strict=True):
                frame = one.session.frame_of(message)
                if frame is not None:
                    assert frame.kind == "subscription"
                    assert frame.sid in one.session.subscriptions
                    frames.append(json.loads(frame.raw))
    return received
