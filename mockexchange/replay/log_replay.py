"""Rebuilds the state of a sandbox by executing the commands of its log one by one."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from mockexchange.core.exchange import Outcome
from mockexchange.store.codec import read_log
from mockexchange.store.log import Header, LogError, Record
from mockexchange.venues.registry import DEFAULT, VENUES
from mockexchange.venues.venue import Venue

Step = tuple[Record, Outcome]


class Replay:
    """The state of a sandbox, rebuilt by executing the commands of its log.

    The script does not run, since the log has its commands, and faults have no effect.
    """

    def __init__(self, lines: Iterable[bytes]) -> None:
        self.header, self._records = read_log(lines)
        # An exchange, and the context of each venue by its name.
        header = self.header
        try:
            exchange = header.new_exchange()
            date = DEFAULT.api_date(header.api_date)
            settings = {name: venue.scenario.settings(**settings_of(venue, header)) for name, venue in VENUES.items()}
            contexts = {
                name: venue.open_context(exchange.state, date, settings[name]) for name, venue in VENUES.items()
            }
        except (TypeError, ValueError) as error:
            raise LogError(f"line 1: {error}") from None
        self.exchange, self.contexts = exchange, contexts
        self.context = self.contexts[DEFAULT.name]
        self.observers: list[Callable[[Record, Outcome], object]] = []
        """Called with every command after it is executed."""

    def __iter__(self) -> Iterator[Step]:
        """Execute the rest of the log; yield each command with its outcome. Raises LogError."""
        for record in self._records:
            expected = self.exchange.state.sequence + 1
            if record.sequence != expected:
                raise LogError(f"expected command {expected}, got {record.sequence}: the log has a gap")
            outcome = self.exchange.execute(record.command, record.at)
            for observe in self.observers:
                observe(record, outcome)
            yield record, outcome

    def run_to(self, position: int) -> None:
        """Execute the log up to its command number `position`, unless that is done already.

        Raises LogError if the log is shorter.
        """
        while self.exchange.state.sequence < position:
            if next(iter(self), None) is None:
                done = self.exchange.state.sequence
                raise LogError(
                    f"the log ends after {done} commands, the journal was written after {position}: "
                    "export both of the same sandbox, the log last"
                )


def settings_of(venue: Venue, header: Header) -> dict[str, Any]:
    """Return a venue's settings, which the header of a log has.

    The default venue's settings are at the top level of the header, those of other venues below the venue's name, and
    left out if they are the defaults.
    """
    if venue is DEFAULT:
        return {name: value for name, value in header.settings.items() if name not in VENUES}
    given: dict[str, Any] = header.settings.get(venue.name, {})
    return given
