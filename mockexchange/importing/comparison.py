"""Compares a recorded answer with the mock's: equal, equal except for order or times, or different."""

import json
import re
from collections.abc import Iterator
from operator import eq
from typing import Any, NamedTuple

from mockexchange.venues.json_comparison import Kind, differences

EXPLAINED, ORDER, INSTANT, UNEXPLAINED = "explained", "order differs", "instant differs", "unexplained"
BY_STUB, NOT_JUDGED = "by stub", "not judged"
INSTANT_TEXT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
INSTANT_NAMES = ("_ts", "ts", "_time", "_ms", "timestamp")
CURSOR, HAS_MORE = "cursor", "has_more"
RPC_MARKS = frozenset({"jsonrpc", "rid"})
TAPE = frozenset({"trade_seq", "tick_direction", "tradeSeq", "tickDirection"})
"""Fields of a trade that depend on other participants' trades."""
INCOMPARABLE = TAPE | {"usIn", "usOut", "usDiff", "creation_timestamp"}
"""Fields that do not depend on the account: public trades, the times of an answer, the exchange's first day."""
IDENTITY = frozenset({"id", "email", "system_name", "username"})
"""Fields about the owner of an account, which a recording has as pseudonyms."""
DIFFERENCES_MAX = 3
CHARS_SHOWN_MAX = 120
ABSENT = "(absent)"


class Difference(NamedTuple):
    """A value in the body of an answer that differs between the recording and the mock."""

    path: str
    recorded: str
    answered: str


class Comparison(NamedTuple):
    """The result of comparing a recorded answer with the mock's (`kind`), and the first differences."""

    kind: str
    differences: tuple[Difference, ...] = ()


def compare(recorded: str, answered: str) -> Comparison:
    """Compare a recorded body with the mock's and return the result.

    For cursors only their presence is compared. If the mock has a further page, that is no difference: nobody requested
    it when recording, so its rows are not in the scenario.
    """
    wanted, got = (_compared(json.loads(text)) for text in (recorded, answered))
    if isinstance(wanted, dict) and isinstance(got, dict) and wanted.get(CURSOR) and got.get(CURSOR) is False:
        got[CURSOR] = True
    if isinstance(wanted, dict) and isinstance(got, dict) and wanted.get(HAS_MORE) and got.get(HAS_MORE) is False:
        got[HAS_MORE] = True
    if wanted == got:
        return Comparison(EXPLAINED)
    found = tuple(one for one, _ in zip(_differences(wanted, got), range(DIFFERENCES_MAX), strict=False))
    if _sorted(wanted) == _sorted(got):
        return Comparison(ORDER, found)
    if timeless("", wanted) == timeless("", got):
        return Comparison(INSTANT, found)
    return Comparison(UNEXPLAINED, found)


def shape_of(value: Any) -> Any:
    """Return a body in which each value is replaced by a word for its notation, which depends on the API date.

    A list has each different shape of its items once.
    """
    if isinstance(value, dict):
        return {name: shape_of(one) for name, one in value.items()}
    if isinstance(value, list):
        return sorted({json.dumps(shape_of(one), sort_keys=True) for one in value})
    if isinstance(value, str):
        return re.sub(r"\d+", "0", value) if re.fullmatch(r"-?\d+", value) else _decimals(value)
    return type(value).__name__


def _decimals(text: str) -> str:
    found = re.fullmatch(r"-?\d+\.(\d+)", text)
    return f"{len(found[1])} decimals" if found else "text"


def _compared(body: Any) -> Any:
    """Return what is compared of a body: of JSON-RPC the result, since the envelope has the times of the answer."""
    if isinstance(body, dict) and "result" in body and RPC_MARKS & body.keys():
        return _without_tape(body["result"])
    return {**body, CURSOR: bool(body[CURSOR])} if isinstance(body, dict) and CURSOR in body else body


def _without_tape(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_tape(one) for name, one in value.items() if name not in TAPE | IDENTITY}
    return [_without_tape(one) for one in value] if isinstance(value, list) else value


def _differences(wanted: Any, got: Any) -> Iterator[Difference]:
    """Yield the values that differ; a row that one body has more is a value of its own, and keys may have any order."""
    for one in differences(wanted, got, is_same=eq):
        if one.kind is Kind.ROWS:
            for place in range(*sorted((len(one.expected), len(one.received)))):
                recorded = one.expected[place] if place < len(one.expected) else ABSENT
                answered = one.received[place] if place < len(one.received) else ABSENT
                yield Difference(f"{one.path}[{place}]", _shown(recorded), _shown(answered))
        elif one.kind is not Kind.KEY_ORDER:
            recorded = ABSENT if one.kind is Kind.UNKNOWN else one.expected
            answered = ABSENT if one.kind is Kind.MISSING else one.received
            yield Difference(one.path, _shown(recorded), _shown(answered))


def _shown(value: Any) -> str:
    text = value if value == ABSENT else json.dumps(value)
    return text if len(text) <= CHARS_SHOWN_MAX else f"{text[:CHARS_SHOWN_MAX]}..."


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(one) for name, one in value.items()}
    return sorted((_sorted(one) for one in value), key=json.dumps) if isinstance(value, list) else value


def timeless(name: str, value: Any) -> Any:
    """Return the value of a field in which a word replaces each instant."""
    if isinstance(value, dict):
        return {key: timeless(key, one) for key, one in value.items()}
    if isinstance(value, list):
        return [timeless(name, one) for one in value]
    is_number = isinstance(value, int) and not isinstance(value, bool) and name.endswith(INSTANT_NAMES)
    return "instant" if is_number or (isinstance(value, str) and INSTANT_TEXT.fullmatch(value)) else value
