"""The contract kit of Deribit."""

from mockexchange.kit.deribit.checks import CHECKS
from mockexchange.kit.deribit.lists import FACTS
from mockexchange.kit.deribit.roles import role_of
from mockexchange.kit.deribit.schemathesis_hints import make_hints
from mockexchange.kit.deribit.signing import further_keys, load_signer
from mockexchange.kit.deribit.stream import CHECKS as STREAM_CHECKS
from mockexchange.kit.deribit.writes import CHECKS as WRITE_CHECKS
from mockexchange.kit.jsonrpc_requests import is_read, status_of
from mockexchange.kit.venue import VenueKit

DERIBIT = VenueKit(
    name="deribit",
    prefix="/api/v2",
    stream_path="/ws/api/v2",
    load_signer=load_signer,
    role_of=role_of,
    make_hints=make_hints,
    facts=FACTS,
    checks=CHECKS,
    write_checks=WRITE_CHECKS,
    stream_checks=STREAM_CHECKS,
    is_read=is_read,
    status_of=status_of,
    further_keys=further_keys,
    key_is_secret=True,
    changes_daily=False,
)
