"""Lists every operation that the venue ever had, to explain a 404.

The explanation is that the operation is not emulated, not there yet, removed, or misspelt. The days come from the
changelog or, for an operation without an entry there, from the first document that has it, or from the first day on
which the documentation has a page of it.
"""

import difflib
from typing import NamedTuple

from mockexchange.venues.dated_fields import ALWAYS, FOREVER, ApiDate
from mockexchange.venues.quoting import STUB_ADVICE

PREFIX = "/trade-api/v2"
STREAM_PATH = "/trade-api/ws/v2"
OPEN_STREAM = "OpenStream"
PATH_CHARS_SHOWN_MAX = 200
PAGES = "docs-daily"
"""Label of a source: the first day on which the documentation has a page about the operation."""


class Life(NamedTuple):
    """The span of days in which the venue has an operation: from `since` (inclusive) to `until` (exclusive)."""

    since: str = ALWAYS
    until: str = FOREVER


class CatalogueEntry(NamedTuple):
    methods: str
    path: str
    since: str = ALWAYS
    until: str = FOREVER
    source: str = "changelog"
    """Source of the span; for operations that always existed, the documentation of the first day."""


CATALOGUE: tuple[CatalogueEntry, ...] = (
    CatalogueEntry("GET", "/portfolio/balance"),
    CatalogueEntry("GET", "/portfolio/positions"),
    CatalogueEntry("GET", "/portfolio/settlements"),
    CatalogueEntry("GET", "/portfolio/fills"),
    CatalogueEntry("GET", "/portfolio/summary/total_resting_order_value"),
    CatalogueEntry("GET", "/portfolio/deposits", "2026-05-05"),
    CatalogueEntry("GET", "/portfolio/withdrawals", "2026-05-05"),
    CatalogueEntry("GET", "/portfolio/orders"),
    CatalogueEntry("POST", "/portfolio/orders"),
    CatalogueEntry("GET DELETE", "/portfolio/orders/{order_id}"),
    CatalogueEntry("POST DELETE", "/portfolio/orders/batched"),
    CatalogueEntry("POST", "/portfolio/orders/{order_id}/amend"),
    CatalogueEntry("POST", "/portfolio/orders/{order_id}/decrease"),
    CatalogueEntry("GET", "/portfolio/orders/queue_positions"),
    CatalogueEntry("GET", "/portfolio/orders/{order_id}/queue_position"),
    CatalogueEntry("POST", "/portfolio/events/orders", "2026-04-22"),
    CatalogueEntry("DELETE", "/portfolio/events/orders", "2026-08-27"),
    CatalogueEntry("DELETE", "/portfolio/events/orders/{order_id}", "2026-04-22"),
    CatalogueEntry("POST DELETE", "/portfolio/events/orders/batched", "2026-04-22"),
    CatalogueEntry("POST", "/portfolio/events/orders/{order_id}/amend", "2026-04-22"),
    CatalogueEntry("POST", "/portfolio/events/orders/{order_id}/decrease", "2026-04-22"),
    CatalogueEntry("POST", "/portfolio/subaccounts", "2026-01-09"),
    CatalogueEntry("GET", "/portfolio/subaccounts/balances", "2026-01-09"),
    CatalogueEntry("POST", "/portfolio/subaccounts/transfer", "2026-01-09"),
    CatalogueEntry("GET", "/portfolio/subaccounts/transfers", "2026-01-09"),
    CatalogueEntry("GET", "/portfolio/subaccounts/netting", "2026-01-09"),
    CatalogueEntry("PUT", "/portfolio/subaccounts/netting", "2026-02-23"),
    CatalogueEntry("POST", "/portfolio/intra_exchange_instance_transfer", "2026-08-20"),
    CatalogueEntry("GET", "/portfolio/intra_exchange_instance_transfers", "2026-08-20"),
    CatalogueEntry("GET", "/portfolio/intra_exchange_instance_transfers/{transfer_id}", "2026-08-20"),
    CatalogueEntry("GET POST", "/portfolio/target_balance_allocation", "2026-08-20"),
    CatalogueEntry("GET", "/portfolio/order_groups"),
    CatalogueEntry("POST", "/portfolio/order_groups/create"),
    CatalogueEntry("GET DELETE", "/portfolio/order_groups/{order_group_id}"),
    CatalogueEntry("PUT", "/portfolio/order_groups/{order_group_id}/reset"),
    CatalogueEntry("PUT", "/portfolio/order_groups/{order_group_id}/trigger", "2026-01-22"),
    CatalogueEntry("PUT", "/portfolio/order_groups/{order_group_id}/limit", "2026-01-29"),
    CatalogueEntry("GET", "/fcm/positions"),
    CatalogueEntry("GET", "/fcm/orders"),
    CatalogueEntry("GET", "/fcm/fills", "2026-09-03"),
    CatalogueEntry("GET POST", "/fcm/subtraders", "2026-09-03"),
    CatalogueEntry("GET PUT", "/fcm/subtraders/blocked_categories", "2026-09-03"),
    CatalogueEntry("GET PUT DELETE", "/fcm/subtraders/event_contract_daily_cap", "2026-09-03"),
    CatalogueEntry("POST", "/fcm/positions/transfers", "2026-09-03"),
    CatalogueEntry("GET", "/exchange/status"),
    CatalogueEntry("GET", "/exchange/schedule"),
    CatalogueEntry("GET", "/exchange/announcements", ALWAYS, "2026-07-04"),
    CatalogueEntry("GET", "/exchange/user_data_timestamp"),
    CatalogueEntry("GET", "/account/limits", "2026-01-28"),
    CatalogueEntry("GET", "/account/endpoint_costs", "2026-04-30"),
    CatalogueEntry("POST", "/account/api_usage_level/upgrade", "2026-06-11"),
    CatalogueEntry("GET", "/account/api_usage_level/volume_progress", "2026-06-10", source=PAGES),
    CatalogueEntry("GET POST", "/api_keys"),
    CatalogueEntry("POST", "/api_keys/generate"),
    CatalogueEntry("DELETE", "/api_keys/{api_key}"),
    CatalogueEntry("GET", "/markets"),
    CatalogueEntry("GET", "/markets/{ticker}"),
    CatalogueEntry("GET", "/markets/{ticker}/orderbook"),
    CatalogueEntry("GET", "/markets/orderbooks", "2026-03-12"),
    CatalogueEntry("GET", "/markets/trades"),
    CatalogueEntry("GET", "/events"),
    CatalogueEntry("GET", "/events/{event_ticker}"),
    CatalogueEntry("GET", "/series/{series_ticker}"),
    CatalogueEntry("GET", "/historical/cutoff", "2026-04-01"),
    CatalogueEntry("GET", "/historical/positions", "2026-07-23"),
    CatalogueEntry("GET", "/historical/fills", "2026-04-01"),
    CatalogueEntry("GET", "/historical/orders", "2026-04-01"),
    CatalogueEntry("GET", "/historical/markets", "2026-04-01"),
    CatalogueEntry("GET", "/historical/markets/{ticker}", "2026-04-01"),
    CatalogueEntry("GET", "/historical/markets/{ticker}/candlesticks", "2026-04-01"),
    CatalogueEntry("GET", "/historical/trades", "2026-04-01"),
    CatalogueEntry("GET POST", "/communications/block-trade-proposals", "2026-06-12", source=PAGES),
    CatalogueEntry(
        "POST", "/communications/block-trade-proposals/{block_trade_proposal_id}/accept", "2026-06-12", source=PAGES
    ),
    CatalogueEntry("GET", "/communications/id"),
    CatalogueEntry("GET POST", "/communications/quotes"),
    CatalogueEntry("GET DELETE", "/communications/quotes/{quote_id}"),
    CatalogueEntry("PUT", "/communications/quotes/{quote_id}/accept"),
    CatalogueEntry("PUT", "/communications/quotes/{quote_id}/confirm"),
    CatalogueEntry("GET POST", "/communications/rfqs"),
    CatalogueEntry("GET DELETE", "/communications/rfqs/{rfq_id}"),
    CatalogueEntry("DELETE", "/communications/rfqs/{rfq_id}/quotes/{quote_id}", "2026-06-25", source=PAGES),
    CatalogueEntry("GET", "/communications/rfqs/{rfq_id}/quotes/{quote_id}", "2026-07-08", source=PAGES),
    CatalogueEntry("PUT", "/communications/rfqs/{rfq_id}/quotes/{quote_id}/accept", "2026-06-25", source=PAGES),
    CatalogueEntry("PUT", "/communications/rfqs/{rfq_id}/quotes/{quote_id}/confirm", "2026-06-25", source=PAGES),
    CatalogueEntry("GET", "/events/fee_changes", "2026-05-27", source=PAGES),
    CatalogueEntry("GET", "/events/candlesticks", "2025-11-19", "2025-11-27", source=PAGES),
    CatalogueEntry("GET", "/events/multivariate", "2025-11-04", source=PAGES),
    CatalogueEntry("GET", "/events/{event_ticker}/metadata"),
    CatalogueEntry("GET", "/incentive_programs"),
    CatalogueEntry("GET", "/live_data/batch"),
    CatalogueEntry("GET", "/live_data/events/{event_ticker}", "2026-07-29", source=PAGES),
    CatalogueEntry("GET", "/live_data/milestone/{milestone_id}", "2026-03-31", source=PAGES),
    CatalogueEntry("GET", "/live_data/milestone/{milestone_id}/game_stats", "2026-03-31", source=PAGES),
    CatalogueEntry("GET", "/live_data/weather/{city}", "2026-08-18", source=PAGES),
    CatalogueEntry("GET", "/live_data/weather/{city}/calibrations", "2026-08-31", source=PAGES),
    CatalogueEntry("GET", "/live_data/{type}/milestone/{milestone_id}"),
    CatalogueEntry("GET", "/cfbenchmarks/{endpoint}", "2026-06-08", source=PAGES),
    CatalogueEntry("GET", "/markets/candlesticks", "2025-11-28", source=PAGES),
    CatalogueEntry("GET", "/milestones"),
    CatalogueEntry("GET", "/milestones/{milestone_id}"),
    CatalogueEntry("GET", "/multivariate_event_collections"),
    CatalogueEntry("GET POST", "/multivariate_event_collections/{collection_ticker}"),
    CatalogueEntry("GET", "/multivariate_event_collections/{collection_ticker}/lookup", ALWAYS, "2026-07-02", PAGES),
    CatalogueEntry("PUT", "/multivariate_event_collections/{collection_ticker}/lookup", ALWAYS, "2026-08-01", PAGES),
    # Announced for 2026-07-09: that day the changelog, the guide and the rows of transfers dropped it again.
    CatalogueEntry("POST", "/portfolio/subaccounts/positions/transfer", "2026-07-03", "2026-07-09", PAGES),
    CatalogueEntry("PUT DELETE", "/portfolio/subaccounts/settlement-advance-lock", "2026-07-25", source=PAGES),
    CatalogueEntry("GET", "/search/filters_by_sport"),
    CatalogueEntry("GET", "/search/tags_by_categories"),
    CatalogueEntry("GET", "/series"),
    CatalogueEntry("GET", "/series/fee_changes"),
    CatalogueEntry("GET", "/series/{series_ticker}/events/{ticker}/candlesticks"),
    CatalogueEntry("GET", "/series/{series_ticker}/events/{ticker}/forecast_percentile_history"),
    CatalogueEntry("GET", "/series/{series_ticker}/markets/{ticker}/candlesticks"),
    CatalogueEntry("GET", "/structured_targets"),
    CatalogueEntry("GET", "/structured_targets/{structured_target_id}"),
    CatalogueEntry("GET", "/account/limits/perps", "2026-06-07", source=PAGES),
    CatalogueEntry("GET", "/margin/balance", "2026-06-01", source=PAGES),
    CatalogueEntry("GET PUT DELETE", "/margin/cross/positions/{ticker}/exit_trigger", "2026-08-18", source=PAGES),
    CatalogueEntry(
        "PUT DELETE", "/margin/cross/positions/{ticker}/exit_trigger/{trigger_id}", "2026-08-18", source=PAGES
    ),
    CatalogueEntry("GET", "/margin/enabled", "2026-06-01", source=PAGES),
    CatalogueEntry("GET", "/margin/exchange/status", "2026-06-01", source=PAGES),
    CatalogueEntry("GET", "/margin/fcm/orders", "2026-06-01", source=PAGES),
    CatalogueEntry("POST", "/margin/fcm/subtraders", "2026-07-31", source=PAGES),
    CatalogueEntry("GET PUT DELETE", "/margin/fcm/subtraders/risk_controls", "2026-08-11", source=PAGES),
    CatalogueEntry("GET", "/margin/fee_tiers", "2026-06-01", source=PAGES),
    CatalogueEntry("GET", "/margin/fills", "2026-06-01", source=PAGES),
    CatalogueEntry("GET", "/margin/funding_history", "2026-06-01", source=PAGES),
    CatalogueEntry("GET", "/margin/funding_rates/estimate", "2026-06-01", source=PAGES),
    CatalogueEntry("GET", "/margin/funding_rates/historical", "2026-06-01", source=PAGES),
    CatalogueEntry("GET PUT DELETE", "/margin/isolated/positions/{ticker}/exit_trigger", "2026-08-18", source=PAGES),
    CatalogueEntry("GET", "/margin/markets", "2026-06-01", source=PAGES),
    CatalogueEntry("GET", "/margin/markets/{ticker}", "2026-06-01", source=PAGES),
    CatalogueEntry("GET", "/margin/markets/{ticker}/candlesticks", "2026-06-01", source=PAGES),
    CatalogueEntry("GET", "/margin/markets/{ticker}/orderbook", "2026-06-01", source=PAGES),
    CatalogueEntry("GET", "/margin/notional_risk_limit", "2026-06-01", source=PAGES),
    CatalogueEntry("GET", "/margin/order_groups", "2026-06-01", source=PAGES),
    CatalogueEntry("POST", "/margin/order_groups/create", "2026-06-01", source=PAGES),
    CatalogueEntry("GET DELETE", "/margin/order_groups/{order_group_id}", "2026-06-01", source=PAGES),
    CatalogueEntry("PUT", "/margin/order_groups/{order_group_id}/limit", "2026-06-01", source=PAGES),
    CatalogueEntry("PUT", "/margin/order_groups/{order_group_id}/reset", "2026-06-01", source=PAGES),
    CatalogueEntry("PUT", "/margin/order_groups/{order_group_id}/trigger", "2026-06-01", source=PAGES),
    CatalogueEntry("GET POST", "/margin/orders", "2026-06-01", source=PAGES),
    CatalogueEntry("GET DELETE", "/margin/orders/{order_id}", "2026-06-01", source=PAGES),
    CatalogueEntry("POST", "/margin/orders/{order_id}/amend", "2026-06-01", source=PAGES),
    CatalogueEntry("POST", "/margin/orders/{order_id}/decrease", "2026-06-01", source=PAGES),
    CatalogueEntry("GET", "/margin/positions", "2026-06-01", source=PAGES),
    CatalogueEntry("GET", "/margin/risk", "2026-06-01", source=PAGES),
    CatalogueEntry("GET", "/margin/risk_parameters", "2026-06-01", source=PAGES),
    CatalogueEntry("GET", "/margin/trades", "2026-06-01", source=PAGES),
    CatalogueEntry("POST", "/portfolio/margin/subaccounts", "2026-06-01", source=PAGES),
    CatalogueEntry("POST", "/portfolio/margin/subaccounts/transfer", "2026-06-01", source=PAGES),
)

