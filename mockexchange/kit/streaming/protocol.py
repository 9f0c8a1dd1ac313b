"""Defines the interface of a venue's stream protocol, so that rules use the same commands and messages everywhere."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple, Protocol


class MessageKind(StrEnum):
    """The kind of a server's message: the begin or end of a subscription, another reply, or data."""

    ACK = "ack"
    GONE = "gone"
    OK = "ok"
    ERROR = "error"
    DATA = "data"
    OTHER = "other"
    """A frame that cannot be read."""


class StreamMessage(NamedTuple):
    """A decoded frame of the server. Fields that the frame lacks are None or empty."""

    kind: MessageKind
    name: str = ""
    """The message's name in the API document."""
    command_id: int | None = None
    sid: int | None = None
    """The id of the subscription."""
    channel: str = ""
    """The channel of an acknowledgement; empty for other messages."""
    number: int | None = None
    """The frame's sequence number within its subscription."""
    body: Mapping[str, Any] = {}
    """The content, without the envelope."""
    frame: Mapping[str, Any] = {}
    """The whole frame."""


class StreamProtocol(Protocol):
    """Encodes a venue's stream commands, and decodes its frames."""

    def read(self, raw: bytes) -> StreamMessage:
        """Decode a frame of the server; a frame that cannot be read has the kind OTHER."""
        ...

    def command(self, command_id: int, name: str, params: Any) -> bytes:
        """Encode a command; without parameters if `params` is None."""
        ...

    def subscription(self, channels: list[str], params: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        """Return name and parameters of the command that subscribes to channels."""
        ...

    def unsubscription(self, sids: list[int]) -> tuple[str, Mapping[str, Any]]:
        """Return name and parameters of the command that ends subscriptions."""
        ...

    @property
    def barrier(self) -> str:
        """Return the name of a command without effect, whose reply comes after all frames sent before it."""
        ...
