"""Every operation the venue has had, so that a 404 can say what it means: not emulated, not yet, no more, or a typo.

A day is the one the operation is known by, from the changelog where it has an entry, else the first document with it.
"""

import difflib
import re
from typing import NamedTuple

from mockexchange.venues.dated import ALWAYS, FOREVER, ApiDate
from mockexchange.venues.quoting import STUB_ADVICE

PREFIX = "/trade-api/v2"
STREAM_PATH = "/trade-api/ws/v2"
PATH_CHARS_SHOWN_MAX = 200


class Life(NamedTuple):
    """From when to when the venue has had an operation."""

    since: str = ALWAYS
    until: str = FOREVER


class Known(NamedTuple):
    methods: str
    path: str
    since: str = ALWAYS
    until: str = FOREVER
    source: str = "changelog"
    """Of its life; what has always been is in the pages of the first day."""


CATALOGUE: tuple[Known, ...] = (
    Known("GET", "/portfolio/balance"),
    Known("GET", "/portfolio/positions"),
    Known("GET", "/portfolio/settlements"),
    Known("GET", "/portfolio/fills"),
    Known("GET", "/portfolio/summary/total_resting_order_value"),
    Known("GET", "/portfolio/deposits", "2026-05-05"),
    Known("GET", "/portfolio/withdrawals", "2026-05-05"),
    Known("GET", "/portfolio/orders"),
    Known("POST", "/portfolio/orders"),
    Known("GET DELETE", "/portfolio/orders/{order_id}"),
    Known("POST DELETE", "/portfolio/orders/batched"),
    Known("POST", "/portfolio/orders/{order_id}/amend"),
    Known("POST", "/portfolio/orders/{order_id}/decrease"),
    Known("GET", "/portfolio/orders/queue_positions"),
    Known("GET", "/portfolio/orders/{order_id}/queue_position"),
    Known("POST DELETE", "/portfolio/events/orders", "2026-04-22"),
    Known("DELETE", "/portfolio/events/orders/{order_id}", "2026-04-22"),
    Known("POST DELETE", "/portfolio/events/orders/batched", "2026-04-22"),
    Known("POST", "/portfolio/events/orders/{order_id}/amend", "2026-04-22"),
    Known("POST", "/portfolio/events/orders/{order_id}/decrease", "2026-04-22"),
    Known("POST", "/portfolio/subaccounts", "2026-01-09"),
    Known("GET", "/portfolio/subaccounts/balances", "2026-01-09"),
    Known("POST", "/portfolio/subaccounts/transfer", "2026-01-09"),
    Known("GET", "/portfolio/subaccounts/transfers", "2026-01-09"),
    Known("GET PUT", "/portfolio/subaccounts/netting", "2026-01-09"),
    Known("POST", "/portfolio/intra_exchange_instance_transfer", "2026-08-20"),
    Known("GET", "/portfolio/intra_exchange_instance_transfers", "2026-08-20"),
    Known("GET", "/portfolio/intra_exchange_instance_transfers/{transfer_id}", "2026-08-20"),
    Known("GET POST", "/portfolio/target_balance_allocation", "2026-08-20"),
    Known("GET", "/portfolio/order_groups"),
    Known("GET", "/fcm/positions"),
    Known("GET", "/fcm/orders"),
    Known("GET", "/fcm/fills", "2026-09-03"),
    Known("GET POST", "/fcm/subtraders", "2026-09-03"),
    Known("GET PUT", "/fcm/subtraders/blocked_categories", "2026-09-03"),
    Known("GET PUT DELETE", "/fcm/subtraders/event_contract_daily_cap", "2026-09-03"),
    Known("POST", "/fcm/positions/transfers", "2026-09-03"),
    Known("GET", "/exchange/status"),
    Known("GET", "/exchange/schedule"),
    Known("GET", "/exchange/announcements", ALWAYS, "2026-07-04"),
    Known("GET", "/exchange/user_data_timestamp"),
    Known("GET", "/account/limits", "2026-01-28"),
    Known("GET", "/account/endpoint_costs", "2026-04-30"),
    Known("POST", "/account/api_usage_level/upgrade", "2026-08-20"),
    Known("GET", "/account/api_usage_level/volume_progress", "2026-08-20"),
    Known("GET POST", "/api_keys"),
    Known("POST", "/api_keys/generate"),
    Known("DELETE", "/api_keys/{api_key}"),
    Known("GET", "/markets"),
    Known("GET", "/markets/{ticker}"),
    Known("GET", "/markets/{ticker}/orderbook"),
    Known("GET", "/markets/orderbooks", "2026-03-12"),
    Known("GET", "/markets/trades"),
    Known("GET", "/events"),
    Known("GET", "/events/{event_ticker}"),
    Known("GET", "/series/{series_ticker}"),
    Known("GET", "/historical/cutoff", "2026-04-01"),
    Known("GET", "/historical/positions", "2026-07-23"),
    Known("GET", "/historical/fills", "2026-04-01"),
    Known("GET", "/historical/orders", "2026-04-01"),
    Known("GET", "/historical/markets", "2026-04-01"),
    Known("GET", "/historical/markets/{ticker}", "2026-04-01"),
    Known("GET", "/historical/markets/{ticker}/candlesticks", "2026-04-01"),
    Known("GET", "/historical/trades", "2026-04-01"),
)

