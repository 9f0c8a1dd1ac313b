"""Declares the methods that can be called only on streams; over HTTP each of them answers with an error [wire]."""

from mockexchange.venues.deribit.enumerations import DISCONNECT_SCOPES
from mockexchange.venues.deribit.resources import parameters
from mockexchange.venues.deribit.resources.call import Operation
from mockexchange.venues.deribit.resources.parameters import Parameter

CHANNELS = Parameter(name="channels", kind="texts", required=True, source="openapi-2.1.1")


LABEL = parameters.text("label")


DISCONNECT_SCOPE = Parameter(
    name="scope",
    kind="choice",
    choices=DISCONNECT_SCOPES,
    default=DISCONNECT_SCOPES[0],
    reason="invalid scope",
    source="openapi-2.1.1",
)


OPERATIONS: tuple[Operation, ...] = (
    Operation(name="public/set_heartbeat", answer=None, parameters=(parameters.integer("interval", required=True),)),
    Operation(name="public/disable_heartbeat", answer=None),
    Operation(name="public/subscribe", answer=None, parameters=(CHANNELS,)),
    Operation(name="public/unsubscribe", answer=None, parameters=(CHANNELS,)),
    Operation(name="public/unsubscribe_all", answer=None),
    Operation(name="private/subscribe", answer=None, parameters=(CHANNELS, LABEL)),
    Operation(name="private/unsubscribe", answer=None, parameters=(CHANNELS,)),
    Operation(name="private/unsubscribe_all", answer=None),
    Operation(name="private/enable_cancel_on_disconnect", parameters=(DISCONNECT_SCOPE,), scope="account:read_write"),
    Operation(name="private/disable_cancel_on_disconnect", parameters=(DISCONNECT_SCOPE,), scope="account:read_write"),
    Operation(name="private/get_cancel_on_disconnect", parameters=(DISCONNECT_SCOPE,), scope="account:read"),
    Operation(
        name="private/logout",
        answer=None,
        parameters=(Parameter(name="invalidate_token", kind="boolean", default=True, source="openapi-2.1.1"),),
    ),
)
