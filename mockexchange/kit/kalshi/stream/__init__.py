"""Lists the rules about Kalshi's stream beyond the schemas of its messages. They are written from its documentation.

They run in this order: rules on which others rely come first.
"""

from mockexchange.kit.checks import Check
from mockexchange.kit.kalshi.stream import (
    commands,
    frame_order,
    handshakes,
    liveness,
    order_books,
    rest_equality,
    visibility,
)
from mockexchange.kit.streaming.target import StreamTarget

STREAM_CHECKS: tuple[Check[StreamTarget], ...] = (
    *handshakes.CHECKS,
    *frame_order.CHECKS,
    *order_books.CHECKS,
    *rest_equality.CHECKS,
    *visibility.CHECKS,
    *commands.CHECKS,
    *liveness.CHECKS,
)
