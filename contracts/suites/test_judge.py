"""Requests that the documents allow, forbid and leave open."""

import pytest

from mockexchange.kit.schemathesis.hints import restrict_names
from mockexchange.kit.validation.requests import Objection, RequestJudge, _query_objection
from mockexchange.runtime import api_documents

pytestmark = pytest.mark.contract

EVENTS, MARKETS, FILLS = "/events", "/markets", "/portfolio/fills"
# path | query | what the document of 2026-10 has against it: nothing, something, or it leaves that open
QUERIES: list[tuple[str, str, Objection]] = [
    (EVENTS, "with_nested_markets=true", ""),
    (EVENTS, "with_nested_markets=True", None),
    (EVENTS, "with_nested_markets=1", None),
    (EVENTS, "with_nested_markets=yes", "with_nested_markets='yes' is neither true nor false"),
    (EVENTS, "with_nested_markets=", "with_nested_markets='' is neither true nor false"),
    (MARKETS, "min_close_ts=1&max_close_ts=2&status=closed", ""),
    (MARKETS, "min_close_ts=1&status=", "status='' is none of its values"),
    (MARKETS, "min_close_ts=1&status=open", "close excludes the status"),
    (MARKETS, "min_created_ts=1&status=unopened", ""),
    (MARKETS, "min_updated_ts=1", ""),
    (MARKETS, "min_updated_ts=1&status=open", "updated excludes the status"),
    (MARKETS, "min_close_ts=1&max_settled_ts=1", "close and settled exclude each other"),
    (FILLS, "limit=1000&unknown=1", ""),
    (FILLS, "limit=1001", "limit=1001 is out of bounds"),
    (FILLS, "limit=1&limit=1", "limit is repeated"),
    (FILLS, "limit=1.0", None),
    (FILLS, f"limit={'9' * 5_000}", f"limit={'9' * 100}... is out of bounds"),
    (FILLS, "min_ts=-1", ""),
]


@pytest.mark.parametrize(("path", "query", "wanted"), QUERIES)
def test_queries(path: str, query: str, wanted: Objection) -> None:
    demands = RequestJudge(api_documents.read("kalshi/2026-10"))._demands_of(path, "get")
    assert _query_objection(demands, query) == wanted


def test_names_of_a_path_that_are_spelled_out_may_be_others() -> None:
    document = api_documents.read("kalshi/2026-10")
    hints = api_documents.read("kalshi/2026-10")
    restrict_names(hints, {"ticker": ["KX-A"]})
    path, names = "/markets/{ticker}", {"ticker": "KX-B"}
    assert RequestJudge(document).objection_to(path, "GET", names, "") == ""
    assert RequestJudge(hints).objection_to(path, "GET", names, "") is None
    assert RequestJudge(hints).objection_to(path, "GET", {"ticker": "KX-A"}, "") == ""
