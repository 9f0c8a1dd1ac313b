"""Every rule of Kalshi's stream, in the order in which they are judged: what others stand on comes first."""

from mockexchange.kit.checks import Check
from mockexchange.kit.kalshi.stream import books, codes, commands, equals, liveness, opening, order, visibility
from mockexchange.kit.streaming.target import StreamTarget

STREAM_CHECKS: tuple[Check[StreamTarget], ...] = (
    *opening.CHECKS,
    *order.CHECKS,
    *books.CHECKS,
    *equals.CHECKS,
    *visibility.CHECKS,
    *codes.CHECKS,
    *commands.CHECKS,
    *liveness.CHECKS,
)
