"""The rules, facts and adapter tasks with which the contract kit verifies servers and clients of Kalshi."""

from pathlib import Path

from mockexchange.kit import rules
from mockexchange.kit.kalshi import checks, writes
from mockexchange.kit.kalshi.lists import FACTS
from mockexchange.kit.kalshi.read_tasks import TASKS
from mockexchange.kit.kalshi.schemathesis_hints import make_hints
from mockexchange.kit.kalshi.signing import CLIENT_SIGNING, load_signer, role_of
from mockexchange.kit.kalshi.stream import STREAM_CHECKS
from mockexchange.kit.kalshi.stream.api_document import KalshiStreamProtocol
from mockexchange.kit.venue import VenueKit

KALSHI = VenueKit(
    name="kalshi",
    prefix="/trade-api/v2",
    stream_path="/trade-api/ws/v2",
    load_signer=load_signer,
    role_of=role_of,
    make_hints=make_hints,
    facts=FACTS,
    checks=(*rules.CHECKS, *checks.CHECKS),
    write_checks=writes.CHECKS,
    stream_checks=STREAM_CHECKS,
    stream_protocol=KalshiStreamProtocol(),
    stream_hosts={
        "external-api.kalshi.com": "external-api-ws.kalshi.com",
        "external-api.demo.kalshi.co": "external-api-ws.demo.kalshi.co",
    },
    tasks=TASKS,
    client_signing=CLIENT_SIGNING,
    cards=Path(__file__).parents[1] / "client" / "cards",
    client_scenario="account",
)
