"""Suggests the right name where an object of the API has no attribute of the one that was used."""

import re
from typing import TYPE_CHECKING, Any

from mockexchange.scenario.errors import did_you_mean

USUAL_NAMES = {
    "account": "accounts[name]",
    "add_fault": "fault(match=..., then=...)",
    "api_key": "key_id",
    "balance": "ledger(account)['cash']",
    "cancel": "cancel_order(order)",
    "eventually": "settled(predicate)",
    "fills": "ledger(account)['fills']",
    "inject": "fault(match=..., then=...)",
    "market": "market_state(market)",
    "markets": "list_markets()",
    "orderbook": "market_state(market)",
    "place_order": "place(...)",
    "private_key": "private_key_path, or private_key_pem",
    "settlements": "ledger(account)['settlements']",
    "stub": "respond(request, json=...)",
    "url": "base_url",
    "wait_for": "settled(predicate)",
    "wait_for_request": "journal.expect(operation, within='2s')",
}
"""Names that other libraries use, and what an object of the API has instead."""


class NameAdvice:
    """The base of classes whose AttributeError names what was probably meant."""

    __slots__ = ()

    if not TYPE_CHECKING:  # else every name would be an attribute to type checkers

        def __getattr__(self, name: str) -> Any:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{_advice(self, name)}")


def _advice(owner: object, name: str) -> str:
    if name.startswith("_"):  # Python itself looks such names up, also to list the attributes
        return ""
    known = [one for one in dir(owner) if not one.startswith("_")]
    usual = USUAL_NAMES.get(name, "")
    if re.split(r"\W", usual)[0] in known:
        return f": use {usual}"
    return did_you_mean(name, known)
