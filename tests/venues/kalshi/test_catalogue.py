"""Explanations of a 404: not emulated, not yet there, removed, a typo, or a missing prefix."""

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from mockexchange.runtime import api_documents
from mockexchange.venues.kalshi.catalogue import CATALOGUE, PREFIX, STREAM_PATH, explain_no_route
from mockexchange.venues.kalshi.named_days import api_date
from mockexchange.venues.kalshi.resources import OPERATIONS
from tests.helpers.rows import each_row

CONTRACTS = Path(__file__).parents[3] / "contracts" / "kalshi"
NOT_EMULATED = "is an operation of the venue that is not emulated: `mockexchange stub` gives it an answer"


def explain(path: str, method: str = "GET", date: str = "2026-10") -> str:
    return explain_no_route(method, path, api_date(date))


@each_row(
    ("method", "path"),
    [
        ("GET", "/account/api_usage_level/volume_progress"),
        ("GET", "/historical/trades"),
        ("GET", "/historical/markets/KXRAIN-1/candlesticks"),
        ("GET", "/milestones"),
        ("GET", "/series"),
        ("GET", "/series/KXRAIN/markets/KXRAIN-1/candlesticks"),
        ("PUT", "/communications/quotes/q1/accept"),
        ("POST", "/margin/orders"),
    ],
)
def test_what_is_not_emulated(method: str, path: str) -> None:
    assert explain(PREFIX + path, method) == f"{method} {PREFIX}{path} {NOT_EMULATED}"


@each_row(
    ("day", "words"),
    [
        ("2026-07-02", "the venue has it since 2026-07-03"),
        ("2026-07-08", NOT_EMULATED),
        ("2026-07-09", "the venue has it until 2026-07-09"),
        ("latest", "the venue has it until 2026-07-09"),
    ],
)
def test_an_operation_that_was_withdrawn_on_its_day(day: str, words: str) -> None:
    assert words in explain(f"{PREFIX}/portfolio/subaccounts/positions/transfer", "POST", day)


@each_row(
    ("path", "day", "words"),
    [
        ("/portfolio/deposits", "2026-05-04", "the venue has it since 2026-05-05"),
        ("/historical/positions", "2025-11", "the venue has it since 2026-07-23"),
        ("/historical/trades", "2026-03-31", "the venue has it since 2026-04-01"),
        ("/historical/trades", "2026-04-01", NOT_EMULATED),
        ("/exchange/announcements", "2026-07-04", "the venue has it until 2026-07-04"),
        ("/historical/trades", "compat", NOT_EMULATED),
        ("/events/fee_changes", "2026-05-26", "the venue has it since 2026-05-27"),
        ("/margin/risk", "2026-02", "the venue has it since 2026-06-01"),
    ],
)
def test_what_did_not_exist_on_that_day(path: str, day: str, words: str) -> None:
    told = explain(PREFIX + path, date=day)
    assert told.endswith(words)
    assert (f"did not exist at API date {api_date(day)}" in told) is (words != NOT_EMULATED)


@each_row(
    ("path", "meant"),
    [
        ("/portfolio/position", "/portfolio/positions"),
        ("/portfolio/positions/", "/portfolio/positions"),
        ("/portfolio//positions", "/portfolio/positions"),
        ("/portfolio/Positions", "/portfolio/positions"),
        ("/portfolios/positions", "/portfolio/positions"),
        ("/fcm/position", "/fcm/positions"),
        ("/portfolio/balances", "/portfolio/balance"),
        ("/market", "/markets"),
    ],
)
def test_a_typo_of_which(path: str, meant: str) -> None:
    assert explain(PREFIX + path) == f'unknown path "{PREFIX}{path}": did you mean "{PREFIX}{meant}"?'


@each_row("path", ["/", "/nope", "/x/y/z", "/portfolio", "//"])
def test_nothing_like_it(path: str) -> None:
    assert explain(PREFIX + path) == f'unknown path "{PREFIX}{path}": the venue has no such path'


def test_a_known_path_by_another_method_is_told_with_the_path() -> None:
    assert explain(f"{PREFIX}/portfolio/fills", "POST").startswith("unknown path")


@each_row("path", ["/portfolio/positions", "/markets/KXRAIN-1/orderbook", "/historical/trades"])
def test_a_missing_prefix(path: str) -> None:
    assert explain(path) == f'the path "{path}" lacks the prefix: call "{PREFIX}{path}" (and sign it so)'


@each_row("path", ["", "/", "*", PREFIX, "/v2/portfolio/positions", "/trade-api/v1/portfolio/positions"])
def test_elsewhere(path: str) -> None:
    assert explain(path) == f'nothing is served at "{path}": Kalshi\'s paths begin with {PREFIX}/'


def test_the_stream() -> None:
    assert explain(STREAM_PATH) == f"{STREAM_PATH} is the venue's stream, which is not emulated"


@given(st.text(max_size=300), st.sampled_from(["GET", "POST", ""]), st.sampled_from(["2025-11", "2026-10", "compat"]))
def test_any_path_is_explained_shortly(path: str, method: str, date: str) -> None:
    for one in (path, PREFIX + path, f"{PREFIX}/{path}"):
        assert 0 < len(explain(one, method, date)) < 400


# --- the table itself


def test_what_is_emulated_is_in_the_catalogue() -> None:
    known = {(method, known.path) for known in CATALOGUE for method in known.methods.split()}
    assert {(operation.method, operation.path) for operation in OPERATIONS} <= known


def test_methods_and_paths_are_well_formed() -> None:
    for known in CATALOGUE:
        assert re.fullmatch(r"(GET|POST|PUT|DELETE)( (POST|PUT|DELETE))*", known.methods)
        assert re.fullmatch(r"(/[a-z_-]+|/\{[a-z_]+\})+", known.path)


@each_row("document", sorted(CONTRACTS.glob("*/openapi.yaml")), ids=lambda path: path.parent.name)
def test_the_contract_documents_have_nothing_else(document: Path) -> None:
    paths = api_documents.parse(document)["paths"]
    assert {path.removeprefix(PREFIX) for path in paths} <= {known.path for known in CATALOGUE}
