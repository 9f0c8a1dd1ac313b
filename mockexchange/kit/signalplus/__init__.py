"""The contract kit of SignalPlus."""

from mockexchange.kit.jsonrpc import encode_json
from mockexchange.kit.jsonrpc_requests import is_read, status_of
from mockexchange.kit.rules.list_facts import Facts, Paging
from mockexchange.kit.signalplus.calls import POSITIONS, envelope
from mockexchange.kit.signalplus.checks import CHECKS
from mockexchange.kit.signalplus.roles import role_of
from mockexchange.kit.signalplus.schemathesis_hints import make_hints
from mockexchange.kit.signalplus.signing import load_signer
from mockexchange.kit.venue import VenueKit

NO_LISTS = Facts(
    listings={},
    names={},
    needs=(),
    paging=Paging(limit="limit", cursor="cursor", next="cursor", unreadable=None),
    past_fields=frozenset(),
    clock=None,
    volatile_fields=frozenset(),
)
"""The venue has no lists for the general rules: its only call is a POST."""
SIGNALPLUS = VenueKit(
    name="signalplus",
    prefix="/signalplus/api",
    stream_path="/signalplus/ws/api",
    load_signer=load_signer,
    role_of=role_of,
    make_hints=make_hints,
    facts=NO_LISTS,
    checks=CHECKS,
    is_read=is_read,
    status_of=status_of,
    probe=f"/{POSITIONS}",
    probe_body=encode_json(envelope()),
    key_is_secret=True,
    changes_daily=False,
)
