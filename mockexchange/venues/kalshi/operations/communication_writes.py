"""Declares the operations that write RFQs, quotes and block trade proposals; none is emulated, so each is refused."""

from mockexchange.venues.kalshi.operations.call import RefusedOperation

PROPOSALS, RFQS, QUOTES = (f"/communications/{name}" for name in ("block-trade-proposals", "rfqs", "quotes"))
QUOTE, QUOTE_OF_RFQ = f"{QUOTES}/{{quote_id}}", f"{RFQS}/{{rfq_id}}/quotes/{{quote_id}}"

NAMES = {
    f"POST {PROPOSALS}": "ProposeBlockTrade",
    f"POST {PROPOSALS}/{{block_trade_proposal_id}}/accept": "AcceptBlockTradeProposal",
    f"POST {QUOTES}": "CreateQuote",
    f"DELETE {QUOTE}": "DeleteQuote",
    f"PUT {QUOTE}/accept": "AcceptQuote",
    f"PUT {QUOTE}/confirm": "ConfirmQuote",
    f"POST {RFQS}": "CreateRFQ",
    f"DELETE {RFQS}/{{rfq_id}}": "DeleteRFQ",
    f"DELETE {QUOTE_OF_RFQ}": "DeleteRFQQuote",
    f"PUT {QUOTE_OF_RFQ}/accept": "AcceptRFQQuote",
    f"PUT {QUOTE_OF_RFQ}/confirm": "ConfirmRFQQuote",
}
"""The venue's names of these operations, by method and path."""

OPERATIONS = tuple(
    RefusedOperation(name=name, method=method, path=path)
    for method, path, name in ((*place.split(), name) for place, name in NAMES.items())
)
