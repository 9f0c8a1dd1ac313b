"""The documented path of a request."""

from mockexchange.kit.validation.requests import Match, Routes
from tests.helpers.rows import each_row

ROUTES = Routes(
    {"paths": {"/markets": {}, "/markets/{ticker}": {}, "/markets/trades": {}, "/a.b/{one}/c/{two}": {}}}, "/v2"
)


@each_row(
    ("raw_path", "found"),
    [
        ("/v2/markets", Match("/markets", {})),
        ("/v2/m%61rkets", Match("/markets", {})),
        ("/v2/markets%2Ftrades", Match("/markets/trades", {})),
        ("/v2/markets/trades", Match("/markets/trades", {})),
        ("/v2/markets/RAIN-1", Match("/markets/{ticker}", {"ticker": "RAIN-1"})),
        ("/v2/markets/a%2Fb%20c", Match("/markets/{ticker}", {"ticker": "a/b c"})),
        ("/v2/a.b/1/c/2", Match("/a.b/{one}/c/{two}", {"one": "1", "two": "2"})),
        ("/v2/axb/1/c/2", None),
        ("/v2/markets/", None),
        ("/v2/markets/a/b", None),
        ("/v2markets", None),
        ("/v1/markets", None),
        ("/markets", None),
        ("", None),
    ],
)
def test_paths(raw_path: str, found: Match | None) -> None:
    assert ROUTES.find(raw_path) == found
