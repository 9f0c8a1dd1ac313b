"""The kits of Deribit and SignalPlus: signatures, hints, and built-in scenarios that keep their rules."""

import asyncio
import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterator
from hashlib import sha256

import httpx
import pytest
from anyio.from_thread import start_blocking_portal

from mockexchange.kit.checks import run_checks
from mockexchange.kit.deribit import DERIBIT
from mockexchange.kit.deribit.schemathesis_hints import make_write_hints
from mockexchange.kit.deribit.signing import Basic, Bearer
from mockexchange.kit.deribit.signing import load_signer as load_deribit
from mockexchange.kit.findings import Outcome, Verdict
from mockexchange.kit.jsonrpc import unusual_numbers
from mockexchange.kit.local_exchange import AppTransport
from mockexchange.kit.schemathesis.hints import operation_ids
from mockexchange.kit.signalplus import SIGNALPLUS
from mockexchange.kit.signalplus.signing import load_signer as load_signalplus
from mockexchange.kit.target import MEMBER, NotJudged, Target
from mockexchange.kit.validation.answers import AnswerJudge, RefusalJudge
from mockexchange.kit.venue import VenueKit
from mockexchange.kit.venues import KITS
from mockexchange.runtime import api_documents
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.scenario.loader import load_scenario
from mockexchange.server.app import ListenerApp
from mockexchange.server.http.rest_endpoint import DiagnosisWorker
from mockexchange.venues.registry import VENUES
from tests.helpers.rows import each_row

URL = "http://host/api/v2/private/get_positions?currency=BTC"
NEEDING_OTHER_KEYS = {
    "deribit": {"refusals.scopes", "tokens.ways", "positions.apart", "trades.apart"},
    "signalplus": {"signatures.another_key", "positions.apart"},
}


def test_there_is_a_kit_for_each_venue_and_each_is_where_the_venue_is() -> None:
    assert list(KITS) == list(VENUES)
    for name, kit in KITS.items():
        assert (kit.name, kit.prefix) == (name, VENUES[name].prefix)
        assert kit.stream_path in VENUES[name].stream.paths
        document = api_documents.read(f"{name}/compat", api_documents.ASYNCAPI)
        addresses = {one["address"] for one in document["channels"].values()}
        assert {one for one in addresses if "{" not in one} <= set(VENUES[name].stream.paths)
        judge = RefusalJudge(document, name, AnswerJudge(api_documents.read(f"{name}/compat"), name))
        assert all(judge.is_at(path) for path in VENUES[name].stream.paths)
        assert not judge.is_at(f"{kit.stream_path}x")
        assert api_documents.read(f"{name}/compat")["servers"][0]["url"] == kit.prefix


def test_deribit_signs_five_lines() -> None:
    scheme, _, parts = load_deribit("me", " secret\n").headers("POST", URL, 0, b"{}")["Authorization"].partition(" ")
    told = dict(part.split("=", 1) for part in parts.split(","))
    text = f"{told['ts']}\n{told['nonce']}\nPOST\n/api/v2/private/get_positions?currency=BTC\n{{}}\n"
    assert scheme == "deri-hmac-sha256"
    assert told["id"] == "me"
    assert told["sig"] == hmac.new(b"secret", text.encode(), sha256).hexdigest()


def test_deribit_also_takes_what_is_not_signed() -> None:
    assert Basic("me", "secret").headers("GET", URL) == {"Authorization": "Basic bWU6c2VjcmV0"}
    assert Bearer("", "token").headers("GET", URL) == {"Authorization": "Bearer token"}


def test_signalplus_signs_timestamp_and_nonce_alone() -> None:
    secret = b64encode(b"\x00\xffsecret").decode()
    signer = load_signalplus("me", secret)
    first, second = (signer.headers("POST", url, 0, body) for url, body in ((URL, b"{}"), ("http://other/", b"")))
    text = f"{first['Signalplus-API-Timestamp']}\n{first['Signalplus-API-Nonce']}"
    expected = b64encode(hmac.new(b64decode(secret), text.encode(), sha256).digest()).decode()
    assert (first["Authorization"], first["Signalplus-API-Signature"]) == ("Bearer me", expected)
    assert first["Signalplus-API-Nonce"] != second["Signalplus-API-Nonce"]


