"""The envelope of a result or an error, over HTTP and on streams.

`usIn` and `usOut` are microseconds with a fixed difference, so that an answer is a function of request and time.
"""

from mockexchange.venues.deribit.context import DeribitContext
from mockexchange.venues.deribit.errors import Rejected, error_object


def result_text(context: DeribitContext, id_text: str | None, result: str, us_in: int) -> bytes:
    """Return the envelope around the JSON of a result; `id_text` is the id of the request as it was written."""
    return _enveloped(context, id_text, f'"result":{result}', us_in)


def error_text(context: DeribitContext, id_text: str | None, rejected: Rejected, us_in: int) -> bytes:
    return _enveloped(context, id_text, f'"error":{error_object(rejected)}', us_in)


def _enveloped(context: DeribitContext, id_text: str | None, member: str, us_in: int) -> bytes:
    took_us, testnet = context.settings.processing_us, "true" if context.settings.testnet == "yes" else "false"
    shown_id = "" if id_text is None else f'"id":{id_text},'
    times = f'"usIn":{us_in},"usOut":{us_in + took_us},"usDiff":{took_us}'
    return f'{{"jsonrpc":"2.0",{shown_id}{member},{times},"testnet":{testnet}}}'.encode()
