"""Requests for quotes (RFQs), quotes and block trade proposals.

Everybody sees RFQs, and only the two accounts of a quote see it (the venue's page on RFQs).
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from mockexchange.core.commands import (
    AcceptBlockTrade,
    AcceptRfqQuote,
    CancelRfqQuote,
    ConfirmRfqQuote,
    CreateRfq,
    DeleteRfq,
    ProposeBlockTrade,
    QuoteRfq,
)
from mockexchange.core.events import BlockTradeProposed, RfqCreated, RfqQuoted
from mockexchange.core.ids import derived_id
from mockexchange.core.instants import MICROSECONDS_PER_DAY, parse_instant
from mockexchange.core.model.rfqs import Quote, QuoteStatus, RfqStatus
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import (
    CENTIS_PER_CONTRACT,
    MICROS_PER_CENT,
    PRIMARY_SUBACCOUNT,
    AccountKind,
    Side,
    SubaccountRef,
)
from mockexchange.venues.data_tables import DataRow
from mockexchange.venues.dated_fields import ALWAYS, FOREVER, Field, Nested
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.formatting import CENTICENTS, COUNT_2, DOLLARS_4, TEXT
from mockexchange.venues.kalshi.named_days import AUTUMN_2026, FIXED_POINT_ADDED, INTEGERS_REMOVED
from mockexchange.venues.kalshi.resources import bodies
from mockexchange.venues.kalshi.resources.bodies import Body, BodyField
from mockexchange.venues.kalshi.resources.call import AccountCall, Write, WriteOperation, write
from mockexchange.venues.kalshi.resources.fields import table
from mockexchange.venues.kalshi.resources.markets import MVE_SELECTED_LEG
from mockexchange.venues.kalshi.resources.parameters import CURSOR, WINDOW, Parameter
from mockexchange.venues.kalshi.resources.refusals import UUID, invalid, not_uuid, submit
from mockexchange.venues.kalshi.resources.row_owner import requested_subtrader, subtrader_ids, written_subaccount
from mockexchange.venues.kalshi.resources.scenario_reads import (
    Asked,
    AskedByAccount,
    Column,
    Filter,
    Objects,
    Privacy,
    Read,
    Viewer,
    always,
    choice,
    count,
    equal,
    equal_to,
    limit,
    maybe,
    not_after,
    not_before,
    one,
    own,
    page,
    price,
    texts,
)

COSTS_IN_DOLLARS_SINCE = "2026-01-29"
SIDED_COUNTS_SINCE = "2026-03-13"
SUBACCOUNTS_SHOWN_SINCE = "2026-04-23"
POST_ONLY_SINCE = "2026-05-06"
EXPIRIES_REMOVED = "2025-11-17"
DAILY = "docs-daily"
SIDES_OF_MARKET = ("yes", "no")
QUOTE_STATUSES = ("open", "accepted", "confirmed", "executed", "cancelled")
USER_FILTERS_ADDED = "2026-05-03"


def _cost(name: str) -> Column:
    """Return the column of a cost: hundredths of a cent, later dollars."""
    wire = (
        Field(
            name=f"{name}_centi_cents",
            spelling=CENTICENTS,
            read=name,
            empty="absent",
            until=INTEGERS_REMOVED,
            source="docs-2025-11",
        ),
        Field(
            name=f"{name}_dollars",
            spelling=DOLLARS_4,
            read=name,
            empty="absent",
            since=COSTS_IN_DOLLARS_SINCE,
            source=DAILY,
        ),
    )
    return Column(name=name, kind="dollars", wire=wire)


def _late_count(name: str) -> Column:
    """Return the column of a count that came after whole numbers had gone."""
    field = Field(
        name=f"{name}_fp", spelling=COUNT_2, read=name, empty="absent", since=SIDED_COUNTS_SINCE, source=DAILY
    )
    return Column(name=name, kind="count", wire=(field,))


def _instant(name: str, until: str = FOREVER, since: str = ALWAYS) -> Column:
    return maybe(name, "instant", since=since, until=until)


_LEG: tuple[Column, ...] = (
    maybe("event_ticker", "text"),
    maybe("market_ticker", "text"),
    maybe("side", "text", choices=SIDES_OF_MARKET),
    maybe("yes_settlement_value", "price"),
)
_LEGS = Column(
    name="mve_selected_legs",
    kind="rows",
    columns=_LEG,
    wire=(
        Field(
            name="mve_selected_legs",
            spelling=Nested("MveSelectedLeg", MVE_SELECTED_LEG, is_list=True),
            read="mve_selected_legs",
            empty="absent",
            source="docs-2025-11",
        ),
    ),
)
PRIVATE: dict[str, tuple[str, ...]] = {
    "creator_user_id": ("creator_user_id", "creator_order_id", "creator_subaccount", "post_only"),
    "rfq_creator_user_id": ("rfq_creator_user_id", "rfq_creator_order_id", "rfq_creator_subaccount"),
}
"""Columns that only one user may see, by the column that names this user (documented as private)."""
SIDES = (("creator_user_id", "creator_subaccount"), ("rfq_creator_user_id", "rfq_creator_subaccount"))
PARTIES = ("buyer", "seller")
RETENTIONS = ((ALWAYS, "2026-06-19", 14), ("2026-06-19", FOREVER, 7))
"""Days that closed RFQs and canceled quotes are kept after their last update, by API date [changelog]."""


class CommunicationsId(NamedTuple):
    communications_id: str


def own_id(call: AskedByAccount) -> CommunicationsId:
    return CommunicationsId(communications_id(call.state, call.account.name))


def may_see(viewer: Viewer, row: DataRow) -> bool:
    """Return whether a caller may see a row; RFQs and rows without a user are public.

    A key that is restricted to a subaccount sees none of the account's other subaccounts.
    """
    if hasattr(row, "proposer_user_id"):
        return viewer.user in (row.proposer_user_id, *(getattr(row, f"{party}_user_id") for party in PARTIES))
    users = [(getattr(row, owner), getattr(row, subaccount)) for owner, subaccount in SIDES if hasattr(row, owner)]
    own = [subaccount for user, subaccount in users if user == viewer.user]
    is_hidden = viewer.subaccount is not None and viewer.subaccount not in [str(number or 0) for number in own]
    is_public = not hasattr(row, "rfq_id") or not any(user for user, _ in users)
    return (is_public and not own) or (bool(own) and not is_hidden)


def seen_by(user: str, row: DataRow) -> DataRow:
    """Return a row without what is private to other users."""
    hidden = dict[str, str | None]()
    for owner, columns in PRIVATE.items():
        if getattr(row, owner, user) != user:
            hidden |= dict.fromkeys(columns)
    for party in PARTIES:
        if getattr(row, f"{party}_user_id", user) != user:
            hidden |= {f"{party}_user_id": "", f"{party}_subtrader_id": None}
    return row.replaced(**hidden)


def communications_id(state: State, account: str) -> str:
    """Return the name of an account in RFQs and quotes, which tells nobody whose it is."""
    return derived_id("communications", state.accounts[account].user_id)


def made_rfqs(call: Asked) -> Iterator[Mapping[str, Any]]:
    for rfq in call.state.rfqs.values():
        account = rfq.subaccount_ref.account
        if rfq.status is RfqStatus.OPEN or _is_kept(call, rfq.updated_at):
            yield {
                "id": rfq.rfq_id,
                "creator_id": communications_id(call.state, account),
                "market_ticker": rfq.market.ticker,
                "contracts": rfq.count_centis or 0,
                "target_cost": rfq.cost_micros,
                "status": rfq.status.value,
                "created_ts": rfq.created_at,
                "updated_ts": rfq.updated_at,
                "cancelled_ts": rfq.canceled_at,
                "cancellation_reason": rfq.end,
                "creator_user_id": call.state.accounts[account].user_id,
                "creator_subaccount": call.state.subaccounts[rfq.subaccount_ref].number,
                "rest_remainder": rfq.rest_remainder,
                "mve_collection_ticker": rfq.market.collection or None,
                "mve_selected_legs": [
                    {"event_ticker": leg.event, "market_ticker": leg.market, "side": leg.side}
                    for leg in rfq.market.legs
                ]
                or None,
            }


def made_quotes(call: Asked) -> Iterator[Mapping[str, Any]]:
    state, step_centis = call.state, call.state.rules.count_step_centis
    for quote in state.quotes.values():
        rfq, is_canceled = quote.rfq, quote.status is QuoteStatus.CANCELED
        if is_canceled and not _is_kept(call, quote.updated_at):
            continue
        counts = {side: quote.count_centis(side, step_centis) for side in Side}
        accepted = quote.accepted_side and counts[quote.accepted_side]
        yield {
            "id": quote.quote_id,
            "rfq_id": rfq.rfq_id,
            "creator_id": communications_id(state, quote.subaccount_ref.account),
            "rfq_creator_id": communications_id(state, rfq.subaccount_ref.account),
            "market_ticker": rfq.market.ticker,
            "contracts": accepted or rfq.count_centis or 0,
            "yes_bid": quote.yes_centicents,
            "no_bid": quote.no_centicents,
            "yes_contracts": counts[Side.YES],
            "no_contracts": counts[Side.NO],
            "status": "cancelled" if is_canceled else quote.status.value,
            "created_ts": quote.created_at,
            "updated_ts": quote.updated_at,
            "accepted_ts": quote.accepted_at,
            "confirmed_ts": quote.confirmed_at,
            "executed_ts": quote.executed_at,
            "cancelled_ts": quote.canceled_at,
            "accepted_side": quote.accepted_side,
            "cancellation_reason": quote.end,
            "rest_remainder": quote.rest_remainder,
            "post_only": quote.post_only,
            "creator_user_id": state.accounts[quote.subaccount_ref.account].user_id,
            "rfq_creator_user_id": state.accounts[rfq.subaccount_ref.account].user_id,
            "creator_order_id": quote.order_id,
            "rfq_creator_order_id": quote.rfq_order_id,
            "creator_subaccount": state.subaccounts[quote.subaccount_ref].number,
            "rfq_creator_subaccount": state.subaccounts[rfq.subaccount_ref].number,
            "rfq_target_cost": rfq.cost_micros,
        }


def _is_kept(call: Asked, updated_at: int) -> bool:
    """Return whether a closed RFQ or a canceled quote is still listed."""
    kept = [days for since, until, days in RETENTIONS if call.api_date.is_day_from(since, until)]
    days = kept[0] if kept else RETENTIONS[0][2]
    return call.at < updated_at + days * MICROSECONDS_PER_DAY


def made_proposals(call: Asked) -> Iterator[Mapping[str, Any]]:
    for proposed in call.state.block_trades.values():
        is_over = proposed.executed_at is None and call.at >= proposed.expires_at
        yield {
            "id": proposed.proposal_id,
            "proposer_user_id": call.state.accounts[proposed.proposer].user_id,
            **{
                f"{party}_{name}": value
                for party, owner in (("buyer", proposed.buyer), ("seller", proposed.seller))
                for name, value in (
                    ("user_id", call.state.accounts[owner.account].user_id),
                    ("subtrader_id", subtrader_ids(call.state.accounts[owner.account]).get(owner.subaccount)),
                )
            },
            "market_ticker": proposed.market.ticker,
            "price_centi_cents": proposed.price_centicents,
            "centicount": proposed.count_centis,
            "maker_side": proposed.maker_side,
            "status": "executed" if proposed.executed_at else "expired" if is_over else "pending",
            "created_ts": proposed.created_at,
            "updated_ts": proposed.updated_at,
            "expiration_ts": proposed.expires_at,
            "buyer_accepted": proposed.buyer_accepted_at is not None,
            "seller_accepted": proposed.seller_accepted_at is not None,
            "buyer_accepted_ts": proposed.buyer_accepted_at,
            "seller_accepted_ts": proposed.seller_accepted_at,
            "executed_ts": proposed.executed_at,
            "buyer_order_id": proposed.buyer_order_id,
            "seller_order_id": proposed.seller_order_id,
        }


def is_in_event(call: Asked, row: DataRow, ticker: Any) -> bool:
    market = call.state.markets.get(row.market_ticker)
    return market is not None and market.event.ticker == ticker


def of_another_rfq(row: DataRow, path: Mapping[str, str]) -> str:
    if row.rfq_id == path["rfq_id"]:
        return ""
    return f"the quote {row.id} is for the RFQ {row.rfq_id}, not {path['rfq_id']!r}"


RFQS = Objects(
    "rfqs",
    "RFQ",
    (
        always("id", "text"),
        always("creator_id", "text"),
        always("market_ticker", "text"),
        count("contracts"),
        _cost("target_cost"),
        maybe("target_cost_excludes_fees", "boolean", since=AUTUMN_2026, source="sdk-3.34"),
        always("status", "text", choices=("open", "closed")),
        always("created_ts", "instant"),
        _instant("updated_ts"),
        _instant("cancelled_ts"),
        maybe("cancellation_reason", "text"),
        maybe("creator_user_id", "text"),
        maybe("creator_subaccount", "integer", since=SUBACCOUNTS_SHOWN_SINCE, source=DAILY),
        maybe("rest_remainder", "boolean"),
        maybe("mve_collection_ticker", "text"),
        _LEGS,
    ),
    ("id",),
    made_rfqs,
)
QUOTES = Objects(
    "quotes",
    "Quote",
    (
        always("id", "text"),
        always("rfq_id", "text"),
        always("creator_id", "text"),
        always("rfq_creator_id", "text"),
        always("market_ticker", "text"),
        count("contracts"),
        price("yes_bid"),
        price("no_bid"),
        _late_count("yes_contracts"),
        _late_count("no_contracts"),
        always("status", "text", choices=QUOTE_STATUSES),
        always("created_ts", "instant"),
        always("updated_ts", "instant"),
        _instant("accepted_ts"),
        _instant("confirmed_ts"),
        _instant("executed_ts"),
        _instant("cancelled_ts"),
        _instant("expired_ts", until=EXPIRIES_REMOVED),
        maybe("accepted_side", "text", choices=SIDES_OF_MARKET),
        maybe("cancellation_reason", "text"),
        maybe("rest_remainder", "boolean"),
        maybe("post_only", "boolean", since=POST_ONLY_SINCE, source=DAILY),
        maybe("creator_user_id", "text"),
        maybe("rfq_creator_user_id", "text"),
        maybe("creator_order_id", "text"),
        maybe("rfq_creator_order_id", "text"),
        maybe("creator_subaccount", "integer", since=SUBACCOUNTS_SHOWN_SINCE, source=DAILY),
        maybe("rfq_creator_subaccount", "integer", since=SUBACCOUNTS_SHOWN_SINCE, source=DAILY),
        _cost("rfq_target_cost"),
        maybe("target_cost_excludes_fees", "boolean", since=AUTUMN_2026, source="sdk-3.34"),
    ),
    ("id",),
    made_quotes,
)
PROPOSALS = Objects(
    "block_trade_proposals",
    "BlockTradeProposal",
    (
        always("id", "text", source=DAILY),
        always("proposer_user_id", "text", source=DAILY),
        always("buyer_user_id", "text", default="", source=DAILY),
        always("seller_user_id", "text", default="", source=DAILY),
        maybe("buyer_subtrader_id", "text", source=DAILY),
        maybe("seller_subtrader_id", "text", source=DAILY),
        always("market_ticker", "text", source=DAILY),
        always("price_centi_cents", "integer", source=DAILY),
        always("centicount", "integer", source=DAILY),
        always("maker_side", "text", choices=SIDES_OF_MARKET, source=DAILY),
        always("status", "text", source=DAILY),
        always("created_ts", "instant", source=DAILY),
        always("updated_ts", "instant", source=DAILY),
        always("expiration_ts", "instant", source=DAILY),
        always("buyer_accepted", "boolean", default=False, source=DAILY),
        always("seller_accepted", "boolean", default=False, source=DAILY),
        maybe("buyer_accepted_ts", "instant", source=DAILY),
        maybe("seller_accepted_ts", "instant", source=DAILY),
        maybe("executed_ts", "instant", source=DAILY),
        maybe("buyer_order_id", "text", source=DAILY),
        maybe("seller_order_id", "text", source=DAILY),
    ),
    ("id",),
    made_proposals,
)
TABLES = (RFQS, QUOTES, PROPOSALS)
BY_PARTY = Privacy(may_see, seen_by)
RESTRICTED_KEYS_SINCE = "2026-08-20"
"""Day from which keys restricted to a subaccount may read and write RFQs and quotes [changelog]."""
OF_RESTRICTED: dict[str, Any] = {"is_per_subaccount": True, "per_subaccount_since": RESTRICTED_KEYS_SINCE}
OF_USER: dict[str, Filter] = {"event_ticker": is_in_event, "user_filter": own("creator_user_id")}
READS = (
    Read(
        name="GetCommunicationsID",
        path="/communications/id",
        answer=(Field(name="communications_id", spelling=TEXT, read="communications_id", source="docs-2025-11"),),
        make=own_id,
        privacy=BY_PARTY,
    ),
    page(
        "GetRFQs",
        "/communications/rfqs",
        RFQS,
        "rfqs",
        CURSOR,
        *texts("event_ticker", "market_ticker"),
        Parameter(name="subaccount", kind="integer", minimum=0, maximum=63, since="2026-02-05", source=DAILY),
        limit(100),
        *texts("status", "creator_user_id"),
        choice("user_filter", "self", since=USER_FILTERS_ADDED, source=DAILY),
        filters={**equal("market_ticker", "status", "creator_user_id"), **OF_USER},
        privacy=BY_PARTY,
        is_per_subaccount=True,
    ),
    one("GetRFQ", "/communications/rfqs/{rfq_id}", RFQS, "rfq", privacy=BY_PARTY, **OF_RESTRICTED),
    page(
        "GetQuotes",
        "/communications/quotes",
        QUOTES,
        "quotes",
        CURSOR,
        *texts("event_ticker", "market_ticker", until="2026-06-21"),
        *(Parameter(name=row.name, kind="integer", since="2026-06-13", source=DAILY) for row in WINDOW),
        limit(500, 500),
        *texts("status", "quote_creator_user_id", "rfq_creator_user_id", "rfq_id"),
        *texts("rfq_creator_subtrader_id", since="2025-11-14", source=DAILY),
        choice("user_filter", "self", since=USER_FILTERS_ADDED, source=DAILY),
        choice("rfq_user_filter", "self", since="2026-05-08", source=DAILY),
        filters={
            **equal("market_ticker", "status", "rfq_creator_user_id", "rfq_id"),
            "quote_creator_user_id": equal_to("creator_user_id"),
            "rfq_creator_subtrader_id": lambda call, row, subtrader: False,  # a scenario names no subtrader of an RFQ
            **OF_USER,
            "rfq_user_filter": own("rfq_creator_user_id"),
            "min_ts": not_before("updated_ts"),
            "max_ts": not_after("updated_ts"),
        },
        privacy=BY_PARTY,
        **OF_RESTRICTED,
    ),
    one("GetQuote", "/communications/quotes/{quote_id}", QUOTES, "quote", privacy=BY_PARTY, **OF_RESTRICTED),
    one(
        "GetRFQQuote",
        "/communications/rfqs/{rfq_id}/quotes/{quote_id}",
        QUOTES,
        "quote",
        answer_table="GetQuoteResponse",
        misfit=of_another_rfq,
        privacy=BY_PARTY,
        **OF_RESTRICTED,
    ),
    page(
        "GetBlockTradeProposals",
        "/communications/block-trade-proposals",
        PROPOSALS,
        "block_trade_proposals",
        CURSOR,
        *texts("market_ticker", "status", source=DAILY),
        limit(100, source=DAILY),
        source=DAILY,
        filters=equal("market_ticker", "status"),
        scopes=("read", "read::block_trade_accept"),
        privacy=BY_PARTY,
    ),
)

# --- writes

TRADE = ("write", "write::trade")
ACCEPT_BLOCK = ("write", "write::block_trade_accept")
SUBACCOUNTS_SINCE = "2026-02-05"
IDS = {"quote_id": "QuoteId", "rfq_id": "RfqId"}

CREATE_RFQ = Body(
    struct="CreateRFQRequest",
    fields=(
        bodies.required("market_ticker", "text", source="docs-2025-11"),
        bodies.number("contracts", is_required=False, source="docs-2025-11"),
        bodies.optional("contracts_fp", "count", since=FIXED_POINT_ADDED, source=DAILY),
        bodies.number("target_cost_centi_cents", is_required=False, source="docs-2025-11"),
        bodies.optional("target_cost_dollars", "price", since=COSTS_IN_DOLLARS_SINCE, source=DAILY),
        bodies.required("rest_remainder", "boolean", source="docs-2025-11"),
        bodies.optional("replace_existing", "boolean"),
        bodies.optional("subtrader_id", "text"),
        bodies.subaccount(SUBACCOUNTS_SINCE),
    ),
)
CREATE_QUOTE = Body(
    struct="CreateQuoteRequest",
    fields=(
        bodies.required("rfq_id", "text", source="docs-2025-11"),
        bodies.required("yes_bid", "price", source="docs-2025-11"),
        bodies.required("no_bid", "price", source="docs-2025-11"),
        bodies.required("rest_remainder", "boolean", source="docs-2025-11"),
        bodies.optional("post_only", "boolean", since=POST_ONLY_SINCE, source=DAILY),
        bodies.subaccount(SUBACCOUNTS_SINCE),
    ),
)
ACCEPT_QUOTE = Body(
    struct="AcceptQuoteRequest", fields=(bodies.required("accepted_side", "choice", *SIDES_OF_MARKET, source=DAILY),)
)
CONFIRM_QUOTE = Body(struct="EmptyResponse", may_be_absent=True)
PROPOSE_BLOCK_TRADE = Body(
    struct="ProposeBlockTradeRequest",
    fields=(
        *(
            field
            for party in PARTIES
            for field in (
                bodies.required(f"{party}_user_id", "text", source=DAILY),
                bodies.optional(f"{party}_subtrader_id", "text", source=DAILY),
                bodies.number(f"{party}_subaccount", 63, is_required=False, source=DAILY),
            )
        ),
        bodies.required("market_ticker", "text", source=DAILY),
        *(
            BodyField(name=name, kind="integer", minimum=1, maximum=bodies.INT64_MAX, required=True, source=DAILY)
            for name in ("price_centi_cents", "centicount")
        ),
        bodies.required("maker_side", "choice", *SIDES_OF_MARKET, source=DAILY),
        bodies.required("expiration_ts", "text", source=DAILY),
    ),
)
ACCEPT_BLOCK_TRADE = Body(
    struct="AcceptBlockTradeProposalRequest",
    fields=(
        bodies.optional("subtrader_id", "text", source=DAILY),
        bodies.number("subaccount", 63, is_required=False, source=DAILY),
    ),
    may_be_absent=True,
)
CREATED_RFQ = table("CreateRFQResponse", Field(name="id", spelling=TEXT, read="rfq", source="docs-2025-11"))
CREATED_QUOTE = table("CreateQuoteResponse", Field(name="id", spelling=TEXT, read="quote", source="docs-2025-11"))
PROPOSED = table(
    "ProposeBlockTradeResponse",
    Field(name="block_trade_proposal_id", spelling=TEXT, read="proposal", source=DAILY),
)


def create_rfq(call: AccountCall) -> Write:
    """Ask for quotes. Raises Rejected if the size is not given in exactly one way."""
    body = call.body
    counts = [body["contracts"] * CENTIS_PER_CONTRACT] if body["contracts"] else []
    counts += [body["contracts_fp"]] if body.get("contracts_fp") else []
    costs = [body["target_cost_centi_cents"] * (MICROS_PER_CENT // 100)] if body["target_cost_centi_cents"] else []
    costs += [body["target_cost_dollars"] * (MICROS_PER_CENT // 100)] if body.get("target_cost_dollars") else []
    if len({*counts}) + len({*costs}) != 1 or min(*counts, *costs, 1) < 0:
        raise invalid("Contracts", "contracts, contracts_fp and the target cost: expected one size above 0")
    command = CreateRfq(
        subaccount_ref=_written_owner(call),
        market=body["market_ticker"],
        count_centis=counts[0] if counts else None,
        cost_micros=costs[0] if costs else None,
        rest_remainder=body["rest_remainder"],
        replaces=bool(body["replace_existing"]),
    )
    events = yield from submit(command)
    return write(call, next(event for event in events if isinstance(event, RfqCreated)))


def _written_owner(call: AccountCall) -> SubaccountRef:
    """Return the subaccount or the FCM's subtrader that the body names. Raises Rejected."""
    if call.account.kind is AccountKind.FCM:
        return SubaccountRef(call.account.name, requested_subtrader(call, call.body) or PRIMARY_SUBACCOUNT)
    return written_subaccount(call)