def test_secrets_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="the key me has no secret"):
        load_deribit("me", " ")
    with pytest.raises(ValueError, match="the secret of me is no Base64"):
        load_signalplus("me", "no base64!")


@each_row("number", ["1e-05", "1E5", "0.1234567891", "-1.", "01", "1.5e3"])
def test_numbers_that_are_not_written_plainly_are_found(number: str) -> None:
    assert unusual_numbers(f'{{"a":[1,-2.5,0.123456789,"1e5"],"b":{number}}}') == [number]


@each_row("kit", [DERIBIT, SIGNALPLUS], ids=["deribit", "signalplus"])
def test_hints_have_the_existing_names(kit: VenueKit) -> None:
    document = api_documents.read(f"{kit.name}/2026-10")
    hints = kit.make_hints(document, {"instrument_name": ["BTC-PERPETUAL"]}, [MEMBER])
    assert operation_ids(hints.document) == operation_ids(document)
    assert hints.document != document == api_documents.read(f"{kit.name}/2026-10")


def test_hints_of_writes_place_orders_that_are_mostly_taken() -> None:
    document = api_documents.read("deribit/2026-10")
    hints = make_write_hints(document, {"instrument_name": ["BTC-PERPETUAL"]}, [MEMBER])
    assert {one.split(".")[0] for one in hints.operations} == {
        path.removeprefix("/") for path, item in document["paths"].items() if item["get"].get("x-write")
    }
    buy = {one["name"]: one["schema"] for one in hints.document["paths"]["/private/buy"]["get"]["parameters"]}
    assert buy["instrument_name"] == {"type": "string", "enum": ["BTC-PERPETUAL"]}
    assert (buy["amount"]["enum"], "contracts" in buy, "linked_order_type" in buy) == ([10, 20], False, False)


# --- the built-in scenarios keep every rule that one key can judge


def judged(venue: str) -> Iterator[Verdict]:
    kit = KITS[venue]
    # On a stopped clock, since the rules derive sessions from the time of the exchange.
    options = SandboxOptions(api_date=VENUES[venue].api_date("latest"), clock="paused")
    sandbox = asyncio.run(open_sandbox(load_scenario(venue), options))
    key = next(one for one in sandbox.credentials() if one.venue == venue)
    diagnosis_worker = DiagnosisWorker()
    front = ListenerApp(lambda key_id: sandbox, diagnosis_worker, None)
    with start_blocking_portal() as portal, httpx.Client(transport=AppTransport(front, portal)) as http:
        keys = {MEMBER: kit.load_signer(key.key_id, key.secret or "")}
        yield from run_checks(
            kit.checks,
            Target(
                venue=kit,
                api_date="2026-10",
                base_url=f"http://testserver{kit.prefix}",
                http=http,
                keys=keys,
                may_write=True,
            ),
        )
    diagnosis_worker.close()


@each_row("venue", ["deribit", "signalplus"])
def test_the_builtin_scenario_keeps_the_rules(venue: str) -> None:
    verdicts = list(judged(venue))
    assert [finding for one in verdicts for finding in one.findings] == []
    left = {one.rule for one in verdicts if one.outcome is Outcome.NOT_JUDGED}
    assert left <= NEEDING_OTHER_KEYS[venue] | {"positions.never_held"}
    assert len(verdicts) > 50


def test_a_target_without_the_key_is_not_judged() -> None:
    with httpx.Client() as http:
        target = Target(venue=SIGNALPLUS, api_date="2026-10", base_url="", http=http, keys={})
        with pytest.raises(NotJudged, match="none was given for the role 'member'"):
            target.key(MEMBER)
