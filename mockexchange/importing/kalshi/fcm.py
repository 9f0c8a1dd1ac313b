"""Collects what a recording has of an FCM: its subtraders, their trades, and the restrictions on them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import unquote

from mockexchange.importing.kalshi.amounts import Row
from mockexchange.importing.recorded_answers import RecordedAnswer

FCM = "/trade-api/v2/fcm/"
FCM_POSITIONS, FCM_ORDERS, FCM_FILLS = f"{FCM}positions", f"{FCM}orders", f"{FCM}fills"
SUBTRADERS = f"{FCM}subtraders"
CATEGORIES, CAP = f"{SUBTRADERS}/blocked_categories", f"{SUBTRADERS}/event_contract_daily_cap"
MAKER, TAKER = "maker", "taker"


class Rule(NamedTuple):
    """A restriction of a subtrader as an answer shows it: whether it is blocked, its categories, or its daily cap."""

    at: int
    number: int
    name: str
    value: Any


class FcmTrade(NamedTuple):
    """A row of the list of an FCM's fills, with its line in the recording."""

    row: Row
    line: int


@dataclass(slots=True)
class Fcm:
    """An FCM and its subtraders, which have numbers in the order in which the recording names them."""

    account_id: str = ""
    numbers: dict[str, int] = field(default_factory=dict)
    """The number of each subtrader, by its id."""
    listed: list[str] = field(default_factory=list)
    """The ids in the recorded list of subtraders."""
    owners: dict[str, int] = field(default_factory=dict)
    """The numbers of the subtraders that orders belong to, by the id of the order."""
    trades: dict[str, FcmTrade] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)

    def take(self, answer: RecordedAnswer, body: Any) -> None:
        """Take the rows of an answer that only FCMs get. Raises KeyError, TypeError and ValueError."""
        if answer.path == SUBTRADERS:
            self.listed = [str(row["subtrader_id"]) for row in body["subtraders"]]
            for row in body["subtraders"]:
                self._take_rule(answer, row["subtrader_id"], "blocked", bool(row.get("fcm_trading_blocked")))
        elif answer.path == CATEGORIES:
            self._take_rule(answer, named_subtrader(answer), "categories", list(body["categories"] or []))
        elif answer.path == CAP:
            self._take_rule(answer, body["subtrader_id"], "limit", str(body["limit"]))
        elif answer.path == FCM_FILLS:
            self._take_trades(answer, body)

    def number(self, subtrader_id: str) -> int:
        """Return the number of a subtrader. Raises ValueError for the id of another FCM's subtrader."""
        account_id, mark, _ = subtrader_id.partition("_")
        if not mark or account_id != (self.account_id or account_id):
            expected = f"{self.account_id or 'ACCOUNT'}_NAME"
            raise ValueError(f"subtrader {subtrader_id!r}: expected an id such as {expected}, of one FCM")
        self.account_id = account_id
        return self.numbers.setdefault(subtrader_id, len(self.numbers) + 1)

    def _take_trades(self, answer: RecordedAnswer, body: Any) -> None:
        for row in body["fills"] or []:
            for role in sides_of(row):
                self.owners[row[f"{role}_order_id"]] = self.number(row[f"{role}_subtrader_id"])
            self.trades[row["fill_id"]] = FcmTrade(row, answer.line)

    def _take_rule(self, answer: RecordedAnswer, subtrader_id: str, name: str, value: Any) -> None:
        self.rules.append(Rule(answer.at, self.number(subtrader_id), name, value))


def sides_of(trade: Row) -> Iterator[str]:
    """Yield the sides of a trade that belong to the FCM: maker, taker or both."""
    return (role for role in (MAKER, TAKER) if trade.get(f"{role}_subtrader_id"))


def named_subtrader(answer: RecordedAnswer) -> str:
    """Return the id of the subtrader that a request names.

    Returns an empty text if it names none. Raises ValueError if its answer is of one subtrader all the same: that of
    the key, which no answer names.
    """
    pairs = dict(part.partition("=")[::2] for part in answer.query.split("&"))
    named = unquote(pairs.get("subtrader_id", ""))
    is_of_one = answer.path in (FCM_POSITIONS, CATEGORIES, CAP)
    if not named and (is_of_one or (answer.path == FCM_ORDERS and "client_order_ids" not in pairs)):
        raise ValueError("the request names no subtrader_id, so that it is unknown to which subtrader the key is bound")
    return named