def delete_rfq(call: AccountCall) -> Write:
    rfq_id = call.path_params["rfq_id"]
    rfq = call.state.rfqs.get(rfq_id)
    if rfq is None or not _is_own(call, rfq.subaccount_ref):
        raise _missing(call, "rfq_id", "RFQ")
    if rfq.status is not RfqStatus.OPEN:
        raise Rejected(Situation.NOT_FOUND_IN_WRITE, f"RFQ {rfq_id} is closed already")
    yield from submit(DeleteRfq(rfq=rfq_id))
    return b""


def create_quote(call: AccountCall) -> Write:
    """Answer an RFQ. Raises Rejected; a closed RFQ and a price off the grid are invalid parameters (guide to RFQs)."""
    body = call.body
    rfq = call.state.rfqs.get(body["rfq_id"])
    if rfq is None:
        raise _missing(call, "rfq_id", "RFQ", body["rfq_id"])
    if rfq.status is not RfqStatus.OPEN:
        raise invalid("RfqId", f"RFQ {rfq.rfq_id} is closed")
    try:
        command = QuoteRfq(
            subaccount_ref=written_subaccount(call),
            rfq=rfq.rfq_id,
            yes_centicents=body["yes_bid"],
            no_centicents=body["no_bid"],
            rest_remainder=body["rest_remainder"],
            post_only=bool(body.get("post_only")),
        )
    except ValueError as error:
        raise invalid("YesBid", str(error)) from None
    try:
        events = yield from submit(command)
    except Rejected as rejected:
        if rejected.situation is Situation.INVALID_PRICE:
            raise invalid("YesBid", str(rejected.diagnosis)) from None
        raise
    return write(call, next(event for event in events if isinstance(event, RfqQuoted)))


