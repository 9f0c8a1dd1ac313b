"""Writes the JSON-RPC envelope around a result or an error, over HTTP and on streams, and around a notification.

`usIn` and `usOut` are microseconds with a fixed difference, so that an answer depends only on the request and the time.
"""

from mockexchange.venues.deribit.context import DeribitContext
from mockexchange.venues.deribit.errors import Rejected, error_object
from mockexchange.venues.jsonrpc.envelope import spell
from mockexchange.venues.request import Page


def result_text(context: DeribitContext, id_text: str | None, result: str, us_in: int) -> bytes:
    """Return the envelope around the JSON of a result; `id_text` is the id of the request as it was written."""
    before, after = _around(context, id_text, us_in)
    return f'{before}"result":{result}{after}'.encode()


def result_page(context: DeribitContext, id_text: str | None, page: bytes, us_in: int) -> tuple[bytes, Page]:
    """Return the JSON-RPC envelope around a cached result, and the position of the result in it.

    The journal stores a cached result only once.
    """
    before, after = _around(context, id_text, us_in)
    head = f'{before}"result":'.encode()
    return b"%b%b%b" % (head, page, after.encode()), Page(len(head), page)


def error_text(context: DeribitContext, id_text: str | None, rejected: Rejected, us_in: int) -> bytes:
    before, after = _around(context, id_text, us_in)
    return f'{before}"error":{error_object(rejected)}{after}'.encode()


def notification(channel: str, data: str) -> bytes:
    """Return the notification of a channel with the JSON of its data: a JSON-RPC request without an id [doc]."""
    params = f'{{"channel":{spell(channel)},"data":{data}}}'
    return f'{{"jsonrpc":"2.0","method":"subscription","params":{params}}}'.encode()


def _around(context: DeribitContext, id_text: str | None, us_in: int) -> tuple[str, str]:
    """Return the members of an envelope before its result or error, and those after it."""
    took_us, testnet = context.settings.processing_us, "true" if context.settings.testnet == "yes" else "false"
    shown_id = "" if id_text is None else f'"id":{id_text},'
    times = f'"usIn":{us_in},"usOut":{us_in + took_us},"usDiff":{took_us}'
    return f'{{"jsonrpc":"2.0",{shown_id}', f',{times},"testnet":{testnet}}}'