_LIVES = {
    (method, known.path): Life(known.since, known.until) for known in CATALOGUE for method in known.methods.split()
}


def life_of(method: str, path: str) -> Life:
    """Return the span of days of a catalogued operation; `path` is the template of its path."""
    return _LIVES[method, path]


def find_entry(method: str, resource: str) -> CatalogueEntry | None:
    """Return the catalogue's entry for a path below the prefix. A literal path takes precedence over a template."""
    found = [known for known in CATALOGUE if method in known.methods.split() and _fits(known.path, resource)]
    return min(found, key=lambda known: known.path.count("{"), default=None)


def known_operations() -> list[str]:
    """Return the operations that the venue has and has not retired, such as "GET /fills", emulated or not."""
    return [
        f"{method} {known.path}" for known in CATALOGUE if known.until == FOREVER for method in known.methods.split()
    ]


def explain_no_route(method: str, path: str, api_date: ApiDate) -> str:
    """Return a text that explains why the server does not answer a path, and what to do."""
    shown = path[:PATH_CHARS_SHOWN_MAX]
    if not path.startswith(PREFIX + "/"):
        return _explain_prefix(shown)
    resource = path.removeprefix(PREFIX)
    known = find_entry(method, resource)
    if known is None:
        return _explain_typo(shown, api_date)
    if not api_date.holds(known.since, known.until):
        life = f"since {known.since}" if api_date.day and api_date.day < known.since else f"until {known.until}"
        return f"{method} {shown} did not exist at API date {api_date}: the venue has it {life}"
    return explain_not_emulated(method, shown)


