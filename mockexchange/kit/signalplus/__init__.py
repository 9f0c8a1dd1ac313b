"""The rules and facts with which the contract kit verifies servers and clients of SignalPlus."""

from functools import partial
from pathlib import Path

from mockexchange.kit.client.traffic import read_jsonrpc
from mockexchange.kit.jsonrpc import encode_json, is_read, status_of
from mockexchange.kit.list_facts import Facts, Paging
from mockexchange.kit.signalplus.calls import POSITIONS, envelope
from mockexchange.kit.signalplus.checks import CHECKS
from mockexchange.kit.signalplus.schemathesis_hints import make_hints
from mockexchange.kit.signalplus.signing import CLIENT_SIGNING, load_signer, role_of
from mockexchange.kit.signalplus.stream import CHECKS as STREAM_CHECKS
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
"""Empty facts about lists, since the venue has none: its only call is a POST."""
PREFIX = "/signalplus/api"
SIGNALPLUS = VenueKit(
    name="signalplus",
    prefix=PREFIX,
    stream_path="/signalplus/ws/api",
    load_signer=load_signer,
    role_of=role_of,
    make_hints=make_hints,
    facts=NO_LISTS,
    checks=CHECKS,
    stream_checks=STREAM_CHECKS,
    is_read=is_read,
    status_of=status_of,
    probe=f"/{POSITIONS}",
    probe_body=encode_json(envelope()),
    key_is_secret=True,
    client_signing=CLIENT_SIGNING,
    cards=Path(__file__).parent / "cards",
    client_scenario="signalplus",
    read_traffic=partial(read_jsonrpc, prefix=PREFIX, status_of=status_of, id_name="rid", channels=("user.changes",)),
    changes_daily=False,
)