def delete_quote(call: AccountCall) -> Write:
    yield from submit(CancelRfqQuote(quote=_named_quote(call, is_creator=True).quote_id))
    return b""


def accept_quote(call: AccountCall) -> Write:
    """Accept a side of a quote for an RFQ of the caller. Raises Rejected."""
    quote = _named_quote(call, is_creator=False)
    if quote.rfq.status is RfqStatus.OPEN and quote.status is not QuoteStatus.OPEN:
        raise invalid("QuoteId", f"quote {quote.quote_id} is {quote.status}: expected an open one")
    yield from submit(AcceptRfqQuote(quote=quote.quote_id, side=Side(call.body["accepted_side"])))
    return b""


def confirm_quote(call: AccountCall) -> Write:
    yield from submit(ConfirmRfqQuote(quote=_named_quote(call, is_creator=True).quote_id))
    return b""


def _named_quote(call: AccountCall, *, is_creator: bool) -> Quote:
    """Return the quote of the path, which the caller has made, or for which it has asked. Raises Rejected."""
    quote_id, rfq_id = call.path_params["quote_id"], call.path_params.get("rfq_id")
    quote = call.state.quotes.get(quote_id)
    if quote is None or not _is_own(call, quote.subaccount_ref if is_creator else quote.rfq.subaccount_ref):
        raise _missing(call, "quote_id", "quote" if is_creator else "quote for an RFQ of its own")
    if rfq_id not in (None, quote.rfq.rfq_id):
        message = f"the quote {quote_id} is for the RFQ {quote.rfq.rfq_id}, not {rfq_id!r}"
        raise Rejected(Situation.NOT_FOUND_IN_WRITE, message)
    return quote


