"""An exchange and the messages of its channels, command by command, encoded as of any date."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mockexchange.core.commands import Command
from mockexchange.core.refusals import Refusal
from mockexchange.venues.kalshi.named_days import api_date
from mockexchange.venues.kalshi.settings import KalshiSettings
from mockexchange.venues.kalshi.stream.feed import DEFAULTS, Message, messages_of
from tests.venues.kalshi.world import Venue


@dataclass(eq=False, repr=False)
class Telling:
    venue: Venue
    settings: KalshiSettings = DEFAULTS

    def does(self, *commands: Command, channels: Iterable[str] | None = None) -> list[Message]:
        """Carry the commands out, a millisecond apart; return what was told of them."""
        return [message for command in commands for message in self._do(command, channels)]

    def tells(self, *commands: Command) -> list[str]:
        """The kinds of what was told, in order."""
        return [message.kind for message in self.does(*commands)]

    def _do(self, command: Command, channels: Iterable[str] | None) -> list[Message]:
        self.venue.at += 1_000
        outcome = self.venue.exchange.execute(command, self.venue.at)
        assert not isinstance(outcome, Refusal), outcome
        wanted = None if channels is None else set(channels)
        return messages_of(self.venue.exchange.state, outcome, self.venue.at, self.settings, wanted)


def only(messages: list[Message], kind: str) -> Message:
    (found,) = [message for message in messages if message.kind == kind]
    return found


def body(message: Message, date: str = "2026-10", **shown: Any) -> str:
    return message.body(api_date(date), **shown).decode()
