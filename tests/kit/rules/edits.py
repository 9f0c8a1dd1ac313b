"""Edits of requests and answers in transit, of which faulty answers are made."""

from collections.abc import Callable
from typing import Any

from tests.kit.lying import Query, Told

KEY, SIGNATURE = "KALSHI-ACCESS-KEY", "KALSHI-ACCESS-SIGNATURE"
Edit = Callable[[Any], None]
When = Callable[[Told], bool]


def always(told: Told) -> bool:
    return True


def asked(**values: str) -> When:
    """Whether the query has these values; "" for any."""
    return lambda told: all(name in told.query and value in ("", told.query[name]) for name, value in values.items())


def not_asked(name: str) -> When:
    return lambda told: name not in told.query


def edit(change: Edit, when: When = always) -> Callable[[Told], Told]:
    """Change the body of a 200 answer."""

    def tell(told: Told) -> Told:
        if told.status == 200 and when(told):
            change(told.body)
        return told

    return tell


def instead(status: int, other: int, body: Any = None) -> Callable[[Told], Told]:
    """Answer with another status, and with another body if there is one."""

    def tell(told: Told) -> Told:
        if told.status != status:
            return told
        return told._replace(status=other, body=told.body if body is None else body)

    return tell


def rows(name: str, change: Callable[[list[Any]], Any]) -> Edit:
    """Change a list of the body."""

    def edit_rows(body: Any) -> None:
        change(body[name])

    return edit_rows


def each(name: str, **values: Any) -> Edit:
    """Set fields of every row; a callable receives the old value."""

    def edit_rows(body: Any) -> None:
        for row in body[name]:
            put(**values)(row)

    return edit_rows


def put(**values: Any) -> Edit:
    def edit_one(row: Any) -> None:
        row.update({name: value(row[name]) if callable(value) else value for name, value in values.items()})

    return edit_one


def inside(name: str, change: Edit) -> Edit:
    return lambda body: change(body[name])


def without(*names: str, when: Callable[[dict[str, str]], bool] = bool) -> Callable[[Query], Query]:
    """Ignore some parameters."""

    def ask(query: Query) -> Query:
        if not when(dict(query)):
            return query
        return [pair for pair in query if pair[0] not in names]

    return ask


def as_if(**values: str) -> Callable[[Query], Query]:
    """Read a value as another one: as_if(limit="0=1")."""
    changed = {name: value.split("=") for name, value in values.items()}

    def ask(query: Query) -> Query:
        return [
            (name, changed[name][1] if name in changed and changed[name][0] == value else value)
            for name, value in query
        ]

    return ask


def adding(name: str, value: str) -> Callable[[Query], Query]:
    return lambda query: query if name in dict(query) else [*query, (name, value)]


def with_settled_rows_of_an_event(query: Query) -> Query:
    return adding("settlement_status", "all")(query) if "event_ticker" in dict(query) else query


def last_of_each(query: Query) -> Query:
    return list(dict(query).items())


def reversed_keys(told: Told) -> Told:
    return told._replace(body=_reversed(told.body))


def _reversed(value: Any) -> Any:
    return {name: _reversed(value[name]) for name in reversed(value)} if isinstance(value, dict) else value


def saying(old: str, new: str) -> Callable[[Told], Told]:
    """Change the message of a refusal."""

    def tell(told: Told) -> Told:
        if told.status == 200:
            return told
        message = told.body.get("msg")
        return told._replace(body={"msg": message.replace(old, new)} if message else told.body)

    return tell


def unsigned(told: Told) -> Told:
    return told if KEY in told.headers else told._replace(status=401, body={"error": {"code": "x", "message": "x"}})


def wrongly_signed(told: Told) -> Told:
    is_wrong = told.headers.get(SIGNATURE) == "AAAA"
    return told._replace(status=401, body={"error": {"code": "x", "message": "x"}}) if is_wrong else told


def once() -> Callable[[Told], Told]:
    """Accept each signature once only."""
    seen: set[str] = set()

    def tell(told: Told) -> Told:
        signature = told.headers.get(SIGNATURE, "")
        if signature in seen:
            return told._replace(status=401, body={"error": {"code": "x", "message": "x"}})
        seen.add(signature)
        return told

    return tell


def no_position_but_cost(body: Any) -> None:
    for row in body["market_positions"]:
        if row["position_fp"] == "0.00":
            row["market_exposure_dollars"] = "1.000000"


def left_of_the_canceled(body: Any) -> None:
    for row in body["orders"]:
        if row["status"] == "canceled":
            row["remaining_count_fp"] = "1.00"


def turned(body: Any) -> None:
    for book in body.values():
        for levels in book.values():
            levels.reverse()


def pop(items: list[Any]) -> None:
    if items:
        items.pop()


def again(items: list[Any]) -> None:
    items.extend(items[:1])
