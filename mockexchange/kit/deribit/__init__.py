"""The rules, facts and adapter tasks with which the contract kit verifies servers and clients of Deribit."""

from functools import partial
from pathlib import Path

from mockexchange.kit.client.traffic import read_jsonrpc
from mockexchange.kit.deribit.checks import CHECKS
from mockexchange.kit.deribit.lists import FACTS
from mockexchange.kit.deribit.schemathesis_hints import make_hints
from mockexchange.kit.deribit.signing import CLIENT_SIGNING, further_keys, load_signer, role_of
from mockexchange.kit.deribit.stream import CHECKS as STREAM_CHECKS
from mockexchange.kit.deribit.writes import CHECKS as WRITE_CHECKS
from mockexchange.kit.jsonrpc import is_read, status_of
from mockexchange.kit.venue import VenueKit

PREFIX = "/api/v2"
CHANNELS = ("user.changes", "user.orders", "user.portfolio", "user.trades", "book", "quote", "ticker")
"""The families of channels, of which each has many channels."""
DERIBIT = VenueKit(
    name="deribit",
    prefix=PREFIX,
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
    client_signing=CLIENT_SIGNING,
    cards=Path(__file__).parent / "cards",
    client_scenario="deribit",
    read_traffic=partial(read_jsonrpc, prefix=PREFIX, status_of=status_of, id_name="id", channels=CHANNELS),
    changes_daily=False,
)