def _is_own(call: AccountCall, owner: SubaccountRef) -> bool:
    return owner.account == call.account.name and call.key.subaccount in (None, owner.subaccount)


def _missing(call: AccountCall, name: str, what: str, given: str | None = None) -> Rejected:
    """Return the rejection of an id that the caller has nothing under: 400 if it is no UUID (recorded 2026-04)."""
    shown = call.path_params[name] if given is None else given
    if not UUID.fullmatch(shown):
        return invalid(IDS[name], not_uuid(name, shown))
    return Rejected(Situation.NOT_FOUND_IN_WRITE, f"{call.account.name} has no {what} {shown}")


def propose_block_trade(call: AccountCall) -> Write:
    """Propose a block trade between two users. Raises Rejected."""
    body = call.body
    buyer, seller = (_party(call, party) for party in PARTIES)
    try:
        command = ProposeBlockTrade(
            proposer=call.account.name,
            buyer=buyer,
            seller=seller,
            market=body["market_ticker"],
            price_centicents=body["price_centi_cents"],
            count_centis=body["centicount"],
            maker_side=Side(body["maker_side"]),
            expires_at=parse_instant(body["expiration_ts"]),
        )
    except ValueError as error:
        raise invalid("ExpirationTs", str(error)) from None
    events = yield from submit(command)
    return write(call, next(event for event in events if isinstance(event, BlockTradeProposed)))


