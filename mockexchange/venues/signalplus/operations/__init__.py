"""Lists the methods of SignalPlus; a method without an `answer` can be called only on streams."""

from mockexchange.venues.signalplus.operations.call import Operation
from mockexchange.venues.signalplus.operations.positions import GET_POSITIONS

CONNECT, SUBSCRIBE, UNSUBSCRIBE = "connect", "private/subscribe", "private/unsubscribe"
OPERATIONS = (
    GET_POSITIONS,
    Operation(name=SUBSCRIBE),
    Operation(name=UNSUBSCRIBE),
    Operation(name=CONNECT, scopes=()),
)