_LIVES = {
    (method, known.path): Life(known.since, known.until) for known in CATALOGUE for method in known.methods.split()
}
_PATTERNS = [(known, re.compile(re.sub(r"\{\w+\}", "[^/]+", known.path))) for known in CATALOGUE]


def life_of(method: str, path: str) -> Life:
    """The life of an operation of the catalogue; `path` is its template."""
    return _LIVES[method, path]


def known_at(method: str, resource: str) -> Known | None:
    """The entry of the catalogue that a path below the prefix is of; one that spells it out goes before a template."""
    found = [known for known, pattern in _PATTERNS if _is(known, pattern, method, resource)]
    return min(found, key=lambda known: known.path.count("{"), default=None)


def explain_no_route(method: str, path: str, api_date: ApiDate) -> str:
    """Say why a path is not answered and what to do."""
    shown = path[:PATH_CHARS_SHOWN_MAX]
    if not path.startswith(PREFIX + "/"):
        return _explain_prefix(shown)
    resource = path.removeprefix(PREFIX)
    known = known_at(method, resource)
    if known is None:
        return _explain_typo(shown, api_date)
    if not api_date.holds(known.since, known.until):
        life = f"since {known.since}" if api_date.day and api_date.day < known.since else f"until {known.until}"
        return f"{method} {shown} did not exist at API date {api_date}: the venue has it {life}"
    return f"{method} {shown} is an operation of the venue that is not emulated: {STUB_ADVICE}"


def _is(known: Known, pattern: re.Pattern[str], method: str, resource: str) -> bool:
    return method in known.methods.split() and pattern.fullmatch(resource) is not None


def _explain_prefix(path: str) -> str:
    if path == STREAM_PATH:
        return f"{path} is the venue's stream, which is not emulated"
    if any(pattern.fullmatch(path) for _, pattern in _PATTERNS):
        return f'the path "{path}" lacks the prefix: call "{PREFIX}{path}" (and sign it so)'
    return f'nothing is served at "{path}": Kalshi\'s paths begin with {PREFIX}/'


def _explain_typo(path: str, api_date: ApiDate) -> str:
    alive = (known for known in CATALOGUE if api_date.holds(known.since, known.until))
    near = difflib.get_close_matches(path.removeprefix(PREFIX), [known.path for known in alive], n=1, cutoff=0.8)
    hint = f'did you mean "{PREFIX}{near[0]}"?' if near else "the venue has no such path"
    return f'unknown path "{path}": {hint}'