def _party(call: AccountCall, party: str) -> SubaccountRef:
    """Return the side of a block trade that the body names by its user. Raises Rejected if there is no such one."""
    user = call.body[f"{party}_user_id"]
    name = "".join(word.capitalize() for word in party.split("_"))
    account = next((one for one in call.state.accounts.values() if one.user_id == user and not one.venue), None)
    if account is None:
        raise invalid(f"{name}UserId", f"{party}_user_id: nobody has the user id {user!r}")
    number, subtrader = call.body[f"{party}_subaccount"], call.body[f"{party}_subtrader_id"]
    if number is not None and subtrader:
        raise invalid(f"{name}Subaccount", f"{party}_subaccount and {party}_subtrader_id: expected one of them")
    if subtrader:
        known = {shown: subaccount for subaccount, shown in subtrader_ids(account).items()}
        if subtrader not in known:
            raise invalid(f"{name}SubtraderId", f"{party}_subtrader_id: {account.name} has no subtrader {subtrader!r}")
        return SubaccountRef(account.name, known[subtrader])
    return SubaccountRef(account.name, str(number or PRIMARY_SUBACCOUNT))


def accept_block_trade(call: AccountCall) -> Write:
    """Accept the caller's side of a block trade. Raises Rejected."""
    proposal_id = call.path_params["block_trade_proposal_id"]
    proposed = call.state.block_trades.get(proposal_id)
    sides = [] if proposed is None else [side for side in (proposed.buyer, proposed.seller) if _is_own(call, side)]
    if not sides:
        raise Rejected(Situation.NOT_FOUND_IN_WRITE, f"{call.account.name} is no side of a block trade {proposal_id!r}")
    is_named = call.body.get("subaccount") is not None or call.body.get("subtrader_id")
    owner = _written_owner(call) if is_named else sides[0]
    yield from submit(AcceptBlockTrade(proposal=proposal_id, subaccount_ref=owner))
    return b""


