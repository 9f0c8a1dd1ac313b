"""How a venue speaks on its stream, in words that are the same for all."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple, Protocol


class MessageKind(StrEnum):
    """What a frame of the server is: the beginning or the end of a subscription, another reply, or data."""

    ACK = "ack"
    GONE = "gone"
    OK = "ok"
    ERROR = "error"
    DATA = "data"
    OTHER = "other"
    """Nothing that can be read."""


class StreamMessage(NamedTuple):
    """A frame of the server, read. `sid` is the subscription's name, `number` the frame's in it; None where untold.

    `channel` is of an acknowledgement alone; `name` says which message it is, as in the document.
    """

    kind: MessageKind
    name: str = ""
    command_id: int | None = None
    sid: int | None = None
    channel: str = ""
    number: int | None = None
    body: Mapping[str, Any] = {}
    """What it tells, without the envelope."""
    frame: Mapping[str, Any] = {}


class StreamProtocol(Protocol):
    """A venue's way of putting commands, and of saying what came of them."""

    def read(self, raw: bytes) -> StreamMessage:
        """Read a frame of the server; never raises."""
        ...

    def command(self, command_id: int, name: str, params: Any) -> bytes:
        """A command with parameters, or without where they are None."""
        ...

    def subscription(self, channels: list[str], params: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        """The name and the parameters of the command that subscribes."""
        ...

    def unsubscription(self, sids: list[int]) -> tuple[str, Mapping[str, Any]]:
        """The name and the parameters of the command that ends subscriptions."""
        ...

    @property
    def barrier(self) -> str:
        """A command without parameters that changes nothing: its reply comes after all that was sent before."""
        ...