def explain_not_emulated(method: str, path: str) -> str:
    shown = path[:PATH_CHARS_SHOWN_MAX]
    return f"{method} {shown} is an operation of the venue that is not emulated: {STUB_ADVICE}"


def _fits(template: str, resource: str) -> bool:
    """Return whether a path fits a template, in which `{name}` stands for any segment that is not empty."""
    wanted, found = template.split("/"), resource.split("/")
    return len(wanted) == len(found) and all(
        segment if name.startswith("{") else name == segment for name, segment in zip(wanted, found, strict=True)
    )


def _explain_prefix(path: str) -> str:
    if path == STREAM_PATH:
        return f"{path} is the venue's stream, which is not emulated"
    if any(_fits(known.path, path) for known in CATALOGUE):
        return f'the path "{path}" lacks the prefix: call "{PREFIX}{path}" (and sign it so)'
    return f'nothing is served at "{path}": Kalshi\'s paths begin with {PREFIX}/'


def _explain_typo(path: str, api_date: ApiDate) -> str:
    alive = (known for known in CATALOGUE if api_date.holds(known.since, known.until))
    near = difflib.get_close_matches(path.removeprefix(PREFIX), [known.path for known in alive], n=1, cutoff=0.8)
    hint = f'did you mean "{PREFIX}{near[0]}"?' if near else "the venue has no such path"
    return f'unknown path "{path}": {hint}'