PROPOSALS_PATH, RFQS_PATH, QUOTES_PATH = (
    f"/communications/{name}" for name in ("block-trade-proposals", "rfqs", "quotes")
)
RFQ_PATH, QUOTE_PATH = f"{RFQS_PATH}/{{rfq_id}}", f"{QUOTES_PATH}/{{quote_id}}"
QUOTE_OF_RFQ_PATH = f"{RFQ_PATH}/quotes/{{quote_id}}"


def _of_trader(name: str, method: str, path: str, carry_out: Any, status: int = 204, **more: Any) -> WriteOperation:
    return WriteOperation(
        name=name,
        method=method,
        path=path,
        carry_out=carry_out,
        status=status,
        scopes=TRADE,
        per_subaccount_since=RESTRICTED_KEYS_SINCE,
        **more,
    )


OPERATIONS = (
    _of_trader("CreateRFQ", "POST", RFQS_PATH, create_rfq, 201, body=CREATE_RFQ, answer_table="CreateRFQResponse"),
    _of_trader("DeleteRFQ", "DELETE", RFQ_PATH, delete_rfq),
    _of_trader(
        "CreateQuote", "POST", QUOTES_PATH, create_quote, 201, body=CREATE_QUOTE, answer_table="CreateQuoteResponse"
    ),
    _of_trader("DeleteQuote", "DELETE", QUOTE_PATH, delete_quote),
    _of_trader("AcceptQuote", "PUT", f"{QUOTE_PATH}/accept", accept_quote, body=ACCEPT_QUOTE),
    _of_trader("ConfirmQuote", "PUT", f"{QUOTE_PATH}/confirm", confirm_quote, body=CONFIRM_QUOTE),
    _of_trader("DeleteRFQQuote", "DELETE", QUOTE_OF_RFQ_PATH, delete_quote),
    _of_trader("AcceptRFQQuote", "PUT", f"{QUOTE_OF_RFQ_PATH}/accept", accept_quote, body=ACCEPT_QUOTE),
    _of_trader("ConfirmRFQQuote", "PUT", f"{QUOTE_OF_RFQ_PATH}/confirm", confirm_quote, body=CONFIRM_QUOTE),
    WriteOperation(
        name="ProposeBlockTrade",
        method="POST",
        path=PROPOSALS_PATH,
        scopes=("write",),
        carry_out=propose_block_trade,
        status=201,
        body=PROPOSE_BLOCK_TRADE,
        answer_table="ProposeBlockTradeResponse",
    ),
    WriteOperation(
        name="AcceptBlockTradeProposal",
        method="POST",
        path=f"{PROPOSALS_PATH}/{{block_trade_proposal_id}}/accept",
        scopes=ACCEPT_BLOCK,
        carry_out=accept_block_trade,
        status=204,
        body=ACCEPT_BLOCK_TRADE,
    ),
)
