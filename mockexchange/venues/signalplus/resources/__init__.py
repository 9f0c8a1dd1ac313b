"""The resources of SignalPlus, a file each: the dated fields of its objects and its methods.

A method without an `answer` can be called only on streams.
"""

from mockexchange.venues.signalplus.resources import trades
from mockexchange.venues.signalplus.resources.call import Operation
from mockexchange.venues.signalplus.resources.fields import OBJECTS
from mockexchange.venues.signalplus.resources.positions import GET_POSITIONS

CONNECT, SUBSCRIBE, UNSUBSCRIBE = "connect", "private/subscribe", "private/unsubscribe"
OPERATIONS = (
    GET_POSITIONS,
    Operation(name=SUBSCRIBE),
    Operation(name=UNSUBSCRIBE),
    Operation(name=CONNECT, scopes=()),
)

__all__ = ["CONNECT", "OBJECTS", "OPERATIONS", "SUBSCRIBE", "UNSUBSCRIBE", "trades"]
