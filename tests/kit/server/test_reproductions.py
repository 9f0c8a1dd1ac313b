"""Commands that reproduce findings, by the place of the finding."""

import httpx

from mockexchange.kit.deribit import DERIBIT
from mockexchange.kit.findings import Finding, Verdict
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.server.reproductions import with_reproductions
from mockexchange.kit.target import FCM, MEMBER, OTHER, Target
from mockexchange.kit.venue import Signer, VenueKit
from tests.helpers.rows import each_row


class Key:
    def __init__(self, key_id: str) -> None:
        self.key_id = key_id

    def headers(self, method: str, url: str, age_ms: int = 0, body: bytes = b"") -> dict[str, str]:
        return {}


URL = "http://127.0.0.1:1/base"
KEYS: dict[str, Signer] = {MEMBER: Key("mine"), FCM: Key("desk"), OTHER: Key("theirs")}
RERUN = "mockexchange verify server --venue kalshi --url http://127.0.0.1:1/base --api-date 2026-10"


def reproduction_of(where: str, venue: VenueKit = KALSHI) -> str:
    target = Target(venue=venue, api_date="2026-10", base_url=URL, http=httpx.Client(), keys=KEYS)
    verdict = Verdict("a.rule", "GetX", (Finding("a.rule", where, "seen", "expected", "place"),))
    return with_reproductions(verdict, target).findings[0].reproduction


@each_row(
    ("where", "command"),
    [
        ("GET /portfolio/fills?limit=2", "mockexchange call mine GET '/portfolio/fills?limit=2'"),
        ("GET /portfolio/fills?limit=2: KX-A", "mockexchange call mine GET '/portfolio/fills?limit=2'"),
        ("GET /portfolio/fills by the other key", "mockexchange call theirs GET /portfolio/fills"),
        ("GET /fcm/orders?subtrader_id=x", "mockexchange call desk GET '/fcm/orders?subtrader_id=x'"),
        ("GET /markets/{ticker}/orderbook: KX-A yes", "curl -i -X GET http://127.0.0.1:1/base/markets/KX-A/orderbook"),
        ("GET /markets/{ticker}", f"{RERUN} --key-id mine --key FILE --only a.rule"),
        ("stream 1, frame 2", f"{RERUN} --key-id mine --key FILE --only a.rule"),
    ],
)
def test_a_finding_can_be_reproduced(where: str, command: str) -> None:
    assert reproduction_of(where) == command


def test_a_call_of_json_rpc_has_its_parameters() -> None:
    where = 'POST /private/get_positions private/get_positions {"currency": "BTC"}'
    command = 'mockexchange call mine POST /private/get_positions --params \'{"currency": "BTC"}\''
    assert reproduction_of(where, DERIBIT) == command


def test_a_reproduction_that_is_there_is_kept() -> None:
    verdict = Verdict("a.rule", "GetX", (Finding("a.rule", "GET /x", "seen", "expected", "place", "curl x"),))
    target = Target(venue=KALSHI, api_date="2026-10", base_url=URL, http=httpx.Client(), keys=KEYS)
    assert with_reproductions(verdict, target) == verdict


def test_a_rerun_without_keys_leaves_the_key_to_the_reader() -> None:
    verdict = Verdict("a.rule", "GetX", (Finding("a.rule", "stream 1, frame 2", "seen", "expected", "place"),))
    target = Target(venue=KALSHI, api_date="2026-10", base_url=URL, http=httpx.Client(), keys={})
    reproduction = with_reproductions(verdict, target).findings[0].reproduction
    assert reproduction == f"{RERUN} --key-id ID --key FILE --only a.rule"
